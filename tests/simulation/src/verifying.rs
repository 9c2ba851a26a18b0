//! What has no gateway: it asks `verify-key`, directly or by the function's URL.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::gateway::{note, sample};
use crate::history::{Counted, LimitList, Seen, ValueUse};
use crate::model::Identity;
use crate::world::World;

/// Why a value opens nothing at all.
const DEAD: [&str; 5] = ["UNKNOWN", "EXPIRED", "DISABLED", "SUSPENDED", "EXPOSED"];

/// Asks whether a value, by its number, opens an operation, or just works.
pub async fn verify(world: &Rc<World>, action: usize, part: u64, value: usize, operation: Option<&'static str>) {
    let began = world.next();
    let text = world.history.borrow().values[value].text.clone();
    let request_id = format!("r{action}-{part}");
    let mut question = json!({"value": text, "sourceIp": "203.0.113.7"});
    question.as_object_mut().unwrap().extend(operation.map(|operation| ("operation".to_owned(), json!(operation))));
    let by_url = part.is_multiple_of(3);
    let event = if by_url { of_url(&question) } else { question };
    world.trace(action, || {
        format!("value {value} is verified for {operation:?}{}", if by_url { ", by URL" } else { "" })
    });
    *world.history.borrow_mut().asked.entry(value).or_default() += 1;
    let (start, id) = (world.elapsed(), request_id.clone());
    let outcome = world.verify(action, part, async move |it, now| it.verify(&event, &id, now).await).await;
    let ended = world.next();
    let (status, answer) = match outcome.answer {
        None => (0, Value::Null),
        Some(Ok(answer)) if by_url => {
            let status = answer["statusCode"].as_u64().and_then(|status| status.try_into().ok()).unwrap_or(1);
            (status, serde_json::from_str(answer["body"].as_str().unwrap_or_default()).expect("JSON"))
        }
        Some(Ok(answer)) => (200, answer),
        Some(Err(error)) if error == "Unavailable: The key could not be checked" => (503, Value::Null),
        Some(Err(error)) => {
            world.trace(action, || error);
            (400, Value::Null)
        }
    };
    note(world, action, "verify-key", &request_id, status, world.elapsed() - start);
    world.check_secrecy("an answer of verify-key", answer.to_string().as_bytes());
    world.trace(action, || format!("verify-key answers {status} {} {}", answer["reason"], answer["limits"]));
    if status != 200 {
        return;
    }
    let now = outcome.now;
    let seen = seen(world, action, &answer, operation);
    let counted = counted(&answer["limits"], now);
    let of_account = counted.iter().filter(|it| it.of_account).map(|it| (it.period.clone(), it.limit));
    let account_limits: LimitList = of_account.collect();
    let is_counted = matches!(&seen, Seen::Works { allowed, limited, .. } if *allowed || *limited);
    let (environment, account_limits) = (outcome.environment, is_counted.then_some(account_limits));
    let seen = ValueUse { action, value, began, ended, now, environment, seen, counted, account_limits };
    world.history.borrow_mut().uses.push(seen);
}

fn of_url(question: &Value) -> Value {
    let mut event = sample(include_str!("../../data/gateway-events/function-url.json"));
    event["body"] = json!(question.to_string());
    event
}

/// What was found of the key. The answer must agree with itself.
fn seen(world: &World, action: usize, answer: &Value, operation: Option<&str>) -> Seen {
    let (reason, caller) = (answer["reason"].as_str().expect("a reason"), &answer["caller"]);
    let text = |name: &str| caller[name].as_str().unwrap_or_default().to_owned();
    let operations: BTreeSet<_> =
        caller["operations"].as_array().into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect();
    let has = operation.is_none_or(|operation| operations.contains(operation));
    let agrees = caller.is_null() == (reason == "UNKNOWN")
        && (answer["allowed"] == true) == (reason == "ALLOWED")
        && (answer["retryAfter"].as_u64() > Some(0)) == (reason == "LIMITED")
        && (!["ALLOWED", "LIMITED"].contains(&reason) || has)
        && (reason != "OPERATION" || !has);
    if !agrees {
        let what = format!("[{action}] verify-key answers {answer} to who asks for {operation:?}");
        world.history.borrow_mut().fail(what);
    }
    if DEAD.contains(&reason) {
        return Seen::Refused;
    }
    let tags = caller["tags"].as_object().into_iter().flatten();
    let identity = Identity {
        operations,
        user_id: text("userId"),
        username: text("username"),
        tags: tags.map(|(name, text)| (name.clone(), text.as_str().expect("text").to_owned())).collect(),
        external_id: text("externalId"),
    };
    let (allowed, limited) = (reason == "ALLOWED", reason == "LIMITED");
    Seen::Works { key: text("keyId"), account: text("accountId"), identity, allowed, limited }
}

/// Each limit, and the window that the request was counted in.
fn counted(limits: &Value, now: u64) -> Vec<Counted> {
    let limits = limits.as_array().expect("a list");
    let counted = |limit: &Value| {
        let number = |name: &str| limit[name].as_u64().expect("a number");
        Counted {
            of_account: match limit["of"].as_str() {
                Some("KEY") => false,
                Some("ACCOUNT") => true,
                other => panic!("a limit of {other:?}"),
            },
            period: limit["per"].as_str().expect("a period").to_ascii_lowercase(),
            window_end: now / 1000 + number("resetSeconds"),
            limit: number("requests"),
        }
    };
    limits.iter().map(counted).collect()
}
