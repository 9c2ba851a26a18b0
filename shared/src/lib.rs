//! API keys: what they are, who may issue them, and where they are kept.
//!
//! One request walks through these files from left to right, and no file looks back:
//!
//! ```text
//! fields, timestamp ─┐
//! allowed_ips ───────┤                                      ┌ store  (list, insert, update, delete: the SDK) ┐
//! ids ───────────────┼→ operation → record → issue, change ─┤                                                ├→ http | log
//! base62 → key_value ┘              status ↗       caller ↗ └ reader (one key), last_use → dynamodb ─────────┘
//! settings, aws → transport: once, at the start of a function
//! openapi: beside it all, and in no function: what the types look like to clients
//! ```
//!
//! Invariants, each kept in one place:
//! - text becomes a type at the door (`fields`, `ids`, `key_value`, `operation`, `allowed_ips`) or the request ends there;
//! - only `key_value` names `ring`'s hashes and random numbers, and only its [`KeyValue`] ever holds an issued value;
//! - only `store` writes, and `last_use` one attribute; only `reader` decides which key a value is of;
//! - only `store`, `reader`, `last_use`, `dynamodb` and the item forms (`record`, `stored_key`, `change`, `import_claim`)
//!   know what the table looks like;
//! - only `http` names statuses; [`Error`] knows none;
//! - nothing here reads the clock: `now` and [`Random`] are handed in by a function's `main`.

mod allowed_ips;
mod aws;
mod base62;
mod caller;
mod change;
mod dynamodb;
mod error;
mod fields;
pub mod http;
mod ids;
mod import_claim;
mod issue;
mod key_value;
mod last_use;
pub mod log;
#[cfg(feature = "openapi")]
mod openapi;
mod operation;
mod reader;
mod record;
mod refusal;
pub mod settings;
mod status;
mod store;
mod stored_key;
mod timestamp;
mod transport;

pub use allowed_ips::{AllowedIps, IpRange};
pub use aws::Aws;
pub use caller::Caller;
pub use change::Change;
pub use error::{Error, FieldError};
pub use fields::Fields;
pub use ids::{AccountId, KeyId};
pub use issue::{IssuedKey, Issuer, NewKey};
pub use key_value::{ImportedKeys, KeyHash, KeyPrefix, KeyValue, Locator, Random};
pub use last_use::LastUse;
pub use operation::{Catalogue, Operation, Operations, TrafficType};
pub use reader::KeyReader;
pub use record::{KeyMetadata, KeyRecord, PreviousValue};
pub use refusal::Refusal;
pub use status::{KeyStatus, KeyView};
pub use store::{Imported, KeyPage, KeyStore};
pub use timestamp::Timestamp;
