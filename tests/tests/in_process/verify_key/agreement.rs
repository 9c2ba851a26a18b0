//! The same question gets the same answer from both functions.

use std::env;

use authorizer::Refusal;
use serde_json::{Value, json};
use tests::gateway::{Asked, Form, STAGE, allows};
use tests::refused_keys::RefusedKeys;
use tests::{Client, Environment, Gateway, new_key_with};

/// So many questions; `make nightly` makes 50,000.
fn questions() -> usize {
    env::var("VERIFIED_REQUESTS").map_or(3_000, |count| count.parse().unwrap())
}

/// Keys in every state, and texts that are none.
async fn values(gateway: &Gateway, admin: &Client) -> Vec<String> {
    let key = async |more: Value| admin.create(&new_key_with(&more)).await;
    let tags = json!({"team": "blue & green", "Env": "ü"});
    let RefusedKeys { disabled, exposed, deleted, expired, suspended } = RefusedKeys::of(gateway, admin).await;
    let rotated = key(json!({})).await;
    let successor = rotated.with_value_of(&admin.rotate(&rotated.id, 3600).await);
    let limits = json!([{"requests": 5, "per": "DAY"}, {"requests": 900, "per": "MONTH"}]);
    let exhausted = key(json!({"limits": [{"requests": 1, "per": "MONTH"}, {"requests": 7, "per": "DAY"}]})).await;
    assert!(exhausted.authorize().await.is_ok());
    let keys = [
        key(json!({"operations": ["SMS", "RCS"], "tags": tags, "trafficType": "OTP"})).await,
        key(json!({"operations": ["RCS"], "allowedIps": ["192.0.2.1"]})).await,
        key(json!({"allowedIps": ["192.0.2.0/24", "2001:db8::/32"], "limits": limits})).await,
        key(json!({"limits": [{"requests": 900_000_000, "per": "MONTH"}]})).await,
        exhausted,
        disabled,
        exposed,
        deleted,
        expired,
        suspended,
        rotated,
        successor,
        admin.clone(),
    ];
    let values = keys.map(|key| key.value);
    let mistyped = values[0].replace(|letter: char| letter.is_ascii_digit(), "x");
    values.into_iter().chain(["garbage".to_owned(), String::new(), mistyped]).collect()
}

/// The authorizer's verdict on it, in the words of `verify-key`.
async fn authorized(environment: &Environment, gateway: &Gateway, form: Form, asked: &Asked<'_>) -> Value {
    let verdict = match environment.decide(gateway, &form.event(asked)).await {
        Ok(verdict) => verdict,
        // A REST API gets nothing else of it.
        Err(Refusal::Unauthorized) => return json!({"reason": "UNAUTHORIZED"}),
        Err(other) => panic!("{other}"),
    };
    let context = &verdict["context"];
    let text = |name: &str| context[name].as_str().unwrap_or_default();
    let policies = text("rateLimitPolicy").split(", ").filter(|policy| !policy.is_empty());
    let caller = context["keyId"].is_string().then(|| {
        let tags: Value =
            form_urlencoded::parse(text("tags").as_bytes()).map(|(name, text)| (name, json!(text))).collect();
        json!({
            "accountId": context["accountId"],
            "externalId": if text("externalId").is_empty() { Value::Null } else { context["externalId"].clone() },
            "keyId": context["keyId"],
            "userId": context["userId"],
            "username": context["username"],
            "company": context["company"],
            "operations": text("operations").split(',').collect::<Vec<_>>(),
            "trafficType": context["trafficType"],
            "tags": tags,
        })
    });
    json!({
        "allowed": allows(&verdict, &format!("{STAGE}/{}{}", asked.method, asked.path)),
        "reason": text("reason"),
        "retryAfter": text("retryAfter").parse::<u64>().unwrap(),
        "caller": caller,
        "limits": policies.count(),
    })
}

/// Each function has an environment of its own, and both count in the same limits: they get the same questions in turn.
#[tokio::test]
async fn the_same_question_gets_the_same_answer_from_both_functions() {
    let (gateway, admin) = Gateway::with_manager().await;
    let renamed = json!({"action": "update", "accountId": admin.account_id, "externalId": "cus_42"});
    gateway.invoke_manage_account(renamed).await.unwrap();
    let values = values(&gateway, &admin).await;
    let (authorizer, verifier) = (Environment::of(&gateway).await, Environment::of(&gateway).await);
    let mut random = fastrand::Rng::with_seed(28);
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    for _ in 0..questions() {
        let value = random.choice(&values).unwrap();
        let operation =
            random.choice([None, Some("SMS"), Some("RCS"), Some("AUTHENTICATION"), Some("WHATSAPP")]).unwrap();
        let source_ip = random
            .choice([None, Some("192.0.2.1"), Some("192.0.2.9"), Some("203.0.113.7"), Some("2001:db8::1")])
            .unwrap();
        let form = random.choice(Form::ALL).unwrap();
        // A rule for every path asks for the same operation, or for none.
        let variables = json!({"routeOperations": format!(":{}", operation.unwrap_or_default())});
        let asked = Asked {
            method: "GET",
            path: "/any",
            pattern: "/{proxy+}",
            headers: &[("X-API-Key", value)],
            source_ip: source_ip.unwrap_or("..."),
            variables: &variables,
        };
        let mut payload = json!({"value": value, "sourceIp": source_ip});
        payload.as_object_mut().unwrap().extend(operation.map(|operation| ("operation".to_owned(), json!(operation))));

        let expected = authorized(&authorizer, &gateway, form, &asked).await;
        let mut found = verifier.verify(&gateway, &payload).await.unwrap();

        let reason = found["reason"].as_str().unwrap().to_owned();
        *seen.entry(reason.clone()).or_default() += 1;
        if expected["reason"] == "UNAUTHORIZED" {
            assert!(
                ["UNKNOWN", "EXPIRED", "DISABLED", "SUSPENDED", "EXPOSED"].contains(&&*reason),
                "{form:?} {operation:?}"
            );
            assert_eq!((&found["allowed"], &found["limits"]), (&json!(false), &json!([])));
            assert_eq!(found["caller"].is_null(), reason == "UNKNOWN");
            continue;
        }
        // One of the two may have taken the last request of a window.
        let took_the_last = [&*reason, expected["reason"].as_str().unwrap()] == ["LIMITED", "ALLOWED"];
        let limits = found["limits"].as_array().unwrap().len();
        found["limits"] = json!(limits);
        if took_the_last {
            assert_eq!((&found["caller"], &found["limits"]), (&expected["caller"], &expected["limits"]));
        } else {
            // A second may have begun between the two.
            let (one, other) = (found["retryAfter"].take().as_u64().unwrap(), &expected["retryAfter"]);
            assert!(other.as_u64().unwrap().abs_diff(one) <= 1, "{reason}");
            found["retryAfter"] = other.clone();
            assert_eq!(found, expected, "{form:?} {operation:?} {source_ip:?}");
        }
    }
    assert_eq!(seen.len(), 9, "each reason: {seen:?}");
}
