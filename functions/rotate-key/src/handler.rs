//! `POST /authentication/{key}/rotate`: a key of the caller's account gets another value, shown once.

use std::time::{Duration, SystemTime};

use api_keys::{
    Caller, Error, Fields, IssuedKey, Issuer, KeyId, KeyReader, KeyRecord, KeyStatus, KeyStore, Locator, Timestamp,
    http,
};
use lambda_http::{Body, Request, Response};

/// Others may rotate the key between our read and our write, but hardly so often.
const ATTEMPTS: usize = 5;
const LONGEST_GRACE: u64 = 7 * 24 * 60 * 60;

/// Answers one request.
pub async fn handle(
    request: Request,
    reader: &KeyReader,
    store: &KeyStore,
    issuer: &Issuer,
    now: SystemTime,
) -> Response<Body> {
    let answer = rotate_key(&request, reader, store, issuer, now.into()).await;
    http::answer(&request, answer)
}

async fn rotate_key(
    request: &Request,
    reader: &KeyReader,
    store: &KeyStore,
    issuer: &Issuer,
    now: Timestamp,
) -> Result<Response<Body>, Error> {
    let caller = http::caller(request)?;
    caller.must_manage()?;
    let grace = parse(request.body())?;
    let id = KeyId::parse(http::path_key(request)).ok_or(Error::NotFound)?;
    let value = issuer.value(Locator { account_id: caller.account_id, id })?;
    for _ in 0..ATTEMPTS {
        let record = reader.get(caller.account_id, id).await?.ok_or(Error::NotFound)?;
        must_be_rotatable(&record, &caller, now)?;
        if let Some(metadata) = store.rotate(&record, &value.hash(), grace.map(|grace| now.plus(grace))).await? {
            return http::created(&IssuedKey { account_id: None, metadata, value });
        }
    }
    Err(Error::Contended)
}

/// Whoever rotates a key has its value, and so must have its power already. And no rotation brings a key back.
fn must_be_rotatable(record: &KeyRecord, caller: &Caller, now: Timestamp) -> Result<(), Error> {
    caller.operations.must_cover(&record.metadata.operations, Error::BeyondReach)?;
    match KeyStatus::of(&record.metadata, now) {
        KeyStatus::Active => Ok(()),
        status => Err(Error::NotActive(status)),
    }
}

/// How long the old value works beside the new one; `None` not at all.
fn parse(body: &[u8]) -> Result<Option<Duration>, Error> {
    const FIELD: &str = "gracePeriodSeconds";
    if body.is_empty() {
        return Ok(None);
    }
    let mut fields = Fields::from_json(body)?;
    let mut seconds = 0;
    if let Some(given) = fields.take(FIELD) {
        match given.as_u64().filter(|given| *given <= LONGEST_GRACE) {
            Some(given) => seconds = given,
            None => fields.wrong(FIELD, format!("must be a whole number from 0 to {LONGEST_GRACE}")),
        }
    }
    fields.finish()?;
    Ok((seconds > 0).then(|| Duration::from_secs(seconds)))
}
