//! `show-key`: one key of an account.

use api_keys::key::{AccountId, KeyId, Locator, Timestamp};
use api_keys::lambda::{Error, Invocation};
use api_keys::request::Fields;

use crate::Deps;
use crate::action::Action;
use crate::existence::existing;
use crate::key_view::{KeyOfAccount, ShownKey};

pub(crate) struct ShowKey {
    account_id: AccountId,
    key_id: KeyId,
}

impl Action for ShowKey {
    type Answer = KeyOfAccount;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        Self { account_id: fields.account_id(), key_id: fields.required_key_id() }
    }

    async fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> Result<KeyOfAccount, Error> {
        let Self { account_id, key_id } = self;
        let record = existing(deps, Locator { account_id, id: key_id }).await?;
        Ok(KeyOfAccount { account_id, key: ShownKey { record, now: invocation.now, ceiling: deps.ceiling } })
    }
}
