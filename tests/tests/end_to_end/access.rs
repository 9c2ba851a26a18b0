//! Whom a key lets in, where, and for how long.

use std::thread;

use api_keys::key::{ImportedKeys, KeyPrefix, KeyValue, Random};
use serde_json::{Value, json};

use crate::stack::{Client, Stack};

pub fn a_key_works_on_the_next_request_and_fails_on_the_next_after_its_deletion(stack: &Stack) {
    let admin = stack.create_account("Example");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    one_life(&admin);
                }
            });
        }
    });
    assert_eq!(admin.get("/authentication").ids(), [admin.id.as_str()]);
}

fn one_life(admin: &Client<'_>) {
    let key = admin.create_key(&["SMS", "AUTHENTICATION"]);
    assert_eq!(key.get("/authentication/self").status, 200);
    assert!(admin.get("/authentication").ids().contains(&key.id));
    assert_eq!(admin.get(&format!("/authentication/{}", key.value)).body["id"], json!(key.id));

    let deleted = admin.delete(&key.id);
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));

    assert_eq!(key.get("/authentication/self").status, 401);
    assert_eq!(admin.get(&format!("/authentication/{}", key.value)).status, 404);
    assert!(!admin.get("/authentication").ids().contains(&key.id));
    assert_eq!(admin.delete(&key.id).status, 404);
}

pub fn two_accounts_know_nothing_of_each_other(stack: &Stack) {
    let ours = stack.create_account("Ours");
    let theirs = stack.create_account("Theirs");
    let of_theirs = theirs.create_key(&["SMS"]);

    assert_eq!(ours.get("/authentication").ids(), [ours.id.as_str()]);
    assert_eq!(ours.get("/authentication?userId=user-2").ids(), Vec::<String>::new());
    assert_eq!(ours.get("/authentication?userId=user-1").ids(), [ours.id.as_str()]);
    assert!(!ours.get(&format!("/authentication?cursor={}", theirs.id)).ids().contains(&of_theirs.id));
    let without_request_id = |mut body: Value| {
        body["requestId"] = Value::Null;
        body
    };
    let unknown = ours.get("/authentication/0000000000000000000000");
    unknown.assert_problem(404);
    for answer in [
        ours.get(&format!("/authentication/{}", of_theirs.id)),
        ours.get(&format!("/authentication/{}", of_theirs.value)),
        ours.delete(&of_theirs.id),
        ours.patch(&of_theirs.id, &json!({"enabled": false})),
        ours.patch(&of_theirs.id, &json!({"name": "ours"})),
        ours.rotate(&of_theirs.id, 0),
    ] {
        assert_eq!(without_request_id(answer.body), without_request_id(unknown.body.clone()));
    }
    assert_eq!(of_theirs.get("/authentication/self").status, 200);
}

pub fn an_operation_opens_its_own_routes_in_other_apis_too(stack: &Stack) {
    let admin = stack.create_account("Example");
    let sms = admin.create_key(&["SMS"]);

    for own in ["self", &sms.id, &sms.value] {
        assert_eq!(sms.get(&format!("/authentication/{own}")).body["id"], json!(sms.id));
    }
    sms.get("/authentication").assert_problem(403);
    sms.post(&json!({"userId": "u", "username": "n", "operations": ["SMS"]})).assert_problem(403);
    sms.delete(&sms.id).assert_problem(403);
    sms.get(&format!("/authentication/{}", admin.id)).assert_problem(403);

    for (method, path) in [("GET", "/sms"), ("POST", "/sms/messages"), ("GET", "/sms/messages/1")] {
        let answer = sms.sample(method, path);
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
        assert_eq!(answer.body["keyId"], json!(sms.id), "the other API reads who calls");
        assert_eq!(answer.body["operations"], "SMS");
    }
    for path in ["/rcs", "/rcs/messages", "/rcs/sms", "/rcs/messages/sms/1"] {
        assert_eq!(sms.sample("GET", path).status, 403);
        assert_eq!(admin.sample("GET", path).status, 200);
    }
    assert_eq!(stack.send("GET", &format!("{}/sms", stack.sample), &[], None).status, 401);
    assert_eq!(admin.delete(&sms.id).status, 204);
    assert_eq!(sms.sample("GET", "/sms").status, 401, "revoked for every API at once");
}

