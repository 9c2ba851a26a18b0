//! `events`: what was done to an account and its keys, newest first, a page at a time.

use api_keys::key::{AccountId, Timestamp};
use api_keys::lambda::{Error, EventPageView, Invocation};
use api_keys::request::{EventQuery, Fields};

use crate::Deps;
use crate::action::Action;
use crate::existence::must_exist;

pub(crate) struct Events {
    account_id: AccountId,
    query: EventQuery,
}

impl Action for Events {
    type Answer = EventPageView;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        Self { account_id: fields.account_id(), query: EventQuery::take(fields) }
    }

    async fn act(self, deps: &Deps<'_>, _invocation: &Invocation) -> Result<EventPageView, Error> {
        let EventQuery { key_id, actor_key_id, limit, cursor } = self.query;
        let page = deps.events.page(self.account_id, key_id, actor_key_id, limit, cursor).await?;
        if page.events.is_empty() && cursor.is_none() && page.next.is_none() {
            must_exist(deps, self.account_id, key_id.into_iter().chain(actor_key_id)).await?;
        }
        Ok(page.into())
    }
}
