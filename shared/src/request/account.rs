//! What operators say of accounts.

use super::caller::Caller;
use super::fields::Fields;
use crate::key::{AccountId, Limits};

/// The largest quota of keys.
const MAX_QUOTA: u64 = 1_000_000_000;

/// What an operator changes of an account; `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountChange {
    /// The name of the company.
    pub company: Option<String>,
    /// How many keys it may have; the stack's number when `Some(None)`.
    pub max_keys: Option<Option<u64>>,
    /// The ceiling of its keys' limits.
    pub limits: Option<Limits>,
}

impl AccountChange {
    /// Takes `company`, `maxKeys` and `limits`, of which one must be there.
    pub fn take(fields: &mut Fields) -> Self {
        let given = ["company", "maxKeys", "limits"].map(|field| fields.has(field));
        let [company, max_keys, limits] = given;
        if !given.contains(&true) {
            fields.wrong("body", "must have company, maxKeys or limits");
        }
        Self {
            company: company.then(|| fields.required_text("company", Caller::MAX_TEXT)),
            max_keys: max_keys.then(|| fields.optional_number("maxKeys", 1, MAX_QUOTA)),
            limits: limits.then(|| fields.limits()),
        }
    }
}

impl Fields {
    /// Takes `accountId`, which must be there.
    pub fn account_id(&mut self) -> AccountId {
        self.required("accountId", AccountId::parse, "must be the id of an account", AccountId::NONE)
    }
}
