//! What can be asked of the doctor.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The API's URL, before /authentication [default: that of the stack]
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Only read: make no account and no key
    #[arg(long)]
    pub(crate) read_only: bool,
}
