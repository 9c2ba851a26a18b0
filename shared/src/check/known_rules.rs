//! The rules of the APIs that an environment serves, each read once.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::rules::RouteRules;
use crate::key::Timestamp;
use crate::lock::lock;

/// Of so many APIs an environment remembers the rules of their stages, of the last ones.
const APIS: usize = 64;

/// Something wrong is logged so often.
const INTERVAL: Duration = Duration::from_mins(1);

/// The rules of APIs' stages, by their text.
#[derive(Debug, Default)]
pub struct KnownRules(Mutex<Vec<Known>>);

#[derive(Debug)]
struct Known {
    text: String,
    rules: Result<Arc<RouteRules>, String>,
    last_reported: Option<Timestamp>,
}

/// A stage variable that makes no sense: no request of its API can be decided.
#[derive(Debug)]
pub struct MalformedStage {
    /// What is wrong.
    pub what: String,
    /// Whether it is to be logged: it was not, for a minute.
    pub is_news: bool,
}

impl fmt::Display for MalformedStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for MalformedStage {}

impl KnownRules {
    /// The rules of that text.
    pub(super) fn of(&self, text: &str, now: Timestamp) -> Result<Arc<RouteRules>, MalformedStage> {
        let read = || RouteRules::parse(text).map(Arc::new).map_err(|malformed| malformed.to_string());
        self.remembered(text, read, now)
    }

    /// What is wrong with other variables of a stage.
    pub(super) fn malformed(&self, what: &str, now: Timestamp) -> MalformedStage {
        let malformed = self.remembered(what, || Err(what.to_owned()), now);
        malformed.err().unwrap_or_else(|| MalformedStage { what: what.to_owned(), is_news: true })
    }

    fn remembered(
        &self,
        text: &str,
        read: impl FnOnce() -> Result<Arc<RouteRules>, String>,
        now: Timestamp,
    ) -> Result<Arc<RouteRules>, MalformedStage> {
        let mut known = lock(&self.0);
        let at = known.iter().position(|known| known.text == text);
        let mut found = match at {
            Some(at) => known.remove(at),
            None => Known { text: text.to_owned(), rules: read(), last_reported: None },
        };
        let answer = found.rules.clone().map_err(|what| {
            let is_news = found.last_reported.is_none_or(|last| last.plus(INTERVAL) <= now);
            if is_news {
                found.last_reported = Some(now);
            }
            MalformedStage { what, is_news }
        });
        known.truncate(APIS - 1);
        known.insert(0, found);
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_once_and_the_last_ones_are_remembered() {
        let (known, now) = (KnownRules::default(), Timestamp::parse("2026-11-26T14:07:08Z").unwrap());
        let text = |number: usize| format!("a{number}:A");
        let first = known.of(&text(0), now).unwrap();
        for number in 1..200 {
            assert_eq!(known.of(&text(number), now).unwrap().to_string(), text(number));
            assert!(Arc::ptr_eq(&first, &known.of(&text(0), now).unwrap()));
        }
        assert_eq!(lock(&known.0).len(), APIS);
    }

    #[test]
    fn what_is_wrong_is_news_once_a_minute() {
        let (known, start) = (KnownRules::default(), Timestamp::parse("2026-11-26T14:07:08Z").unwrap());
        let news: Vec<_> = (0..150)
            .filter(|second| known.of("a", start.plus(Duration::from_secs(*second))).unwrap_err().is_news)
            .collect();
        assert_eq!(news, [0, 60, 120]);
        let other = known.malformed("keyHeader is what it is not", start);
        assert!(other.is_news && !known.malformed("keyHeader is what it is not", start).is_news);
    }
}
