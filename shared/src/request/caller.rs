//! Who makes a request: written by the authorizer into its context, read from there by the functions.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::key::{AccountId, KeyId, KeyMetadata, KeyRecord, Operation, Operations, TrafficType};

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
    /// The operator's own id of the account; empty when it has none.
    #[serde(default)]
    pub external_id: String,
    /// What the key opens, separated by commas.
    #[serde(serialize_with = "write_list", deserialize_with = "read_list")]
    pub operations: Operations,
    /// The kind of messages it is meant for.
    pub traffic_type: TrafficType,
    /// Its tags, form-encoded as they are stored; empty when it has none.
    #[serde(default)]
    pub tags: String,
}

impl Caller {
    /// The most characters of `company`, `userId` and `username`.
    pub const MAX_TEXT: usize = 128;

    /// Whether the key may see all of its account.
    #[must_use]
    pub fn reads(&self) -> bool {
        self.operations.cover(Operation::AUTHENTICATION_READ)
    }

    /// Refuses a key that sees itself alone, should the gateway's policy ever let it through.
    ///
    /// # Errors
    /// [`Forbidden::NotReader`].
    pub fn must_read(&self) -> Result<(), Forbidden> {
        if self.reads() { Ok(()) } else { Err(Forbidden::NotReader) }
    }

    /// Refuses a key that may not manage keys, should the gateway's policy ever let it through.
    ///
    /// # Errors
    /// [`Forbidden::NotManager`].
    pub fn must_manage(&self) -> Result<(), Forbidden> {
        if self.operations.contains(Operation::AUTHENTICATION) { Ok(()) } else { Err(Forbidden::NotManager) }
    }

    /// Which of these the key may give to another: none where it may not manage keys.
    #[must_use]
    pub fn grantable(&self, operations: &Operations) -> Operations {
        let may_give = |operation: &&Operation| self.must_manage().is_ok() && self.operations.cover(operation.as_str());
        operations.iter().filter(may_give).cloned().collect()
    }

    /// Refuses to give a key operations that the caller's own key lacks.
    ///
    /// # Errors
    /// [`Forbidden::CannotGrant`].
    pub fn must_cover_new(&self, wanted: &Operations) -> Result<(), Forbidden> {
        match self.operations.lacking(wanted) {
            lacking if lacking.is_empty() => Ok(()),
            lacking => Err(Forbidden::CannotGrant(lacking)),
        }
    }

    /// Refuses to change a key that has operations which the caller's own key lacks.
    ///
    /// # Errors
    /// [`Forbidden::CannotChange`].
    pub fn must_cover(&self, key: &KeyMetadata) -> Result<(), Forbidden> {
        match self.operations.lacking(&key.settings.operations) {
            lacking if lacking.is_empty() => Ok(()),
            lacking => Err(Forbidden::CannotChange(lacking)),
        }
    }
}

/// What the caller's key may not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forbidden {
    /// It lacks `AUTHENTICATION`.
    NotManager,
    /// It lacks `AUTHENTICATION_READ`, and `AUTHENTICATION`, which implies it.
    NotReader,
    /// It lacks these operations, so it cannot give them to another key.
    CannotGrant(Vec<Operation>),
    /// It lacks these operations of a key, so it can neither change nor rotate that key.
    CannotChange(Vec<Operation>),
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotManager => "the caller's key lacks AUTHENTICATION",
            Self::NotReader => "the caller's key lacks AUTHENTICATION_READ",
            Self::CannotGrant(_) => "the caller's key lacks an operation that it would grant",
            Self::CannotChange(_) => "the caller's key lacks an operation of the key to change",
        })
    }
}

impl std::error::Error for Forbidden {}

impl From<KeyRecord> for Caller {
    fn from(KeyRecord { account_id, external_id, metadata, .. }: KeyRecord) -> Self {
        Self {
            account_id,
            key_id: metadata.id,
            user_id: metadata.user_id,
            username: metadata.username,
            company: metadata.company,
            external_id: external_id.unwrap_or_default(),
            operations: metadata.settings.operations,
            traffic_type: metadata.settings.traffic_type,
            tags: metadata.settings.tags.into_text(),
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
