//! What is asked before something of keys ends.

use api_keys::key::{AccountId, KeyId};

use crate::arguments::ChangedKey;
use crate::aws::Service;
use crate::failure::Failure;
use crate::subject;

/// Such a question: what is done, to which keys, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    pub(super) verb: &'static str,
    pub(super) consequence: &'static str,
}

pub(super) const DISABLE: Question = Question { verb: "Disable", consequence: "until a manager enables it again" };
const END_OLD_VALUE: Question = Question { verb: "End the value before the last rotation of", consequence: "at once" };
const BOTH: Question = Question {
    verb: "Disable, and end the value before the last rotation of,",
    consequence: "until a manager enables it again; that value ends for good",
};

impl Question {
    /// What changes of a key need; most need none.
    pub(super) fn of_changes(changed: &ChangedKey) -> Option<Self> {
        match (changed.enabled == Some(false), changed.end_old_value) {
            (true, false) => Some(DISABLE),
            (false, true) => Some(END_OLD_VALUE),
            (true, true) => Some(BOTH),
            (false, false) => None,
        }
    }

    /// In words.
    pub(super) async fn about(self, service: &Service, account: AccountId, keys: &[KeyId]) -> Result<String, Failure> {
        Ok(format!("{} {}, {}?", self.verb, subject::keys(service, account, keys).await?, self.consequence))
    }
}
