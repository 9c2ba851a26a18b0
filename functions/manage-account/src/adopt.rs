//! `adopt`: makes an account of a release before 0.2 complete and listed.

use api_keys::lambda::Error;
use api_keys::request::Fields;

use crate::Invocation;
use crate::answer::{Adopted, Answer, Shown};

pub(crate) async fn adopt(mut fields: Fields, invocation: &Invocation<'_>) -> Result<Answer, Error> {
    let account_id = fields.account_id();
    fields.finish()?;
    let Invocation { with, origin, now, .. } = invocation;
    let (account, adopted) = with.accounts.adopt(account_id, origin, *now).await?;
    Ok(Answer::Adopt(Adopted { account: Shown::of(account, with.max_keys), adopted }))
}