pub fn no_key_gives_what_it_lacks(stack: &Stack) {
    let admin = stack.create_account("Example");
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]);

    limited.post(&json!({"userId": "u", "username": "n", "operations": ["SMS", "RCS"]})).assert_problem(403);
    assert_eq!(limited.get("/authentication").ids().len(), 2);
    assert_eq!(limited.create_key(&["SMS"]).get("/authentication/self").body["createdBy"], "user-2");
}

pub fn a_reader_sees_everything_and_changes_nothing(stack: &Stack) {
    let admin = stack.create_account("Example");
    let other = admin.create_key(&["SMS", "RCS", "AUTHENTICATION"]);
    let reader = admin.create_key(&["AUTHENTICATION_READ"]);

    let of_other = format!("/authentication/{}", other.id);
    let (usage, rotation) = (format!("{of_other}/usage"), format!("{of_other}/rotate"));
    let own = format!("/authentication/{}", reader.id);
    let paths = [
        "/authentication",
        "/authentication/events",
        "/authentication/account",
        "/authentication/usage",
        &of_other,
        &usage,
    ];
    for path in paths.into_iter().chain(["/authentication/self", &own, &format!("/authentication/{}", other.value)]) {
        assert_eq!(reader.get(path).status, 200);
    }
    assert_eq!(reader.get("/authentication").ids().len(), 3);
    let before = admin.get("/authentication").body;
    for path in paths.into_iter().chain([&*rotation, &own]) {
        for method in ["POST", "PUT", "PATCH", "DELETE"] {
            let refused = reader.send(method, path, Some(&json!({})));
            assert!([403, 404].contains(&refused.status), "{method} {path}: {refused:?}");
        }
    }
    reader.post(&json!({"userId": "u", "username": "n", "operations": ["AUTHENTICATION_READ"]})).assert_problem(403);
    reader.patch(&reader.id, &json!({"operations": ["AUTHENTICATION"]})).assert_problem(403);
    reader.rotate(&reader.id, 0).assert_problem(403);
    reader.delete(&reader.id).assert_problem(403);
    assert_eq!(reader.sample("GET", "/sms").status, 403);
    let without_uses = |mut list: Value| {
        for key in list["apiKeys"].as_array_mut().unwrap() {
            key["lastUsedAt"] = Value::Null;
        }
        list
    };
    assert_eq!(without_uses(admin.get("/authentication").body), without_uses(before));
}

pub fn what_is_no_key_is_a_401(stack: &Stack) {
    let admin = stack.create_account("Example");
    let key = &*admin.value;
    let url = format!("{}/authentication", stack.api);
    let cut = &key[..key.len() - 1];
    // The right place with another secret.
    let locator = KeyValue::parse(key, ImportedKeys::Refused).unwrap().locator().unwrap();
    let unknown = KeyValue::generate(&KeyPrefix::parse("ak_live").unwrap(), locator, &Random::system()).unwrap();

    for keys in [&[][..], &[""], &[key, key], &[key, ""], &["x"], &[cut], &[&format!("{key}0")], &[unknown.expose()]] {
        let refused = stack.send("GET", &url, keys, None);
        refused.assert_problem(401);
        assert_eq!(refused.headers["www-authenticate"], "ApiKey");
        stack.send("POST", &url, keys, Some("{}")).assert_problem(401);
        stack.send("DELETE", &format!("{url}/{}", admin.id), keys, None).assert_problem(401);
        stack.send("PATCH", &format!("{url}/{}", admin.id), keys, Some("{}")).assert_problem(401);
        stack.send("POST", &format!("{url}/{}/rotate", admin.id), keys, None).assert_problem(401);
    }
    let oversized = stack.send("GET", &url, &[&"x".repeat(9_000)], None).status;
    assert!((400..500).contains(&oversized), "{oversized}");
    assert_eq!(admin.get("/authentication/self").status, 200);
}
