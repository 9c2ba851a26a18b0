//! Takes over keys that another system issued: their holders keep the values they have. On no route: an operator
//! invokes it.

mod report;

use std::time::{Duration, SystemTime};

use api_keys::key::{AccountId, Catalogue, ImportedKeys, Issuer, KeyHash, KeyRecord, Lifetime, Locator, Timestamp};
use api_keys::lambda::{Error, Invocation, OperatorError, invoke};
use api_keys::request::{Fields, InvalidRequest, NewKey, Origin};
use api_keys::store::{AccountError, AccountRefusal, Accounts, Imported, KeyReader, NewKeys};
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::timeout_at;

pub use crate::report::ImportReport;
use crate::report::{ImportOutcome, RefusedValue};

const SHA256: &str = "sha256";
const MAX_KEYS_AT_ONCE: usize = 100;
/// After that no key is waited for, so that the report is not lost.
const TIME: Duration = Duration::from_secs(50);
/// The time limit of an invocation, shorter than the function's own time-out.
const LONGEST: Duration = Duration::from_secs(55);
/// How often a value is looked for again after another import came between our looks, or our look and our write.
const ATTEMPTS: usize = 3;

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Finds who has a value already.
    pub reader: &'a KeyReader,
    /// Reads the account.
    pub accounts: &'a Accounts,
    /// Takes the keys.
    pub new_keys: &'a NewKeys,
    /// What keys may do.
    pub catalogue: &'a Catalogue,
    /// Makes the ids.
    pub issuer: &'a Issuer,
    /// Whether the authorizer looks for such keys at all.
    pub imported: ImportedKeys,
    /// How many keys an account may have.
    pub max_keys: u64,
    /// How long values of keys may live at most, in any account.
    pub lifetime: Option<Lifetime>,
}

/// Answers one invocation: `{"accountId","keys":[{"sha256","userId","username","operations",…}]}`, 1 to 100 keys.
///
/// `sha256` is that of the whole value, in hexadecimal. The other fields are those of `POST /authentication`. Beside `keys`,
/// `operator` names who asks, for the events, and `"revive":true` lets values work again that have ended.
///
/// The same payload can be sent again, and by several at once: a key that is there is `present`, and stays as it is.
///
/// # Errors
/// [`OperatorError`], when the payload as a whole makes no sense; then nothing was imported.
pub async fn handle(
    event: LambdaEvent<Box<RawValue>>,
    deps: &Deps<'_>,
    now: SystemTime,
) -> Result<ImportReport, OperatorError> {
    let import = async |request: ImportRequest, invocation: &Invocation| {
        import_keys(request, &event.payload, deps, invocation).await
    };
    let take = |fields: &mut Fields| Ok(ImportRequest::take(fields, deps.imported));
    invoke(&event, "import-keys", LONGEST, now.into(), take, import).await
}

async fn import_keys(
    request: ImportRequest,
    payload: &RawValue,
    deps: &Deps<'_>,
    invocation: &Invocation,
) -> Result<ImportReport, Error> {
    // Each key as it was written: a `Value` has lost what an object names twice.
    #[derive(Deserialize)]
    struct Raw {
        keys: Vec<Box<RawValue>>,
    }
    let Raw { keys } = serde_json::from_str(payload.get()).map_err(|cause| Error::Internal(cause.into()))?;
    let ImportRequest { account_id, revives } = request;
    let Invocation { origin, now, begun, subject } = invocation;
    let end = *begun + TIME;
    let account = deps.accounts.show(account_id).await?;
    if account.suspended {
        return Err(Error::Account(AccountRefusal::Suspended));
    }
    let import = Import { deps, account_id, company: &account.company, revives, origin, now: *now };
    let mut report = ImportReport::default();
    for (index, key) in keys.into_iter().enumerate() {
        let outcome = timeout_at(end, import.key(&key)).await;
        report.add(index, outcome.ok(), subject);
    }
    Ok(report)
}

/// What a payload has beside its keys.
struct ImportRequest {
    account_id: AccountId,
    /// Whether values work again that have ended.
    revives: bool,
}

impl ImportRequest {
    fn take(fields: &mut Fields, accepted: ImportedKeys) -> Self {
        let account_id = fields.account_id();
        let keys = fields.take_unread("keys");
        if !keys.as_ref().and_then(Value::as_array).is_some_and(|keys| (1..=MAX_KEYS_AT_ONCE).contains(&keys.len())) {
            fields.wrong("keys", format!("must be a list of 1 to {MAX_KEYS_AT_ONCE} keys"));
        }
        if accepted == ImportedKeys::Refused {
            fields.wrong("keys", "would not be accepted: deploy the stack with AcceptImportedKeys=true first");
        }
        let revives = fields.optional_truth("revive").unwrap_or(false);
        Self { account_id, revives }
    }
}

/// One import of several keys.
struct Import<'a> {
    deps: &'a Deps<'a>,
    account_id: AccountId,
    company: &'a str,
    /// Whether values work again that have ended.
    revives: bool,
    origin: &'a Origin,
    now: Timestamp,
}

