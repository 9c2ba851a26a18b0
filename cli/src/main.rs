//! `api-keys`, the operators' program: it invokes the functions that are on no route, with the shell's AWS credentials.
//!
//! Wrong input ends with exit code 2, a failed action with 1. Values of keys are shown to a terminal, or written to a file
//! that was asked for; they are on no command line and in no output for programs.

mod accounts;
mod arguments;
mod aws;
mod confirmation;
mod events;
mod import;
mod keys;
mod output;
mod progress;
mod rows;
mod secret;
mod upgrade;

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use self::arguments::{Arguments, Command};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Arguments { command, common } = Arguments::parse();
    let done = match command {
        Command::Accounts(command) => accounts::run(command, &common).await,
        Command::Keys(command) => keys::run(command, &common).await,
        Command::Events(command) => events::run(command, &common).await,
        Command::Upgrade => upgrade::run(&common).await,
    };
    let Err(failure) = done else { return ExitCode::SUCCESS };
    // Where nobody can read it, the exit code still tells.
    let _ = writeln!(std::io::stderr().lock(), "error: {failure}");
    failure.code()
}

/// Why the program ends without having done what it was asked.
#[derive(Debug)]
enum Failure {
    /// The input makes no sense; nothing was done.
    Input(String),
    /// The action failed, or a part of it.
    Action(String),
}

impl Failure {
    fn input(what: impl Into<String>) -> Self {
        Self::Input(what.into())
    }

    fn action(what: impl Into<String>) -> Self {
        Self::Action(what.into())
    }

    fn code(&self) -> ExitCode {
        match self {
            Self::Input(_) => ExitCode::from(2),
            Self::Action(_) => ExitCode::from(1),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Input(what) | Self::Action(what)) = self;
        f.write_str(what)
    }
}
