//! Who makes a request: written by the authorizer into its context, read from there by the functions.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::Error;
use crate::ids::{AccountId, KeyId};
use crate::operation::{Operation, Operations, TrafficType};
use crate::record::KeyRecord;

/// The key that a request carried, as API Gateway hands it on: a flat object of strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Caller {
    /// The account: the only source of the partition that a function may touch.
    pub account_id: AccountId,
    /// The key itself.
    pub key_id: KeyId,
    /// The user it is assigned to.
    pub user_id: String,
    /// That user's name.
    pub username: String,
    /// The name of the account's company.
    pub company: String,
    /// What the key opens, separated by commas.
    #[serde(serialize_with = "write_list", deserialize_with = "read_list")]
    pub operations: Operations,
    /// The kind of messages it is meant for.
    pub traffic_type: TrafficType,
}

impl Caller {
    /// Whether the key may manage keys.
    #[must_use]
    pub fn manages(&self) -> bool {
        self.operations.contains(Operation::AUTHENTICATION)
    }

    /// Refuses a key that may not manage keys, should the gateway's policy ever let it through.
    ///
    /// # Errors
    /// [`Error::NotManaging`].
    pub fn must_manage(&self) -> Result<(), Error> {
        if self.manages() { Ok(()) } else { Err(Error::NotManaging) }
    }
}

impl From<KeyRecord> for Caller {
    fn from(KeyRecord { account_id, metadata, .. }: KeyRecord) -> Self {
        Self {
            account_id,
            key_id: metadata.id,
            user_id: metadata.user_id,
            username: metadata.username,
            company: metadata.company,
            operations: metadata.operations,
            traffic_type: metadata.traffic_type,
        }
    }
}

fn write_list<S: Serializer>(operations: &Operations, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(operations)
}

fn read_list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Operations, D::Error> {
    let list = String::deserialize(deserializer)?;
    Operations::parse(&list).ok_or_else(|| de::Error::custom("not a list of operations"))
}
