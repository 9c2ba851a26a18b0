//! How long a read waits, over which connection, and how often it is sent: exact, in virtual time.

use serde_json::json;
use tokio::time::advance;

use super::*;
use crate::aws::scripted::{ANSWER, Arrival, CONNECT, Clock, Reply, ScriptedTable};

const GET: &str = "DynamoDB_20120810.GetItem";
const UPDATE: &str = "DynamoDB_20120810.UpdateItem";

/// What a read over a kept connection is given.
const CUT: Duration = Duration::from_millis(98);
/// How long such a read takes that is sent again.
const CUT_AND_FRESH: Duration = Duration::from_millis(98 + 20 + 5);
/// A millisecond less than a read over a kept connection is given.
const JUST_IN_TIME: Duration = Duration::from_millis(97);
const SECOND: Duration = Duration::from_secs(1);
const FREEZE: Duration = Duration::from_mins(5);

/// A table that does so with each request, and a client of it with that clock.
async fn start(decide: impl FnMut(Arrival) -> Reply + Send + 'static) -> (ScriptedTable, Dynamodb, Clock) {
    let (table, aws, clock) = ScriptedTable::start(decide);
    (table, Dynamodb::new(&aws).await.unwrap(), clock)
}

fn throttled() -> Reply {
    Reply::Answer(400, json!({"__type": "ThrottlingException"}))
}

/// What work comes to, and how long it took.
async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    (work.await, start.elapsed())
}

/// How long a read takes; its answer is its own.
async fn time_of_read(dynamodb: &Dynamodb) -> Duration {
    let body = fastrand::u64(..).to_string().into_bytes();
    let (answer, took) = timed(dynamodb.read(GET, body.clone())).await;
    assert_eq!(answer.unwrap(), body);
    took
}

/// A client whose one connection has brought an answer, and then does that with each request, as every connection does that is
/// kept. New ones are good.
async fn with_kept(mut decide: impl FnMut() -> Reply + Send + 'static) -> (ScriptedTable, Dynamodb, Clock) {
    let started = start(move |arrival| if arrival.is_first { Reply::After(ANSWER) } else { decide() }).await;
    assert_eq!(time_of_read(&started.1).await, CONNECT + ANSWER);
    started
}

/// Takes all reads that are spare; how many they were.
fn spend_all(dynamodb: &Dynamodb) -> usize {
    std::iter::from_fn(|| dynamodb.spare_reads.take().then_some(())).count()
}

