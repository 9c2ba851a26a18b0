//! `DELETE /authentication/{key}`: a key of the caller's account stops working, at once and for good.

use std::time::SystemTime;

use api_keys::{Error, KeyStore, Locator, Timestamp, http};
use lambda_http::{Body, Request, Response};

/// Answers one request.
pub async fn handle(request: Request, store: &KeyStore, now: SystemTime) -> Response<Body> {
    http::serve(&request, delete_key(&request, store, now.into())).await
}

async fn delete_key(request: &Request, store: &KeyStore, now: Timestamp) -> Result<Response<Body>, Error> {
    let (caller, id) = http::read(request, |caller, fields| {
        caller.must_manage()?;
        Ok(http::key_id(request, fields))
    })?;
    let id = id.ok_or(Error::NotFound)?;
    let place = Locator { account_id: caller.account_id, id };
    let origin = http::origin(request, &caller);
    let deleted = loop {
        match store.delete(place, &origin, now).await {
            // A deletion must win: it is tried until the time of the request is over.
            Err(error) if error.is_retryable() => {}
            done => break done?,
        }
    };
    if !deleted {
        return Err(Error::NotFound);
    }
    // The key is deleted even if this fails.
    if let Err(error) = store.note_deletions(caller.account_id, 1).await {
        http::log_failure(request, &error);
    }
    Ok(http::no_content())
}
