//! `update`: another company, quota of keys or ceiling of limits.

use api_keys::lambda::Error;
use api_keys::request::{AccountChange, Fields};
use api_keys::store::SweepCursor;

use crate::Invocation;
use crate::answer::{Answer, Shown, Updated};

pub(crate) async fn update(mut fields: Fields, invocation: &Invocation<'_>) -> Result<Answer, Error> {
    let account_id = fields.account_id();
    let change = AccountChange::take(&mut fields);
    let cursor = fields.id("cursor", SweepCursor::parse, "must be the cursor of an earlier answer");
    fields.finish()?;
    let Invocation { with, origin, now, end } = invocation;
    let sweep = with.accounts.update(account_id, &change, cursor, *end, origin, *now).await?;
    Ok(Answer::Update(Updated {
        account: Shown::of(sweep.account, with.max_keys),
        done: sweep.cursor.is_none(),
        keys_changed: sweep.changed,
        cursor: sweep.cursor,
    }))
}
