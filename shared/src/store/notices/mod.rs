//! Notices: events about keys' ends, each once.
//!
//! Once a day a pass looks through the keys of each listed account, oldest first. It may stop anywhere, be repeated, or meet
//! another one: the notice is written on the key, in one transaction with the event.
//!
//! ```text
//! pass ────┐
//! looking ─┼→ run
//! writing ─┘
//! ```

mod looking;
mod pass;
pub(in crate::store) mod run;
mod writing;
