//! `list-keys`: an account's keys, newest first, a page at a time.

use api_keys::key::{KeyId, KeyMetadata, KeyView, Limits, Timestamp};
use api_keys::lambda::Error;
use api_keys::request::{Caller, Fields};
use serde::{Serialize, Serializer};

use crate::answer::Answer;
use crate::{Invocation, MAX_LIMIT};

/// A page of keys, each with its status at that moment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Keys {
    api_keys: Shown,
    next_cursor: Option<KeyId>,
}

#[derive(Debug)]
struct Shown {
    keys: Vec<KeyMetadata>,
    at: Timestamp,
    ceiling: Limits,
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let views: Vec<KeyView<'_>> = self.keys.iter().map(|key| key.at(self.at, self.ceiling)).collect();
        views.serialize(serializer)
    }
}

pub(crate) async fn list_keys(mut fields: Fields, invocation: &Invocation<'_>) -> Result<Answer, Error> {
    let account_id = fields.account_id();
    let user_id = fields.optional_text("userId", Caller::MAX_TEXT);
    let limit = fields.page_size(MAX_LIMIT, MAX_LIMIT);
    let cursor = fields.id("cursor", KeyId::parse, "must be the nextCursor of an earlier answer");
    fields.finish()?;
    let page = invocation.with.key_list.page(account_id, user_id.as_deref(), limit, cursor).await?;
    let api_keys = Shown { keys: page.keys, at: invocation.now, ceiling: invocation.with.ceiling };
    Ok(Answer::ListKeys(Keys { api_keys, next_cursor: page.next }))
}
