//! `POST /authentication`: a new key in the caller's account, and the only answer that shows its value.

use std::time::SystemTime;

use api_keys::{AllowedIps, Caller, Catalogue, Error, Fields, IssuedKey, Issuer, KeyStore, NewKey, Timestamp, http};
use lambda_http::{Body, Request, Response};

/// Answers one request.
pub async fn handle(
    request: Request,
    store: &KeyStore,
    catalogue: &Catalogue,
    issuer: &Issuer,
    max_keys: u64,
    now: SystemTime,
) -> Response<Body> {
    let answer = create_key(&request, store, catalogue, issuer, max_keys, now.into()).await;
    http::answer(&request, answer)
}

async fn create_key(
    request: &Request,
    store: &KeyStore,
    catalogue: &Catalogue,
    issuer: &Issuer,
    max_keys: u64,
    now: Timestamp,
) -> Result<Response<Body>, Error> {
    let caller = http::caller(request)?;
    caller.must_manage()?;
    let new = parse(request.body(), caller, catalogue, now)?;
    let (record, value) = issuer.issue(new, now)?;
    store.insert(&record, max_keys, now).await?;
    http::created(&IssuedKey { account_id: None, metadata: record.metadata, value })
}

/// The body says what the key is for; whose it is and who made it, the caller says.
fn parse(body: &[u8], caller: Caller, catalogue: &Catalogue, now: Timestamp) -> Result<NewKey, Error> {
    let mut fields = Fields::from_json(body)?;
    let new = NewKey {
        user_id: fields.required_text("userId", 128),
        username: fields.required_text("username", 128),
        operations: catalogue.take_operations(&mut fields),
        traffic_type: catalogue.take_traffic_type(&mut fields),
        name: fields.optional_text("name", 0, 128),
        description: fields.optional_text("description", 0, 512),
        expires_at: fields.optional_expiry("expiresAt", now),
        allowed_ips: AllowedIps::take(&mut fields),
        account_id: caller.account_id,
        company: caller.company,
        created_by: caller.user_id,
    };
    fields.finish()?;
    caller.operations.must_cover(&new.operations, Error::BeyondCaller)?;
    Ok(new)
}
