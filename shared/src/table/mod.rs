//! How keys are kept: one DynamoDB table with several kinds of item, and one of events.
//!
//! | item | partition `accountId` | sort key `id` | written by | time to live |
//! |---|---|---|---|---|
//! | key (`key_item`, `stored_key`) | account id | key id | create, patch, rotate, delete, import; `lastUsedAt`: authorizer | `purgeAt`, 30 days after `expiresAt` |
//! | account (`account`) | `{account id}#quota` | `quota` | create, import; `deletions`: delete | none |
//! | claim to an imported value (`import_claim`) | `sha256#{hash in hex}` | `import` | import | none |
//! | event (`event`), in the table of events | account id | event id | every management write, in its transaction | `purgeAt`, `EventRetentionDays` after it |
//!
//! The index `by-key-hash` has the partition key `keyHash` and the table's keys alone. It is eventually consistent, so it
//! only says where to look: the consistent read of the item decides.
//!
//! `reader` and `last_use` are on the way of every request and speak DynamoDB's protocol; `list` and `store`, with what
//! extends it (`insert`, `update`, `delete`, `account`), use the SDK. `now` and random numbers are handed in.
//!
//! A management write is one `transaction`: the key and its event. It requires `lastEvent` as it was read and sets its own, so
//! that it replaces exactly what the event says. Uses do not touch `lastEvent`.

mod account;
mod delete;
mod error;
mod event;
mod import_claim;
mod insert;
mod key_item;
mod last_use;
mod list;
mod page;
mod reader;
mod store;
mod stored_key;
mod transaction;
mod update;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

pub use self::error::{TableError, WriteError};
pub use self::event::{Event, EventTable, EventType, FieldChange};
pub use self::insert::Imported;
pub use self::last_use::{DroppedUse, LastUse};
pub use self::list::{EventList, EventPage, KeyList, KeyPage};
pub use self::reader::KeyReader;
pub use self::store::KeyStore;
use crate::key::{AccountId, KeyId};

/// A DynamoDB item: attribute names and values.
type Item = HashMap<String, AttributeValue>;

const ACCOUNT_ID: &str = "accountId";
const ID: &str = "id";
const KEY_HASH: &str = "keyHash";
/// The event of a key's last management write.
const LAST_EVENT: &str = "lastEvent";
const EXPIRES_AT: &str = "expiresAt";
/// DynamoDB's time to live: it removes an item some hours or days after that second.
const PURGE_AT: &str = "purgeAt";

/// The primary key of a key's item.
fn key(account_id: AccountId, id: KeyId) -> Item {
    Item::from([
        (ACCOUNT_ID.into(), AttributeValue::S(account_id.to_string())),
        (ID.into(), AttributeValue::S(id.to_string())),
    ])
}
