//! DynamoDB's items and writes, by way of the SDK. It names no kind of item.
//!
//! ```text
//! attribute, error → query → page
//! attribute, error → expression, part
//! error → retries → bulk
//! table, part, retries, failure → transaction
//! ```

pub(in crate::store) mod attribute;
pub(in crate::store) mod bulk;
pub(in crate::store) mod error;
pub(in crate::store) mod expression;
mod failure;
pub(in crate::store) mod page;
pub(in crate::store) mod part;
pub(in crate::store) mod retries;
pub(in crate::store) mod table;
pub(in crate::store) mod transaction;
