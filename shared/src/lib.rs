//! API keys: what they are, who may issue them, and where they are kept.
//!
//! One request walks through these files from left to right, and no file looks back:
//!
//! ```text
//! fields ─┐
//! ids ────┼→ key_value → operation → record → issue ─┐         ┌ store  (list, insert, delete: the SDK) ┐
//! base62 ─┘              timestamp ↗         caller ─┼→ either ┤                                        ├→ http | log
//!                                                              └ reader (one key) → dynamodb ───────────┘
//! settings, aws → transport: once, at the start of a function
//! ```
//!
//! Invariants, each kept in one place:
//! - text becomes a type at the door (`fields`, `ids`, `key_value`, `operation`) or the request ends there;
//! - only `key_value` names `ring`'s hashes and random numbers, and only its [`KeyValue`] ever holds an issued value;
//! - only `store` writes, and only `reader` decides whether a value is a live key;
//! - only `store`, `reader`, `dynamodb` and the item conversions in `record` know what the table looks like;
//! - only `http` names statuses; [`Error`] knows none;
//! - nothing here reads the clock: `now` and [`Random`] are handed in by a function's `main`.

mod aws;
mod base62;
mod caller;
mod dynamodb;
mod error;
mod fields;
pub mod http;
mod ids;
mod issue;
mod key_value;
pub mod log;
mod operation;
mod reader;
mod record;
pub mod settings;
mod store;
mod timestamp;
mod transport;

pub use aws::Aws;
pub use caller::Caller;

pub use error::{Error, FieldError};
pub use fields::Fields;
pub use ids::{AccountId, KeyId};
pub use issue::{IssuedKey, Issuer, NewKey};
pub use key_value::{ImportedKeys, KeyHash, KeyPrefix, KeyValue, Locator, Random};
pub use operation::{Catalogue, Operation, Operations, TrafficType};
pub use reader::KeyReader;
pub use record::{KeyMetadata, KeyRecord};
pub use store::{KeyPage, KeyStore};
pub use timestamp::Timestamp;
