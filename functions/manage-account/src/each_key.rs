//! The same done to up to a hundred keys of an account, one after the other.

use api_keys::key::{AccountId, KeyId, Locator};
use api_keys::lambda::{Error, Refusal};
use api_keys::request::Fields;
use api_keys::store::WriteError;
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout_at;

use crate::Invocation;

const MAX_KEYS_AT_ONCE: usize = 100;

/// What became of each key.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    pub(crate) done: Vec<KeyId>,
    pub(crate) not_found: Vec<KeyId>,
    pub(crate) failed: Vec<Failed>,
}

/// A key that was left as it was, or of which nothing is known.
#[derive(Debug, Serialize)]
pub(crate) struct Failed {
    id: KeyId,
    reason: String,
}

/// Takes `accountId` and `keyIds`, and does it to each key. `act` says whether the account has the key.
pub(crate) async fn each_key<A>(
    mut fields: Fields,
    invocation: &Invocation<'_>,
    act: impl Fn(Locator) -> A,
) -> Result<(AccountId, Outcomes), Error>
where
    A: Future<Output = Result<bool, WriteError>>,
{
    let account_id = fields.account_id();
    let ids = take_ids(&mut fields);
    fields.finish()?;
    let mut outcomes = Outcomes::default();
    for id in ids {
        match timeout_at(invocation.end, must_win(|| act(Locator { account_id, id }))).await {
            Ok(Ok(true)) => outcomes.done.push(id),
            Ok(Ok(false)) => outcomes.not_found.push(id),
            Ok(Err(error)) => {
                let reason = Refusal::new(error.into(), &invocation.origin.request_id).to_string();
                outcomes.failed.push(Failed { id, reason });
            }
            Err(_) => {
                let reason = "the time was over before the outcome was known: send it again".to_owned();
                outcomes.failed.push(Failed { id, reason });
            }
        }
    }
    Ok((account_id, outcomes))
}

/// What takes power away is tried until the time is over.
async fn must_win<A>(act: impl Fn() -> A) -> Result<bool, WriteError>
where
    A: Future<Output = Result<bool, WriteError>>,
{
    loop {
        match act().await {
            Err(error) if error.is_retryable() => {}
            done => return done,
        }
    }
}

fn take_ids(fields: &mut Fields) -> Vec<KeyId> {
    const FIELD: &str = "keyIds";
    let given = match fields.take(FIELD) {
        Some(Value::Array(given)) if (1..=MAX_KEYS_AT_ONCE).contains(&given.len()) => given,
        _ => {
            fields.wrong(FIELD, format!("must be a list of 1 to {MAX_KEYS_AT_ONCE} ids of keys"));
            return Vec::new();
        }
    };
    let mut ids = Vec::new();
    for (at, id) in given.iter().enumerate() {
        let at = format!("{FIELD}[{at}]");
        match id.as_str().and_then(KeyId::parse) {
            None => fields.wrong(&at, "must be the id of a key"),
            Some(id) if ids.contains(&id) => fields.wrong(&at, "must not be given twice"),
            Some(id) => ids.push(id),
        }
    }
    ids
}
