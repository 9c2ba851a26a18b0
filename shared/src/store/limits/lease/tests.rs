//! What becomes of a claim, by each answer of the table. Whole requests are counted in `tests/tests/in_process/leases.rs`.

use serde_json::{Value, json};

use super::*;
use crate::aws::scripted::{ANSWER, Arrival, CONNECT, Reply, ScriptedTable};

fn a_minute() -> Limits {
    Limits::NONE.and(Limit { requests: 1_000, per: Period::Minute }).unwrap()
}

fn refused(code: &str) -> Reply {
    Reply::Answer(400, json!({ "__type": code }))
}

/// Carries out a claim on the counter of the minute, and answers with what it is then.
fn carry_out(body: &str, counter: &mut u64) -> Reply {
    let body: Value = serde_json::from_str(body).unwrap();
    let number = |name: &str| body["ExpressionAttributeValues"][name]["N"].as_str().map(|text| text.parse().unwrap());
    *counter = number(":tocMinute").or(number(":ncMinute").map(|more: u64| *counter + more)).unwrap();
    Reply::Answer(200, json!({"Attributes": {"cMinute": {"N": counter.to_string()}}}))
}

/// Leases over a table that answers the claims after that many in this way, before it carries out the next ones; and the table.
async fn leases(after: usize, answers: Vec<Reply>) -> (Leases, ScriptedTable) {
    let (mut counter, mut answers) = (0, answers.into_iter());
    let decide = move |Arrival { body, number, .. }: Arrival| {
        let answer = if number >= after { answers.next() } else { None };
        answer.unwrap_or_else(|| carry_out(&body, &mut counter))
    };
    let (table, aws, _) = ScriptedTable::start(decide);
    (Leases::new(&KeyReader::new(&aws, "keys".to_owned()).await.unwrap(), 10), table)
}

async fn admit(leases: &Leases) -> Result<bool, TableError> {
    let key = KeyRecord::example();
    let admission = leases.admit(&key, a_minute(), key.metadata.created_at, Leases::deadline()).await?;
    Ok(admission.unwrap().allowed)
}

#[test]
fn a_second_that_has_begun_counts_as_a_whole_one() {
    for (millis, seconds) in [(0, 0), (1, 1), (1_000, 1), (1_001, 2)] {
        assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_no_other_attempt_helps_is_an_error_at_once() {
    let (leases, table) = leases(0, vec![refused("ValidationException")]).await;
    assert!(admit(&leases).await.is_err());
    assert_eq!(table.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_was_surely_not_written_is_sent_again_as_it_was() {
    let (leases, table) = leases(3, vec![refused("ThrottlingException"), refused("ThrottlingException")]).await;
    let start = Instant::now();
    // Of one, of two and of four requests; the next one is of eight.
    for _ in 0..1 + 2 + 4 {
        assert!(admit(&leases).await.unwrap());
    }
    assert_eq!(start.elapsed(), CONNECT + 3 * ANSWER, "nothing is waited for but the answers");
    for _ in 0..8 {
        assert!(admit(&leases).await.unwrap());
    }
    let claims = table.calls();
    assert_eq!(claims.len(), 3 + 3);
    assert!(claims[3] == claims[4] && claims[4] == claims[5], "{claims:?}");
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_may_have_been_written_is_not_sent_again_and_the_next_one_is_small() {
    for lost in [Reply::Cut, Reply::Answer(500, json!({"__type": "InternalServerError"}))] {
        let (leases, table) = leases(3, vec![lost]).await;
        for _ in 0..1 + 2 + 4 {
            assert!(admit(&leases).await.unwrap());
        }
        assert!(admit(&leases).await.unwrap());
        let claims = table.calls();
        let requests = |body: &str| serde_json::from_str::<Value>(body).unwrap()["ExpressionAttributeValues"].clone();
        let wanted: Vec<_> = claims[3..].iter().map(|(_, body)| requests(body)[":ncMinute"]["N"].clone()).collect();
        assert_eq!(wanted, ["8", "1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_others_have_reached_is_a_refusal_and_no_error() {
    let counter = Period::Minute.window(KeyRecord::example().metadata.created_at) * 1_000_000_000 + 1_000;
    let stored = json!({"cMinute": {"N": counter.to_string()}});
    let full = Reply::Answer(400, json!({"__type": "ConditionalCheckFailedException", "Item": stored}));
    let (leases, table) = leases(0, vec![full]).await;
    assert!(!admit(&leases).await.unwrap());
    assert_eq!(table.calls().len(), 1);
}
