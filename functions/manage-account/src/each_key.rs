//! The same done to up to a hundred keys of an account, one after the other.

use api_keys::key::{AccountId, KeyId, Locator};
use api_keys::lambda::OperatorError;
use api_keys::lambda::log::Subject;
use api_keys::request::{Fields, wrong_id_of_key};
use api_keys::store::WriteError;
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

const MAX_KEYS_AT_ONCE: usize = 100;

/// Some keys of an account.
pub(crate) struct KeySelection {
    pub(crate) account_id: AccountId,
    ids: Vec<KeyId>,
}

/// What became of each key.
#[derive(Debug, Default)]
pub(crate) struct OutcomeOfKeys {
    pub(crate) done: Vec<KeyId>,
    pub(crate) not_found: Vec<KeyId>,
    pub(crate) failed: Vec<Failed>,
}

impl OutcomeOfKeys {
    /// Whether the account has none of the keys.
    pub(crate) fn has_found_none(&self) -> bool {
        self.done.is_empty() && self.failed.is_empty()
    }
}

/// A key that was left as it was, or of which nothing is known.
#[derive(Debug, Serialize)]
pub(crate) struct Failed {
    id: KeyId,
    reason: String,
}

impl KeySelection {
    /// Takes `accountId` and `keyIds`.
    pub(crate) fn take(fields: &mut Fields) -> Self {
        Self { account_id: fields.account_id(), ids: take_ids(fields) }
    }

    /// Does it to each key until `end`. `act` returns whether the account has the key.
    pub(crate) async fn each<A>(&self, end: Instant, subject: &Subject, act: impl Fn(Locator) -> A) -> OutcomeOfKeys
    where
        A: Future<Output = Result<bool, WriteError>>,
    {
        let account_id = self.account_id;
        let mut outcome = OutcomeOfKeys::default();
        for &id in &self.ids {
            match timeout_at(end, act(Locator { account_id, id })).await {
                Ok(Ok(true)) => outcome.done.push(id),
                Ok(Ok(false)) => outcome.not_found.push(id),
                Ok(Err(error)) => {
                    let reason = OperatorError::new(error.into(), &subject.of_key(account_id, id)).to_string();
                    outcome.failed.push(Failed { id, reason });
                }
                Err(_) => {
                    let reason = "the time was over before the outcome was known: send it again".to_owned();
                    outcome.failed.push(Failed { id, reason });
                }
            }
        }
        outcome
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
            None => fields.wrong(&at, wrong_id_of_key(id.as_str().unwrap_or_default())),
            Some(id) if ids.contains(&id) => fields.wrong(&at, "must not be given twice"),
            Some(id) => ids.push(id),
        }
    }
    ids
}