impl Import<'_> {
    async fn key(&self, key: &RawValue) -> Result<ImportOutcome, Error> {
        let (hash, new) = match self.parse(key, self.now) {
            Ok(parsed) => parsed,
            Err(invalid) => return self.valid_once(key).await?.ok_or(invalid.into()),
        };
        for _ in 0..ATTEMPTS {
            if let Some(outcome) = self.value(&hash, &new).await? {
                return Ok(outcome);
            }
            // Another import took the value at this moment: it is there by now.
        }
        Err(Error::Contended)
    }

    /// Reads a key as it would have been at that moment.
    fn parse(&self, key: &RawValue, now: Timestamp) -> Result<(KeyHash, NewKey), InvalidRequest> {
        let (hash, new) = Fields::read_raw(key, |fields| {
            let hash = take_sha256(fields);
            let company = self.company.to_owned();
            let new = NewKey::take(fields, self.deps.catalogue, now, self.account_id, company, None);
            Ok::<_, InvalidRequest>((hash, new))
        })?;
        let hash = hash.ok_or_else(|| InvalidRequest::of(SHA256, "is required"))?;
        Ok((hash, new))
    }

    /// A key that is there, and was valid when it was made: its end has passed since.
    async fn valid_once(&self, key: &RawValue) -> Result<Option<ImportOutcome>, Error> {
        #[derive(Deserialize)]
        struct Hashed {
            sha256: String,
        }
        let hashed = serde_json::from_str(key.get()).ok();
        let Some(hash) = hashed.and_then(|Hashed { sha256 }| KeyHash::from_hex(&sha256)) else { return Ok(None) };
        let found = self.deps.reader.resolve_hash(&hash, self.now).await?;
        let Some(found) = found.filter(|found| found.account_id == self.account_id) else { return Ok(None) };
        match self.parse(key, found.metadata.created_at) {
            Ok((_, new)) => self.found(found, &hash, &new).await.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// `None` where another import came between the looks, or the look and the write.
    async fn value(&self, hash: &KeyHash, new: &NewKey) -> Result<Option<ImportOutcome>, Error> {
        let Deps { reader, new_keys, issuer, max_keys, lifetime, .. } = self.deps;
        let old_claim = reader.claimed(hash).await?;
        if let Some(found) = reader.resolve_hash(hash, self.now).await? {
            return self.found(found, hash, new).await.map(Some);
        }
        if let Some(claimed) = old_claim {
            if reader.was_exposed(hash).await? {
                return Ok(Some(ImportOutcome::Refused(RefusedValue::Exposed)));
            }
            if !self.revives {
                let has_ended = new_keys.has_ended(hash, claimed, self.now).await?;
                return Ok(has_ended.then_some(ImportOutcome::Refused(RefusedValue::Retired)));
            }
        }
        let id = issuer.key_id(self.now)?;
        let record = new.clone().into_record(id, hash.clone(), self.now);
        Ok(match new_keys.import(&record, old_claim, *max_keys, *lifetime, self.origin, self.now).await {
            Ok(Imported::Done) => Some(ImportOutcome::Imported(id)),
            Ok(Imported::Exposed) => Some(ImportOutcome::Refused(RefusedValue::Exposed)),
            Ok(Imported::Taken) => None,
            // The room may be gone to the same key, by an import beside this one or an attempt whose answer was lost.
            Err(AccountError::QuotaReached { max_keys }) => match reader.resolve_hash(hash, self.now).await? {
                Some(found) => Some(self.found(found, hash, new).await?),
                None => return Err(AccountError::QuotaReached { max_keys }.into()),
            },
            Err(error) => return Err(error.into()),
        })
    }

    /// A key has the value.
    async fn found(&self, found: KeyRecord, hash: &KeyHash, new: &NewKey) -> Result<ImportOutcome, Error> {
        if found.account_id != self.account_id {
            return Ok(ImportOutcome::Refused(RefusedValue::Taken));
        }
        let id = found.metadata.id;
        if found.import_pending {
            // An earlier import of it ended before it was complete, or another one is about to complete it.
            self.deps.new_keys.release(Locator { account_id: self.account_id, id }).await?;
        }
        if found.is_exposed() && found.key_hash == *hash {
            return Ok(ImportOutcome::Refused(RefusedValue::Exposed));
        }
        let differs = new.differs_from(&found.metadata).map_err(|cause| Error::Internal(cause.into()))?;
        Ok(ImportOutcome::Present { id, differs })
    }
}

/// 64 hexadecimal digits.
fn take_sha256(fields: &mut Fields) -> Option<KeyHash> {
    let Some(given) = fields.take(SHA256) else {
        fields.wrong(SHA256, "is required");
        return None;
    };
    let hash = given.as_str().and_then(KeyHash::from_hex);
    if hash.is_none() {
        fields.wrong(SHA256, "must be 64 hexadecimal digits");
    }
    hash
}
