//! `rotate-key`: a key gets another value, shown once.

use api_keys::key::{AccountId, KeyId, KeyStatus, Locator, Timestamp};
use api_keys::lambda::{Error, Invocation, IssuedKey, unless_overtaken};
use api_keys::request::{Fields, Rotation};

use crate::Deps;
use crate::action::Action;
use crate::existence::existing;

pub(crate) struct RotateKey {
    account_id: AccountId,
    key_id: KeyId,
    rotation: Rotation,
}

impl Action for RotateKey {
    type Answer = IssuedKey;

    fn take(fields: &mut Fields, _deps: &Deps<'_>, _now: Timestamp) -> Self {
        let (account_id, key_id) = (fields.account_id(), fields.required_key_id());
        Self { account_id, key_id, rotation: Rotation::take(fields) }
    }

    async fn act(self, deps: &Deps<'_>, invocation: &Invocation) -> Result<IssuedKey, Error> {
        let Self { account_id, key_id, rotation } = self;
        let Invocation { origin, now, .. } = invocation;
        let place = Locator { account_id, id: key_id };
        let value = deps.issuer.value(place)?;
        let key = unless_overtaken(async || {
            let record = existing(deps, place).await?;
            rotation.require_end_ahead(*now)?;
            match record.status(*now) {
                // Only a new value ends an exposure.
                KeyStatus::Active | KeyStatus::Exposed => {}
                status => return Err(Error::NotActive(status)),
            }
            let mut rotation = rotation;
            if rotation.needs_lifetime(&record.metadata, *now) {
                let lifetime = deps.accounts.lifetime(account_id, deps.lifetime).await?;
                rotation = rotation.within(lifetime, &record.metadata, *now).map_err(Error::LifetimeExceeded)?;
            }
            Ok(deps.keys.rotate(&record, &value.hash(), rotation, None, origin, *now).await?)
        })
        .await?;
        Ok(IssuedKey { account_id: Some(account_id), key, value, now: *now, ceiling: deps.ceiling })
    }
}
