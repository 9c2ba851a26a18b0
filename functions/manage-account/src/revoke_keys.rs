//! `revoke-keys`: up to a hundred keys stop working, at once and for good.

use api_keys::{Error, Fields, KeyId, Locator, Refusal, WriteError, log};
use serde::Serialize;
use serde_json::Value;
use tokio::time::timeout_at;

use crate::Invocation;
use crate::answer::Answer;

const MAX_KEYS_AT_ONCE: usize = 100;

/// What became of each key.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    revoked: Vec<KeyId>,
    not_found: Vec<KeyId>,
    failed: Vec<Failed>,
}

#[derive(Debug, Serialize)]
struct Failed {
    id: KeyId,
    reason: String,
}

pub(crate) async fn revoke_keys(mut fields: Fields, invocation: &Invocation<'_>) -> Result<Answer, Error> {
    let account_id = fields.account_id();
    let ids = take_ids(&mut fields);
    fields.finish()?;
    let (store, request_id) = (invocation.with.store, &invocation.origin.request_id);
    let mut report = Report::default();
    for id in ids {
        let place = Locator { account_id, id };
        match timeout_at(invocation.end, revoke(place, invocation)).await {
            Ok(Ok(true)) => report.revoked.push(id),
            Ok(Ok(false)) => report.not_found.push(id),
            Ok(Err(error)) => {
                let reason = Refusal::new(error.into(), request_id).to_string();
                report.failed.push(Failed { id, reason });
            }
            Err(_) => {
                let reason = "the time was over before the outcome was known: revoke it again".to_owned();
                report.failed.push(Failed { id, reason });
            }
        }
    }
    // The keys are deleted even if this fails.
    let revoked = u64::try_from(report.revoked.len()).unwrap_or(u64::MAX);
    if revoked > 0
        && let Err(error) = store.note_deletions(account_id, revoked).await
    {
        log::failure(request_id, &error);
    }
    Ok(Answer::RevokeKeys(report))
}

/// A deletion must win: it is tried until the time is over.
async fn revoke(place: Locator, invocation: &Invocation<'_>) -> Result<bool, WriteError> {
    loop {
        match invocation.with.store.delete(place, &invocation.origin, invocation.now).await {
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
