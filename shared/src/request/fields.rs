//! The fields of a request, taken one by one, and every wrong one remembered.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::json::Json;
use super::text::normalize;
use crate::key::Timestamp;

/// No valid body comes near this many bytes.
const MAX_BODY: usize = 64 * 1024;

/// With three leap days, the most that ten years have.
const TEN_YEARS: Duration = Duration::from_hours(24 * (10 * 365 + 3));

/// As many wrong fields are named; the others are counted.
const MAX_ERRORS: usize = 50;

/// What a field, a parameter or a header must be that was given more often.
pub const ONCE: &str = "must be given once";

/// What such a time must be.
pub(super) const AHEAD: &str = "must be in the future, at most 10 years away";

const TIME: &str = "must be a time such as 2030-01-31T00:00:00Z";

/// The name of a whole body among the wrong fields.
const BODY: &str = "body";

/// As many characters of a field's name are repeated.
const MAX_NAME: usize = 64;

/// The fields of a request, less those that have been taken; a wrong field leaves an error and an empty value.
///
/// Each reading ends by itself: what it hands out has passed, and what nothing has taken is wrong.
pub struct Fields {
    given: Vec<(String, Value)>,
    /// What was given once more, at any depth.
    repeated: Vec<String>,
    /// Whether all values are text.
    is_query: bool,
    errors: Vec<FieldError>,
    unnamed_errors: usize,
}

/// Shows no field: fields hold what clients wrote, and in an import the hashes of values.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fields({} given, {} wrong)", self.given.len(), self.errors.len() + self.unnamed_errors)
    }
}

impl Fields {
    /// Reads a JSON object of at most 64 KiB; `take` takes each field that exists.
    ///
    /// # Errors
    /// That of `take`; otherwise [`InvalidRequest`] with every wrong field, or when the body is no such object.
    pub fn read<T, E: From<InvalidRequest>>(body: &[u8], take: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        if body.len() > MAX_BODY {
            return Err(InvalidRequest::of(BODY, "must be at most 65536 bytes").into());
        }
        Self::of_json(body)?.end_after(take)
    }

