//! A client's words become types here, or the request ends with every wrong field named.
//!
//! ```text
//! fields → key_fields, limits → new_key, patch
//! caller
//! ```

mod caller;
mod fields;
mod key_fields;
mod limits;
mod new_key;
mod patch;

pub use self::caller::{Caller, Forbidden};
pub use self::fields::{FieldError, Fields, InvalidRequest};
pub use self::new_key::NewKey;
pub use self::patch::Change;
