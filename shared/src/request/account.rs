//! What operators say of accounts.

use super::caller::Caller;
use super::fields::Fields;
use crate::key::{AccountId, KeyId, Limits};

const EXTERNAL_ID: &str = "externalId";

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
    /// The operator's own id of the account; none when `Some(None)`.
    pub external_id: Option<Option<String>>,
}

impl AccountChange {
    /// Takes `company`, `maxKeys`, `limits` and `externalId`, of which one must be there.
    pub fn take(fields: &mut Fields) -> Self {
        let given = ["company", "maxKeys", "limits", EXTERNAL_ID].map(|field| fields.has(field));
        let [company, max_keys, limits, external_id] = given;
        if !given.contains(&true) {
            fields.wrong("body", "must have company, maxKeys, limits or externalId");
        }
        Self {
            company: company.then(|| fields.required_text("company", Caller::MAX_TEXT)),
            max_keys: max_keys.then(|| fields.optional_number("maxKeys", 1, MAX_QUOTA)),
            limits: limits.then(|| fields.limits()),
            external_id: external_id.then(|| fields.external_id()),
        }
    }
}

impl Fields {
    /// Takes `externalId`, the operator's own id of an account. None when it is absent.
    pub fn external_id(&mut self) -> Option<String> {
        self.optional_text(EXTERNAL_ID, Caller::MAX_TEXT)
    }

    /// Takes `accountId`, which must be there.
    pub fn account_id(&mut self) -> AccountId {
        self.required("accountId", AccountId::parse, "must be the id of an account", AccountId::NONE)
    }

    /// Takes `keyId`, which must be there.
    pub fn required_key_id(&mut self) -> KeyId {
        self.required("keyId", KeyId::parse, "must be the id of a key", KeyId::NONE)
    }
}
