pub(in crate::store) mod bulk;
pub(in crate::store) mod error;
pub(in crate::store) mod expression;
pub(in crate::store) mod page;
pub(in crate::store) mod transaction;
