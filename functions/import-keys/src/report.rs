//! What became of each key: what an operator reads, and a program decides by.

use api_keys::key::KeyId;
use api_keys::lambda::log::Subject;
use api_keys::lambda::{Error, OperatorError};
use api_keys::store::AccountRefusal;
use serde::Serialize;

/// What became of each key of the payload, by its place in it. Each is in one of the three lists, once.
#[derive(Debug, Default, Serialize)]
pub struct ImportReport {
    imported: Vec<ImportedKey>,
    present: Vec<PresentKey>,
    failed: Vec<FailedKey>,
}

/// It is a key of the account since this invocation.
#[derive(Debug, Serialize)]
struct ImportedKey {
    index: usize,
    id: KeyId,
}

/// A key of the account has the value already, and nothing was changed.
#[derive(Debug, Serialize)]
struct PresentKey {
    index: usize,
    id: KeyId,
    /// Whether all fields are as the payload has them.
    equal: bool,
    /// Those that are not.
    differs: Vec<String>,
}

#[derive(Debug, Serialize)]
struct FailedKey {
    index: usize,
    code: Code,
    reason: String,
    /// Whether the same key may do better later. It may be stored all the same, and is to be sent again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    retry: bool,
}

/// What became of one key.
#[derive(Debug)]
pub(crate) enum ImportOutcome {
    Imported(KeyId),
    Present { id: KeyId, differs: Vec<String> },
    Refused(RefusedValue),
}

/// Why a key was not imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Code {
    /// Fields are wrong.
    Invalid,
    /// The key would live longer than the account's keys may, or without an end.
    LifetimeExceeded,
    /// A key of another account has the value.
    Taken,
    /// The value was reported as known to others.
    Exposed,
    /// The value was in use and has ended.
    Retired,
    /// The account has no room.
    QuotaReached,
    /// The account was suspended or erased meanwhile.
    AccountNotActive,
    /// The service failed, or its time was over.
    Unavailable,
}

impl Code {
    fn of(error: &Error) -> Self {
        match error {
            Error::Invalid(_) => Self::Invalid,
            Error::LifetimeExceeded(_) => Self::LifetimeExceeded,
            Error::QuotaReached { .. } => Self::QuotaReached,
            Error::Account(AccountRefusal::Unknown | AccountRefusal::Suspended | AccountRefusal::Erasing) => {
                Self::AccountNotActive
            }
            _ => Self::Unavailable,
        }
    }
}

/// Why a value is refused, for any key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RefusedValue {
    Taken,
    Exposed,
    Retired,
}

impl RefusedValue {
    fn code_and_reason(self) -> (Code, &'static str) {
        match self {
            Self::Taken => (Code::Taken, "sha256 is of a value that a key of another account has already"),
            Self::Exposed => {
                (Code::Exposed, "sha256 is of a value that was reported as known to others: it never works again")
            }
            Self::Retired => (
                Code::Retired,
                "sha256 is of a value that has ended, since its key was deleted or got another value: it works again only if \
                 the import has revive",
            ),
        }
    }
}

impl ImportReport {
    /// Adds a key's outcome; `None` where the time was over before it was known.
    pub(crate) fn add(&mut self, index: usize, outcome: Option<Result<ImportOutcome, Error>>, subject: &Subject) {
        const TIME_IS_OVER: &str = "the time was over before the outcome was known: import it again";
        let (code, reason) = match outcome {
            Some(Ok(ImportOutcome::Imported(id))) => return self.imported.push(ImportedKey { index, id }),
            Some(Ok(ImportOutcome::Present { id, differs })) => {
                return self.present.push(PresentKey { index, id, equal: differs.is_empty(), differs });
            }
            Some(Ok(ImportOutcome::Refused(refused))) => {
                let (code, reason) = refused.code_and_reason();
                (code, reason.to_owned())
            }
            Some(Err(error)) => {
                let operation = format!("{} keys[{index}]", subject.operation);
                let subject = Subject { operation, ..subject.clone() };
                (Code::of(&error), OperatorError::new(error, &subject).to_string())
            }
            None => (Code::Unavailable, TIME_IS_OVER.to_owned()),
        };
        // What an account's suspension overtook is stored, and works once it is sent again to an active account.
        let retry = matches!(code, Code::Unavailable | Code::AccountNotActive);
        self.failed.push(FailedKey { index, code, reason, retry });
    }
}
