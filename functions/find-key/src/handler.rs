//! `GET /authentication/{key}`: one key of the caller's account, by its value, its id, or `self`.

use std::time::SystemTime;

use api_keys::key::{ImportedKeys, KeyId, KeyRecord, KeyValue, Limits, Timestamp};
use api_keys::lambda::{Error, http};
use api_keys::request::{Caller, Forbidden};
use api_keys::store::KeyReader;
use lambda_http::{Body, Request, Response};

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Reads single keys.
    pub reader: &'a KeyReader,
    /// Whether values without this service's format are looked up.
    pub imported: ImportedKeys,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
}

/// Answers one request.
pub async fn handle(request: Request, deps: &Deps<'_>, now: SystemTime) -> Response<Body> {
    http::serve(&request, find_key(&request, deps, now.into())).await
}

async fn find_key(request: &Request, deps: &Deps<'_>, now: Timestamp) -> Result<Response<Body>, Error> {
    let (caller, ()) = http::read(request, |_, _| Ok(()))?;
    let path = http::path_key(request);
    let targets = path.readings().filter_map(|text| Target::parse(text, &caller, deps.imported)).collect();
    let record = if caller.reads() {
        find(targets, &caller, deps.reader, now).await?
    } else {
        find_own(targets, &caller, deps.reader, now).await?
    };
    http::shown(&record, now, deps.ceiling)
}

/// What the path names.
enum Target {
    Id(KeyId),
    Value(KeyValue),
}

impl Target {
    fn parse(text: &str, caller: &Caller, imported: ImportedKeys) -> Option<Self> {
        match text {
            "self" => Some(Self::Id(caller.key_id)),
            _ => KeyId::parse(text).map(Self::Id).or_else(|| KeyValue::parse(text, imported).map(Self::Value)),
        }
    }
}

async fn find(targets: Vec<Target>, caller: &Caller, reader: &KeyReader, now: Timestamp) -> Result<KeyRecord, Error> {
    for target in targets {
        let found = match target {
            Target::Id(id) => reader.get(caller.account_id, id).await?,
            // Another account's key takes the same path as an unknown one, so that neither answer nor time differs.
            Target::Value(value) => reader.resolve(&value, now).await?,
        };
        if let Some(record) = found.filter(|record| record.account_id == caller.account_id) {
            return Ok(record);
        }
    }
    Err(Error::NotFound)
}

/// A key that may not read all keys sees itself alone, so only itself is read. The authorizer refuses other look-ups already,
/// unless its verdict is from a cache.
async fn find_own(
    targets: Vec<Target>,
    caller: &Caller,
    reader: &KeyReader,
    now: Timestamp,
) -> Result<KeyRecord, Error> {
    if targets.iter().all(|target| matches!(target, Target::Id(id) if *id != caller.key_id)) {
        return Err(Forbidden::NotReader.into());
    }
    let own = reader.get(caller.account_id, caller.key_id).await?.ok_or(Error::NotFound)?;
    let is_own = targets.iter().any(|target| match target {
        Target::Id(id) => *id == caller.key_id,
        Target::Value(value) => own.answers_to(&value.hash(), now),
    });
    if is_own { Ok(own) } else { Err(Forbidden::NotReader.into()) }
}
