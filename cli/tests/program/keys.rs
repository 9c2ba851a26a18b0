//! `keys`, but for the import and `keys find`.

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
    let row = format!("{KEY}  a\u{fffd}[2Jb  u     ACTIVE  SMS,RCS     -        2026-11-24T14:21:56.560Z  -     -\n");
    let heading = "KEY                     NAME    USER  STATUS  OPERATIONS  EXPIRES  LAST USED                 TAGS  OLD VALUE UNTIL\n";
    assert_eq!((done.code, done.stdout), (0, format!("{heading}{row}{row}")));
    let payload = json!({"action": "list-keys", "accountId": ACCOUNT, "userId": "u", "limit": 500, "cursor": KEY});
    assert_eq!(world.payloads()[1], payload);
    assert_eq!(world.json(&["keys", "list", "--account", ACCOUNT])["apiKeys"].as_array().unwrap().len(), 2);
}

#[test]
fn the_service_filters_by_all_that_is_given_and_gets_nothing_else() {
    let world = World::new("keys-filters", |_, _| Reply::Json(json!({"apiKeys": [], "nextCursor": null})));
    let list = ["keys", "list", "--account", ACCOUNT, "--json"];
    let filters = [
        "--assigned-to",
        "ada",
        "--status",
        "active",
        "--operation",
        "sms",
        "--created-by-key",
        KEY,
        "--expires-before",
        "2030-01-31",
        "--unused-since",
        "2029-12-31T23:00:00Z",
        "--exceeds-lifetime",
        "--tag",
        "team=blue",
        "--tag",
        "env=a=b",
    ];
    assert_eq!(world.run(&[&list[..], &filters].concat()).code, 0);
    let payload = json!({"action": "list-keys", "accountId": ACCOUNT, "limit": 500, "assignedTo": "ada", "status": "ACTIVE",
        "operation": "SMS", "createdByKeyId": KEY, "expiresBefore": "2030-01-31T00:00:00.000Z",
        "unusedSince": "2029-12-31T23:00:00.000Z", "exceedsLifetime": "true", "tag.team": "blue", "tag.env": "a=b"});
    assert_eq!(world.payloads(), [payload]);
    world.run(&list);
    assert_eq!(world.payloads()[1], json!({"action": "list-keys", "accountId": ACCOUNT, "limit": 500}));

    let done = world.run(&[&list[..], &["--tag", "team=a", "--tag", "env=b", "--tag", "team=b"]].concat());
    let message = "--tag team is given twice: a key has one text by that name";
    assert_eq!((done.code, &done.error()["message"]), (2, &json!(message)));
    assert_eq!(world.payloads().len(), 2);
}

fn id(number: usize) -> String {
    format!("{number:022}")
}

#[test]
fn revoking_shows_what_became_of_each_key() {
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
    assert_eq!((done.code, &*done.stdout, &*done.stderr), (6, &*table, "error: 2 keys not revoked\n"));
    assert_eq!(world.payloads()[1], json!({"action": "revoke-keys", "accountId": ACCOUNT, "keyIds": [missing, busy]}));
}

#[test]
fn revoking_that_breaks_off_shows_what_was_revoked() {
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
                "status": "ACTIVE", "expiresAt": "2030-01-31T00:00:00.000Z", "lastUsedAt": null,
                "tags": {"team": "blue"}})
        };
        let names = ["日本電信電話", "e\u{301}tude", "a\u{202e}b", "שלום"].map(|name| key(json!(name)));
        Reply::Json(json!({"apiKeys": names, "nextCursor": null}))
    })
}

