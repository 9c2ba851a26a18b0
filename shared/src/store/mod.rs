//! How keys are kept: one DynamoDB table with several kinds of item, and one of events.
//!
//! | item | partition `accountId` | sort key `id` | written by | time to live |
//! |---|---|---|---|---|
//! | key (`keys::item`, `keys::stored`) | account id | key id | create, patch, rotate, delete, import, recover; `exposedHash`, `exposedPreviousHash`: report-leaks; `lastUsedAt`: authorizer; `suspension`, `revision`, `company`, `ceiling`: manage-account | `purgeAt`, 30 days after `expiresAt` |
//! | account (`accounts::item`, `accounts::quota`) | `{account id}#quota` | `quota` | create-account, manage-account; the count: create, import, recover; `deletions`: delete | none |
//! | account in the list (`accounts::listing`) | `accounts` | account id | create-account, manage-account | none |
//! | claim to an imported value (`keys::import_claim`) | `sha256#{hash in hex}` | `import` | import | none |
//! | mark of a reported value of another system (`keys::exposed_value`) | `sha256#{hash in hex}` | `exposed` | report-leaks | none |
//! | what leads to the claim (`keys::import_claim`) | `{account id}#imports` | hash in hex | import | none |
//! | counters of a key's limits (`limits::lease_item`) | `{account id}#limits` | key id | authorizer | `purgeAt`, a day after the month |
//! | usage of a day (`usage::counts`, `usage::list`), in the table of usage | account id | `{key id}#{day}`, or `account#{day}` | authorizer | `purgeAt`, 401 days after the hour |
//! | event (`events::event`), in the table of events | account id | event id | every management write, in its transaction | `purgeAt`, `EventRetentionDays` after it |
//!
//! `erase-account` removes all of an account's items but one event. Marks belong to no account and stay.
//!
//! The index `by-key-hash` has the partition key `keyHash` and the table's keys alone. It is eventually consistent, so it
//! only says where to look: the consistent read of the item decides.
//!
//! `reader`, `last_use`, `lease` with `lease_item`, and `usage` are on the way of every request and speak DynamoDB's protocol; `list`,
//! `listing`, `usage_list` and `writer`, with what extends it (`insert`, `update`, `delete`, `expose`; `adopt`,
//! `change_account`, `suspend`), use the SDK. `now` and random numbers are handed in.
//!
//! A management write is one `transaction`: the key and its event. It requires `lastEvent` as it was read and sets its own, so
//! that it replaces exactly what the event says. Uses do not touch `lastEvent`.
//!
//! What operators decide of an account holds for each key by what is written on the key: new keys are stamped, the others
//! are told by a `sweep`. So the way of every request reads the key alone.

mod accounts;
mod dynamo;
mod events;
mod keys;
mod limits;
mod usage;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

pub use self::accounts::erase::Erasing;
pub use self::accounts::insert::Imported;
pub use self::accounts::item::Account;
pub use self::accounts::listing::{AccountList, AccountPage};
pub use self::accounts::sweep::{Sweep, SweepCursor};
pub use self::dynamo::error::{AccountRefusal, TableError, WriteError};
pub use self::events::event::{Event, EventTable, EventType, FieldChange, LeakReport};
pub use self::events::list::{EventList, EventPage, KeyList, KeyPage};
pub use self::events::writer::KeyStore;
pub use self::keys::expose::Leak;
pub use self::keys::last_use::{DroppedUse, LastUse};
pub use self::keys::reader::KeyReader;
pub use self::limits::lease::{Admission, Leases};
pub use self::usage::counts::{DroppedUsage, Usage};
pub use self::usage::list::UsageList;
use crate::key::{AccountId, KeyId};

/// A DynamoDB item: attribute names and values.
type Item = HashMap<String, AttributeValue>;

const ACCOUNT_ID: &str = "accountId";
const ID: &str = "id";
const KEY_HASH: &str = "keyHash";
/// The hash of the value before, during a grace period.
const PREVIOUS_KEY_HASH: &str = "previousKeyHash";
const PREVIOUS_VALID_UNTIL: &str = "previousValidUntil";
/// The hash of a value that was reported as known to others. As long as it is `keyHash`, the key opens nothing.
const EXPOSED_HASH: &str = "exposedHash";
/// The hash of a value that was reported in its grace period.
const EXPOSED_PREVIOUS_HASH: &str = "exposedPreviousHash";
/// The event of a key's last management write.
const LAST_EVENT: &str = "lastEvent";
/// How often the account was suspended and resumed, as the key was told: odd is suspended.
const SUSPENSION: &str = "suspension";
/// How often company or ceiling were changed, as the key was told.
const REVISION: &str = "revision";
/// The account's ceiling of limits, on the account and on each of its keys.
const CEILING: &str = "ceiling";
/// An imported key opens nothing as long as this is there.
const HELD: &str = "held";
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
