//! The whole way: an account of its own, whose key works on its first request and is dead on the next after its end.

use serde_json::{Value, json};

use super::finding::{Finding, Sign};
use crate::aws::{MANAGE, Service};
use crate::failure::Failure;
use crate::interrupt;
use crate::invocation::Repeats;
use crate::trial::{Outcome, TriedKey};

const CHECK: &str = "round trip";
const AGAIN: &str = "api-keys doctor --debug";
/// So many invocations erase an account with one key.
const MOST: usize = 20;

pub(super) async fn look(service: &Service, url: Option<&str>) -> Vec<Finding> {
    let url = match service.api_url(url) {
        Ok(url) => url,
        Err(failure) => {
            return vec![Finding::unknown(CHECK, failure.to_string(), "api-keys doctor --url https://example.com/v1")];
        }
    };
    let key = match create(service).await {
        Ok(key) => key,
        Err(failure) => {
            return vec![Finding::fault(CHECK, format!("no account can be made: {failure}"), AGAIN)];
        }
    };
    // Stopped, it cleans up all the same.
    let outcome = interrupt::guard("the account is erased", key.run(service, &url)).await;
    let mut findings = vec![of(outcome)];
    if let Err(failure) = erase(service, &key).await {
        let fix = format!("api-keys accounts suspend {0} --yes && api-keys accounts erase {0} --yes", key.account);
        findings.push(Finding::fault(CHECK, format!("its account is not erased: {failure}"), fix));
    }
    findings
}

async fn create(service: &Service) -> Result<TriedKey, Failure> {
    let payload = json!({ "company": "api-keys doctor", "userId": "doctor", "username": "Doctor" });
    TriedKey::take(&mut service.invoke("CreateAccountFunctionName", &payload, Repeats::AreNot).await?)
}

fn of(outcome: Result<Outcome, Failure>) -> Finding {
    let logs = "aws logs tail /aws/lambda/api-keys-authorizer --since 10m";
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
            Finding::fault(CHECK, why, "make deploy PARAMETERS=AuthorizerCacheSeconds=0")
        }
        Ok(Outcome { alive, .. }) => {
            Finding::fault(CHECK, format!("a new key is answered {alive} on its first request, and not 200"), logs)
        }
        Err(failure) => {
            Finding { check: CHECK, sign: Sign::Fault, cause: failure.to_string(), fix: Some(AGAIN.to_owned()) }
        }
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
