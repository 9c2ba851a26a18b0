pub(in crate::store) mod lease;
pub(in crate::store) mod lease_item;
pub(in crate::store) mod recent;
