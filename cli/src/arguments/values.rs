//! Single values on the command line. What the service refuses anyway is refused before anything is done.

use api_keys::key::{AccountId, KeyId, Lifetime, Limit, Limits, Period, Timestamp};
use api_keys::request::{Caller, OldValues, normalize_text};
use clap::builder::RangedU64ValueParser;

use crate::failure::Failure;

/// How an operator names an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AccountName {
    Id(AccountId),
    /// The operator's own id of it.
    External(String),
}

/// `6plDETsku4MLOdvh7NMkWp` or `external:crm-7`.
pub(super) fn account(name: &str) -> Result<AccountName, String> {
    match name.strip_prefix("external:") {
        Some(external_id) => text(external_id).map(AccountName::External),
        None => AccountId::parse(name).map(AccountName::Id).ok_or_else(|| {
            "an account is named by its id, 22 letters and digits, or as external:ID by the id in your own books"
                .to_owned()
        }),
    }
}

pub(super) fn key_id(text: &str) -> Result<KeyId, &'static str> {
    KeyId::parse(text).ok_or("a key's id is 22 letters and digits")
}

/// `86400`, for a day.
pub(super) fn grace(text: &str) -> Result<u64, String> {
    let most = OldValues::LONGEST_GRACE.as_secs();
    let seconds = text.parse().ok().filter(|seconds| *seconds <= most);
    seconds.ok_or_else(|| format!("a grace period is in seconds, 0 to {most}, such as 86400 for a day"))
}

/// How long a value may live.
pub(super) fn days() -> RangedU64ValueParser {
    RangedU64ValueParser::new().range(1..=u64::from(Lifetime::MAX_DAYS))
}

pub(crate) fn time(text: &str) -> Result<Timestamp, &'static str> {
    Timestamp::parse_time_or_day(text)
        .ok_or("a time is written as 2030-01-31T00:00:00Z, or as 2030-01-31 for its start")
}

/// An operation, or a kind of messages, in any case: `sms` is `SMS`.
pub(crate) fn constant(text: &str) -> String {
    text.trim().to_ascii_uppercase()
}

/// `team=blue`.
pub(super) fn tag(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("a tag is written as team=blue")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Refuses a range of time that has no moment; an end that is not given is the service's to choose.
pub(crate) fn in_order(from: Option<Timestamp>, to: Option<Timestamp>) -> Result<(), Failure> {
    match (from, to) {
        (Some(from), Some(to)) if from >= to => Err(Failure::input("--from must be before --to")),
        _ => Ok(()),
    }
}

pub(super) fn text(text: &str) -> Result<String, String> {
    normalize_text(text, Caller::MAX_TEXT)
}

/// `1000/DAY`, in either case and with blanks.
pub(crate) fn limit(text: &str) -> Result<Limit, String> {
    let text: String = text.split_whitespace().collect();
    let limit = Limit::parse(&text.to_ascii_uppercase()).ok_or_else(|| {
        let [others @ .., last] = Period::ALL.map(Period::as_str);
        format!("a limit is written as 1000/DAY, with {} or {last}", others.join(", "))
    })?;
    Limits::NONE.and(limit).map(|_| limit).ok_or_else(|| format!("a limit is 1 to {} requests", Limit::MAX_REQUESTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        assert_eq!(limit(" 1000 / day"), limit("1000/DAY"));
        assert_eq!(limit("1000/day"), Ok(Limit { requests: 1000, per: Period::Day }));
        let shape = limit("1000/YEAR").unwrap_err();
        assert!(shape.starts_with("a limit is written as 1000/DAY, with MINUTE, ") && shape.ends_with(" or MONTH"));
        for wrong in ["", "1000", "0/DAY", "x/DAY", "5/YEAR", "-1/DAY", "900000001/DAY"] {
            assert!(limit(wrong).is_err(), "{wrong}");
        }
    }
}
