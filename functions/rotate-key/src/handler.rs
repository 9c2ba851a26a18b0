//! `POST /authentication/{key}/rotate`: a key of the caller's account gets another value, shown once.

use std::time::SystemTime;

use api_keys::key::{Issuer, KeyRecord, KeyStatus, Limits, Locator, Timestamp};
use api_keys::lambda::{Error, IssuedKey, http};
use api_keys::request::{Caller, Rotation};
use api_keys::store::{KeyReader, Keys};
use lambda_http::{Body, Request, Response};

/// How often the key is read again after another writer changed it between our read and our write.
const ATTEMPTS: usize = 5;

/// The headers that it reads.
pub const HEADERS: [&str; 1] = [http::IF_MATCH];

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Reads single keys.
    pub reader: &'a KeyReader,
    /// Changes and ends keys.
    pub keys: &'a Keys,
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
    let (caller, (id, if_match)) = http::read(request, |caller, fields| {
        caller.must_manage()?;
        Ok((http::key_id(request, fields), http::if_match(request, fields)))
    })?;
    let rotation = Rotation::parse(request.body())?;
    let id = id.ok_or(Error::NotFound)?;
    let value = deps.issuer.value(Locator { account_id: caller.account_id, id })?;
    let origin = http::origin(request, &caller);
    for _ in 0..ATTEMPTS {
        let record = deps.reader.get(caller.account_id, id).await?.ok_or(Error::NotFound)?;
        must_be_rotatable(&record, &caller, now)?;
        http::require(if_match.as_ref(), &record)?;
        if let Some(key) = deps.keys.rotate(&record, &value.hash(), rotation, &origin, now).await? {
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