#[tokio::test(start_paused = true)]
async fn of_one_read_in_a_hundred_that_stalls_none_takes_longer_than_a_tenth_of_a_second_and_a_fresh_call() {
    let stalls = |number: usize| number % 100 == 99;
    let (table, dynamodb, _) =
        start(move |arrival| Reply::After(if stalls(arrival.number) { SECOND } else { ANSWER })).await;
    let mut times = Vec::new();
    for _ in 0..2_000 {
        times.push(time_of_read(&dynamodb).await);
    }
    times.sort_unstable();
    assert_eq!((times[1_978], times[1_979]), (ANSWER, CONNECT + ANSWER), "all but those that stalled, and the first");
    assert_eq!((times[1_980], times[1_999]), (CUT_AND_FRESH, CUT_AND_FRESH));
    assert_eq!(table.counts(), (2_020, 21), "1.01 reads for each, and a connection for each that stalled");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_died_in_a_freeze_costs_a_tenth_of_a_second_and_a_connect_with_any_spare() {
    let (table, dynamodb, clock) = with_kept(|| Reply::Never).await;
    spend_all(&dynamodb);
    for frozen in 1..4 {
        clock.forwards(FREEZE);
        assert_eq!(time_of_read(&dynamodb).await, CUT_AND_FRESH);
        assert_eq!(table.counts(), (1 + 2 * frozen, 1 + frozen));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_died_in_a_freeze_costs_nothing_spare() {
    let (_, dynamodb, clock) = with_kept(|| Reply::Never).await;
    clock.forwards(FREEZE);
    assert_eq!(time_of_read(&dynamodb).await, CUT_AND_FRESH);
    assert_eq!(spend_all(&dynamodb), 10);
}

#[tokio::test(start_paused = true)]
async fn idle_is_ten_seconds_by_the_wall_clock_and_not_a_millisecond_less() {
    let (table, dynamodb, clock) = with_kept(|| Reply::Never).await;
    spend_all(&dynamodb);
    clock.forwards(Duration::from_millis(9_999));
    assert_eq!(time_of_read(&dynamodb).await, ATTEMPT_TIME + CONNECT + ANSWER, "it was waited for");
    sleep(Duration::from_secs(4)).await;
    clock.forwards(Duration::from_secs(6));
    assert_eq!(time_of_read(&dynamodb).await, CUT_AND_FRESH);
    assert_eq!(table.counts(), (5, 3));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_set_back_does_not_make_a_dead_connection_a_young_one() {
    let (_, dynamodb, clock) = with_kept(|| Reply::Never).await;
    spend_all(&dynamodb);
    clock.forwards(FREEZE);
    clock.back(2 * FREEZE);
    assert_eq!(time_of_read(&dynamodb).await, CUT_AND_FRESH);
}

#[tokio::test(start_paused = true)]
async fn ten_are_spare_at_once_and_then_one_for_twenty_answers() {
    let (table, dynamodb, _) = with_kept(|| Reply::After(SECOND)).await;
    let mut again = Vec::new();
    for number in 1..=100 {
        match time_of_read(&dynamodb).await {
            CUT_AND_FRESH => again.push(number),
            took => assert_eq!(took, SECOND, "it is waited for, and not sent again"),
        }
    }
    // Each answer, the repeated ones' too, is a twentieth.
    assert_eq!(again, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 21, 41, 61, 81]);
    assert_eq!(table.counts(), (1 + 100 + 14, 1 + 14));
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_answered_just_in_time_is_sent_once_and_costs_nothing_spare() {
    let (table, dynamodb, clock) = with_kept(|| Reply::After(JUST_IN_TIME)).await;
    for _ in 0..100 {
        clock.forwards(FREEZE);
        assert_eq!(time_of_read(&dynamodb).await, JUST_IN_TIME);
    }
    assert_eq!(table.counts(), (101, 1));
    assert_eq!(spend_all(&dynamodb), 10);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_there_when_the_time_is_up_is_taken() {
    // All at once: the answer has come, and the clock has gone on, before the client is asked again.
    for (answer, passed) in [(CUT, CUT), (CUT / 2, FREEZE)] {
        let (table, dynamodb, clock) = with_kept(move || Reply::After(answer)).await;
        clock.forwards(FREEZE);
        let passing = async {
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
            advance(passed).await;
        };
        let (read, ()) = tokio::join!(dynamodb.read(GET, b"{}".to_vec()), passing);
        assert_eq!(read.unwrap(), "{}");
        assert_eq!(table.counts(), (2, 1), "{answer:?}: it was not sent again");
    }
}

#[tokio::test(start_paused = true)]
async fn no_write_and_no_patient_read_is_cut_or_sent_again() {
    let (table, dynamodb, clock) = with_kept(|| Reply::After(SECOND)).await;
    clock.forwards(FREEZE);
    let (write, took) = timed(dynamodb.call_once(UPDATE, b"{}".to_vec(), ATTEMPT_TIME)).await;
    assert_eq!((write.is_ok(), took), (true, SECOND));
    clock.forwards(FREEZE);
    let (read, took) = timed(dynamodb.call(GET, b"{}".to_vec())).await;
    assert_eq!((read.is_ok(), took), (true, SECOND));
    assert_eq!(table.counts(), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn a_write_over_a_dead_connection_ends_at_its_own_limit() {
    let (table, dynamodb, clock) = with_kept(|| Reply::Never).await;
    clock.forwards(FREEZE);
    let (write, took) = timed(dynamodb.call_once(UPDATE, b"{}".to_vec(), SECOND)).await;
    assert!(matches!(write, Err(CallError::TimedOut)));
    assert_eq!((took, table.counts()), (SECOND, (2, 1)));
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_connects_has_its_whole_time_from_its_start() {
    let (table, dynamodb, clock) = with_kept(|| Reply::Never).await;
    let slow = Duration::from_millis(1_100 - 5 - 1);
    table.connect_in(slow);
    clock.forwards(FREEZE);
    assert_eq!(time_of_read(&dynamodb).await, CUT + slow + ANSWER);
    assert_eq!(table.counts(), (3, 2));

    table.connect_in(ATTEMPT_TIME + Duration::from_millis(1));
    clock.forwards(FREEZE);
    let (read, took) = timed(dynamodb.read(GET, b"{}".to_vec())).await;
    assert!(matches!(read, Err(CallError::TimedOut)));
    assert_eq!(took, CUT + 2 * ATTEMPT_TIME);
    assert_eq!(table.counts(), (4, 4), "no connection was open in time");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_finds_its_connection_closed_opens_one_and_has_the_time_of_that() {
    let (table, dynamodb, clock) = with_kept(|| Reply::Never).await;
    table.connect_in(Duration::from_millis(500));
    clock.forwards(FREEZE);
    table.close_connections();
    assert_eq!(time_of_read(&dynamodb).await, Duration::from_millis(505));
    assert_eq!(table.counts(), (2, 2), "nothing was sent over the closed one");
}

#[tokio::test(start_paused = true)]
async fn the_last_attempt_is_waited_for() {
    let mut replies = [throttled(), throttled(), Reply::After(SECOND)].into_iter();
    let (table, dynamodb, clock) = with_kept(move || replies.next().unwrap()).await;
    clock.forwards(FREEZE);
    let took = time_of_read(&dynamodb).await;
    assert!(took >= SECOND, "{took:?}");
    assert_eq!(table.counts(), (4, 1));
}

/// A client with two kept connections; the next request over either stalls, and none after it.
async fn with_two_kept() -> (ScriptedTable, Dynamodb, Clock) {
    let mut stalled = [Reply::Never].into_iter();
    let started = start(move |arrival| {
        let stalled = if arrival.is_first { None } else { stalled.next() };
        stalled.unwrap_or(Reply::After(ANSWER))
    })
    .await;
    let read = || Box::pin(time_of_read(&started.1));
    tokio::join!(read(), read());
    assert_eq!(started.0.counts(), (2, 2));
    started
}

#[tokio::test(start_paused = true)]
async fn after_an_attempt_without_an_answer_the_next_one_opens_a_connection() {
    let (table, dynamodb, _) = with_two_kept().await;
    spend_all(&dynamodb);
    assert_eq!(time_of_read(&dynamodb).await, ATTEMPT_TIME + CONNECT + ANSWER);
    assert_eq!(table.counts(), (4, 3));
}

#[tokio::test(start_paused = true)]
async fn what_was_idle_as_long_as_a_dead_connection_is_not_met_again_and_what_only_stalls_harms_no_other() {
    for is_frozen in [true, false] {
        let (_, dynamodb, clock) = with_two_kept().await;
        if is_frozen {
            clock.forwards(FREEZE);
        }
        assert_eq!(time_of_read(&dynamodb).await, CUT_AND_FRESH);
        let kept = || dynamodb.transport.take_kept(dynamodb.requests.endpoint()).is_some();
        assert_eq!([kept(), kept()], [true, !is_frozen], "the new one, and the other");
    }
}
