//! `disable-keys`: up to a hundred keys are switched off; a manager can enable them again.

use api_keys::key::KeyId;
use api_keys::lambda::Error;
use api_keys::request::Fields;
use serde::Serialize;

use crate::Invocation;
use crate::answer::Answer;
use crate::each_key::{Failed, Outcomes, each_key};

/// What became of each key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DisableReport {
    disabled: Vec<KeyId>,
    not_found: Vec<KeyId>,
    failed: Vec<Failed>,
}

pub(crate) async fn disable_keys(fields: Fields, invocation: &Invocation<'_>) -> Result<Answer, Error> {
    let Invocation { with, origin, now, .. } = invocation;
    let disable = |place| async move {
        let disabled = with.keys.disable(with.reader, place, origin, *now).await?;
        Ok(disabled.is_some())
    };
    let (_, Outcomes { done, not_found, failed }) = each_key(fields, invocation, disable).await?;
    Ok(Answer::DisableKeys(DisableReport { disabled: done, not_found, failed }))
}
