//! The verdicts that a stage of an API keeps.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use serde_json::Value;

/// Verdicts by what the identity sources had.
///
/// Nothing else is in the key: a verdict is used again for another method and path, unless they are sources.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashMap<Vec<String>, (SystemTime, Value)>>);

impl Cache {
    /// The verdict on that identity, if it is not too old.
    pub(super) fn get(&self, identity: &[String], now: SystemTime) -> Option<Value> {
        let verdicts = self.0.lock().unwrap();
        verdicts.get(identity).filter(|(until, _)| now < *until).map(|(_, verdict)| verdict.clone())
    }

    /// Keeps a verdict that long.
    pub(super) fn put(&self, identity: Vec<String>, verdict: &Value, now: SystemTime, ttl: Duration) {
        self.0.lock().unwrap().insert(identity, (now + ttl, verdict.clone()));
    }
}
