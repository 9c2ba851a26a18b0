pub(in crate::store) mod event;
pub(in crate::store) mod list;
pub(in crate::store) mod writer;