    /// Reads a JSON object of any size: what an operator sends. A `Value` would have dropped repeated names.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_raw<T, E: From<InvalidRequest>>(
        json: &RawValue,
        take: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        Self::of_json(json.get().as_bytes())?.end_after(take)
    }

    /// Reads the parameters of a query string, repeated ones included. Numbers are digits there.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_query<T, E: From<InvalidRequest>>(
        parameters: impl IntoIterator<Item = (String, String)>,
        take: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let parameters = parameters.into_iter().map(|(name, text)| (name, Value::String(text)));
        Self { is_query: true, ..Self::of(parameters) }.end_after(take)
    }

    /// Reads an object that stands at that place within this one. What is wrong in it is wrong here.
    pub(super) fn read_part(&mut self, place: &str, part: Map<String, Value>, take: impl FnOnce(&mut Self)) {
        let read = Self::of(part).end_after(|part| {
            take(part);
            Ok(())
        });
        if let Err(InvalidRequest(errors)) = read {
            for error in errors {
                self.wrong(&format!("{place}.{}", error.field), error.message);
            }
        }
    }

    fn of_json(text: &[u8]) -> Result<Self, InvalidRequest> {
        match Json::read(text) {
            Ok(Json { value: Value::Object(given), repeated }) => Ok(Self { repeated, ..Self::of(given) }),
            read => Err(InvalidRequest::of_body(text, read.is_ok(), "must be a JSON object")),
        }
    }

    fn of(given: impl IntoIterator<Item = (String, Value)>) -> Self {
        let mut fields =
            Self { given: Vec::new(), repeated: Vec::new(), is_query: false, errors: Vec::new(), unnamed_errors: 0 };
        // A body may have thousands.
        let mut names = BTreeSet::new();
        for (name, value) in given {
            if names.insert(name.clone()) {
                fields.given.push((name, value));
            } else {
                fields.repeated.push(name);
            }
        }
        fields
    }

    fn end_after<T, E: From<InvalidRequest>>(mut self, take: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let taken = take(&mut self)?;
        self.finish()?;
        Ok(taken)
    }

    /// Whether a field was given, be it `null`.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.given.iter().any(|(name, _)| name == field)
    }

    /// The names of fields that begin so and are still to be taken.
    #[must_use]
    pub fn names_with(&self, beginning: &str) -> Vec<String> {
        self.given.iter().map(|(name, _)| name).filter(|name| name.starts_with(beginning)).cloned().collect()
    }

    /// A field that is text, which is still to be taken.
    #[must_use]
    pub fn text_of(&self, field: &str) -> Option<&str> {
        self.given.iter().find(|(name, _)| name == field)?.1.as_str()
    }

    /// Takes a field out; `None` when it is absent or `null`.
    pub fn take(&mut self, field: &str) -> Option<Value> {
        let at = self.given.iter().position(|(name, _)| name == field)?;
        Some(self.given.remove(at).1).filter(|value| !value.is_null())
    }

    /// The same with a field whose parts are read from the text by fields of their own, which find what is repeated in it.
    pub fn take_unread(&mut self, field: &str) -> Option<Value> {
        let is_within = |place: &str| place.strip_prefix(field).is_some_and(|rest| rest.starts_with(['[', '.']));
        self.repeated.retain(|place| !is_within(place));
        self.take(field)
    }

    /// Takes text of 1 to `max` characters that must be there.
    pub fn required_text(&mut self, field: &str, max: usize) -> String {
        let Some(value) = self.take(field) else {
            self.wrong(field, "is required");
            return String::new();
        };
        self.text(field, value, max).unwrap_or_default()
    }

    /// Takes text of 1 to `max` characters that may be absent.
    pub fn optional_text(&mut self, field: &str, max: usize) -> Option<String> {
        let value = self.take(field)?;
        self.text(field, value, max)
    }

    /// Takes a time in the future, at most ten years away, that may be absent.
    pub fn optional_expiry(&mut self, field: &str, now: Timestamp) -> Option<Timestamp> {
        let end = self.optional_time(field)?;
        if !is_ahead(end, now) {
            self.wrong(field, AHEAD);
        }
        is_ahead(end, now).then_some(end)
    }

    /// Takes a time that may be absent.
    pub fn optional_time(&mut self, field: &str) -> Option<Timestamp> {
        self.id(field, Timestamp::parse, TIME)
    }

    /// Takes a time, or a day for its start, that may be absent.
    pub fn time_or_day(&mut self, field: &str) -> Option<Timestamp> {
        self.id(
            field,
            Timestamp::parse_time_or_day,
            "must be a time such as 2030-01-31T00:00:00Z, or a day such as 2030-01-31",
        )
    }

    /// Takes a time that must be there.
    pub fn required_time(&mut self, field: &str) -> Timestamp {
        self.required(field, Timestamp::parse, TIME, Timestamp::of_unix_hour(0))
    }

    /// Takes text that may be absent, read by `parse`; `message` is the error of other text.
    pub fn id<T>(&mut self, field: &str, parse: fn(&str) -> Option<T>, message: &str) -> Option<T> {
        let given = self.take(field)?;
        self.parsed(field, &given, parse, message)
    }

    /// The same with text that must be there; `none` stands for a wrong one.
    pub(super) fn required<T>(&mut self, field: &str, parse: fn(&str) -> Option<T>, message: &str, none: T) -> T {
        let Some(given) = self.take(field) else {
            self.wrong(field, "is required");
            return none;
        };
        self.parsed(field, &given, parse, message).unwrap_or(none)
    }

    fn parsed<T>(&mut self, field: &str, given: &Value, parse: fn(&str) -> Option<T>, message: &str) -> Option<T> {
        let parsed = given.as_str().and_then(parse);
        if parsed.is_none() {
            self.wrong(field, message);
        }
        parsed
    }

    /// Takes `true` or `false`, which may be absent.
    pub fn optional_truth(&mut self, field: &str) -> Option<bool> {
        let given = self.take(field)?;
        if !given.is_boolean() {
            self.wrong(field, "must be true or false");
        }
        given.as_bool()
    }

    /// Takes a whole number that may be absent.
    pub fn optional_number(&mut self, field: &str, min: u64, max: u64) -> Option<u64> {
        let given = self.take(field)?;
        self.whole_number(field, &given, min, max)
    }

    /// Reads what was taken as a whole number. JSON has one kind of numbers: `60.0` is 60, and `-0` is 0.
    pub(super) fn whole_number(&mut self, field: &str, given: &Value, min: u64, max: u64) -> Option<u64> {
        let digits = match given {
            Value::String(text) if self.is_query && text.bytes().all(|byte| byte.is_ascii_digit()) => text.clone(),
            given => given.as_f64().map(|number| (number + 0.0).to_string()).unwrap_or_default(),
        };
        let number = digits.parse().ok().filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.wrong(field, format!("must be a whole number from {min} to {max}"));
        }
        number
    }

    /// Takes `limit` of a list, a whole number from 1 to `max`, or `default` when it is absent.
    pub fn limit(&mut self, default: usize, max: usize) -> usize {
        let given = self.optional_number("limit", 1, u64::try_from(max).unwrap_or(u64::MAX));
        given.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(default)
    }

    /// Remembers that a field is wrong, and why.
    pub fn wrong(&mut self, field: &str, message: impl Into<String>) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(FieldError { field: shortened(field), message: message.into() });
        } else {
            self.unnamed_errors += 1;
        }
    }

    /// Every wrong field, unknown ones included: 50 by name, the others as a number.
    fn finish(mut self) -> Result<(), InvalidRequest> {
        for place in std::mem::take(&mut self.repeated) {
            self.wrong(&place, ONCE);
        }
        for (name, _) in std::mem::take(&mut self.given) {
            self.wrong(&name, "is not a known field");
        }
        if self.unnamed_errors > 0 {
            let message = format!("are wrong too: {} more fields", self.unnamed_errors);
            self.errors.push(FieldError { field: "others".to_owned(), message });
        }
        if self.errors.is_empty() { Ok(()) } else { Err(InvalidRequest(self.errors)) }
    }

    fn text(&mut self, field: &str, value: Value, max: usize) -> Option<String> {
        let Value::String(text) = value else {
            self.wrong(field, "must be a string");
            return None;
        };
        normalize(&text, max).map_err(|message| self.wrong(field, message)).ok()
    }
}

