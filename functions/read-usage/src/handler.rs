//! `GET /authentication/{key}/usage` and `GET /authentication/usage`: how much one key, or the whole account, was used.

use std::time::SystemTime;

use api_keys::key::{Consumer, KeyId, Timestamp};
use api_keys::lambda::{Error, http};
use api_keys::request::{Caller, Fields, Forbidden, UsageBucket, UsageQuery};
use api_keys::store::UsageList;
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

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Reads how much an account or a key was used.
    pub usage: &'a UsageList,
}

/// Answers one request.
pub async fn handle(request: Request, deps: &Deps<'_>, now: SystemTime) -> Response<Body> {
    http::serve(&request, read_usage(&request, deps, now.into())).await
}

async fn read_usage(request: &Request, deps: &Deps<'_>, now: Timestamp) -> Result<Response<Body>, Error> {
    let (caller, (target, query)) = http::read(request, |caller, fields| {
        let target = Target::take(request, caller, fields)?;
        Ok((target, UsageQuery::take(fields, now)))
    })?;
    let key_id = match target {
        Target::Account => None,
        // A key that is gone keeps its usage. So the status does not depend on whether there is a key now, or on the range.
        Target::Key(id) => Some(id.ok_or(Error::NotFound)?),
    };
    let consumer = Consumer { account_id: caller.account_id, key_id };
    let hours = deps.usage.hours(&consumer, query.hours()).await?;
    http::ok(&Usage { usage: query.sum(&hours) })
}

/// What is asked about.
enum Target {
    /// All keys of the account.
    Account,
    /// One key; `None` for what no key can have as its id.
    Key(Option<KeyId>),
}

impl Target {
    /// A key that may not read all keys may ask about itself alone.
    fn take(request: &Request, caller: &Caller, fields: &mut Fields) -> Result<Self, Forbidden> {
        if http::route(request) == OF_ACCOUNT {
            caller.must_read()?;
            return Ok(Self::Account);
        }
        let path = http::path_key(request);
        let own = caller.key_id;
        if path.readings().any(|text| text == "self" || KeyId::parse(text) == Some(own)) {
            return Ok(Self::Key(Some(own)));
        }
        caller.must_read()?;
        Ok(Self::Key(http::key_id_beside_self(request, fields)))
    }
}
