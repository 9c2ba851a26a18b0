//! What can be asked about usage.

use api_keys::key::{KeyId, Timestamp};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::values::{AccountName, account, key_id, time};

#[derive(Debug, Args)]
pub(crate) struct Usage {
    /// The account
    #[arg(long, value_name = "ID", value_parser = account)]
    pub(crate) account: AccountName,
    /// The usage of this key alone
    #[arg(long, value_name = "ID", value_parser = key_id)]
    pub(crate) key: Option<KeyId>,
    /// The first moment, such as 2030-01-31T00:00:00Z [default: the last 30 days]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<Timestamp>,
    /// The moment after the last [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) to: Option<Timestamp>,
    /// How much time is counted together, in UTC
    #[arg(long, value_enum, default_value_t = Bucket::Day)]
    pub(crate) bucket: Bucket,
}

/// The time that one line of usage is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Bucket {
    Hour,
    Day,
}
