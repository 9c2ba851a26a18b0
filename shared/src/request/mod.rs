//! A client's words become types here, or the request ends with every wrong field named.
//!
//! ```text
//! text → fields → page, key_fields → new_key, patch
//! caller → origin ─────────────────────┘
//! ```

mod caller;
mod fields;
mod key_fields;
mod new_key;
mod origin;
mod page;
mod patch;
mod text;

pub use self::caller::{Caller, Forbidden};
pub use self::fields::{FieldError, Fields, InvalidRequest};
pub use self::new_key::NewKey;
pub use self::origin::{Actor, ActorType, Origin};
pub use self::patch::Change;
