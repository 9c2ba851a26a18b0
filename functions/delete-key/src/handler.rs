//! `DELETE /authentication/{key}`: a key of the caller's account stops working, at once and for good.

use api_keys::{Error, KeyId, KeyStore, http};
use lambda_http::{Body, Request, Response};

/// Answers one request.
pub async fn handle(request: Request, store: &KeyStore) -> Response<Body> {
    http::serve(&request, delete_key(&request, store)).await
}

async fn delete_key(request: &Request, store: &KeyStore) -> Result<Response<Body>, Error> {
    let caller = http::caller(request)?;
    caller.must_manage()?;
    let id = KeyId::parse(http::path_key(request)).ok_or(Error::NotFound)?;
    if !store.delete(caller.account_id, id).await? {
        return Err(Error::NotFound);
    }
    // The key is gone, whatever becomes of the note.
    if let Err(error) = store.note_deletion(caller.account_id).await {
        http::log_failure(request, &error);
    }
    Ok(http::no_content())
}
