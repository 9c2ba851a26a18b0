//! The whole way: an account of its own, whose key works on its first request and is dead on the next after its end.

use serde_json::{Value, json};

use super::finding::Finding;
use crate::aws::{MANAGE, Service};
use crate::failure::{Failure, Kind};
use crate::interrupt::Held;
use crate::invocation::{Effect, Repeats};
use crate::trial::{Outcome, TriedKey};

const CHECK: &str = "round trip";
const AGAIN: &str = "doctor --debug";
const COMPANY: &str = "api-keys doctor";
/// So many invocations erase an account with one key.
const MOST: usize = 20;

/// # Errors
/// When Ctrl-C has stopped it: then too its account is erased.
pub(super) async fn look(service: &Service, url: Option<&str>) -> Result<Vec<Finding>, Failure> {
    let url = match service.api_url(url) {
        Ok(url) => url,
        Err(failure) => {
            let again = service.typed("doctor --url https://example.com/v1");
            return Ok(vec![Finding::unknown(CHECK, failure.to_string(), again)]);
        }
    };
    let mut held = Held::new();
    let key = match create(service).await {
        Ok(key) => key,
        Err(finding) => return Ok(vec![finding]),
    };
    let outcome = key.run(service, &url, &mut held).await;
    let erased = erase(service, &key).await;
    let fix =
        ["suspend", "erase"].map(|what| service.typed(&format!("accounts {what} {} --yes", key.account))).join(" && ");
    if outcome.as_ref().is_err_and(|failure| failure.kind() == Kind::Interrupted) {
        let how = erased.map_or_else(
            |failure| format!("its account is not erased: {failure}; run `{fix}`"),
            |()| "its account is erased".to_owned(),
        );
        return Err(Failure::new(Kind::Interrupted, format!("stopped: {how}")));
    }
    let mut findings = vec![of(outcome, service)];
    if let Err(failure) = erased {
        findings.push(Finding::fault(CHECK, format!("its account is not erased: {failure}"), fix));
    }
    Ok(findings)
}

async fn create(service: &Service) -> Result<TriedKey, Finding> {
    let payload = json!({ "company": COMPANY, "userId": "doctor", "username": "Doctor" });
    let (effect, failure) = match service.invoke("CreateAccountFunctionName", &payload, Repeats::AreNot).await {
        Ok(mut answer) => match TriedKey::take(&mut answer) {
            Ok(key) => return Ok(key),
            Err(failure) => (Effect::Unknown, failure),
        },
        Err(error) => (error.effect, Failure::from(error)),
    };
    if effect == Effect::Unknown {
        let list = service.typed(&format!("accounts list --company '{COMPANY}'"));
        return Err(Finding::fault(CHECK, format!("{failure}; its account may have been made all the same"), list));
    }
    let (why, again) = (format!("no account can be made: {failure}"), service.typed(AGAIN));
    Err(if failure.kind() == Kind::NoAccess {
        Finding::unknown(CHECK, why, again)
    } else {
        Finding::fault(CHECK, why, again)
    })
}

fn of(outcome: Result<Outcome, Failure>, service: &Service) -> Finding {
    let logs = format!("aws logs tail {} --since 10m", service.log_group("authorizer"));
    match outcome {
        Ok(outcome) if outcome.is_right() => {
            let took = outcome.took.as_millis();
            Finding::ok(
                CHECK,
                format!(
                    "a new key worked on its first request, after {took} ms, and was dead on the next after its end"
                ),
            )
        }
        Ok(Outcome { alive: 200, dead, .. }) => {
            let why =
                format!("a deleted key is answered {dead}, and not 401: verdicts are cached, or another stack answers");
            Finding::fault(
                CHECK,
                why,
                format!("make deploy STACK={} PARAMETERS=AuthorizerCacheSeconds=0", service.stack()),
            )
        }
        Ok(Outcome { alive, .. }) => {
            Finding::fault(CHECK, format!("a new key is answered {alive} on its first request, and not 200"), logs)
        }
        Err(failure) => Finding::fault(CHECK, failure.to_string(), service.typed(AGAIN)),
    }
}

/// Suspends the account, and erases it.
async fn erase(service: &Service, key: &TriedKey) -> Result<(), Failure> {
    let suspend = json!({ "action": "suspend", "accountId": key.account });
    let erase = json!({ "accountId": key.account, "confirm": key.account });
    for (output, mut payload) in [(MANAGE, suspend), ("EraseAccountFunctionName", erase)] {
        let mut is_done = false;
        for _ in 0..MOST {
            let answer = service.invoke(output, &payload, Repeats::AreSafe).await?;
            is_done = answer.get("done") == Some(&Value::Bool(true));
            if is_done {
                break;
            }
            crate::pages::set(&mut payload, "cursor", answer.get("cursor").cloned().unwrap_or_default());
        }
        if !is_done {
            return Err(Failure::action("it takes too long"));
        }
    }
    Ok(())
}
