//! `GET /authentication/{key}/usage` and `GET /authentication/usage`: how much one key, or the whole account, was used.

use std::time::SystemTime;

use api_keys::{
    Caller, Consumer, Error, Forbidden, KeyId, KeyReader, Timestamp, UsageBucket, UsageList, UsageQuery, http,
};
use lambda_http::{Body, Request, Response};
use serde::Serialize;

const OF_ACCOUNT: &str = "/authentication/usage";

/// What was used.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Usage {
    /// Every hour or day of the time that was asked for, the oldest first, those without requests too.
    usage: Vec<UsageBucket>,
}

/// Answers one request.
pub async fn handle(request: Request, reader: &KeyReader, usage: &UsageList, now: SystemTime) -> Response<Body> {
    http::serve(&request, read_usage(&request, reader, usage, now.into())).await
}

async fn read_usage(
    request: &Request,
    reader: &KeyReader,
    usage: &UsageList,
    now: Timestamp,
) -> Result<Response<Body>, Error> {
    let caller = http::caller(request)?;
    let key_id = target(request, &caller)?;
    let mut fields = http::query(request);
    let query = UsageQuery::take(&mut fields, now);
    fields.finish()?;
    let consumer = Consumer { account_id: caller.account_id, key_id };
    let hours = usage.hours(&consumer, query.hours()).await?;
    // A key that is gone keeps its usage.
    if let (Some(id), true) = (key_id, hours.is_empty())
        && id != caller.key_id
        && reader.get(caller.account_id, id).await?.is_none()
    {
        return Err(Error::NotFound);
    }
    http::ok(&Usage { usage: query.sum(&hours) })
}

/// The key that is asked about; `None` for all of the account. A key that may not manage keys may ask about itself alone.
fn target(request: &Request, caller: &Caller) -> Result<Option<KeyId>, Error> {
    if http::route(request) == OF_ACCOUNT {
        caller.must_manage()?;
        return Ok(None);
    }
    let id = match http::path_key(request) {
        "self" => Some(caller.key_id),
        id => KeyId::parse(id),
    };
    match id {
        Some(id) if id == caller.key_id => Ok(Some(id)),
        _ if !caller.manages() => Err(Forbidden::NotManager.into()),
        Some(id) => Ok(Some(id)),
        None => Err(Error::NotFound),
    }
}
