//! How keys are kept: one DynamoDB table with several kinds of item, and one of events.
//!
//! | item | partition `accountId` | sort key `id` | written by | time to live |
//! |---|---|---|---|---|
//! | key (`keys::item`, `keys::stored`) | account id | key id | create, patch, rotate, delete, import, recover; `exposedHash`, `exposedPreviousHash`: report-leaks; `lastUsedAt`, `previousLastUsedAt`, `previousLastUsedOf`: authorizer; `suspension`, `revision`, `company`, `ceiling`, `plan`, `externalId`, `accountLimits`: manage-account; `noticed`: notify-expiry | `purgeAt`, 30 days after `expiresAt` |
//! | account (`accounts::item`, `accounts::quota`) | `{account id}#quota` | `quota` | create-account, manage-account; the count: create, import, recover; `deletions`: delete | none |
//! | account in the list (`accounts::listing`) | `accounts` | account id | create-account, manage-account | none |
//! | claim to an imported value (`keys::import_claim`) | `sha256#{hash in hex}` | `import` | import | none |
//! | mark of a reported value of another system (`keys::exposed_value`) | `sha256#{hash in hex}` | `exposed` | report-leaks | none |
//! | what leads to the claim (`keys::import_claim`) | `{account id}#imports` | hash in hex | import | none |
//! | named request that was carried out (`keys::done_request`) | `{account id}#requests` | `{calling key's id}#{SHA-256 of the name in hex}` | create and rotate, in their transaction | `purgeAt`, two days after it |
//! | counters of limits (`limits::lease_item`) | `{account id}#limits` | key id, or `account` for those of all keys together | authorizer | `purgeAt`, a day after its last window |
//! | usage of a day (`usage::counts`, `usage::list`), in the table of usage | account id | `{key id}#{day}`, or `account#{day}` | authorizer | `purgeAt`, 401 days after the hour |
//! | how far the notices have come (`notices::pass`) | `notices` | `pass` | notify-expiry | none |
//! | event (`events::event`), in the table of events | account id | event id | every management write and every notice, in its transaction | `purgeAt`, `EventRetentionDays` after it |
//!
//! `erase-account` removes all of an account's items but one event. Marks belong to no account and stay.
//!
//! The index `by-key-hash` has the partition key `keyHash` and the table's keys alone. It is eventually consistent, so it
//! only shows where to look: the consistent read of the item decides.
//!
//! Rooms in one direction, by what is stored; each uses what stands left of it:
//!
//! ```text
//! dynamo ← events ← keys ← limits, usage ← accounts ← notices
//! ```
//!
//! `keys::reader`, `keys::last_use`, `limits` and `usage::counts` are on the way of every request and use DynamoDB's
//! protocol; all else uses the SDK. `now` and random numbers are handed in.
//!
//! A management write is one transaction: a key or an account, and its event. It requires `lastEvent` as it was read and sets
//! its own, so that it replaces exactly what the event names. Uses do not touch `lastEvent`. A function holds what it writes:
//! [`Keys`] changes and ends keys, [`NewKeys`] makes them, [`Accounts`] changes accounts, [`Quota`] notes deletions,
//! [`Notifier`] writes notices of keys' ends, which are no management writes and leave `lastEvent`, and [`Eraser`] empties everything.
//!
//! What operators decide of an account holds for each key by what is written on the key: new keys copy the account's state
//! (`keys::account_state`), and a sweep updates existing ones. So the way of every request reads the key alone.

mod accounts;
mod dynamo;
mod events;
mod keys;
mod limits;
mod notices;
mod usage;

pub use self::accounts::cursor::SweepCursor;
pub use self::accounts::erase::{Eraser, Erasing, ErasingTime};
pub use self::accounts::error::{AccountError, AccountRefusal};
pub use self::accounts::insert::{Imported, NewKeys};
pub use self::accounts::item::Account;
pub use self::accounts::listing::{AccountList, AccountPage};
pub use self::accounts::quota::Quota;
pub use self::accounts::summary::{AccountReader, AccountSummary};
pub use self::accounts::sweep::Sweep;
pub use self::accounts::write::Accounts;
pub use self::dynamo::error::{TableError, WriteError};
pub use self::events::event::{Event, EventType, LeakReport};
pub use self::events::list::{EventList, EventPage};
pub use self::events::table::EventTable;
pub use self::events::tables::Tables;
pub use self::keys::done_request::{DoneRequests, NamedRequestError};
pub use self::keys::expose::Leak;
pub use self::keys::last_use::{DroppedUse, LastUse};
pub use self::keys::list::{KeyList, KeyPage};
pub use self::keys::reader::KeyReader;
pub use self::keys::write::Keys;
pub use self::limits::lease::{Admission, Leases, Standing};
pub use self::notices::run::{NoticeRun, Noticed, Notifier};
pub use self::usage::counts::{DroppedUsage, Usage};
pub use self::usage::list::UsageList;
