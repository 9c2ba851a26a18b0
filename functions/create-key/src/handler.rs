//! `POST /authentication`: a new key in the caller's account, and the only answer that shows its value.

use std::time::SystemTime;

use api_keys::key::{Catalogue, Issuer, Limits, Timestamp};
use api_keys::lambda::{Error, IssuedKey, http};
use api_keys::request::{Caller, Fields, InvalidRequest, NewKey};
use api_keys::store::NewKeys;
use lambda_http::{Body, Request, Response};

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Makes keys.
    pub new_keys: &'a NewKeys,
    /// What keys may do.
    pub catalogue: &'a Catalogue,
    /// Makes values of keys.
    pub issuer: &'a Issuer,
    /// How many keys an account may have that has no number of its own.
    pub max_keys: u64,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
}

/// Answers one request.
pub async fn handle(request: Request, deps: &Deps<'_>, now: SystemTime) -> Response<Body> {
    http::serve(&request, create_key(&request, deps, now.into())).await
}

async fn create_key(request: &Request, deps: &Deps<'_>, now: Timestamp) -> Result<Response<Body>, Error> {
    let (caller, ()) = http::read(request, |caller, _| caller.must_manage())?;
    let origin = http::origin(request, &caller);
    let new = parse(request.body(), &caller, deps.catalogue, now)?;
    caller.must_cover_new(&new.settings.operations)?;
    let (record, value) = new.issue(deps.issuer, now)?;
    let key = deps.new_keys.insert(&record, deps.max_keys, &origin, now).await?;
    http::created(request, &IssuedKey { account_id: None, key, value, now, ceiling: deps.ceiling })
}

/// The body says what the key is for. Its account and its creator come from the caller.
fn parse(body: &[u8], caller: &Caller, catalogue: &Catalogue, now: Timestamp) -> Result<NewKey, InvalidRequest> {
    Fields::read(body, |fields| {
        Ok(NewKey::take(fields, catalogue, now, caller.account_id, caller.company.clone(), Some(caller)))
    })
}
