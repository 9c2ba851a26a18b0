//! What can be asked for.

mod accounts;
mod doctor;
mod events;
mod keys;
mod settings;
mod usage;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use self::accounts::{Accounts, Changes, Holder, NewAccount, Tried, Update};
pub(crate) use self::doctor::Doctor;
pub(crate) use self::events::{Events, Listed, Republish};
pub(crate) use self::keys::{Filter, Keys};
pub(crate) use self::settings::{ChangedKey, NewKey, OldValues, Settings};
pub(crate) use self::usage::{Bucket, Usage};
use self::values::text;
pub(crate) use self::values::{AccountName, constant, in_order, limit, time};

/// Operates the API keys service: accounts, their keys, their events and their usage.
///
/// It finds the service's functions by the outputs of its CloudFormation stack, and signs in to AWS as the AWS CLI does: by
/// variables, profiles, single sign-on, roles and processes.
///
/// Exit codes: 0 done, 1 failed, 2 wrong input, 3 no access to AWS or no such stack, 4 no such account or key, 5 refused as
/// things are, 6 done in part or a fault found, 130 stopped by Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "api-keys", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Options of all commands")]
pub(crate) struct Common {
    /// The service's CloudFormation stack
    #[arg(long, global = true, default_value = Self::STACK, value_name = "NAME")]
    pub(crate) stack: String,
    /// The AWS profile to sign in with [default: `AWS_PROFILE`, or what the shell has]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The AWS region of the stack [default: `AWS_REGION`, or the profile's]
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// Who you are, for the events [default: your user and host name]
    #[arg(long, global = true, value_name = "NAME", value_parser = text)]
    pub(crate) operator: Option<String>,
    /// Print JSON instead of tables, and errors as JSON to standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print the action and the result of each request to AWS, with its id; nothing else that it carries
    #[arg(long, global = true)]
    pub(crate) debug: bool,
    /// Do not ask before something ends or is destroyed
    #[arg(long, global = true)]
    pub(crate) yes: bool,
}

impl Common {
    /// The stack that is meant where none is named.
    pub(crate) const STACK: &str = "api-keys";
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create, change, suspend and erase accounts
    #[command(subcommand)]
    Accounts(Accounts),
    /// Import, create, list, show, find, change, rotate, disable and revoke the keys of an account
    #[command(subcommand)]
    Keys(Keys),
    /// Report values that others know, so that they end at once
    #[command(subcommand)]
    Leaks(Leaks),
    /// List the events of an account, or publish them again
    Events(Events),
    /// Show how much an account or one of its keys was used
    Usage(Usage),
    /// Check the stack: print for each check a sign, the cause, and the line to type
    ///
    /// It looks at the stack, its functions and tables, API Gateway's role for logs, the APIs that attach the authorizer, the
    /// quota of concurrency, alarms and the clock. Then it makes an account of its own, and sees its key work and die; it erases
    /// that account, of which one event stays.
    Doctor(Doctor),
    /// Print a shell completion script
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Leaks {
    /// Report values, one a line: a key that has one fails from the next request on
    ///
    /// They are read from a file or from standard input, as command lines are seen by others, and found within what stands
    /// around them. The answer does not show whether a key had one: see the events `key.exposed`.
    Report {
        /// The file; without it, standard input
        file: Option<PathBuf>,
        /// The API's URL, before /leaks; no AWS credentials are needed then [default: that of the stack]
        #[arg(long)]
        url: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }
}
