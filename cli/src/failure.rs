//! Why the program ends without having done what it was asked.

use std::error::Error;
use std::process::ExitCode;
use std::{fmt, iter};

/// One sentence for a person, and an exit code for a script.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The input makes no sense; nothing was done.
    Input(String),
    /// The action failed, or a part of it.
    Action(String),
    /// Ctrl-C; a part may be done.
    Interrupted(String),
}

impl Failure {
    pub(crate) fn input(what: impl Into<String>) -> Self {
        Self::Input(what.into())
    }

    pub(crate) fn action(what: impl Into<String>) -> Self {
        Self::Action(what.into())
    }

    /// The same with something else to know.
    pub(crate) fn with(self, hint: &str) -> Self {
        match self {
            Self::Input(what) => Self::Input(format!("{what}; {hint}")),
            Self::Action(what) => Self::Action(format!("{what}; {hint}")),
            Self::Interrupted(what) => Self::Interrupted(format!("{what}; {hint}")),
        }
    }

    /// The process's exit code; 130 is what shells give for Ctrl-C.
    pub(crate) fn code(&self) -> ExitCode {
        match self {
            Self::Input(_) => ExitCode::from(2),
            Self::Action(_) => ExitCode::from(1),
            Self::Interrupted(_) => ExitCode::from(130),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Input(what) | Self::Action(what) | Self::Interrupted(what)) = self;
        f.write_str(what)
    }
}

/// An error and its causes, on one line. Their `Debug` is not used: it has requests and answers in it, and so values of keys.
pub(crate) fn chain(error: &dyn Error) -> String {
    let causes = iter::successors(error.source(), |cause| (**cause).source());
    let causes = iter::once(error.to_string()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ");
    causes.split_whitespace().collect::<Vec<_>>().join(" ")
}
