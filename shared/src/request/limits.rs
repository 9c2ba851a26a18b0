//! The field `limits` of new keys and patches.

use serde_json::Value;

use super::fields::{Fields, InvalidRequest};
use crate::key::{Limit, Limits, Period};

impl Fields {
    /// Takes `limits`: 1 to 3 of `{"requests", "per"}`, each for another period. None when it is absent.
    pub fn limits(&mut self) -> Limits {
        const FIELD: &str = "limits";
        let given = match self.take(FIELD) {
            None => return Limits::NONE,
            Some(Value::Array(given)) if (1..=Limits::MAX).contains(&given.len()) => given,
            Some(_) => {
                self.wrong(FIELD, "must be a list of 1 to 3 limits, or null for none");
                return Limits::NONE;
            }
        };
        let mut limits = Limits::NONE;
        for (at, value) in given.into_iter().enumerate() {
            let Value::Object(parts) = value else {
                self.wrong(&format!("{FIELD}[{at}]"), "must be an object with requests and per");
                continue;
            };
            let mut parts = Fields::from_pairs(parts);
            let (requests, per) = (parts.requests(), parts.per());
            if let Some((requests, per)) = requests.zip(per) {
                match limits.and(Limit { requests, per }) {
                    Some(more) => limits = more,
                    None => parts.wrong("per", "must not be given twice"),
                }
            }
            if let Err(InvalidRequest(errors)) = parts.finish() {
                for error in errors {
                    self.wrong(&format!("{FIELD}[{at}].{}", error.field), error.message);
                }
            }
        }
        limits
    }

    fn requests(&mut self) -> Option<u32> {
        const FIELD: &str = "requests";
        // JSON has one kind of numbers: `60.0` is 60, and is written as that.
        let whole = |value: Value| value.as_f64()?.to_string().parse().ok();
        let requests = self.take(FIELD).and_then(whole).filter(|given| (1..=Limit::MAX_REQUESTS).contains(given));
        if requests.is_none() {
            self.wrong(FIELD, format!("must be a whole number from 1 to {}", Limit::MAX_REQUESTS));
        }
        requests
    }

    fn per(&mut self) -> Option<Period> {
        const FIELD: &str = "per";
        let per = self.take(FIELD).and_then(|name| name.as_str().and_then(Period::parse));
        if per.is_none() {
            self.wrong(FIELD, format!("must be one of {}", Period::ALL.map(Period::as_str).join(",")));
        }
        per
    }
}
