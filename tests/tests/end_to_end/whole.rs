//! What concerns all that the stack holds.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use api_keys::key::AccountId;
use serde_json::{Value, json};
use tests::values::traces;

use crate::stack::Stack;

/// Breaks the table for everybody, and mends it in any case.
fn while_the_table_is_broken(stack: &Stack, prove: impl FnOnce()) {
    stack.command(&json!({"do": "break-table"}));
    let kept = catch_unwind(AssertUnwindSafe(prove));
    stack.command(&json!({"do": "mend-table"}));
    kept.unwrap_or_else(|panic| resume_unwind(panic));
}

pub fn without_the_table_there_is_a_500_and_nothing_else(stack: &Stack) {
    let admin = stack.create_account("Example");
    while_the_table_is_broken(stack, || {
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
        let verified = stack.invoke("verify-key", &json!({"value": admin.value}));
        let outage = json!({"errorType": "Unavailable", "errorMessage": "The key could not be checked"});
        assert!(verified["functionError"].is_string() && verified["payload"] == outage, "{verified}");
        let url = format!("{}/authentication", stack.api);
        assert_eq!(stack.send("GET", &url, &["garbage"], None).status, 401, "known without a table");
    });
    assert_eq!(admin.get("/authentication").status, 200);
}

pub fn no_value_and_no_hash_is_in_any_log_answer_or_table(stack: &Stack) {
    // Where it runs alone, this is all that can be found.
    let admin = stack.create_account("Example");
    admin.create_key(&["SMS"]);
    while_the_table_is_broken(stack, || assert_eq!(admin.get("/authentication").status, 500));

    let logs = stack.command(&json!({"do": "logs"})).to_string();
    assert!(logs.contains("could not read a key"), "the failures of the broken table were logged");
    let mut table = stack.command(&json!({"do": "table"}));
    let items = table["items"].as_array_mut().unwrap();
    let is_of_an_account = |item: &Value| AccountId::parse(item["accountId"]["S"].as_str().unwrap()).is_some();
    let mut keys = 0;
    for item in items.iter_mut().filter(|item| is_of_an_account(item)) {
        // The one place for it, and all that is there of a key.
        let item = item.as_object_mut().unwrap();
        assert!(item.remove("keyHash").is_some());
        item.remove("previousKeyHash");
        item.remove("exposedHash");
        item.remove("exposedPreviousHash");
        keys += 1;
    }
    let table = table.to_string();
    let issued = stack.issued();
    assert!(keys >= 2 && issued.len() >= 2, "{keys} keys, {} values", issued.len());
    for value in issued {
        for trace in traces(&value) {
            for (what, text) in [("log", &logs), ("table", &table)] {
                assert!(!text.contains(&trace), "a value, its secret part or its hash is in a {what}");
            }
        }
    }
}
