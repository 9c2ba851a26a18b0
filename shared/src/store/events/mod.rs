//! Events: one for each management write, and for each notice of a key's end, in its transaction.
//!
//! ```text
//! event → table → tables → list
//! ```

pub(in crate::store) mod event;
pub(in crate::store) mod list;
pub(in crate::store) mod table;
pub(in crate::store) mod tables;
