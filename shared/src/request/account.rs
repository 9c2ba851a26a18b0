//! The settings of accounts that operators send.

use super::caller::Caller;
use super::fields::Fields;
use crate::key::{AccountId, KeyId, Lifetime, Limits};

const ACCOUNT_LIMITS: &str = "accountLimits";
const EXTERNAL_ID: &str = "externalId";
const LIFETIME: &str = "maxKeyLifetimeDays";

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
    /// How long values of its keys may live at most; as the stack has it when `Some(None)`.
    pub max_key_lifetime: Option<Option<Lifetime>>,
    /// The limits of all of its keys together.
    pub account_limits: Option<Limits>,
}

impl AccountChange {
    /// Takes `company`, `maxKeys`, `limits`, `externalId`, `accountLimits` and `maxKeyLifetimeDays`, of which one must be there.
    pub fn take(fields: &mut Fields) -> Self {
        let given =
            ["company", "maxKeys", "limits", EXTERNAL_ID, ACCOUNT_LIMITS, LIFETIME].map(|field| fields.has(field));
        let [company, max_keys, limits, external_id, account_limits, lifetime] = given;
        if !given.contains(&true) {
            fields.wrong("body", "must have company, maxKeys, limits, externalId, accountLimits or maxKeyLifetimeDays");
        }
        Self {
            company: company.then(|| fields.required_text("company", Caller::MAX_TEXT)),
            max_keys: max_keys.then(|| fields.optional_number("maxKeys", 1, MAX_QUOTA)),
            limits: limits.then(|| fields.limits()),
            external_id: external_id.then(|| fields.external_id()),
            max_key_lifetime: lifetime.then(|| fields.max_key_lifetime()),
            account_limits: account_limits.then(|| fields.account_limits()),
        }
    }

    /// Whether it changes what keys repeat by the counter `plan`.
    #[must_use]
    pub fn is_of_plan(&self) -> bool {
        self.external_id.is_some() || self.account_limits.is_some()
    }
}

impl Fields {
    /// Takes `maxKeyLifetimeDays`, how long values of an account's keys may live at most. None when it is absent.
    pub fn max_key_lifetime(&mut self) -> Option<Lifetime> {
        self.optional_number(LIFETIME, 1, Lifetime::MAX_DAYS.into()).and_then(Lifetime::of_days)
    }

    /// Takes `externalId`, the operator's own id of an account. None when it is absent.
    pub fn external_id(&mut self) -> Option<String> {
        self.optional_text(EXTERNAL_ID, Caller::MAX_TEXT)
    }

    /// Takes `accountLimits`, the limits of all keys of an account together. None when it is absent.
    pub fn account_limits(&mut self) -> Limits {
        self.limits_in(ACCOUNT_LIMITS)
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
