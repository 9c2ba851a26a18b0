//! `exempt-key`: no longest lifetime holds for a key any more, or one does again.

use api_keys::key::{AccountId, KeyId, Locator, Timestamp};
use api_keys::lambda::{Error, Invocation, unless_overtaken};
use api_keys::request::{Fields, KeyPatch};

use crate::Deps;
use crate::action::Action;
use crate::existence::existing;
use crate::key_view::{KeyOfAccount, ShownKey};

pub(crate) struct ExemptKey {
    account_id: AccountId,
    key_id: KeyId,
    exempt: bool,
}

impl Action for ExemptKey {
    type Answer = KeyOfAccount;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        let exempt = fields.optional_truth("exempt").unwrap_or(true);
        Self { account_id: fields.account_id(), key_id: fields.required_key_id(), exempt }
    }

    async fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> Result<KeyOfAccount, Error> {
        let Self { account_id, key_id, exempt } = self;
        let Invocation { origin, now, .. } = invocation;
        let patch = KeyPatch { lifetime_exempt: Some(exempt), ..KeyPatch::default() };
        let record = unless_overtaken(async || {
            let record = existing(deps, Locator { account_id, id: key_id }).await?;
            Ok(deps.keys.update(&record, &patch, origin, *now).await?)
        })
        .await?;
        Ok(KeyOfAccount { account_id, key: ShownKey { record, now: *now, ceiling: deps.ceiling } })
    }
}
