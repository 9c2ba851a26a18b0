//! `revoke-keys`: up to a hundred keys stop working, at once and for good.

use api_keys::key::{KeyId, Timestamp};
use api_keys::lambda::{Error, Invocation, log};
use api_keys::request::Fields;
use serde::Serialize;

use crate::Deps;
use crate::action::Action;
use crate::each_key::{Failed, KeySelection, OutcomeOfKeys};
use crate::existence::must_exist;

pub(crate) struct RevokeKeys(KeySelection);

/// What became of each key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevokedKeys {
    revoked: Vec<KeyId>,
    not_found: Vec<KeyId>,
    failed: Vec<Failed>,
}

impl Action for RevokeKeys {
    type Answer = RevokedKeys;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        Self(KeySelection::take(fields))
    }

    async fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> Result<RevokedKeys, Error> {
        let Invocation { origin, now, begun, subject } = invocation;
        // A key ends also where its event cannot name the account's external id.
        let external_id = deps.accounts.external_id(self.0.account_id).await.ok().flatten();
        let origin = &origin.in_account(external_id);
        let delete = |place| deps.keys.delete(place, origin, *now);
        let outcome = self.0.each(*begun + deps.time, subject, delete).await;
        if outcome.has_found_none() {
            must_exist(deps, self.0.account_id, []).await?;
        }
        let OutcomeOfKeys { done, not_found, failed } = outcome;
        // The keys are deleted even if this fails.
        let revoked = u64::try_from(done.len()).unwrap_or(u64::MAX);
        if revoked > 0
            && let Err(error) = deps.quota.note_deletions(self.0.account_id, revoked).await
        {
            log::failure(subject, &error);
        }
        Ok(RevokedKeys { revoked: done, not_found, failed })
    }
}
