pub(in crate::store) mod counts;
pub(in crate::store) mod list;