/// Whether a key may end then, as far as the calendar goes.
pub(super) fn is_ahead(end: Timestamp, now: Timestamp) -> bool {
    end > now && end <= now.plus(TEN_YEARS)
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(MAX_NAME) {
        Some((end, _)) => name.get(..end).unwrap_or_default().to_owned() + "…",
        None => name.to_owned(),
    }
}

/// Every wrong field of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRequest(pub Vec<FieldError>);

impl InvalidRequest {
    /// A request of which one field is wrong.
    #[must_use]
    pub fn of(field: &str, message: impl Into<String>) -> Self {
        Self(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }

    /// A body that is missing, is no JSON, or is other JSON than it must be. The message repeats nothing of it.
    #[must_use]
    pub fn of_body(body: &[u8], is_json: bool, must_be: &str) -> Self {
        let message = match body {
            [] => "is missing",
            _ if !is_json => "is not valid JSON",
            _ => must_be,
        };
        Self::of(BODY, message)
    }
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, wrong) in self.0.iter().enumerate() {
            write!(f, "{}{} {}", if at == 0 { "" } else { "; " }, wrong.field, wrong.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidRequest {}

/// One wrong field of a request and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field or parameter as the request spells it, up to 64 characters of it; `key` for the path, `body` for the whole
    /// body, `others` for all wrong fields after the first 50.
    pub field: String,
    /// A sentence without the value that was sent.
    pub message: String,
}
