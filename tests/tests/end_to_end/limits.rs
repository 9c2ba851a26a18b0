//! Limits, in an API that attaches the authorizer.

use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::stack::Stack;

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
