//! `recover`: a new key with every operation, for an account that lost its last manager.

use api_keys::key::{AccountId, Timestamp};
use api_keys::lambda::{Error, Invocation, IssuedKey};
use api_keys::request::{Caller, Fields, NewKey};

use crate::Deps;
use crate::action::Action;

pub(crate) struct Recover {
    account_id: AccountId,
    user_id: String,
    username: String,
}

impl Action for Recover {
    type Answer = IssuedKey;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        Self {
            account_id: fields.account_id(),
            user_id: fields.required_text("userId", Caller::MAX_TEXT),
            username: fields.required_text("username", Caller::MAX_TEXT),
        }
    }

    async fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> Result<IssuedKey, Error> {
        let Self { account_id, user_id, username } = self;
        let Invocation { origin, now, .. } = invocation;
        let (account, _) = deps.accounts.adopt(account_id, origin, *now).await?;
        let new = NewKey::first(account_id, account.company, user_id, username, deps.catalogue);
        let (record, value) = new.issue(deps.issuer, *now)?;
        let key = deps.new_keys.recover(&record, deps.max_keys, origin, *now).await?;
        Ok(IssuedKey { account_id: Some(account_id), key, value, now: *now, ceiling: deps.ceiling })
    }
}
