//! `events` and `events republish`.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, KEY, Reply, World};

#[test]
fn events_are_listed_up_to_the_limit() {
    let world = World::new("events", |before, payload| {
        let event = |actor: Value| {
            json!({"id": KEY, "time": "2026-11-24T14:21:56.944Z", "type": "key.changed", "keyId": KEY, "actor": actor,
                "changes": [{"field": "name", "from": null, "to": "x"}, {"field": "enabled", "from": true, "to": false}]})
        };
        let count = usize::try_from(payload["limit"].as_u64().unwrap()).unwrap().min(500);
        let actor = match before {
            0 => json!({"type": "KEY", "username": "Ada", "claimed": null}),
            _ => json!({"type": "OPERATOR", "username": null, "claimed": "grace@host"}),
        };
        Reply::Json(json!({"events": vec![event(actor); count], "nextCursor": KEY}))
    });
    let done = world.run(&["events", "--account", ACCOUNT, "--limit", "501", "--key", KEY]);
    let lines: Vec<_> = done.stdout.lines().collect();
    let note = "note: these are the newest 501 events, and there are more: give --limit 5010\n";
    assert_eq!((done.code, lines.len(), &*done.stderr), (0, 502, note));
    let heading = "TIME                      TYPE         KEY                     ACTOR       CHANGES                       EVENT";
    assert_eq!(lines[0], heading);
    assert!(lines[1].contains("Ada") && lines[501].contains("grace@host"));
    assert!(lines[1].contains("name -→x, enabled true→false"), "{}", lines[1]);
    // One more than the limit, so that it is known whether there are more.
    let payload = json!({"action": "events", "accountId": ACCOUNT, "keyId": KEY, "actorKeyId": null, "limit": 2,
        "cursor": KEY});
    assert_eq!(world.payloads()[1], payload);
    let events = world.json(&["events", "--account", ACCOUNT, "--limit", "1", "--actor-key", KEY]);
    assert_eq!(events["events"][0]["actor"]["claimed"], "grace@host");
    assert_eq!((&events["more"], events["events"].as_array().unwrap().len()), (&json!(true), 1));
}

#[test]
fn a_list_that_is_whole_has_no_note() {
    let world = World::new("events-whole", |_, payload| {
        let event = json!({"id": KEY, "time": "2026-11-24T14:21:56.944Z", "type": "account.changed", "keyId": null,
            "actor": {"type": "OPERATOR"}, "changes": [
                {"field": "accountLimits", "from": [{"requests": 1000, "per": "MINUTE"}], "to": [{"requests": 2, "per": "MINUTE"}]},
                {"field": "tags", "from": {}, "to": {"team": "blue"}},
                {"field": "company", "from": "x".repeat(50), "to": "日本".repeat(40)},
                {"field": "limits", "from": null, "to": null}]});
        assert_eq!(payload["limit"], 3, "a limit that is reached exactly is no sign of more");
        Reply::Json(json!({"events": [event, event], "nextCursor": null}))
    });
    let list = ["events", "--account", ACCOUNT, "--limit", "2"];
    let done = world.run(&list);
    assert_eq!((done.code, &*done.stderr), (0, ""));
    let changes = format!(
        "accountLimits 1000/MINUTE→2/MINUTE, tags -→team=blue, company {}…→{}…, …",
        "x".repeat(23),
        "日本".repeat(5) + "日"
    );
    assert!(done.stdout.contains(&changes), "{}", done.stdout);
    assert_eq!(world.json(&list)["more"], false);
}

const REPUBLISH: [&str; 8] =
    ["events", "republish", "--account", ACCOUNT, "--from", "2026-11-24T06:00:00Z", "--to", "2026-11-24T14:00:00Z"];

#[test]
fn events_are_published_again_until_there_is_no_cursor() {
    let world = World::new("republish", |before, _| {
        let cursor = if before == 0 { json!(KEY) } else { Value::Null };
        Reply::Json(json!({"published": 12, "failed": 0, "done": cursor.is_null(), "cursor": cursor}))
    });
    let done = world.run(&REPUBLISH);
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (0, "Published 24 events.\n", ""));
    let payload = json!({"accountId": ACCOUNT, "from": "2026-11-24T06:00:00.000Z", "to": "2026-11-24T14:00:00.000Z", "cursor": KEY});
    assert_eq!(world.payloads()[1], payload);
    assert_eq!(world.invoked()[0].0, "PublishEventsFunctionName");
}

#[test]
fn events_that_the_bus_never_takes_are_a_failure() {
    let world =
        World::new("poisoned", |_, _| Reply::Json(json!({"published": 12, "failed": 3, "done": true, "cursor": null})));
    let done = world.run(&[&REPUBLISH[..], &["--json"]].concat());
    assert_eq!(
        (done.code, done.error()),
        (
            6,
            json!({"code": "PARTIAL", "exitCode": 6, "message": "the bus will never take 3 events",
        "requestId": null})
        )
    );
    assert_eq!(serde_json::from_str::<Value>(&done.stdout).unwrap(), json!({"published": 12, "failed": 3}));
}

#[test]
fn of_an_unknown_account_nothing_is_published_and_that_is_a_failure() {
    let script = |answer: fn() -> Reply| {
        move |_: usize, payload: &Value| match payload["action"].as_str() {
            Some("events") => answer(),
            _ => Reply::Json(json!({"published": 0, "failed": 0, "done": true, "cursor": null})),
        }
    };
    let unknown = script(|| Reply::Error("NotFound", "there is no such account"));
    let world = World::new("republish-unknown", unknown);
    let done = world.run(&REPUBLISH);
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (4, "", "error: there is no such account\n"));

    let world = World::new("republish-none", script(|| Reply::Json(json!({"events": [], "nextCursor": null}))));
    let done = world.run(&REPUBLISH);
    assert_eq!((done.code, &*done.stdout), (0, "Published 0 events.\n"), "{done:?}");
}
