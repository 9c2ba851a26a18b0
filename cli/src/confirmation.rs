//! Asking before something is destroyed.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::failure::{Failure, Kind};
use crate::output::clean;

/// Whether there is something to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Confirmation {
    /// A person at a terminal is asked.
    Asked,
    /// The answer is yes already.
    Given,
}

impl Confirmation {
    /// Makes sure, before anything is done, that a person can be asked; `yes` is the answer already.
    pub(crate) fn prepare(yes: bool) -> Result<Self, Failure> {
        if yes {
            return Ok(Self::Given);
        }
        if !is_possible() {
            return Err(Failure::input("this needs a confirmation, and there is no terminal to ask at: give --yes"));
        }
        Ok(Self::Asked)
    }

    /// Asks the question, which is made only if it is asked.
    pub(crate) async fn ask(self, question: impl Future<Output = Result<String, Failure>>) -> Result<(), Failure> {
        if self == Self::Given {
            return Ok(());
        }
        let question = clean(&question.await?);
        let mut answer = String::new();
        write!(io::stderr().lock(), "{question} [y/N] ")
            .and_then(|()| io::stdin().lock().read_line(&mut answer))
            .map_err(|error| Failure::action(format!("the terminal: {error}")))?;
        match answer.trim() {
            "y" | "Y" | "yes" => Ok(()),
            _ => Err(Failure::new(Kind::Refused, "not confirmed: nothing was done")),
        }
    }
}

/// Whether there is a terminal to ask at.
pub(crate) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}
