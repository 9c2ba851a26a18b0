//! `keys list` and `keys revoke`.

use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::world::{ACCOUNT, KEY, Reply, World};

#[test]
fn list_shows_every_page_and_no_terminal_obeys_it() {
    let world = World::new("keys-list", |_, payload| {
        let cursor = if payload["cursor"].is_null() { json!(KEY) } else { Value::Null };
        let key = json!({"id": KEY, "name": "a\u{1b}[2Jb", "userId": "u", "operations": ["SMS", "RCS"],
            "status": "ACTIVE", "expiresAt": null, "lastUsedAt": "2026-11-24T14:21:56.560Z"});
        Reply::Json(json!({"apiKeys": [key], "nextCursor": cursor}))
    });
    let done = world.run(&["keys", "list", "--account", ACCOUNT, "--user-id", "u"]);
    let row = format!("{KEY}  a\u{fffd}[2Jb  u     ACTIVE  SMS,RCS     -        2026-11-24T14:21:56.560Z\n");
    let heading = "KEY                     NAME    USER  STATUS  OPERATIONS  EXPIRES  LAST USED\n";
    assert_eq!((done.code, done.stdout), (0, format!("{heading}{row}{row}")));
    let payload = json!({"action": "list-keys", "accountId": ACCOUNT, "userId": "u", "limit": 500, "cursor": KEY});
    assert_eq!(world.payloads()[1], payload);
    assert_eq!(world.json(&["keys", "list", "--account", ACCOUNT])["apiKeys"].as_array().unwrap().len(), 2);
}

fn id(number: usize) -> String {
    format!("{number:022}")
}

#[test]
fn revoking_tells_what_became_of_each_key() {
    let world = World::new("revoke", |before, payload| {
        let ids = payload["keyIds"].as_array().unwrap();
        match before {
            0 => Reply::Json(json!({"revoked": ids, "notFound": [], "failed": []})),
            _ => {
                Reply::Json(json!({"revoked": [], "notFound": [ids[0]], "failed": [{"id": ids[1], "reason": "busy"}]}))
            }
        }
    });
    let ids: Vec<_> = (0..102).map(id).collect();
    let arguments: Vec<_> =
        ["keys", "revoke", "--account", ACCOUNT, "--yes"].into_iter().chain(ids.iter().map(String::as_str)).collect();
    let done = world.run(&arguments);
    let (missing, busy) = (id(100), id(101));
    let table =
        format!("Revoked 100 of 102 keys.\nNOT FOUND\n{missing}\nFAILED                  REASON\n{busy}  busy\n");
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (1, &*table, "error: 2 keys not revoked\n"));
    assert_eq!(world.payloads()[1], json!({"action": "revoke-keys", "accountId": ACCOUNT, "keyIds": [missing, busy]}));
}

#[test]
fn revoking_that_breaks_off_tells_what_was_revoked() {
    let world = World::new("revoke-broken", |before, payload| match before {
        0 => Reply::Json(json!({"revoked": payload["keyIds"], "notFound": [], "failed": []})),
        _ => Reply::Status(500, "for a moment"),
    });
    let ids: Vec<_> = (0..101).map(id).collect();
    let arguments: Vec<_> = ["keys", "revoke", "--account", ACCOUNT, "--yes", "--json"]
        .into_iter()
        .chain(ids.iter().map(String::as_str))
        .collect();
    let done = world.run(&arguments);
    let report: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!((done.code, report["revoked"].as_array().unwrap().len()), (1, 100));
    assert!(done.stderr.contains("for a moment; some of the keys may be revoked"), "{done:?}");
    assert_eq!(world.invoked().len(), 2, "sent again, it would not find what it deleted");
}

/// A page of keys whose names are of all writings.
fn writing(name: &str) -> World {
    World::new(name, |_, _| {
        let key = |name: Value| {
            json!({"id": KEY, "name": name, "userId": "user-1", "operations": ["SMS", "RCS", "WHATSAPP", "AUTHENTICATION"],
                "status": "ACTIVE", "expiresAt": "2030-01-31T00:00:00.000Z", "lastUsedAt": null})
        };
        let names = ["日本電信電話", "e\u{301}tude", "a\u{202e}b", "שלום"].map(|name| key(json!(name)));
        Reply::Json(json!({"apiKeys": names, "nextCursor": null}))
    })
}

#[test]
fn a_table_fits_its_terminal() {
    for (columns, headings, lines) in [
        (
            130,
            "KEY                     NAME          USER    STATUS  OPERATIONS                       EXPIRES                   LAST USED",
            5,
        ),
        (120, "KEY                     NAME          USER    STATUS  OPERATIONS                       EXPIRES", 6),
        (90, "KEY                     NAME          USER    STATUS  OPERATIONS", 6),
        (60, "KEY                     NAME          USER    STATUS", 6),
        (40, "KEY         0353BcNZpNQ41k9Zft1Kjj", 4 * 7 + 3),
    ] {
        let world = writing(&format!("keys-{columns}-columns"));
        let done = world.on_terminal_of(columns, &["keys", "list", "--account", ACCOUNT]);
        let all: Vec<_> = done.stdout.lines().collect();
        assert_eq!((done.code, all.len(), all[0]), (0, lines, headings), "{}", done.stdout);
        let note = all.iter().position(|line| line.starts_with("Too narrow for "));
        assert_eq!(note, (lines == 6).then_some(5), "{}", done.stdout);
        for line in &all[..note.unwrap_or(all.len())] {
            // Words of one field may be as long as they are where each has a line.
            assert!(line.width() <= usize::from(columns) || columns == 40, "{columns}: {line}");
        }
        let second_of = |line: &str| line.split_once("user-1").map(|(before, _)| before.width());
        if columns > 40 {
            assert_eq!(
                all[1..5].iter().map(|line| second_of(line)).collect::<Vec<_>>(),
                [Some(38); 4],
                "{}",
                done.stdout
            );
        }
    }
}

#[test]
fn what_is_no_terminal_gets_the_whole_table_and_json_has_no_controls() {
    let world = writing("keys-piped");
    let done = world.run(&["keys", "list", "--account", ACCOUNT]);
    assert!(done.stdout.lines().next().unwrap().ends_with("LAST USED") && done.stderr.is_empty(), "{done:?}");
    let done = world.run(&["keys", "list", "--account", ACCOUNT, "--json"]);
    assert!(done.stdout.contains("a\\u202eb") && !done.stdout.contains('\u{202e}'), "{done:?}");
    let keys: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(keys["apiKeys"][2]["name"], "a\u{202e}b", "it says the same");
}
