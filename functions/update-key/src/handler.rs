//! `PATCH /authentication/{key}`: a key of the caller's account changes, from the next request on.

use std::time::SystemTime;

use api_keys::key::{Catalogue, KeyId, KeyRecord, KeyStatus, Lifetime, Limits, Locator, Timestamp};
use api_keys::lambda::{Error, http, unless_overtaken};
use api_keys::request::{Caller, IfMatch, KeyPatch};
use api_keys::store::{AccountReader, KeyReader, Keys, WriteError};
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
    /// Reads an account's longest lifetime of values.
    pub accounts: &'a AccountReader,
    /// What keys may do.
    pub catalogue: &'a Catalogue,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
    /// How long values of keys may live at most, in any account.
    pub lifetime: Option<Lifetime>,
}

/// Answers one request.
pub async fn handle(request: Request, deps: &Deps<'_>, now: SystemTime) -> Response<Body> {
    http::serve(&request, update_key(&request, deps, now.into())).await
}

async fn update_key(request: &Request, deps: &Deps<'_>, now: Timestamp) -> Result<Response<Body>, Error> {
    let (caller, (id, if_match)) = http::read(request, |caller, fields| {
        caller.must_manage()?;
        Ok((http::key_id(request, fields), http::if_match(request, fields)))
    })?;
    let patch = KeyPatch::parse(request.body(), deps.catalogue, now)?;
    let id = id.ok_or(Error::NotFound)?;
    let update = Update { request, caller, id, if_match, patch: &patch, deps, now };
    http::shown(&update.make().await?, now, deps.ceiling)
}

/// One patch and what carries it out.
struct Update<'a> {
    request: &'a Request,
    caller: Caller,
    id: KeyId,
    if_match: Option<IfMatch>,
    patch: &'a KeyPatch,
    deps: &'a Deps<'a>,
    now: Timestamp,
}

impl Update<'_> {
    /// Changes the key as long as it has no operation that the caller lacks, nor gets one.
    async fn make(&self) -> Result<KeyRecord, Error> {
        let only_disables = *self.patch == KeyPatch::disabling();
        // A request that names a version forces nothing.
        if only_disables && self.if_match.is_none() {
            return self.disable().await;
        }
        if let Some(wanted) = &self.patch.operations {
            self.caller.must_cover_new(wanted)?;
        }
        unless_overtaken(async || {
            let record = self.read().await?;
            // Switching any key off only takes power away.
            if !only_disables {
                self.caller.must_cover(&record.metadata)?;
            }
            // Only another value ends an exposure.
            if record.is_exposed() && self.patch.enabled == Some(true) {
                return Err(Error::NotActive(KeyStatus::Exposed));
            }
            self.require_lifetime(&record).await?;
            http::require(self.if_match.as_ref(), &record)?;
            let patch = self.patch.on(&record.metadata.settings)?;
            Ok(self.write(&record, &patch).await?)
        })
        .await
    }

    async fn require_lifetime(&self, record: &KeyRecord) -> Result<(), Error> {
        if !self.patch.moves_end() {
            return Ok(());
        }
        let lifetime = self.deps.accounts.lifetime(self.caller.account_id, self.deps.lifetime).await?;
        self.patch.require_lifetime(&record.metadata, lifetime).map_err(Error::LifetimeExceeded)
    }

    /// Switches the key off, also while others write.
    async fn disable(&self) -> Result<KeyRecord, Error> {
        let place = Locator { account_id: self.caller.account_id, id: self.id };
        let origin = http::origin(self.request, &self.caller);
        self.deps.keys.disable(self.deps.reader, place, &origin, self.now).await?.ok_or(Error::NotFound)
    }

    async fn read(&self) -> Result<KeyRecord, Error> {
        self.deps.reader.get(self.caller.account_id, self.id).await?.ok_or(Error::NotFound)
    }

    async fn write(&self, record: &KeyRecord, patch: &KeyPatch) -> Result<Option<KeyRecord>, WriteError> {
        let origin = http::origin(self.request, &self.caller);
        self.deps.keys.update(record, patch, &origin, self.now).await
    }
}
