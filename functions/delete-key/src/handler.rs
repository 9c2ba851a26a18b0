//! `DELETE /authentication/{key}`: a key of the caller's account stops working, at once and for good.

use std::time::SystemTime;

use api_keys::key::{AccountId, Locator, Timestamp};
use api_keys::lambda::{Error, http, log, unless_overtaken};
use api_keys::request::{IfMatch, Origin};
use api_keys::store::{KeyReader, Keys, Quota};
use lambda_http::{Body, Request, Response};

/// The headers that it reads.
pub const HEADERS: [&str; 1] = [http::IF_MATCH];

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Reads single keys.
    pub reader: &'a KeyReader,
    /// Changes and ends keys.
    pub keys: &'a Keys,
    /// Notes that keys were deleted.
    pub quota: &'a Quota,
}

/// Answers one request.
pub async fn handle(request: Request, deps: &Deps<'_>, now: SystemTime) -> Response<Body> {
    let mut deleted_of = None;
    let answer = http::serve(&request, delete_key(&request, deps, now.into(), &mut deleted_of)).await;
    // In a time of its own: a deletion that is done must not become a 500 because its note takes too long.
    if let Some(account_id) = deleted_of
        && let Err(error) = deps.quota.note_deletions(account_id, 1).await
    {
        log::failure(&http::subject(&request), &error);
    }
    answer
}

/// Notes in `deleted_of` of which account a key was deleted.
async fn delete_key(
    request: &Request,
    deps: &Deps<'_>,
    now: Timestamp,
    deleted_of: &mut Option<AccountId>,
) -> Result<Response<Body>, Error> {
    let (caller, (id, if_match)) = http::read(request, |caller, fields| {
        caller.must_manage()?;
        Ok((http::key_id(request, fields), http::if_match(request, fields)))
    })?;
    let id = id.ok_or(Error::NotFound)?;
    let place = Locator { account_id: caller.account_id, id };
    let origin = http::origin(request, &caller);
    let is_deleted = match if_match {
        None => deps.keys.delete(place, &origin, now).await?,
        Some(if_match) => delete_as_read(place, &if_match, &origin, deps, now).await?,
    };
    if !is_deleted {
        return Err(Error::NotFound);
    }
    *deleted_of = Some(caller.account_id);
    Ok(http::no_content())
}

/// Nothing is forced: the key is deleted as it was read, and only if it is of a version that the caller names.
async fn delete_as_read(
    place: Locator,
    if_match: &IfMatch,
    origin: &Origin,
    deps: &Deps<'_>,
    now: Timestamp,
) -> Result<bool, Error> {
    unless_overtaken(async || {
        let Some(record) = deps.reader.get(place.account_id, place.id).await? else { return Ok(Some(false)) };
        http::require(Some(if_match), &record)?;
        Ok(deps.keys.delete_as_read(&record, origin, now).await?.then_some(true))
    })
    .await
}
