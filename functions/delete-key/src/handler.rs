//! `DELETE /authentication/{key}`: a key of the caller's account stops working, at once and for good.

use std::time::SystemTime;

use api_keys::{Error, KeyId, KeyStore, Locator, Timestamp, http};
use lambda_http::http::StatusCode;
use lambda_http::{Body, Request, Response};

/// Answers one request.
pub async fn handle(request: Request, store: &KeyStore, now: SystemTime) -> Response<Body> {
    let answer = http::serve(&request, delete_key(&request, store, now.into())).await;
    // In a time of its own: what is deleted must not be answered with a 500 because the note takes too long.
    if answer.status() == StatusCode::NO_CONTENT
        && let Err(error) = note_deletion(&request, store).await
    {
        http::log_failure(&request, &error);
    }
    answer
}

async fn note_deletion(request: &Request, store: &KeyStore) -> Result<(), Error> {
    let caller = http::caller(request)?;
    Ok(store.note_deletions(caller.account_id, 1).await?)
}

async fn delete_key(request: &Request, store: &KeyStore, now: Timestamp) -> Result<Response<Body>, Error> {
    let caller = http::caller(request)?;
    caller.must_manage()?;
    let id = KeyId::parse(http::path_key(request)).ok_or(Error::NotFound)?;
    let place = Locator { account_id: caller.account_id, id };
    let origin = http::origin(request, &caller);
    let deleted = loop {
        match store.delete(place, &origin, now).await {
            // A deletion must win: it is tried until the time of the request is over.
            Err(error) if error.is_retryable() => {}
            done => break done?,
        }
    };
    if deleted { Ok(http::no_content()) } else { Err(Error::NotFound) }
}
