//! `revoke-keys`: up to a hundred keys stop working, at once and for good.

use api_keys::key::KeyId;
use api_keys::lambda::{Error, log};
use api_keys::request::Fields;
use serde::Serialize;

use crate::Invocation;
use crate::answer::Answer;
use crate::each_key::{Failed, Outcomes, each_key};

/// What became of each key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevokeReport {
    revoked: Vec<KeyId>,
    not_found: Vec<KeyId>,
    failed: Vec<Failed>,
}

pub(crate) async fn revoke_keys(fields: Fields, invocation: &Invocation<'_>) -> Result<Answer, Error> {
    let Invocation { with, origin, now, .. } = invocation;
    let delete = |place| with.keys.delete(place, origin, *now);
    let (account_id, Outcomes { done, not_found, failed }) = each_key(fields, invocation, delete).await?;
    // The keys are deleted even if this fails.
    let revoked = u64::try_from(done.len()).unwrap_or(u64::MAX);
    if revoked > 0
        && let Err(error) = with.quota.note_deletions(account_id, revoked).await
    {
        log::failure(&origin.request_id, &error);
    }
    Ok(Answer::RevokeKeys(RevokeReport { revoked: done, not_found, failed }))
}
