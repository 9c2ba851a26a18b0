//! API keys: what they are, who may issue them, and where they are kept.
//!
//! One request walks through these files from left to right, and no file looks back:
//!
//! ```text
//! fields ─┐
//! ids ────┼→ key_value → operation → record → issue ─┐
//! base62 ─┘              timestamp ↗         caller ─┼→ store → http | log
//! settings, client: once, at the start of a function ┘
//! ```
//!
//! Invariants, each kept in one place:
//! - text becomes a type at the door (`fields`, `ids`, `key_value`, `operation`) or the request ends there;
//! - only `key_value` names `ring`, and only its [`KeyValue`] ever holds an issued value;
//! - only `client`, `store` and the item conversion in `record` name DynamoDB;
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
