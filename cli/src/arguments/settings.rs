//! What can be decided of a key.

use std::path::PathBuf;

use api_keys::key::{Limit, Timestamp};
use clap::Args;

use super::values::{grace, limit, tag, text, time};

/// What a new key is.
#[derive(Debug, Args)]
pub(crate) struct NewKey {
    /// The id of the user whom the key is assigned to
    #[arg(long, value_parser = text)]
    pub(crate) user_id: String,
    /// That user's name
    #[arg(long, value_parser = text)]
    pub(crate) username: String,
    /// What it opens, such as SMS,RCS: operations of the stack, AUTHENTICATION, or `AUTHENTICATION_READ`
    #[arg(long, value_name = "LIST", value_delimiter = ',', required = true)]
    pub(crate) operations: Vec<String>,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Write the key's value to this new file, which only you can read, instead of showing it
    #[arg(long, value_name = "FILE")]
    pub(crate) value_to: Option<PathBuf>,
}

/// What both new and existing keys are given.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// The kind of messages that it is meant for
    #[arg(long, value_name = "TYPE")]
    pub(crate) traffic_type: Option<String>,
    /// A short name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// A longer one
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// When it ends: a time, or a day for its start in UTC
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) expires_at: Option<Timestamp>,
    /// From where it may be used: an address or a CIDR range; all of several
    #[arg(long = "allowed-ip", value_name = "ADDRESS", value_delimiter = ',')]
    pub(crate) allowed_ips: Vec<String>,
    /// How often it may be used, such as 1000/DAY; up to three with distinct periods
    #[arg(long = "limit", value_name = "N/PERIOD", value_parser = limit)]
    pub(crate) limits: Vec<Limit>,
    /// A note for the services behind the gateway, such as team=blue; several with distinct names
    #[arg(long = "tag", value_name = "NAME=TEXT", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
}

/// What changes of a key; all else stays.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(crate) struct ChangedKey {
    /// The id of the user whom it is assigned to
    #[arg(long, value_parser = text)]
    pub(crate) user_id: Option<String>,
    /// That user's name
    #[arg(long, value_parser = text)]
    pub(crate) username: Option<String>,
    /// What it opens, such as SMS,RCS: operations of the stack, AUTHENTICATION, or `AUTHENTICATION_READ`
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub(crate) operations: Vec<String>,
    #[command(flatten)]
    pub(crate) settings: Settings,
    /// Whether it is switched on
    #[arg(long, value_name = "true|false")]
    pub(crate) enabled: Option<bool>,
    /// Take its name away
    #[arg(long, conflicts_with = "name")]
    pub(crate) no_name: bool,
    /// Take its description away
    #[arg(long, conflicts_with = "description")]
    pub(crate) no_description: bool,
    /// Let it have no end
    #[arg(long, conflicts_with = "expires_at")]
    pub(crate) no_expiry: bool,
    /// Let it be used from everywhere
    #[arg(long, conflicts_with = "allowed_ips")]
    pub(crate) no_allowed_ips: bool,
    /// Let it have no limits of its own
    #[arg(long, conflicts_with = "limits")]
    pub(crate) no_limits: bool,
    /// Take the tag of this name away; all of several
    #[arg(long = "no-tag", value_name = "NAME")]
    pub(crate) no_tags: Vec<String>,
    /// End the value before the last rotation now
    #[arg(long)]
    pub(crate) end_old_value: bool,
}

/// What becomes of the values that a key has when it gets another.
#[derive(Debug, Args)]
pub(crate) struct OldValues {
    /// Let the present value work beside the new one for so many seconds, up to 604800, such as 86400 for a day; without it,
    /// it ends at once
    #[arg(long, value_name = "SECONDS", value_parser = grace)]
    pub(crate) grace: Option<u64>,
    /// After a rotation whose answer was lost: end the lost value, and keep the grace period of the one before
    #[arg(long, conflicts_with = "grace")]
    pub(crate) keep_previous: bool,
    /// When the key ends from now on: a time, or a day for its start in UTC; without it, its end stays
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) expires_at: Option<Timestamp>,
}
