//! `POST /authentication/{key}/rotate`: a key of the caller's account gets another value, shown once.

use std::time::{Duration, SystemTime};

use api_keys::key::{Issuer, KeyRecord, KeyStatus, Lifetime, Limits, Locator, Timestamp};
use api_keys::lambda::{Error, IssuedKey, http};
use api_keys::request::{Caller, NamedRequest, OldValues, Rotation, require_lifetime};
use api_keys::store::{AccountReader, DoneRequests, KeyReader, Keys};
use lambda_http::{Body, Request, Response};

/// How often the key is read again after another writer changed it between our read and our write.
const ATTEMPTS: usize = 5;

/// The headers that it reads.
pub const HEADERS: [&str; 2] = [http::IF_MATCH, http::IDEMPOTENCY_KEY];

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Reads single keys.
    pub reader: &'a KeyReader,
    /// Changes and ends keys.
    pub keys: &'a Keys,
    /// Knows which requests were carried out.
    pub requests: &'a DoneRequests,
    /// Says how long values of an account's keys may live.
    pub accounts: &'a AccountReader,
    /// Makes values of keys.
    pub issuer: &'a Issuer,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
    /// How long values of keys may live at most, whatever the account says.
    pub lifetime: Option<Lifetime>,
}

/// Answers one request.
pub async fn handle(request: Request, deps: &Deps<'_>, now: SystemTime) -> Response<Body> {
    http::serve(&request, rotate_key(&request, deps, now.into())).await
}

async fn rotate_key(request: &Request, deps: &Deps<'_>, now: Timestamp) -> Result<Response<Body>, Error> {
    let (caller, (id, if_match, name)) = http::read(request, |caller, fields| {
        caller.must_manage()?;
        let name = http::request_name(request, fields);
        Ok((http::key_id(request, fields), http::if_match(request, fields), name))
    })?;
    let rotation = Rotation::parse(request.body())?;
    let id = id.ok_or(Error::NotFound)?;
    let named = name.map(|name| NamedRequest::rotate(name, &caller, id, rotation)).transpose();
    let named = named.map_err(|cause| Error::Internal(cause.into()))?;
    let value = deps.issuer.value(Locator { account_id: caller.account_id, id })?;
    let origin = http::origin(request, &caller);
    for _ in 0..ATTEMPTS {
        let found = deps.reader.get(caller.account_id, id).await?;
        // After the key: if the same request has changed the key by now, its name is found.
        deps.requests.require_unused(named.as_ref(), now).await?;
        let record = found.ok_or(Error::NotFound)?;
        rotation.require_end_ahead(now)?;
        must_be_rotatable(&record, &caller, now)?;
        let rotation = within_lifetime(rotation, &record, deps, now).await?;
        http::require(if_match.as_ref(), &record)?;
        if let Some(key) = deps.keys.rotate(&record, &value.hash(), rotation, named.as_ref(), &origin, now).await? {
            return http::created(request, &IssuedKey { account_id: None, key, value, now, ceiling: deps.ceiling });
        }
    }
    Err(Error::Contended)
}

/// The rotation as the longest lifetime lets it be: a key without an end gets the latest, and the present value does not live on
/// for longer than it might have without the rotation.
async fn within_lifetime(
    mut rotation: Rotation,
    record: &KeyRecord,
    deps: &Deps<'_>,
    now: Timestamp,
) -> Result<Rotation, Error> {
    let (metadata, old_end) = (&record.metadata, record.metadata.settings.expires_at);
    let grace = match rotation.old_values {
        OldValues::Grace(grace) => grace,
        OldValues::KeepPrevious => Duration::ZERO,
    };
    let is_free = rotation.expires_at.is_none() && old_end.is_some_and(|end| now.plus(grace) <= end);
    if metadata.lifetime_exempt || is_free {
        return Ok(rotation);
    }
    let Some(lifetime) = deps.accounts.lifetime(record.account_id, deps.lifetime).await? else { return Ok(rotation) };
    if let Some(wanted) = rotation.expires_at {
        let mut rotated = metadata.clone();
        (rotated.value_created_at, rotated.settings.expires_at) = (Some(now), Some(wanted));
        require_lifetime(&rotated, Some(lifetime)).map_err(Error::LifetimeExceeded)?;
    } else if old_end.is_none() {
        rotation.expires_at = Some(lifetime.end(now));
    }
    // A value without an end is from before the longest lifetime, and lives for the shorter.
    if let Some(end) = old_end.filter(|end| now.plus(grace) > *end) {
        let latest = end.max(lifetime.end(metadata.value_created_at()));
        rotation.old_values = OldValues::Grace(grace.min(now.until(latest)));
    }
    Ok(rotation)
}

/// The caller learns the new value, so it needs all of the key's operations. Only a new value ends an exposure, so an exposed
/// key is rotated even if it is disabled or expired too; then it stays that.
fn must_be_rotatable(record: &KeyRecord, caller: &Caller, now: Timestamp) -> Result<(), Error> {
    caller.must_cover(&record.metadata)?;
    match record.status(now) {
        KeyStatus::Active | KeyStatus::Exposed => Ok(()),
        status => Err(Error::NotActive(status)),
    }
}
