//! Asking before something is destroyed.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::failure::Failure;

/// Asks a person; `yes` is the answer already.
pub(crate) fn ask(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::input("this needs a confirmation, and there is no terminal to ask at: give --yes"));
    }
    let mut answer = String::new();
    write!(io::stderr().lock(), "{question} [y/N] ")
        .and_then(|()| io::stdin().lock().read_line(&mut answer))
        .map_err(|error| Failure::action(format!("the terminal: {error}")))?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(Failure::action("not confirmed: nothing was done")),
    }
}
