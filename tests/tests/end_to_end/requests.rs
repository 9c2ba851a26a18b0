//! What is wrong is named, and what is much comes in pages.

use serde_json::{Value, json};

use crate::stack::Stack;

pub fn every_wrong_field_is_named_and_every_unknown_route_is_a_404(stack: &Stack) {
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

pub fn pages_hold_each_key_once(stack: &Stack) {
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

pub fn create_account_refuses_a_wrong_payload(stack: &Stack) {
    let invoked = stack.invoke("create-account", &json!({"company": "", "operations": ["SMS"]}));
    assert_ne!(invoked["functionError"], Value::Null);
    assert_eq!(invoked["payload"]["errorType"], "InvalidRequest");
    let message = invoked["payload"]["errorMessage"].as_str().unwrap();
    for field in ["company", "userId", "username", "operations"] {
        assert!(message.contains(field), "{message}");
    }
}
