//! `suspend` and `resume`: when it is done, every key of the account fails on its next request, or works as before.

use api_keys::lambda::Error;
use api_keys::request::Fields;
use api_keys::store::SweepCursor;

use crate::Invocation;
use crate::answer::{Answer, Shown, Swept};

pub(crate) async fn set_suspended(
    suspended: bool,
    mut fields: Fields,
    invocation: &Invocation<'_>,
) -> Result<Answer, Error> {
    let account_id = fields.account_id();
    let cursor = fields.id("cursor", SweepCursor::parse, "must be the cursor of an earlier answer");
    fields.finish()?;
    let Invocation { with, origin, now, end } = invocation;
    let sweep = with.accounts.set_suspended(account_id, suspended, cursor, *end, origin, *now).await?;
    Ok(Answer::Suspend(Swept {
        account: Shown::of(sweep.account, with.max_keys),
        done: sweep.cursor.is_none(),
        keys_marked: sweep.changed,
        cursor: sweep.cursor,
    }))
}
