//! `POST /authentication/{key}/rotate`: a key of the caller's account gets another value, shown once.

use std::time::SystemTime;

use api_keys::key::{Issuer, KeyRecord, KeyStatus, Limits, Locator, Timestamp};
use api_keys::lambda::{Error, IssuedKey, http};
use api_keys::request::{Caller, NamedRequest, Rotation};
use api_keys::store::{DoneRequests, KeyReader, Keys};
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
    /// Makes values of keys.
    pub issuer: &'a Issuer,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
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
        must_be_rotatable(&record, &caller, now)?;
        http::require(if_match.as_ref(), &record)?;
        if let Some(key) = deps.keys.rotate(&record, &value.hash(), rotation, named.as_ref(), &origin, now).await? {
            return http::created(request, &IssuedKey { account_id: None, key, value, now, ceiling: deps.ceiling });
        }
    }
    Err(Error::Contended)
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
