//! What can be asked for.

mod usage;
mod values;

use std::path::PathBuf;

use api_keys::key::{AccountId, KeyId, Limit, Timestamp};
use clap::{Args, Parser, Subcommand};

pub(crate) use self::usage::{Bucket, Usage};
use self::values::{account_id, key_id, text, time};
pub(crate) use self::values::{in_order, limit};

/// Operates the API keys service: accounts, their keys, their events and their usage.
///
/// It finds the service's functions by the outputs of its CloudFormation stack, and uses the AWS credentials and the region
/// of the shell.
///
/// Exit codes: 0 done, 1 failed, 2 wrong input, 130 stopped by Ctrl-C.
#[derive(Debug, Parser)]
#[command(name = "api-keys", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The service's CloudFormation stack
    #[arg(long, global = true, default_value = "api-keys", value_name = "NAME")]
    pub(crate) stack: String,
    /// Who you are, for the events [default: your user and host name]
    #[arg(long, global = true, value_name = "NAME", value_parser = text)]
    pub(crate) operator: Option<String>,
    /// Print JSON instead of tables
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Do not ask before something is destroyed
    #[arg(long, global = true)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create, change, suspend and erase accounts
    #[command(subcommand)]
    Accounts(Accounts),
    /// Import, list, find, disable and revoke the keys of an account
    #[command(subcommand)]
    Keys(Keys),
    /// Report values that others know, so that they end at once
    #[command(subcommand)]
    Leaks(Leaks),
    /// List the events of an account, or publish them again
    Events(Events),
    /// Show how much an account or one of its keys was used
    Usage(Usage),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Accounts {
    /// Create an account and its first key, which may do everything
    Create {
        /// The company
        #[arg(long, value_parser = text)]
        company: String,
        #[command(flatten)]
        holder: Holder,
    },
    /// List all accounts
    List,
    /// Show an account
    Show {
        #[command(flatten)]
        account: Account,
    },
    /// Change an account's company, quota of keys or ceiling of limits
    Update(Update),
    /// Let none of the account's keys work until it is resumed
    Suspend {
        #[command(flatten)]
        account: Account,
    },
    /// Let the keys work again that worked before
    Resume {
        #[command(flatten)]
        account: Account,
    },
    /// Issue a key with every operation, for an account that has lost its last one
    Recover {
        #[command(flatten)]
        account: Account,
        #[command(flatten)]
        holder: Holder,
    },
    /// Erase a suspended account with all that is kept of it, for good
    Erase {
        #[command(flatten)]
        account: Account,
    },
    /// List accounts of version 0.1.0, which are not listed yet; it reads the whole table of keys
    Upgrade,
    /// Before going back to version 0.1.0: list the keys that would work again there; it reads the whole table of keys
    ///
    /// Version 0.1.0 knows no suspension, no report of a leak, and no import that was cut off. What it knows is a key that
    /// is disabled.
    Downgrade {
        /// Disable these keys, so that they stay dead. A manager can enable them again, in version 0.1.0 too
        #[arg(long)]
        disable: bool,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Account {
    /// The account's id
    #[arg(value_name = "ACCOUNT", value_parser = account_id)]
    pub(crate) id: AccountId,
}

/// Whom a new key is for, and where its value goes.
#[derive(Debug, Args)]
pub(crate) struct Holder {
    /// The id of the user whom the key is assigned to
    #[arg(long, value_parser = text)]
    pub(crate) user_id: String,
    /// That user's name
    #[arg(long, value_parser = text)]
    pub(crate) username: String,
    /// Write the key's value to this new file, which only you can read, instead of showing it
    #[arg(long, value_name = "FILE")]
    pub(crate) value_to: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Update {
    #[command(flatten)]
    pub(crate) account: Account,
    #[command(flatten)]
    pub(crate) changes: Changes,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Changes {
    /// Its company
    #[arg(long, value_parser = text)]
    pub(crate) company: Option<String>,
    /// How many keys it may have
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000),
        conflicts_with = "default_max_keys")]
    pub(crate) max_keys: Option<u64>,
    /// Let it have as many keys as the stack's quota says
    #[arg(long)]
    pub(crate) default_max_keys: bool,
    /// The ceiling of each key's limits, such as 1000/DAY; up to three with distinct periods
    #[arg(long = "limit", value_name = "N/PERIOD", value_parser = limit, conflicts_with = "no_limits")]
    pub(crate) limits: Vec<Limit>,
    /// Let it have no ceiling of limits
    #[arg(long)]
    pub(crate) no_limits: bool,
}

/// What a file to import has.
const IMPORT_COLUMNS: &str = "\
The first row of a .csv file names its columns, in any order and case; each line of a .jsonl file is an object with these names:

  sha256       the SHA-256 of the whole value, in hexadecimal digits or base64, or
  value        the value itself
  userId       the user whom the key is assigned to
  username     that user's name
  operations   what it opens; a list
  trafficType  the kind of messages, if not the stack's first
  name         a short name
  description  a longer one
  expiresAt    when it ends, such as 2030-01-31T00:00:00Z
  allowedIps   from where it may be used; a list
  limits       how often it may be used, such as 1000/DAY; a list of up to three, each with another period

In a .csv file the columns are separated by commas, semicolons, tabs or |, and lists by ; or | as in SMS;OTP. Put a field in quotes
if it has what separates the columns. Columns without a name must be empty.";

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Import keys that another system issued, from a .csv or .jsonl file of values or their SHA-256
    ///
    /// Values are hashed here and never sent. Stopped, it goes on where it was when it is run again. A key that the account
    /// has already stays as it is. What failed is written next to the file, with the reasons.
    #[command(after_long_help = IMPORT_COLUMNS)]
    Import {
        /// The file
        file: PathBuf,
        /// The account that gets the keys
        #[arg(long, value_name = "ID", value_parser = account_id)]
        account: AccountId,
        /// Let values work again whose keys were deleted or got other values; one that was reported never does
        #[arg(long)]
        revive: bool,
    },
    /// List an account's keys
    List {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account_id)]
        account: AccountId,
        /// The keys of this user alone
        #[arg(long, value_parser = text)]
        user_id: Option<String>,
    },
    /// Show a key
    Show {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account_id)]
        account: AccountId,
        /// The id of the key
        #[arg(value_name = "KEY", value_parser = key_id)]
        key: KeyId,
    },
    /// Tell whose a value is that was found somewhere, also an imported one
    ///
    /// The value is read from standard input, as command lines are seen by others, and hashed here: it is neither sent nor shown.
    /// It is found within what stands around it. CURRENT is the key's value; PREVIOUS works until its grace period ends;
    /// EXPOSED was reported as leaked; ENDED is not the key's any more, or never was.
    Find,
    /// Switch keys off, until a manager of the account enables them again
    Disable {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account_id)]
        account: AccountId,
        /// The ids of the keys
        #[arg(required = true, value_name = "KEY", value_parser = key_id)]
        keys: Vec<KeyId>,
    },
    /// Delete keys for good
    Revoke {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account_id)]
        account: AccountId,
        /// The ids of the keys
        #[arg(required = true, value_name = "KEY", value_parser = key_id)]
        keys: Vec<KeyId>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Leaks {
    /// Report values, one a line: whatever key has one, it fails from the next request on
    ///
    /// They are read from a file or from standard input, as command lines are seen by others, and found within what stands
    /// around them. The answer does not say whether a key had one: see the events `key.exposed`.
    Report {
        /// The file; without it, standard input
        file: Option<PathBuf>,
        /// The API's URL, before /leaks; no AWS credentials are needed then [default: that of the stack]
        #[arg(long)]
        url: Option<String>,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Events {
    #[command(flatten)]
    pub(crate) listed: Listed,
    #[command(subcommand)]
    pub(crate) republish: Option<Republish>,
}

#[derive(Debug, Args)]
pub(crate) struct Listed {
    /// The account; not given for `republish`, which has its own
    #[arg(long, value_name = "ID", value_parser = account_id, required = true)]
    pub(crate) account: Option<AccountId>,
    /// The events of this key alone
    #[arg(long, value_name = "ID", value_parser = key_id)]
    pub(crate) key: Option<KeyId>,
    /// The events of what this key did alone
    #[arg(long, value_name = "ID", value_parser = key_id)]
    pub(crate) actor_key: Option<KeyId>,
    /// At most so many, the newest first
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: u32,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Republish {
    /// Publish the events of a time again that the bus never got
    Republish {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account_id)]
        account: AccountId,
        /// The first moment, such as 2030-01-31T00:00:00Z
        #[arg(long, value_name = "TIME", value_parser = time)]
        from: Timestamp,
        /// The moment after the last
        #[arg(long, value_name = "TIME", value_parser = time)]
        to: Timestamp,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_columns_of_imports_are_named() {
        let named: Vec<_> =
            IMPORT_COLUMNS.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
        let [hash, fields @ ..] = crate::rows::FIELDS;
        assert_eq!(named, [&[hash, "value"], &fields[..]].concat());
    }

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }
}
