//! `api-keys`, the operators' program: it invokes the functions that are on no route, with the shell's AWS credentials.
//!
//! Exit codes and JSON are in docs/reference/program.md. Values of keys are shown to a terminal, or
//! written to a file that was asked for; they are in no output for programs. A command line with one is refused before anything
//! else reads it, and its value is not repeated.

mod accounts;
mod arguments;
mod aws;
mod chart;
mod confirmation;
mod doctor;
mod downgrade;
mod events;
mod failure;
mod finding;
mod import;
mod interrupt;
mod invocation;
mod issuing;
mod json_call;
mod keys;
mod leaks;
mod messages;
mod operator;
mod others;
mod output;
mod pages;
mod progress;
mod rows;
mod secret;
mod shell;
mod signing_in;
mod subject;
mod sweep;
mod trial;
mod typed;
mod upgrade;
mod usage;

use std::env::args_os;
use std::process::ExitCode;

use api_keys::key::KeyValue;
use clap::{CommandFactory, Parser};
use clap_complete::Shell;

use self::arguments::{Arguments, Command};
use self::failure::Failure;
use self::messages::Manner;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let gives_json = args_os().any(|argument| argument == "--json");
    if args_os().skip(1).any(|argument| KeyValue::resembles_one(&argument.to_string_lossy())) {
        messages::choose(Manner { json: gives_json, debug: false });
        return end(&Failure::input("a key's value is no argument, as command lines are seen by others"));
    }
    let Arguments { command, common } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if gives_json && error.use_stderr() => {
            messages::choose(Manner { json: true, debug: false });
            return end(&wrong_arguments(&error));
        }
        Err(error) => error.exit(),
    };
    messages::choose(Manner { json: common.json, debug: common.debug });
    let done = match command {
        Command::Accounts(command) => accounts::run(command, &common).await,
        Command::Keys(command) => keys::run(command, &common).await,
        Command::Leaks(command) => leaks::run(command, &common).await,
        Command::Events(command) => events::run(command, &common).await,
        Command::Usage(command) => usage::run(command, &common).await,
        Command::Doctor(command) => doctor::run(command, &common).await,
        Command::Completions { shell } => completions(shell),
    };
    done.map_or_else(|failure| end(&failure), |()| ExitCode::SUCCESS)
}

/// Prints the shell's script.
fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "api-keys", &mut script);
    // The generator gives the `-` of the name two different signs in Bash: one where a command is set, one where it is looked for.
    let script = String::from_utf8_lossy(&script).replace("api__subcmd__keys", "api__keys");
    output::text(&script)
}

/// Prints why it ends.
fn end(failure: &Failure) -> ExitCode {
    messages::failure(failure);
    failure.code()
}

/// The first part of the command line's own error, without its usage.
fn wrong_arguments(error: &clap::Error) -> Failure {
    let text = error.to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    let words: Vec<_> = first.strip_prefix("error: ").unwrap_or(first).split_whitespace().collect();
    Failure::input(words.join(" "))
}
