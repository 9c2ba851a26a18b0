//! `api-keys events`.

use serde_json::{Value, json};

use crate::arguments::{Common, Events, Listed, Republish};
use crate::aws::Service;
use crate::keys::all_pages;
use crate::{Failure, output};

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
        let payload = json!({ "accountId": account, "from": from, "to": to });
        return republish(payload, common).await;
    }
    let Some(Listed { account, key, actor_key, limit }) = command.listed else {
        return Err(Failure::input("--account is required"));
    };
    if limit == 0 {
        return Err(Failure::input("--limit must be at least 1"));
    }
    let payload = json!({ "action": "events", "accountId": account, "keyId": key, "actorKeyId": actor_key });
    let mut events = all_pages(&Service::find(common).await?, payload, "events", limit).await?;
    if common.json {
        return output::json(&json!({ "events": events }));
    }
    for event in &mut events {
        let who = ["/actor/username", "/actor/claimed", "/actor/type"];
        let who = who.iter().find_map(|place| event.pointer(place).filter(|name| !name.is_null())).cloned();
        if let Some(fields) = event.as_object_mut() {
            fields.insert("who".into(), who.unwrap_or_default());
        }
    }
    output::table(&COLUMNS, &events)
}

async fn republish(mut payload: Value, common: &Common) -> Result<(), Failure> {
    let service = Service::find(common).await?;
    let (mut published, mut failed) = (0, 0);
    loop {
        let answer = service.invoke("PublishEventsFunctionName", &payload).await.map_err(|error| {
            Failure::action(format!("{error} ({published} events were published before; the command may be repeated)"))
        })?;
        let count = |name| answer.get(name).and_then(Value::as_u64).unwrap_or_default();
        published += count("published");
        failed += count("failed");
        let cursor = answer.get("cursor").filter(|cursor| !cursor.is_null());
        let (Some(cursor), Some(fields)) = (cursor, payload.as_object_mut()) else { break };
        fields.insert("cursor".into(), cursor.clone());
    }
    if common.json {
        output::json(&json!({ "published": published, "failed": failed }))?;
    } else {
        output::line(&format!("Published {published} events."))?;
    }
    if failed == 0 { Ok(()) } else { Err(Failure::action(format!("the bus will never take {failed} events"))) }
}
