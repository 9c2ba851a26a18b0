//! The limits of keys and accounts: leases that an environment holds, and the counters that they are claimed from.
//!
//! ```text
//! recent, lease_item → lease
//! ```

pub(in crate::store) mod lease;
pub(in crate::store) mod lease_item;
mod recent;
