//! What can be asked of events.

use api_keys::key::{KeyId, Timestamp};
use clap::{Args, Subcommand};

use super::values::{AccountName, account, key_id, time};

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
    #[arg(long, value_name = "ID", value_parser = account, required = true)]
    pub(crate) account: Option<AccountName>,
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
    /// Send all events of a period to the bus again
    Republish {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account)]
        account: AccountName,
        /// The first moment, such as 2030-01-31T00:00:00Z
        #[arg(long, value_name = "TIME", value_parser = time)]
        from: Timestamp,
        /// The moment after the last
        #[arg(long, value_name = "TIME", value_parser = time)]
        to: Timestamp,
    },
}
