//! The template, deployed to an emulated AWS that enforces IAM, driven as a client would.

mod console;
mod contract;
mod documents;
mod events;
mod leases;
mod lifecycle;
mod limits;
mod operating;
mod stack;
mod usage;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Instant;

use api_keys::key::{AccountId, ImportedKeys, KeyPrefix, KeyValue, Random};
use serde_json::{Value, json};
use tests::values::traces;

use crate::stack::{Client, Stack};

type Promise = (&'static str, fn(&Stack));

/// Needs twice as long as all others, mostly waiting; each has accounts of its own.
const AT_THE_SAME_TIME: Promise = ("whatever a client sends, the answer is one of infra/openapi.yaml", contract::holds);

const ONE_BY_ONE: [Promise; 24] = [
    ("a key works on the next request and fails on the next after its deletion", lives_and_dies),
    ("two accounts know nothing of each other", isolates_accounts),
    ("an operation opens its own routes, in other APIs too", opens_operations),
    ("no key gives what it lacks", holds_the_ceiling),
    ("what is no key is a 401", refuses_what_is_no_key),
    ("every wrong field is named, every unknown route is a 404", names_what_is_wrong),
    ("pages hold each key once", pages),
    ("create-account refuses a wrong payload", refuses_a_wrong_account),
    ("a key works until its expiry", lifecycle::expires),
    ("a patch holds on the next request and touches nothing else", lifecycle::changes),
    ("a rotated key has its old value for the grace period", lifecycle::rotates),
    ("a value that somebody reports fails on the next request", lifecycle::ends_what_leaked),
    ("under load, rotating and disabling hold to the request", lifecycle::rotates_and_disables_under_load),
    ("no key changes or rotates what it could not create", lifecycle::holds_the_ceiling),
    ("a key shows when it was last used", lifecycle::shows_its_last_use),
    ("a key works from its addresses alone", lifecycle::stays_in_its_ranges),
    ("keys of another system move in", lifecycle::imports),
    ("a key's limit holds in other APIs, with either answer", limits::holds),
    ("an account has as many keys as it may", lifecycle::keeps_the_quota),
    ("an operator runs an account from its creation to its end", operating::runs_an_account),
    ("the console does in a browser what it says", console::works),
    ("the commands in the documents print what the documents say", documents::work),
    ("each write has its event, in its own account alone", events::are_listed),
    ("an event gets onto the bus, and a rule delivers it", events::are_delivered),
];

/// The first two need all processors, the third breaks the table for everybody, the last looks through what all others left.
const AT_THE_END: [Promise; 4] = [
    ("usage is exact when environments are told to end, and never too much", usage::is_exact),
    ("what an environment holds of a limit outlives its end", leases::outlive_their_environment),
    ("without the table there is a 500 and nothing else", survives_the_table),
    ("no value and no hash is in any log, answer or table", keeps_secrets),
];

#[test]
fn the_deployed_service_keeps_its_promises() {
    let stack = Stack::start();
    let mut broken = Vec::new();
    thread::scope(|scope| {
        let meanwhile = scope.spawn(|| is_broken(&stack, AT_THE_SAME_TIME));
        broken.extend(ONE_BY_ONE.into_iter().filter_map(|promise| is_broken(&stack, promise)));
        broken.extend(meanwhile.join().unwrap());
    });
    broken.extend(AT_THE_END.into_iter().filter_map(|promise| is_broken(&stack, promise)));
    assert!(broken.is_empty(), "broken: {broken:#?}");
}

fn is_broken(stack: &Stack, (promise, prove): Promise) -> Option<&'static str> {
    let start = Instant::now();
    let kept = catch_unwind(AssertUnwindSafe(|| prove(stack))).is_ok();
    println!("{} {promise} ({:.1?})", if kept { "kept  " } else { "BROKEN" }, start.elapsed());
    (!kept).then_some(promise)
}

