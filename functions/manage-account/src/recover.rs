//! `recover`: a new key with every operation, for an account that lost its last manager.

use api_keys::lambda::{Error, IssuedKey};
use api_keys::request::{Caller, Fields, NewKey};

use crate::Invocation;
use crate::answer::Answer;

pub(crate) async fn recover(mut fields: Fields, invocation: &Invocation<'_>) -> Result<Answer, Error> {
    let account_id = fields.account_id();
    let user_id = fields.required_text("userId", Caller::MAX_TEXT);
    let username = fields.required_text("username", Caller::MAX_TEXT);
    fields.finish()?;
    let Invocation { with, origin, now, .. } = invocation;
    let (account, _) = with.accounts.adopt(account_id, origin, *now).await?;
    let new = NewKey::first(account_id, account.company, user_id, username, with.catalogue);
    let (record, value) = new.issue(with.issuer, *now)?;
    let metadata = with.new_keys.recover(&record, with.max_keys, origin, *now).await?;
    let (account_id, now, ceiling) = (Some(account_id), *now, with.ceiling);
    Ok(Answer::Recover(Box::new(IssuedKey { account_id, metadata, value, now, ceiling })))
}
