//! `usage`: how much an account, or one key of it, was used.

use api_keys::key::{Consumer, Timestamp};
use api_keys::lambda::{Error, Invocation};
use api_keys::request::{Fields, UsageBucket, UsageQuery};
use serde::Serialize;

use crate::Deps;
use crate::action::Action;
use crate::existence::must_exist;

pub(crate) struct Usage {
    consumer: Consumer,
    query: UsageQuery,
}

/// Every hour or day of a time.
#[derive(Debug, Serialize)]
pub(crate) struct UsageView {
    usage: Vec<UsageBucket>,
}

impl Action for Usage {
    type Answer = UsageView;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, now: Timestamp) -> Self {
        let consumer = Consumer { account_id: fields.account_id(), key_id: fields.key_id("keyId") };
        Self { consumer, query: UsageQuery::take(fields, now) }
    }

    async fn act(self, deps: &Deps<'_>, _invocation: &Invocation) -> Result<UsageView, Error> {
        let hours = deps.usage.hours(&self.consumer, self.query.hours()).await?;
        if hours.is_empty() {
            must_exist(deps, self.consumer.account_id, self.consumer.key_id).await?;
        }
        Ok(UsageView { usage: self.query.sum(&hours) })
    }
}
