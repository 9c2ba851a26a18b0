//! Usage: what an environment counts, and what is read of it.

pub(in crate::store) mod counts;
pub(in crate::store) mod list;
