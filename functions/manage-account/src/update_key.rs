//! `update-key`: a key changes, from the next request on.

use api_keys::key::{AccountId, KeyId, KeyStatus, Locator, Timestamp};
use api_keys::lambda::{Error, Invocation, unless_overtaken};
use api_keys::request::{Fields, KeyPatch};

use crate::Deps;
use crate::action::Action;
use crate::existence::existing;
use crate::key_view::{KeyOfAccount, ShownKey};

pub(crate) struct UpdateKey {
    account_id: AccountId,
    key_id: KeyId,
    patch: KeyPatch,
}

impl Action for UpdateKey {
    type Answer = KeyOfAccount;

    fn take(fields: &mut Fields, deps: &Deps<'_>, now: Timestamp) -> Self {
        let (account_id, key_id) = (fields.account_id(), fields.required_key_id());
        Self { account_id, key_id, patch: KeyPatch::take(fields, deps.catalogue, now) }
    }

    async fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> Result<KeyOfAccount, Error> {
        let Self { account_id, key_id, patch } = self;
        let Invocation { origin, now, .. } = invocation;
        let place = Locator { account_id, id: key_id };
        let record = unless_overtaken(async || {
            let record = existing(deps, place).await?;
            // Only another value ends an exposure.
            if record.is_exposed() && patch.enabled == Some(true) {
                return Err(Error::NotActive(KeyStatus::Exposed));
            }
            if patch.moves_end() {
                let lifetime = deps.accounts.lifetime(account_id, deps.lifetime).await?;
                patch.require_lifetime(&record.metadata, lifetime).map_err(Error::LifetimeExceeded)?;
            }
            let patch = patch.on(&record.metadata.settings)?;
            Ok(deps.keys.update(&record, &patch, origin, *now).await?)
        })
        .await?;
        Ok(KeyOfAccount { account_id, key: ShownKey { record, now: *now, ceiling: deps.ceiling } })
    }
}
