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
        const FIELD: &str = "accountId";
        match self.take(FIELD) {
            None => self.wrong(FIELD, "is required"),
            Some(given) => match given.as_str().and_then(AccountId::parse) {
                Some(id) => return id,
                None => self.wrong(FIELD, "must be the id of an account"),
            },
        }
        AccountId::NONE
    }

    /// Takes `limit` of a list, a whole number from 1 to `max`, or `default` when it is absent.
    pub fn page_size(&mut self, default: usize, max: usize) -> usize {
        let given = self.optional_number("limit", 1, u64::try_from(max).unwrap_or(u64::MAX));
        given.and_then(|size| usize::try_from(size).ok()).unwrap_or(default)
    }

    /// Takes a whole number that may be absent. JSON has one kind of numbers: `60.0` is 60.
    pub fn optional_number(&mut self, field: &str, min: u64, max: u64) -> Option<u64> {
        let given = self.take(field)?;
        let whole = given.as_f64().and_then(|number| number.to_string().parse().ok());
        let number = whole.filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.wrong(field, format!("must be a whole number from {min} to {max}"));
        }
        number
    }
}
