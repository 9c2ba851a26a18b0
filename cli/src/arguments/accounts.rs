//! What can be asked of accounts.

use std::path::PathBuf;

use api_keys::key::Limit;
use clap::{Args, Subcommand};

use super::values::{AccountName, account, days, limit, text};

#[derive(Debug, Subcommand)]
pub(crate) enum Accounts {
    /// Create an account and its first key, which may do everything
    Create {
        #[command(flatten)]
        account: NewAccount,
        #[command(flatten)]
        holder: Holder,
        #[command(flatten)]
        tried: Tried,
    },
    /// List accounts. Filters combine
    List {
        /// Those of this company, in whichever case its name is written
        #[arg(long, value_parser = text)]
        company: Option<String>,
        /// Those with this id in your own books
        #[arg(long, value_name = "ID", value_parser = text)]
        external_id: Option<String>,
    },
    /// Show an account
    Show {
        #[command(flatten)]
        account: Account,
    },
    /// Change an account's company, id in your own books, quota of keys, ceiling of limits, limits of all keys together, or
    /// longest lifetime of keys
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
    /// Version 0.1.0 has no suspension, no report of a leak, and no import that was cut off. It has disabled keys.
    Downgrade {
        /// Disable these keys, so that they stay dead. A manager can enable them again, in version 0.1.0 too
        #[arg(long)]
        disable: bool,
    },
}

/// What a new account is.
#[derive(Debug, Args)]
pub(crate) struct NewAccount {
    /// The company
    #[arg(long, value_parser = text)]
    pub(crate) company: String,
    /// What you call the account in your own books
    #[arg(long, value_name = "ID", value_parser = text)]
    pub(crate) external_id: Option<String>,
    /// For how many days a value of its keys may live at most
    #[arg(long, value_name = "DAYS", value_parser = days())]
    pub(crate) max_key_lifetime: Option<u64>,
    /// A limit of all of its keys together, such as 1000000/MONTH; up to three with distinct periods
    #[arg(long = "account-limit", value_name = "N/PERIOD", value_parser = limit)]
    pub(crate) account_limits: Vec<Limit>,
}

#[derive(Debug, Args)]
pub(crate) struct Account {
    /// The account's id, or external:ID for the id in your own books
    #[arg(value_name = "ACCOUNT", value_parser = account)]
    pub(crate) name: AccountName,
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

/// Whether it is shown that the account's keys work.
#[derive(Debug, Args)]
pub(crate) struct Tried {
    /// Then make a second key, use it, delete it, and use it again, so that you see it work and die
    #[arg(long = "try", conflicts_with = "json")]
    pub(crate) is_tried: bool,
    /// The API's URL, before /authentication [default: that of the stack]
    #[arg(long, requires = "is_tried")]
    pub(crate) url: Option<String>,
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
#[expect(clippy::struct_excessive_bools, reason = "each field that can be taken away has a flag for it")]
pub(crate) struct Changes {
    /// Its company
    #[arg(long, value_parser = text)]
    pub(crate) company: Option<String>,
    /// What you call it in your own books
    #[arg(long, value_name = "ID", value_parser = text, conflicts_with = "no_external_id")]
    pub(crate) external_id: Option<String>,
    /// Remove the external id
    #[arg(long)]
    pub(crate) no_external_id: bool,
    /// How many keys it may have
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000),
        conflicts_with = "default_max_keys")]
    pub(crate) max_keys: Option<u64>,
    /// Let it have as many keys as the stack's quota allows
    #[arg(long)]
    pub(crate) default_max_keys: bool,
    /// For how many days a value of its keys may live at most; the stack's number holds too
    #[arg(long, value_name = "DAYS", value_parser = days(), conflicts_with = "no_max_key_lifetime")]
    pub(crate) max_key_lifetime: Option<u64>,
    /// Let its keys live as long as the stack lets all
    #[arg(long)]
    pub(crate) no_max_key_lifetime: bool,
    /// The ceiling of each key's limits, such as 1000/DAY; up to three with distinct periods
    #[arg(long = "limit", value_name = "N/PERIOD", value_parser = limit, conflicts_with = "no_limits")]
    pub(crate) limits: Vec<Limit>,
    /// Let it have no ceiling of limits
    #[arg(long)]
    pub(crate) no_limits: bool,
    /// A limit of all of its keys together, such as 1000000/MONTH; up to three with distinct periods
    #[arg(long = "account-limit", value_name = "N/PERIOD", value_parser = limit, conflicts_with = "no_account_limits")]
    pub(crate) account_limits: Vec<Limit>,
    /// Let its keys together have no limits
    #[arg(long)]
    pub(crate) no_account_limits: bool,
}
