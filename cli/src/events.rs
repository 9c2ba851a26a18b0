//! `api-keys events`.

use serde_json::{Value, json};

use crate::arguments::{AccountName, Common, Events, Listed, Republish, in_order};
use crate::aws::Service;
use crate::failure::Failure;
use crate::invocation::Repeats;
use crate::{interrupt, messages, output, pages};

const COLUMNS: [output::Column; 6] = [
    ("TIME", "/time"),
    ("TYPE", "/type"),
    ("KEY", "/keyId"),
    ("ACTOR", "/who"),
    ("CHANGES", "/changes"),
    ("EVENT", "/id"),
];

pub(crate) async fn run(command: Events, common: &Common) -> Result<(), Failure> {
    if let Some(Republish::Republish { account, from, to }) = command.republish {
        in_order(Some(from), Some(to))?;
        return republish(&account, json!({ "from": from, "to": to }), common).await;
    }
    let Listed { account, key, actor_key, limit } = command.listed;
    let service = Service::find(common).await?;
    // The command line has one, or it is `republish`.
    let account = account.ok_or_else(|| Failure::input("--account is required"))?;
    let account = service.account(&account).await?;
    let payload = json!({ "action": "events", "accountId": account, "keyId": key, "actorKeyId": actor_key });
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    // One more shows whether there are more; a cursor may lead to an empty page.
    let mut events = pages::all(&service, payload, "events", most.saturating_add(1)).await?;
    let more = events.len() > most;
    events.truncate(most);
    if more {
        let (kind, wider) = (if limit == 1 { "event" } else { "events" }, limit.saturating_mul(10));
        messages::note(&format!("these are the newest {limit} {kind}, and there are more: give --limit {wider}"));
    }
    if common.json {
        return output::json(&json!({ "events": events, "more": more }));
    }
    for event in &mut events {
        let who = ["/actor/username", "/actor/claimed", "/actor/type"];
        let who = who.iter().find_map(|place| event.pointer(place).filter(|name| !name.is_null())).cloned();
        pages::set(event, "who", who.unwrap_or_default());
    }
    output::table(&COLUMNS, 4, &events)
}

async fn republish(account: &AccountName, mut payload: Value, common: &Common) -> Result<(), Failure> {
    const PERHAPS: &str =
        "some of the events are published: run the same command again, which publishes them once more";
    let service = Service::find(common).await?;
    let account = service.account(account).await?;
    pages::set(&mut payload, "accountId", json!(account));
    let (mut published, mut failed) = (0, 0);
    let work = async {
        loop {
            let mut answer = service.invoke("PublishEventsFunctionName", &payload, Repeats::AreSafe).await?;
            let count = |name| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
            published += count("published");
            failed += count("failed");
            let cursor = answer.get_mut("cursor").map(Value::take).unwrap_or_default();
            if cursor.is_null() {
                return Ok(());
            }
            pages::set(&mut payload, "cursor", cursor);
        }
    };
    let stopped = interrupt::guard(PERHAPS, work).await;
    if stopped.is_ok() && published + failed == 0 {
        // The function reads events alone: it cannot distinguish an unknown account from an account without events.
        service.manage(&json!({ "action": "events", "accountId": account, "limit": 1 })).await?;
    }
    if common.json {
        output::json(&json!({ "published": published, "failed": failed }))?;
    } else {
        output::line(&format!("Published {published} events."))?;
    }
    stopped?;
    if failed == 0 { Ok(()) } else { Err(Failure::partial(format!("the bus will never take {failed} events"))) }
}
