//! Accounts: their items, their quota, new keys within it, and what their operators decide.
//!
//! ```text
//! error → item → listing, summary, write → adopt → sweep → suspend, change
//!           │                      cursor ┘
//!           ├→ quota → insertion → insert
//!           └→ removal → erase
//! ```

mod adopt;
mod change;
pub(in crate::store) mod cursor;
pub(in crate::store) mod erase;
pub(in crate::store) mod error;
pub(in crate::store) mod insert;
mod insertion;
pub(in crate::store) mod item;
pub(in crate::store) mod listing;
pub(in crate::store) mod quota;
mod removal;
pub(in crate::store) mod summary;
mod suspend;
pub(in crate::store) mod sweep;
pub(in crate::store) mod write;
