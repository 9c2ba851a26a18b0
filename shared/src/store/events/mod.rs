//! Events: one for each management write, in its transaction.
//!
//! ```text
//! event → table → tables → list
//! ```

pub(in crate::store) mod event;
pub(in crate::store) mod list;
pub(in crate::store) mod table;
pub(in crate::store) mod tables;