fn lives_and_dies(stack: &Stack) {
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

fn isolates_accounts(stack: &Stack) {
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

fn opens_operations(stack: &Stack) {
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

fn holds_the_ceiling(stack: &Stack) {
    let admin = stack.create_account("Example");
    let limited = admin.create_key(&["SMS", "AUTHENTICATION"]);

    limited.post(&json!({"userId": "u", "username": "n", "operations": ["SMS", "RCS"]})).assert_problem(403);
    assert_eq!(limited.get("/authentication").ids().len(), 2);
    assert_eq!(limited.create_key(&["SMS"]).get("/authentication/self").body["createdBy"], "user-2");
}

fn refuses_what_is_no_key(stack: &Stack) {
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

fn names_what_is_wrong(stack: &Stack) {
    let admin = stack.create_account("Example");

    let answer = admin.post(&json!({"username": "", "operations": ["FAX"], "operation": ["SMS"]}));
    answer.assert_problem(400);
    assert_eq!(answer.wrong_fields(), ["operation", "operations[0]", "userId", "username"]);
    assert_eq!(admin.get("/authentication?limit=0&cursor=x").wrong_fields(), ["cursor", "limit"]);
    assert_eq!(admin.delete(&format!("{}?dryRun=true", admin.id)).wrong_fields(), ["dryRun"]);
    for name in ["self", &admin.value] {
        assert_eq!(admin.delete(name).wrong_fields(), ["key"]);
    }

    for (method, path) in
        [("GET", "/unknown"), ("GET", "/"), ("PUT", "/authentication"), ("GET", "/authentication/a/b")]
    {
        admin.send(method, path, None).assert_problem(404);
    }
    let headers = [("X-API-Key", &*admin.value), ("X-Forwarded-Proto", "no:\u{e9} //"), ("X-Note", "\u{e9}\u{20ac}")];
    let odd = stack.send_with("GET", &format!("{}/authentication", stack.api), &headers, None);
    assert_eq!(odd.status, 200, "no other header matters");
}

fn pages(stack: &Stack) {
    let admin = stack.create_account("Example");
    for _ in 0..4 {
        admin.create_key(&["SMS"]);
    }
    let all = admin.get("/authentication").ids();
    let first = admin.get("/authentication?limit=3");
    let cursor = first.body["nextCursor"].as_str().unwrap();
    let second = admin.get(&format!("/authentication?limit=3&cursor={cursor}"));

    assert_eq!(all.len(), 5);
    assert_eq!([first.ids(), second.ids()].concat(), all);
    assert_eq!(second.body["nextCursor"], Value::Null);
}

fn refuses_a_wrong_account(stack: &Stack) {
    let invoked = stack.invoke("create-account", &json!({"company": "", "operations": ["SMS"]}));
    assert_ne!(invoked["functionError"], Value::Null);
    assert_eq!(invoked["payload"]["errorType"], "InvalidRequest");
    let message = invoked["payload"]["errorMessage"].as_str().unwrap();
    for field in ["company", "userId", "username", "operations"] {
        assert!(message.contains(field), "{message}");
    }
}

fn survives_the_table(stack: &Stack) {
    let admin = stack.create_account("Example");
    stack.command(&json!({"do": "break-table"}));
    let broken = catch_unwind(AssertUnwindSafe(|| {
        for answer in [
            admin.get("/authentication"),
            admin.get("/authentication/self"),
            admin.delete(&admin.id),
            admin.patch(&admin.id, &json!({"name": "other"})),
            admin.rotate(&admin.id, 0),
            admin.post(&json!({"userId": "u", "username": "n", "operations": ["SMS"]})),
            admin.sample("GET", "/sms"),
        ] {
            assert_eq!(answer.status, 500, "{answer:?}");
            for word in ["Dynamo", "table", "127.0.0.1", "credential", &admin.id] {
                assert!(!answer.text.contains(word), "{answer:?}");
            }
        }
        let url = format!("{}/authentication", stack.api);
        assert_eq!(stack.send("GET", &url, &["garbage"], None).status, 401, "known without a table");
    }));
    stack.command(&json!({"do": "mend-table"}));
    assert!(broken.is_ok());
    assert_eq!(admin.get("/authentication").status, 200);
}

fn keeps_secrets(stack: &Stack) {
    let logs = stack.command(&json!({"do": "logs"})).to_string();
    assert!(logs.contains("the table did not"), "the failures of the broken table were logged");
    let mut table = stack.command(&json!({"do": "table"}));
    let items = table["items"].as_array_mut().unwrap();
    assert!(items.len() > 5);
    let is_of_an_account = |item: &Value| AccountId::parse(item["accountId"]["S"].as_str().unwrap()).is_some();
    for item in items.iter_mut().filter(|item| is_of_an_account(item)) {
        // The one place for it, and all that is there of a key.
        let item = item.as_object_mut().unwrap();
        assert!(item.remove("keyHash").is_some());
        item.remove("previousKeyHash");
        item.remove("exposedHash");
        item.remove("exposedPreviousHash");
    }
    let table = table.to_string();
    let issued = stack.issued();
    assert!(issued.len() > 30);
    for value in issued {
        for trace in traces(&value) {
            for (what, text) in [("log", &logs), ("table", &table)] {
                assert!(!text.contains(&trace), "a value, its secret part or its hash is in a {what}");
            }
        }
    }
}
