//! `create-key`: a key of an account, made by an operator.

use api_keys::key::{AccountId, Timestamp};
use api_keys::lambda::{Error, Invocation, IssuedKey};
use api_keys::request::{Fields, NewKey};

use crate::Deps;
use crate::action::Action;

pub(crate) struct CreateKey {
    /// Its company is the account's, which is read when it is stored.
    new: NewKey,
}

impl Action for CreateKey {
    type Answer = IssuedKey;

    fn take(fields: &mut Fields, deps: &Deps<'_>, now: Timestamp) -> Self {
        let account_id: AccountId = fields.account_id();
        Self { new: NewKey::take(fields, deps.catalogue, now, account_id, String::new(), None) }
    }

    async fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> Result<IssuedKey, Error> {
        let Invocation { origin, now, .. } = invocation;
        let account_id = self.new.account_id;
        let company = deps.accounts.show(account_id).await?.company;
        let (record, value) = NewKey { company, ..self.new }.issue(deps.issuer, *now)?;
        let key = deps.new_keys.insert(&record, deps.max_keys, deps.lifetime, None, origin, *now).await?;
        Ok(IssuedKey { account_id: Some(account_id), key, value, now: *now, ceiling: deps.ceiling })
    }
}
