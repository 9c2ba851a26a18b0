//! The environment variables that the template sets, read once when a function starts.

use std::{env, fmt};

use crate::key::{Catalogue, ImportedKeys, KeyPrefix, Limits};

/// A variable that is missing or malformed; the function does not start.
#[derive(Debug)]
pub struct SettingError {
    variable: &'static str,
    expected: &'static str,
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
    read("TABLE_NAME", "the name of the table", |name| (!name.is_empty()).then(|| name.to_owned()))
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
    const EXPECTED: &str = "a comma-separated list of names of A-Z, 0-9 and _";
    let traffic_types = read("TRAFFIC_TYPES", EXPECTED, |list| Some(list.to_owned()))?;
    read("OPERATIONS", EXPECTED, |list| Catalogue::parse(list, &traffic_types))
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

/// `MAX_KEYS_PER_ACCOUNT`.
///
/// # Errors
/// When it is missing or not a positive number.
pub fn max_keys() -> Result<u64, SettingError> {
    read("MAX_KEYS_PER_ACCOUNT", "a positive whole number", |text| text.parse().ok().filter(|max| *max > 0))
}

/// `KEY_LIMITS`: the ceiling of every key's limits; none when it is missing or empty.
///
/// # Errors
/// When it is not a list of limits.
pub fn key_limits() -> Result<Limits, SettingError> {
    const VARIABLE: &str = "KEY_LIMITS";
    if env::var_os(VARIABLE).is_none() {
        return Ok(Limits::NONE);
    }
    read(VARIABLE, "a comma-separated list such as 1000/MINUTE,100000/DAY", Limits::parse)
}

fn read<T>(
    variable: &'static str,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, SettingError> {
    env::var(variable).ok().as_deref().and_then(parse).ok_or(SettingError { variable, expected })
}
