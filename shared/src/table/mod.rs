//! How keys are kept: one DynamoDB table, with more than one kind of item.
//!
//! | item | partition `accountId` | sort key `id` | written by | time to live |
//! |---|---|---|---|---|
//! | key (`key_item`, `stored_key`) | account id | key id | create, patch, rotate, delete, import; `lastUsedAt`: authorizer | `purgeAt`, 30 days after `expiresAt` |
//! | count of keys (`quota`) | `{account id}#quota` | `quota` | create, import; `deletions`: delete | none |
//! | claim to an imported value (`import_claim`) | `sha256#{hash in hex}` | `import` | import | none |
//!
//! The index `by-key-hash` has the partition key `keyHash` and the table's keys alone. It is eventually consistent, so it
//! only says where to look: the consistent read of the item decides.
//!
//! `reader` and `last_use` are on the way of every request and speak DynamoDB's protocol; `store` and what extends it
//! (`insert`, `update`, `list`, `quota`) use the SDK. `now` and random numbers are handed in.

mod error;
mod import_claim;
mod insert;
mod key_item;
mod last_use;
mod list;
mod quota;
mod reader;
mod store;
mod stored_key;
mod update;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

pub use self::error::{InsertError, TableError};
pub use self::insert::Imported;
pub use self::last_use::{DroppedUse, LastUse};
pub use self::list::KeyPage;
pub use self::reader::KeyReader;
pub use self::store::KeyStore;
use crate::key::{AccountId, KeyId};

/// A DynamoDB item: attribute names and values.
type Item = HashMap<String, AttributeValue>;

const ACCOUNT_ID: &str = "accountId";
const ID: &str = "id";
const KEY_HASH: &str = "keyHash";
const EXPIRES_AT: &str = "expiresAt";
/// The account's ceiling of limits, on each of its keys.
const CEILING: &str = "ceiling";
/// DynamoDB's time to live: it removes an item some hours or days after that second.
const PURGE_AT: &str = "purgeAt";

/// The primary key of a key's item.
fn key(account_id: AccountId, id: KeyId) -> Item {
    Item::from([
        (ACCOUNT_ID.into(), AttributeValue::S(account_id.to_string())),
        (ID.into(), AttributeValue::S(id.to_string())),
    ])
}
