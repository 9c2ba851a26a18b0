//! Fields that are limits: `limits` of keys and accounts, and `accountLimits`.

use serde_json::Value;

use super::fields::Fields;
use crate::key::{Limit, Limits, Period};

impl Fields {
    /// Takes `limits`: 1 to 3 of `{"requests", "per"}`, each for another period. None when it is absent.
    pub fn limits(&mut self) -> Limits {
        self.limits_in("limits")
    }

    /// The same in a field of that name.
    pub(super) fn limits_in(&mut self, field: &str) -> Limits {
        let given = match self.take(field) {
            None => return Limits::NONE,
            Some(Value::Array(given)) if (1..=Limits::MAX).contains(&given.len()) => given,
            Some(_) => {
                self.wrong(field, "must be a list of 1 to 3 limits, or null for none");
                return Limits::NONE;
            }
        };
        let mut limits = Limits::NONE;
        for (at, value) in given.into_iter().enumerate() {
            let Value::Object(parts) = value else {
                self.wrong(&format!("{field}[{at}]"), "must be an object with requests and per");
                continue;
            };
            self.read_part(&format!("{field}[{at}]"), parts, |parts| {
                let (requests, per) = (parts.requests(), parts.per());
                if let Some((requests, per)) = requests.zip(per) {
                    match limits.and(Limit { requests, per }) {
                        Some(more) => limits = more,
                        None => parts.wrong("per", "must not be given twice"),
                    }
                }
            });
        }
        limits
    }

    fn requests(&mut self) -> Option<u32> {
        const FIELD: &str = "requests";
        let given = self.take(FIELD).unwrap_or_default();
        let requests = self.whole_number(FIELD, &given, 1, Limit::MAX_REQUESTS.into());
        requests.and_then(|requests| u32::try_from(requests).ok())
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
