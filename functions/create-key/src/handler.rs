//! `POST /authentication`: a new key in the caller's account, and the only answer that shows its value.

use std::time::SystemTime;

use api_keys::key::{Catalogue, Issuer, Lifetime, Limits, Timestamp};
use api_keys::lambda::{Error, IssuedKey, http};
use api_keys::request::{Caller, Fields, InvalidRequest, NamedRequest, NewKey};
use api_keys::store::{DoneRequests, NamedRequestError, NewKeys};
use lambda_http::{Body, Request, Response};

/// The headers that it reads.
pub const HEADERS: [&str; 1] = [http::IDEMPOTENCY_KEY];

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Makes keys.
    pub new_keys: &'a NewKeys,
    /// Knows which requests were carried out.
    pub requests: &'a DoneRequests,
    /// What keys may do.
    pub catalogue: &'a Catalogue,
    /// Makes values of keys.
    pub issuer: &'a Issuer,
    /// How many keys an account may have that has no number of its own.
    pub max_keys: u64,
    /// How long values of keys may live at most, in any account.
    pub lifetime: Option<Lifetime>,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
}

/// Answers one request.
pub async fn handle(request: Request, deps: &Deps<'_>, now: SystemTime) -> Response<Body> {
    http::serve(&request, create_key(&request, deps, now.into())).await
}

async fn create_key(request: &Request, deps: &Deps<'_>, now: Timestamp) -> Result<Response<Body>, Error> {
    let (caller, name) = http::read(request, |caller, fields| {
        caller.must_manage()?;
        Ok(http::request_name(request, fields))
    })?;
    let origin = http::origin(request, &caller);
    let parsed = parse(request.body(), &caller, deps.catalogue, now);
    let named = name.map(|name| NamedRequest::create(name, &caller, request.body())).transpose();
    let unused = match &named {
        Ok(named) => deps.requests.require_unused(named.as_ref(), now).await,
        Err(_) => Ok(()),
    };
    // A repeat was right when it was carried out: since then its expiry may have come, or the catalogue have changed.
    if let Err(done @ NamedRequestError::Done { .. }) = unused {
        return Err(done.into());
    }
    let new = parsed?;
    unused?;
    let named = named.map_err(|cause| Error::Internal(cause.into()))?;
    caller.must_cover_new(&new.settings.operations)?;
    let (record, value) = new.issue(deps.issuer, now)?;
    let inserted = deps.new_keys.insert(&record, deps.max_keys, deps.lifetime, named.as_ref(), &origin, now).await;
    if inserted.is_err() {
        // It may be the same request, at the same time, that took the name or the last room.
        match deps.requests.require_unused(named.as_ref(), now).await {
            Err(NamedRequestError::Done { key_id, .. }) if key_id == record.metadata.id => {}
            unused => unused?,
        }
    }
    let key = inserted?;
    http::created(request, &IssuedKey { account_id: None, key, value, now, ceiling: deps.ceiling })
}

/// The body describes the key. Its account and its creator come from the caller.
fn parse(body: &[u8], caller: &Caller, catalogue: &Catalogue, now: Timestamp) -> Result<NewKey, InvalidRequest> {
    Fields::read(body, |fields| {
        Ok(NewKey::take(fields, catalogue, now, caller.account_id, caller.company.clone(), Some(caller)))
    })
}
