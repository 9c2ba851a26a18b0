//! `list-keys`: an account's keys, newest first, a page at a time.

use api_keys::key::{AccountId, Timestamp};
use api_keys::lambda::{Error, Invocation, KeyPageView};
use api_keys::request::{Fields, KeyQuery};

use crate::Deps;
use crate::action::Action;
use crate::existence::must_exist;

pub(crate) struct ListKeys {
    account_id: AccountId,
    query: KeyQuery,
}

impl Action for ListKeys {
    type Answer = KeyPageView;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        Self { account_id: fields.account_id(), query: KeyQuery::take(fields) }
    }

    async fn act(mut self, deps: &Deps<'_>, invocation: &Invocation) -> Result<KeyPageView, Error> {
        if self.query.filter.exceeds_lifetime.is_some() {
            self.query.filter.lifetime = deps.accounts.lifetime(self.account_id, deps.lifetime).await?;
        }
        let page = deps.key_list.page(self.account_id, &self.query, invocation.now).await?;
        if page.keys.is_empty() && self.query.cursor.is_none() && page.next.is_none() {
            must_exist(deps, self.account_id, []).await?;
        }
        Ok(KeyPageView::of(page, invocation.now, deps.ceiling))
    }
}
