//! `api-keys`, the operators' program: it invokes the functions that are on no route, with the shell's AWS credentials.
//!
//! Wrong input ends with exit code 2, a failed action with 1, Ctrl-C with 130. Values of keys are shown to a terminal, or
//! written to a file that was asked for; they are on no command line and in no output for programs.

mod accounts;
mod arguments;
mod aws;
mod chart;
mod confirmation;
mod downgrade;
mod events;
mod failure;
mod import;
mod interrupt;
mod invocation;
mod keys;
mod leaks;
mod others;
mod output;
mod pages;
mod progress;
mod rows;
mod secret;
mod subject;
mod sweep;
mod upgrade;
mod usage;

use std::io::Write;
use std::process::{self, ExitCode};

use api_keys::key::KeyValue;
use clap::Parser;

use self::arguments::{Arguments, Command};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Arguments { command, common } = Arguments::try_parse().unwrap_or_else(|error| refuse(&error));
    let done = match command {
        Command::Accounts(command) => accounts::run(command, &common).await,
        Command::Keys(command) => keys::run(command, &common).await,
        Command::Leaks(command) => leaks::run(command, &common).await,
        Command::Events(command) => events::run(command, &common).await,
        Command::Usage(command) => usage::run(command, &common).await,
    };
    let Err(failure) = done else { return ExitCode::SUCCESS };
    // Where nobody can read it, the exit code still tells.
    let _ = writeln!(std::io::stderr().lock(), "error: {}", output::clean(&failure.to_string()));
    failure.code()
}

/// Says what is wrong with the command line, without a value of a key that is in it.
fn refuse(error: &clap::Error) -> ! {
    if !KeyValue::resembles_one(&error.to_string()) {
        error.exit();
    }
    let _ =
        writeln!(std::io::stderr().lock(), "error: a key's value is no argument, as command lines are seen by others");
    process::exit(2)
}
