//! Limits, in an API that attaches the authorizer.

use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::stack::{Client, Stack};

/// Time enough for what follows in one minute.
#[expect(clippy::disallowed_methods, reason = "the deployed service has the machine's clock")]
fn early_in_a_minute() {
    let second = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() % 60;
    if second > 40 {
        thread::sleep(Duration::from_secs(60 - second));
    }
}

pub fn a_limit_holds_in_other_apis_with_either_answer(stack: &Stack) {
    let admin = stack.create_account("Example");
    let limits = json!([{"requests": 3, "per": "MINUTE"}]);
    let body = json!({"userId": "u", "username": "n", "operations": ["SMS"], "limits": limits});
    let created = admin.post(&body);
    assert_eq!(created.body["effectiveLimits"], limits);
    let key = stack.client(&created.body);
    early_in_a_minute();

    let url = format!("{}/sms", stack.integration);
    let within: Vec<_> = (0..3).map(|_| stack.send("GET", &url, &[&key.value], None)).collect();
    for answer in &within {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.headers["ratelimit-policy"], r#""minute";q=3;w=60"#);
    }
    assert!(within[2].headers["ratelimit"].to_str().unwrap().starts_with(r#""minute";r=0;t="#));
    let over = stack.send("GET", &url, &[&key.value], None);
    assert_eq!(over.status, 429);
    assert_eq!(over.body["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!((&over.body["code"], &over.body["violated-policies"]), (&json!("LIMITED"), &json!(["minute"])));
    let seconds: u64 = over.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");

    assert_eq!(key.sample("GET", "/sms").status, 403, "the default answer is the gateway's");
    assert_eq!(key.get("/authentication/self").status, 200, "managing keys is not limited");
    let more = json!({"limits": [{"requests": 5, "per": "MINUTE"}]});
    assert_eq!(admin.patch(&key.id, &more).status, 200);
    let statuses = [(); 3].map(|()| key.sample("GET", "/sms").status);
    assert_eq!(statuses, [200, 200, 403], "a patch holds on the next request and refills nothing");
    assert_eq!(admin.delete(&key.id).status, 204);
    assert_eq!(key.sample("GET", "/sms").status, 401, "a limit does not hide that it is gone");
}

pub fn a_limit_of_an_account_holds_for_all_of_its_keys_together(stack: &Stack) {
    let admin = stack.create_account("Example");
    let before = admin.create_key(&["SMS"]);
    let limit_account = |requests: u32| {
        let limits = json!([{"requests": requests, "per": "MONTH"}]);
        let update = json!({"action": "update", "accountId": admin.account_id, "accountLimits": limits});
        let updated = stack.invoke("manage-account", &update);
        assert_eq!((&updated["functionError"], &updated["payload"]["done"]), (&Value::Null, &json!(true)), "{updated}");
    };
    limit_account(5);
    let narrower = json!({"limits": [{"requests": 2, "per": "MONTH"}]});
    let (after, limited) = (admin.create_key(&["SMS"]), admin.create_key_with(&["SMS"], &narrower));

    // Through the gateway and by verify-key, by a key from before the limit, one from after it and one with a limit of its own.
    assert_eq!([sample(&limited), sample(&limited), sample(&limited)], [200, 200, 403]);
    assert_eq!([verify(stack, &before), verify(stack, &after)], ["ALLOWED"; 2]);
    let last = stack.send("GET", &format!("{}/sms", stack.integration), &[&before.value], None);
    assert_eq!(last.status, 200, "{last:?}");
    assert_eq!(last.headers["ratelimit-policy"], r#""account-month";q=5"#);
    assert!(last.headers["ratelimit"].to_str().unwrap().starts_with(r#""account-month";r=0;t="#), "{last:?}");
    for key in [&before, &after] {
        assert_eq!(stack.send("GET", &format!("{}/sms", stack.integration), &[&key.value], None).status, 429);
        assert_eq!((sample(key), verify(stack, key).as_str()), (403, "LIMITED"));
    }
    let shown = admin.get("/authentication/account").body["accountLimits"][0].clone();
    assert_eq!((&shown["requests"], &shown["remaining"]), (&json!(5), &json!(0)), "{shown}");
    let stranger = stack.create_account("Example").create_key(&["SMS"]);
    assert_eq!(sample(&stranger), 200, "another account of that company has no limit");

    limit_account(7);
    assert_eq!([sample(&limited), sample(&after), sample(&before), sample(&after)], [403, 200, 200, 403]);
    assert_eq!(admin.delete(&after.id).status, 204, "managing keys is not limited");
}

fn sample(key: &Client<'_>) -> u16 {
    key.sample("GET", "/sms").status
}

fn verify(stack: &Stack, key: &Client<'_>) -> String {
    let answer = stack.invoke("verify-key", &json!({"value": key.value, "operation": "SMS"}));
    answer["payload"]["reason"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}
