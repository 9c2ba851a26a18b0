//! Making ids and values.

use super::id::{AccountId, KeyId, Locator};
use super::prefix::KeyPrefix;
use super::random::{NoRandomness, Random};
use super::timestamp::Timestamp;
use super::value::KeyValue;

/// Makes ids and values; one for the life of a function.
#[derive(Debug)]
pub struct Issuer {
    prefix: KeyPrefix,
    random: Random,
}

impl Issuer {
    /// Makes values with that prefix.
    #[must_use]
    pub fn new(prefix: KeyPrefix, random: Random) -> Self {
        Self { prefix, random }
    }

    /// Makes the id of a new account.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn account_id(&self) -> Result<AccountId, NoRandomness> {
        Ok(AccountId::from_random(self.random.bytes()?))
    }

    /// Makes the id of a new key.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn key_id(&self, created_at: Timestamp) -> Result<KeyId, NoRandomness> {
        Ok(KeyId::from_time_and_random(created_at.unix_millis(), self.random.bytes()?))
    }

    /// Makes a value for the key at that place.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn value(&self, place: Locator) -> Result<KeyValue, NoRandomness> {
        KeyValue::generate(&self.prefix, place, &self.random)
    }
}
