//! What can be asked of keys.

use std::path::PathBuf;

use api_keys::key::{KeyId, Timestamp};
use clap::{Args, Subcommand};

use super::settings::{ChangedKey, NewKey, OldValues};
use super::values::{AccountName, account, key_id, tag, text, time};

/// What a file to import has.
const IMPORT_COLUMNS: &str = "\
The first row of a .csv file names its columns, in any order and case; each line of a .jsonl file is an object with these names:

  sha256       the SHA-256 of the whole value, never a value: 64 hexadecimal digits, or base64 behind sha256:
  value        the value itself
  userId       the user whom the key is assigned to
  username     that user's name
  operations   what it opens; a list
  trafficType  the kind of messages, if not TRANSACTIONAL
  name         a short name
  description  a longer one
  expiresAt    when it ends, such as 2030-01-31T00:00:00Z, or 2030-01-31 for the start of that day in UTC
  allowedIps   from where it may be used; a list
  limits       how often it may be used, such as 1000/DAY; a list of up to three, each with another period
  tags         notes for the services behind the gateway, such as team=blue&env=prod; form-encoded, an object in a .jsonl file

In a .csv file the columns are separated by commas, semicolons, tabs or |, and lists by ; or | as in SMS;RCS. Put a field in quotes
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
        #[arg(long, value_name = "ID", value_parser = account)]
        account: AccountName,
        /// Let values work again whose keys were deleted or got other values; one that was reported never does
        #[arg(long)]
        revive: bool,
    },
    /// Create a key; its value is shown once
    Create {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account)]
        account: AccountName,
        #[command(flatten)]
        new: NewKey,
    },
    /// Change a key, from the next request on
    Update {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account)]
        account: AccountName,
        /// The id of the key
        #[arg(value_name = "KEY", value_parser = key_id)]
        key: KeyId,
        #[command(flatten)]
        changed: ChangedKey,
    },
    /// Give a key another value, which is shown once
    Rotate {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account)]
        account: AccountName,
        /// The id of the key
        #[arg(value_name = "KEY", value_parser = key_id)]
        key: KeyId,
        #[command(flatten)]
        old: OldValues,
        /// Write the new value to this new file, which only you can read, instead of showing it
        #[arg(long, value_name = "FILE")]
        value_to: Option<PathBuf>,
    },
    /// List an account's keys
    List {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account)]
        account: AccountName,
        #[command(flatten)]
        filter: Filter,
    },
    /// Show a key
    Show {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account)]
        account: AccountName,
        /// The id of the key
        #[arg(value_name = "KEY", value_parser = key_id)]
        key: KeyId,
    },
    /// Exempt a key from the longest lifetime
    ///
    /// It may have a later end than the account's other keys, or none; the end that it has stays until a manager changes it.
    Exempt {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account)]
        account: AccountName,
        /// The id of the key
        #[arg(value_name = "KEY", value_parser = key_id)]
        key: KeyId,
        /// Take that back: the next end that it is given must be one that the account's keys may have
        #[arg(long)]
        end: bool,
    },
    /// Find the key of a value that was found somewhere, also of an imported one
    ///
    /// Values are read from standard input, one a line, as command lines are seen by others, and hashed here: they are neither
    /// sent nor shown. A value is found within what stands around it on its line. CURRENT is the key's value; PREVIOUS works
    /// until its grace period ends; EXPOSED was reported as leaked; ENDED: rotated away, deleted, or never issued.
    Find {
        // So that it is not repeated in a message on an argument that there is not.
        #[arg(hide = true)]
        value: Option<String>,
    },
    /// Switch keys off, until a manager of the account enables them again
    Disable {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account)]
        account: AccountName,
        /// The ids of the keys
        #[arg(required = true, value_name = "KEY", value_parser = key_id)]
        keys: Vec<KeyId>,
    },
    /// Delete keys for good
    Revoke {
        /// The account
        #[arg(long, value_name = "ID", value_parser = account)]
        account: AccountName,
        /// The ids of the keys
        #[arg(required = true, value_name = "KEY", value_parser = key_id)]
        keys: Vec<KeyId>,
    },
}

/// Which keys of an account; those for which all holds.
#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Those created by or assigned to this user
    #[arg(long, value_parser = text)]
    pub(crate) user_id: Option<String>,
    /// Those assigned to this user
    #[arg(long, value_name = "USER", value_parser = text)]
    pub(crate) assigned_to: Option<String>,
    /// Those that are this
    #[arg(long, ignore_case = true, value_parser = ["ACTIVE", "DISABLED", "EXPIRED", "EXPOSED", "SUSPENDED"])]
    pub(crate) status: Option<String>,
    /// Those that open this, such as AUTHENTICATION
    #[arg(long)]
    pub(crate) operation: Option<String>,
    /// Those created by this key
    #[arg(long, value_name = "KEY", value_parser = key_id)]
    pub(crate) created_by_key: Option<KeyId>,
    /// Keys that have expired, or will before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) expires_before: Option<Timestamp>,
    /// Those not used since this time or day; of those never used, those created before it
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) unused_since: Option<Timestamp>,
    /// Keys that break the account's longest lifetime
    #[arg(long)]
    pub(crate) exceeds_lifetime: bool,
    /// Those with this tag, such as team=blue; all of several
    #[arg(long = "tag", value_name = "NAME=TEXT", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_imports_are_named() {
        let named: Vec<_> =
            IMPORT_COLUMNS.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
        let [hash, fields @ ..] = crate::rows::FIELDS;
        assert_eq!(named, [&[hash, "value"], &fields[..]].concat());
    }
}
