//! The environment variables that the template sets, read once when a function starts.

use std::num::{NonZeroU32, NonZeroU64};
use std::str::FromStr;
use std::time::Duration;
use std::{env, fmt};

use lambda_http::http::Uri;

use super::metrics::Metrics;
use crate::aws::SecretArn;
use crate::key::{Catalogue, ImportedKeys, KeyPrefix, Lifetime, Limits, NoticeDays};
use crate::store::EventTable;

/// A variable that is missing or malformed; the function does not start.
pub struct SettingError {
    variable: &'static str,
    expected: &'static str,
}

/// What a function that does not start leaves in its log.
impl fmt::Debug for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the environment variable {} must be {}", self.variable, self.expected)
    }
}

impl std::error::Error for SettingError {}

/// `TABLE_NAME`.
///
/// # Errors
/// When it is missing.
pub fn table_name() -> Result<String, SettingError> {
    text("TABLE_NAME", "the name of the table")
}

/// `STACK_NAME`: whose metrics a function writes.
///
/// # Errors
/// When it is missing.
pub fn metrics() -> Result<Metrics, SettingError> {
    text("STACK_NAME", "the name of the stack").map(Metrics::of)
}

/// `USAGE` and `USAGE_TABLE_NAME`: the table of usage, if usage is counted.
///
/// # Errors
/// When one is missing, or the first is neither `enabled` nor `disabled`.
pub fn counted_usage() -> Result<Option<String>, SettingError> {
    switch("USAGE")?.then(usage_table_name).transpose()
}

/// `USAGE_TABLE_NAME`.
///
/// # Errors
/// When it is missing.
pub fn usage_table_name() -> Result<String, SettingError> {
    text("USAGE_TABLE_NAME", "the name of the table of usage")
}

/// `EVENT_TABLE_NAME` and `EVENT_RETENTION_DAYS`.
///
/// # Errors
/// When one is missing or malformed.
pub fn event_table() -> Result<EventTable, SettingError> {
    const HOURS_PER_DAY: u64 = 24;
    let name = text("EVENT_TABLE_NAME", "the name of the table of events")?;
    let days: NonZeroU32 = positive("EVENT_RETENTION_DAYS")?;
    Ok(EventTable { name, retention: Duration::from_hours(HOURS_PER_DAY * u64::from(days.get())) })
}

/// `EVENT_BUS_NAME`.
///
/// # Errors
/// When it is missing.
pub fn event_bus_name() -> Result<String, SettingError> {
    text("EVENT_BUS_NAME", "the name of an EventBridge bus")
}

/// `EVENT_SOURCE`.
///
/// # Errors
/// When it is missing.
pub fn event_source() -> Result<String, SettingError> {
    text("EVENT_SOURCE", "the source that events name")
}

/// `KEY_PREFIX`.
///
/// # Errors
/// When it is missing or not of a prefix's shape.
pub fn key_prefix() -> Result<KeyPrefix, SettingError> {
    read("KEY_PREFIX", "words of a-z and 0-9 joined by _, at most 24 characters", KeyPrefix::parse)
}

/// `OPERATIONS` and `TRAFFIC_TYPES`.
///
/// # Errors
/// When one is missing or not a list of names.
pub fn catalogue() -> Result<Catalogue, SettingError> {
    const NAMES: &str = "a comma-separated list of names of A-Z, 0-9 and _, each of at most 32 characters";
    let traffic_types = read("TRAFFIC_TYPES", NAMES, |list| Some(list.to_owned()))?;
    read("OPERATIONS", NAMES, |list| Catalogue::parse(list, &traffic_types))
}

/// `ACCEPT_IMPORTED_KEYS`.
///
/// # Errors
/// When it is missing or neither `true` nor `false`.
pub fn imported_keys() -> Result<ImportedKeys, SettingError> {
    read("ACCEPT_IMPORTED_KEYS", "true or false", |text| match text {
        "true" => Some(ImportedKeys::Accepted),
        "false" => Some(ImportedKeys::Refused),
        _ => None,
    })
}

/// `CONSOLE`: whether there is one.
///
/// # Errors
/// When it is missing or neither `enabled` nor `disabled`.
pub fn console() -> Result<bool, SettingError> {
    switch("CONSOLE")
}

/// `LEAKS`: whether they may be reported.
///
/// # Errors
/// When it is missing or neither `enabled` nor `disabled`.
pub fn leaks() -> Result<bool, SettingError> {
    switch("LEAKS")
}

/// `MAX_KEYS_PER_ACCOUNT`.
///
/// # Errors
/// When it is missing or not a positive number.
pub fn max_keys() -> Result<u64, SettingError> {
    positive("MAX_KEYS_PER_ACCOUNT").map(NonZeroU64::get)
}

/// `MAX_KEY_LIFETIME_DAYS`: how long values may live; `None` for 0.
///
/// # Errors
/// When it is missing or not such a number.
pub fn max_key_lifetime() -> Result<Option<Lifetime>, SettingError> {
    read("MAX_KEY_LIFETIME_DAYS", "a whole number of days from 0 to 3650", |text| match text.parse().ok()? {
        0 => Some(None),
        days => Lifetime::of_days(days).map(Some),
    })
}

/// `EXPIRY_NOTICE_DAYS`: how many days before their end keys have a notice; empty for none.
///
/// # Errors
/// When it is missing or not such a list.
pub fn expiry_notice_days() -> Result<NoticeDays, SettingError> {
    read("EXPIRY_NOTICE_DAYS", "a comma-separated list of up to ten days from 1 to 3650, or empty", NoticeDays::parse)
}

/// `KEY_LIMITS`: the ceiling of every key's limits; empty for none.
///
/// # Errors
/// When it is missing or not a list of limits.
pub fn key_limits() -> Result<Limits, SettingError> {
    read("KEY_LIMITS", "a comma-separated list such as 1000/MINUTE,100000/DAY, or empty", Limits::parse)
}

/// `GITHUB_KEYS_URL`: where GitHub's public keys are.
///
/// # Errors
/// When it is missing or not an absolute URL.
pub fn github_keys_url() -> Result<Uri, SettingError> {
    read("GITHUB_KEYS_URL", "an absolute URL", |text| text.parse().ok().filter(|url: &Uri| url.host().is_some()))
}

/// `GITHUB_TOKEN_SECRET_ARN`: the secret that holds a token for GitHub's API; `None` where it is empty.
///
/// # Errors
/// When it is missing or not the ARN of a secret.
pub fn github_token_secret() -> Result<Option<SecretArn>, SettingError> {
    read("GITHUB_TOKEN_SECRET_ARN", "the ARN of a secret, or empty", |text| {
        if text.is_empty() { Some(None) } else { SecretArn::parse(text).map(Some) }
    })
}

fn switch(variable: &'static str) -> Result<bool, SettingError> {
    read(variable, "enabled or disabled", |text| match text {
        "enabled" => Some(true),
        "disabled" => Some(false),
        _ => None,
    })
}

fn positive<T: FromStr>(variable: &'static str) -> Result<T, SettingError> {
    read(variable, "a positive whole number", |text| text.parse().ok())
}

fn text(variable: &'static str, expected: &'static str) -> Result<String, SettingError> {
    read(variable, expected, |text| (!text.is_empty()).then(|| text.to_owned()))
}

fn read<T>(
    variable: &'static str,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, SettingError> {
    env::var(variable).ok().as_deref().and_then(parse).ok_or(SettingError { variable, expected })
}