#[test]
fn a_table_fits_its_terminal() {
    for (columns, headings, lines) in [
        (
            150,
            "KEY                     NAME          USER    STATUS  OPERATIONS                       EXPIRES                   LAST USED  TAGS       OLD VALUE UNTIL",
            5,
        ),
        (120, "KEY                     NAME          USER    STATUS  OPERATIONS                       EXPIRES", 6),
        (90, "KEY                     NAME          USER    STATUS  OPERATIONS", 6),
        (60, "KEY                     NAME          USER    STATUS", 6),
        (40, "KEY              0353BcNZpNQ41k9Zft1Kjj", 4 * 9 + 3),
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
    assert!(done.stdout.lines().next().unwrap().ends_with("OLD VALUE UNTIL") && done.stderr.is_empty(), "{done:?}");
    let done = world.run(&["keys", "list", "--account", ACCOUNT, "--json"]);
    assert!(done.stdout.contains("a\\u202eb") && !done.stdout.contains('\u{202e}'), "{done:?}");
    let keys: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(keys["apiKeys"][2]["name"], "a\u{202e}b", "it means the same");
}

pub(crate) fn shown() -> Value {
    json!({"accountId": ACCOUNT, "id": KEY, "company": "Acme", "status": "ACTIVE", "name": "web", "userId": "user-8",
        "username": "Grace", "operations": ["SMS"], "trafficType": "OTP", "createdAt": "2026-11-24T14:21:56.560Z",
        "createdBy": "user-1", "createdByKeyId": KEY, "etag": "0353BcNZpXb50uDq1WcE9s", "lifetimeExempt": true,
        "accountLimits": [{"requests": 2, "per": "MINUTE"}], "limits": [{"requests": 5, "per": "DAY"}], "enabled": true, "tags": {"env": "prod", "team": "blue"},
        "previousValueValidUntil": "2030-01-31T00:00:00.000Z", "previousValueLastUsedAt": null})
}

#[test]
fn one_key_is_shown() {
    let world = World::new("keys-show", |_, _| Reply::Json(shown()));
    let done = world.run(&["keys", "show", KEY, "--account", ACCOUNT]);
    let lines: Vec<_> = done.stdout.lines().collect();
    assert_eq!((done.code, lines.len(), lines[8]), (0, 26, "username              Grace"), "{done:?}");
    assert_eq!([lines[4], lines[13]], ["enabled               yes", "created by key        0353BcNZpNQ41k9Zft1Kjj"]);
    assert_eq!(
        lines[16..],
        [
            "exempt from lifetime  yes",
            "last used             -",
            "addresses             -",
            "limit of the key      5/DAY",
            "effective limit       -",
            "limit of the account  2/MINUTE",
            "tags                  env=prod,team=blue",
            "old value until       2030-01-31T00:00:00.000Z",
            "old value used        -",
            "etag                  0353BcNZpXb50uDq1WcE9s",
        ]
    );
    assert_eq!(world.payloads(), [json!({"action": "show-key", "accountId": ACCOUNT, "keyId": KEY})]);
    assert_eq!(world.json(&["keys", "show", KEY, "--account", ACCOUNT]), shown());
}

#[test]
fn disabling_asks_about_the_key_and_is_sent_again() {
    let world = World::new("disable", |before, payload| match (before, payload["action"].as_str().unwrap()) {
        (_, "show") => Reply::Json(crate::shown()),
        (_, "show-key") => Reply::Json(shown()),
        (2, _) => Reply::Status(500, "for a moment"),
        _ => Reply::Json(json!({"disabled": payload["keyIds"], "notFound": [], "failed": []})),
    });
    let disable = ["keys", "disable", KEY, "--account", ACCOUNT];
    let done = world.on_terminal(&disable, "y\n");
    let question = format!(
        "Disable the key {KEY} \"web\" of Grace (user-8), Example ({ACCOUNT}, 2 keys), until a manager enables it again? [y/N]"
    );
    assert!(done.code == 0 && done.stdout.contains(&question), "{done:?}");
    assert!(done.stdout.ends_with("Disabled 1 of 1 key.\r\n"), "{done:?}");
    assert_eq!(world.payloads()[3], json!({"action": "disable-keys", "accountId": ACCOUNT, "keyIds": [KEY]}));
    assert_eq!(world.run(&disable).code, 2, "there is no terminal");

    let two = ["keys", "revoke", KEY, &id(1), "--account", ACCOUNT];
    let done = world.on_terminal(&two, "n\n");
    let question = format!("Delete 2 keys of Example ({ACCOUNT}, 2 keys), for good? [y/N]");
    assert!(done.code == 5 && done.stdout.contains(&question), "{done:?}");
}

#[test]
fn a_key_is_exempted_and_that_is_taken_back() {
    let world = World::new("keys-exempt", |_, _| Reply::Json(shown()));
    for (options, exempt) in [(&[][..], true), (&["--end"], false)] {
        let done = world.run(&[&["keys", "exempt", KEY, "--account", ACCOUNT], options].concat());
        assert!(done.code == 0 && done.stdout.starts_with("account "), "{done:?}");
        let payload = json!({"action": "exempt-key", "accountId": ACCOUNT, "keyId": KEY, "exempt": exempt});
        assert_eq!(world.payloads().last(), Some(&payload));
    }
}
