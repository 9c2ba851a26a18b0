//! `show-key`: one key of an account.

use api_keys::key::{AccountId, KeyId, Timestamp};
use api_keys::lambda::{Error, Invocation};
use api_keys::request::Fields;
use serde::Serialize;

use crate::Deps;
use crate::action::Action;
use crate::existence::must_exist;
use crate::key_view::ShownKey;

pub(crate) struct ShowKey {
    account_id: AccountId,
    key_id: KeyId,
}

/// A key and its account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyOfAccount {
    pub(crate) account_id: AccountId,
    #[serde(flatten)]
    pub(crate) key: ShownKey,
}

impl Action for ShowKey {
    type Answer = KeyOfAccount;

    fn take(fields: &mut Fields, _now: Timestamp) -> Self {
        Self { account_id: fields.account_id(), key_id: fields.required_key_id() }
    }

    async fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> Result<KeyOfAccount, Error> {
        let Self { account_id, key_id } = self;
        let Some(record) = deps.reader.get(account_id, key_id).await? else {
            must_exist(deps, account_id, []).await?;
            return Err(Error::NotFound);
        };
        Ok(KeyOfAccount { account_id, key: ShownKey { record, now: invocation.now, ceiling: deps.ceiling } })
    }
}
