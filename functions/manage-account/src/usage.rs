//! `usage`: how much an account, or one key of it, was used.

use api_keys::key::Consumer;
use api_keys::lambda::Error;
use api_keys::request::{Fields, UsageBucket, UsageQuery};
use serde::Serialize;

use crate::Invocation;
use crate::answer::Answer;

/// Every hour or day of a time.
#[derive(Debug, Serialize)]
pub struct Usage {
    usage: Vec<UsageBucket>,
}

pub(crate) async fn usage(mut fields: Fields, invocation: &Invocation<'_>) -> Result<Answer, Error> {
    let account_id = fields.account_id();
    let key_id = fields.key_id("keyId");
    let query = UsageQuery::take(&mut fields, invocation.now);
    fields.finish()?;
    let hours = invocation.with.usage.hours(&Consumer { account_id, key_id }, query.hours()).await?;
    if hours.is_empty() {
        // Nobody is told of an account that there is not.
        invocation.with.accounts.show(account_id).await?;
    }
    Ok(Answer::Usage(Usage { usage: query.sum(&hours) }))
}
