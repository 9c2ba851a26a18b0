//! `api-keys`, the operators' program: it invokes the functions that are on no route, with the shell's AWS credentials.
//!
//! Wrong input ends with exit code 2, a failed action with 1, Ctrl-C with 130. Values of keys are shown to a terminal, or
//! written to a file that was asked for; they are in no output for programs. A command line with one is refused before anything
//! else reads it, and its value is not repeated.

mod accounts;
mod arguments;
mod aws;
mod chart;
mod confirmation;
mod downgrade;
mod events;
mod failure;
mod finding;
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

use std::env::args_os;
use std::io::Write;
use std::process::ExitCode;

use api_keys::key::KeyValue;
use clap::Parser;

use self::arguments::{Arguments, Command};
use self::failure::Failure;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if args_os().skip(1).any(|argument| KeyValue::resembles_one(&argument.to_string_lossy())) {
        return end(&Failure::input("a key's value is no argument, as command lines are seen by others"));
    }
    let Arguments { command, common } = Arguments::parse();
    let done = match command {
        Command::Accounts(command) => accounts::run(command, &common).await,
        Command::Keys(command) => keys::run(command, &common).await,
        Command::Leaks(command) => leaks::run(command, &common).await,
        Command::Events(command) => events::run(command, &common).await,
        Command::Usage(command) => usage::run(command, &common).await,
    };
    done.map_or_else(|failure| end(&failure), |()| ExitCode::SUCCESS)
}

/// Says why it ends.
fn end(failure: &Failure) -> ExitCode {
    // Where nobody can read it, the exit code still tells.
    let _ = writeln!(std::io::stderr().lock(), "error: {}", output::clean(&failure.to_string()));
    failure.code()
}
