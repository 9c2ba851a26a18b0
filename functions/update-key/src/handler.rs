//! `PATCH /authentication/{key}`: a key of the caller's account changes, from the next request on.

use std::time::SystemTime;

use api_keys::{
    Caller, Catalogue, Change, Error, KeyId, KeyMetadata, KeyReader, KeyRecord, KeyStore, Limits, Timestamp, http,
};
use lambda_http::{Body, Request, Response};

/// How often the key is read again after another writer changed its operations between our read and our write.
const ATTEMPTS: usize = 5;

/// Answers one request.
pub async fn handle(
    request: Request,
    reader: &KeyReader,
    store: &KeyStore,
    catalogue: &Catalogue,
    ceiling: Limits,
    now: SystemTime,
) -> Response<Body> {
    http::serve(&request, update_key(&request, reader, store, catalogue, ceiling, now.into())).await
}

async fn update_key(
    request: &Request,
    reader: &KeyReader,
    store: &KeyStore,
    catalogue: &Catalogue,
    ceiling: Limits,
    now: Timestamp,
) -> Result<Response<Body>, Error> {
    let caller = http::caller(request)?;
    caller.must_manage()?;
    let changes = Change::parse(request.body(), catalogue, now)?;
    let id = KeyId::parse(http::path_key(request)).ok_or(Error::NotFound)?;
    let metadata = match &*changes {
        // Disabling needs no operation of the key: it only takes power away.
        [Change::Enabled(false)] => {
            store.update(caller.account_id, id, &changes, None).await?.ok_or(Error::NotFound)?
        }
        _ => update(&caller, id, &changes, reader, store).await?,
    };
    http::ok(&metadata.at(now, ceiling))
}

/// Changes the key as long as it has no operation that the caller lacks, nor gets one.
async fn update(
    caller: &Caller,
    id: KeyId,
    changes: &[Change],
    reader: &KeyReader,
    store: &KeyStore,
) -> Result<KeyMetadata, Error> {
    for change in changes {
        if let Change::Operations(wanted) = change {
            caller.must_cover_new(wanted)?;
        }
    }
    for _ in 0..ATTEMPTS {
        let KeyRecord { metadata, .. } = reader.get(caller.account_id, id).await?.ok_or(Error::NotFound)?;
        caller.must_cover(&metadata)?;
        if changes.is_empty() {
            return Ok(metadata);
        }
        if let Some(changed) = store.update(caller.account_id, id, changes, Some(&metadata.operations)).await? {
            return Ok(changed);
        }
    }
    Err(Error::Contended)
}
