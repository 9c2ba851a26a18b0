//! `POST /authentication/{key}/rotate`: a key of the caller's account gets another value, shown once.

use std::time::SystemTime;

use api_keys::key::{Issuer, KeyRecord, KeyStatus, Lifetime, Limits, Locator, Timestamp};
use api_keys::lambda::{Error, IssuedKey, http, unless_overtaken};
use api_keys::request::{Caller, NamedRequest, Rotation};
use api_keys::store::{AccountReader, DoneRequests, KeyReader, Keys};
use lambda_http::{Body, Request, Response};

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
    /// Reads an account's longest lifetime of values.
    pub accounts: &'a AccountReader,
    /// Makes values of keys.
    pub issuer: &'a Issuer,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
    /// How long values of keys may live at most, in any account.
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
    let key = unless_overtaken(async || {
        let found = deps.reader.get(caller.account_id, id).await?;
        // After the key: if the same request has changed the key by now, its name is found.
        deps.requests.require_unused(named.as_ref(), now).await?;
        let record = found.ok_or(Error::NotFound)?;
        rotation.require_end_ahead(now)?;
        must_be_rotatable(&record, &caller, now)?;
        let rotation = within_lifetime(rotation, &record, deps, now).await?;
        http::require(if_match.as_ref(), &record)?;
        Ok(deps.keys.rotate(&record, &value.hash(), rotation, named.as_ref(), &origin, now).await?)
    })
    .await?;
    http::created(request, &IssuedKey { account_id: None, key, value, now, ceiling: deps.ceiling })
}

async fn within_lifetime(
    rotation: Rotation,
    record: &KeyRecord,
    deps: &Deps<'_>,
    now: Timestamp,
) -> Result<Rotation, Error> {
    if !rotation.needs_lifetime(&record.metadata, now) {
        return Ok(rotation);
    }
    let lifetime = deps.accounts.lifetime(record.account_id, deps.lifetime).await?;
    rotation.within(lifetime, &record.metadata, now).map_err(Error::LifetimeExceeded)
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
