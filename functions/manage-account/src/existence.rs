//! Whether there is an account or a key.

use api_keys::key::{AccountId, KeyId, KeyRecord, Locator};
use api_keys::lambda::Error;

use crate::Deps;

/// Stops an empty answer about an account, or keys of it, that there are not.
pub(crate) async fn must_exist(
    deps: &Deps<'_>,
    account_id: AccountId,
    keys: impl IntoIterator<Item = KeyId> + Send,
) -> Result<(), Error> {
    deps.accounts.must_exist(account_id).await?;
    for id in keys.into_iter().collect::<Vec<_>>() {
        deps.reader.get(account_id, id).await?.ok_or(Error::NotFound)?;
    }
    Ok(())
}

/// The key at a place; an account that there is not is named as such.
pub(crate) async fn existing(deps: &Deps<'_>, place: Locator) -> Result<KeyRecord, Error> {
    if let Some(record) = deps.reader.get(place.account_id, place.id).await? {
        return Ok(record);
    }
    must_exist(deps, place.account_id, []).await?;
    Err(Error::NotFound)
}
