//! A client's words become types here, or the request ends with every wrong field named.
//!
//! ```text
//! json, text, path_text → fields → usage, rotation, key_fields, limits, tags → settings → new_key
//! caller → origin ───────────┘                └──→ account     field_change ┘
//! caller, fields → key_filter → page
//! caller, rotation, new_key → named_request; fields → lifetime → rotation, settings; if_match
//! ```

mod account;
mod caller;
mod field_change;
mod fields;
mod if_match;
mod json;
mod key_fields;
mod key_filter;
mod lifetime;
mod limits;
mod named_request;
mod new_key;
mod origin;
mod page;
mod path_text;
mod rotation;
mod settings;
mod tags;
mod text;
mod usage;

pub use self::account::AccountChange;
pub use self::caller::{Caller, Forbidden};
pub use self::field_change::FieldChange;
pub use self::fields::{FieldError, Fields, InvalidRequest, ONCE};
pub use self::if_match::IfMatch;
pub use self::json::Json;
pub use self::key_filter::KeyFilter;
pub use self::lifetime::require_lifetime;
pub use self::named_request::{NamedRequest, RequestName};
pub use self::new_key::NewKey;
pub use self::origin::{Actor, ActorType, Origin};
pub use self::page::{AccountQuery, EventQuery, KeyQuery, wrong_id_of_key};
pub use self::path_text::PathText;
pub use self::rotation::{OldValues, Rotation};
pub use self::settings::KeyPatch;
pub use self::tags::TagChanges;
pub use self::text::normalize as normalize_text;
pub use self::usage::{UsageBucket, UsageQuery};
