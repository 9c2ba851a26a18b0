//! `disable-keys`: up to a hundred keys are switched off; a manager can enable them again.

use api_keys::key::{KeyId, Timestamp};
use api_keys::lambda::{Error, Invocation};
use api_keys::request::Fields;
use serde::Serialize;

use crate::Deps;
use crate::action::Action;
use crate::each_key::{Failed, KeySelection, OutcomeOfKeys};
use crate::existence::must_exist;

pub(crate) struct DisableKeys(KeySelection);

/// What became of each key.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DisabledKeys {
    disabled: Vec<KeyId>,
    not_found: Vec<KeyId>,
    failed: Vec<Failed>,
}

impl Action for DisableKeys {
    type Answer = DisabledKeys;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        Self(KeySelection::take(fields))
    }

    async fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> Result<DisabledKeys, Error> {
        let Invocation { origin, now, begun, subject } = invocation;
        // A key ends also where its event cannot name the account's external id.
        let external_id = deps.accounts.external_id(self.0.account_id).await.ok().flatten();
        let origin = &origin.in_account(external_id);
        let disable = |place| async move {
            let disabled = deps.keys.disable(deps.reader, place, origin, *now).await?;
            Ok(disabled.is_some())
        };
        let outcome = self.0.each(*begun + deps.time, subject, disable).await;
        if outcome.has_found_none() {
            must_exist(deps, self.0.account_id, []).await?;
        }
        let OutcomeOfKeys { done, not_found, failed } = outcome;
        Ok(DisabledKeys { disabled: done, not_found, failed })
    }
}
