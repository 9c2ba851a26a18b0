//! Keys: their items, how they are read on the way of every request, and what is written of those that are there.
//!
//! ```text
//! stored → item → account_state, list, count
//! item → import_claim → exposed_value → reader → last_use
//! item → write ─────┬→ update → disable
//! must_win, reader ─┴→ delete, disable, expose
//! done_request → update
//! ```

pub(in crate::store) mod account_state;
pub(in crate::store) mod count;
mod delete;
mod disable;
pub(in crate::store) mod done_request;
pub(in crate::store) mod expose;
pub(in crate::store) mod exposed_value;
pub(in crate::store) mod import_claim;
pub(in crate::store) mod item;
pub(in crate::store) mod last_use;
pub(in crate::store) mod list;
mod must_win;
pub(in crate::store) mod reader;
mod stored;
mod update;
pub(in crate::store) mod write;
