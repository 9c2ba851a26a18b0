//! Why the program ends without having done what it was asked.

use std::error::Error;
use std::process::ExitCode;
use std::{fmt, iter};

use serde_json::{Value, json};

/// One sentence for a person, and a kind for a script.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    what: String,
    /// AWS's id of the request that failed.
    request_id: Option<String>,
}

/// What a script can act on. Its exit codes are in docs/reference/program.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// AWS, the network or the service failed. What is not known is in the sentence.
    Failed,
    /// The input makes no sense; nothing was done.
    Input,
    /// No credentials, no right, or no such stack; nothing was done.
    NoAccess,
    /// There is no such account or key.
    NotFound,
    /// The service refuses it as things are, or a person has not confirmed it.
    Refused,
    /// It is done, but not for all that was asked for; the output shows for which.
    Partial,
    /// Ctrl-C; a part may be done.
    Interrupted,
}

impl Kind {
    /// The process's exit code; 2 is that of the command line's own errors, and 130 what shells give for Ctrl-C.
    fn code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Input => 2,
            Self::NoAccess => 3,
            Self::NotFound => 4,
            Self::Refused => 5,
            Self::Partial => 6,
            Self::Interrupted => 130,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Failed => "FAILED",
            Self::Input => "INPUT",
            Self::NoAccess => "NO_ACCESS",
            Self::NotFound => "NOT_FOUND",
            Self::Refused => "REFUSED",
            Self::Partial => "PARTIAL",
            Self::Interrupted => "INTERRUPTED",
        }
    }
}

impl Failure {
    pub(crate) fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), request_id: None }
    }

    pub(crate) fn input(what: impl Into<String>) -> Self {
        Self::new(Kind::Input, what)
    }

    pub(crate) fn action(what: impl Into<String>) -> Self {
        Self::new(Kind::Failed, what)
    }

    pub(crate) fn no_access(what: impl Into<String>) -> Self {
        Self::new(Kind::NoAccess, what)
    }

    pub(crate) fn partial(what: impl Into<String>) -> Self {
        Self::new(Kind::Partial, what)
    }

    /// The same with AWS's id of the request.
    pub(crate) fn of_request(self, request_id: Option<String>) -> Self {
        Self { request_id, ..self }
    }

    /// The same with something else to know.
    pub(crate) fn with(self, hint: &str) -> Self {
        Self { what: format!("{}; {hint}", self.what), ..self }
    }

    /// The same where something is done already, which its kind must not deny.
    pub(crate) fn after(self, done: &str) -> Self {
        let kind = if self.kind == Kind::Interrupted { self.kind } else { Kind::Partial };
        Self { kind, what: format!("{done}: {}", self.what), ..self }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.kind.code())
    }

    /// For a program: what `--json` writes to standard error.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "error": { "code": self.kind.name(), "exitCode": self.kind.code(), "message": self.what,
            "requestId": self.request_id } })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

/// An error and its causes, on one line. Their `Debug` is not used: it has requests and answers in it, and so values of keys.
pub(crate) fn chain(error: &dyn Error) -> String {
    let causes = iter::successors(error.source(), |cause| (**cause).source());
    let causes = iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ");
    causes.split_whitespace().collect::<Vec<_>>().join(" ")
}
