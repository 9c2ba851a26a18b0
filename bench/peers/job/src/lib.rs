//! What every Rust peer does besides reading the table, so that they differ in the reading alone.

mod event;
mod key;
mod verdict;

pub use event::Event;
pub use key::Key;
pub use verdict::{Stored, Verdict};

/// The gateway makes a 401 of these very words.
pub const UNAUTHORIZED: &str = "Unauthorized";
