//! `DELETE /authentication/{key}`: a key of the caller's account stops working, at once and for good.

use std::time::SystemTime;

use api_keys::key::{AccountId, Locator, Timestamp};
use api_keys::lambda::{Error, http, log};
use api_keys::store::{Keys, Quota};
use lambda_http::{Body, Request, Response};

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
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
    let (caller, id) = http::read(request, |caller, fields| {
        caller.must_manage()?;
        Ok(http::key_id(request, fields))
    })?;
    let id = id.ok_or(Error::NotFound)?;
    let place = Locator { account_id: caller.account_id, id };
    let origin = http::origin(request, &caller);
    if !deps.keys.delete(place, &origin, now).await? {
        return Err(Error::NotFound);
    }
    *deleted_of = Some(caller.account_id);
    Ok(http::no_content())
}
