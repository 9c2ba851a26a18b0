//! `show`: one account.

use api_keys::lambda::Error;
use api_keys::request::Fields;

use crate::Invocation;
use crate::answer::{Answer, Shown};

pub(crate) async fn show(mut fields: Fields, invocation: &Invocation<'_>) -> Result<Answer, Error> {
    let account_id = fields.account_id();
    fields.finish()?;
    let with = invocation.with;
    let account = with.accounts.show(account_id).await?;
    Ok(Answer::Show(Shown::of(account, with.max_keys)))
}
