//! Takes over keys that another system issued: their holders keep the values they have. On no route: an operator
//! invokes it.

use std::time::{Duration, SystemTime};

use api_keys::{
    AccountId, AccountRefusal, Caller, Catalogue, Error, Fields, Imported, ImportedKeys, InvalidRequest, Issuer,
    KeyHash, KeyId, KeyReader, KeyStore, Locator, NewKey, Origin, Refusal, Timestamp,
};
use lambda_runtime::LambdaEvent;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

const MAX_KEYS_AT_ONCE: usize = 100;
/// The time limit of an invocation. It is shorter than the function's time-out, so that the report is not lost.
const TIME: Duration = Duration::from_secs(50);

/// What the function works with.
#[derive(Debug)]
pub struct Importer<'a> {
    /// Finds who has a value already.
    pub reader: &'a KeyReader,
    /// Takes the keys.
    pub store: &'a KeyStore,
    /// What keys may do.
    pub catalogue: &'a Catalogue,
    /// Makes the ids.
    pub issuer: &'a Issuer,
    /// Whether the authorizer looks for such keys at all.
    pub accepted: ImportedKeys,
    /// How many keys an account may have.
    pub max_keys: u64,
}

/// What became of each key of the payload, by its place in it.
#[derive(Debug, Serialize)]
pub struct Report {
    imported: Vec<ImportedKey>,
    failed: Vec<FailedKey>,
}

#[derive(Debug, Serialize)]
struct ImportedKey {
    index: usize,
    id: KeyId,
}

#[derive(Debug, Serialize)]
struct FailedKey {
    index: usize,
    reason: String,
    /// Whether the service failed, not the key: it may be imported all the same, and is to be sent again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    retry: bool,
}

/// Answers one invocation: `{"accountId","keys":[{"sha256","userId","username","operations",…}]}`, 1 to 100 keys.
///
/// `sha256` is that of the whole value, in hexadecimal. The other fields are those of `POST /authentication`. `operator`,
/// who asks, may be given beside `keys` for the events.
///
/// # Errors
/// [`Refusal`], when the payload as a whole makes no sense; then nothing was imported.
pub async fn handle(
    event: LambdaEvent<Box<RawValue>>,
    importer: &Importer<'_>,
    now: SystemTime,
) -> Result<Report, Refusal> {
    let request_id = &event.context.request_id;
    let report = import_keys(&event.payload, importer, now.into(), request_id).await;
    report.map_err(|error| Refusal::new(error, request_id))
}

async fn import_keys(
    payload: &RawValue,
    importer: &Importer<'_>,
    now: Timestamp,
    request_id: &str,
) -> Result<Report, Error> {
    let end = Instant::now() + TIME;
    let Payload { account_id, keys, operator } = parse(payload, importer.accepted)?;
    let origin = Origin::operator(operator, request_id);
    let account = importer.store.account(account_id).await?;
    if account.suspended {
        return Err(Error::Account(AccountRefusal::Suspended));
    }
    let mut report = Report { imported: Vec::new(), failed: Vec::new() };
    for (index, key) in keys.into_iter().enumerate() {
        let done = timeout_at(end, importer.import(&key, account_id, &account.company, &origin, now)).await;
        let failed = match done {
            Ok(Ok(id)) => {
                report.imported.push(ImportedKey { index, id });
                continue;
            }
            Ok(Err(error)) => {
                let retry = matches!(error, Error::Internal(_) | Error::Contended);
                FailedKey { index, reason: Refusal::new(error, request_id).to_string(), retry }
            }
            Err(_) => {
                let reason = "the time was over before the outcome was known: import it again".to_owned();
                FailedKey { index, reason, retry: true }
            }
        };
        report.failed.push(failed);
    }
    Ok(report)
}

struct Payload {
    account_id: AccountId,
    keys: Vec<Box<RawValue>>,
    operator: Option<String>,
}

fn parse(payload: &RawValue, accepted: ImportedKeys) -> Result<Payload, Error> {
    #[derive(Deserialize)]
    struct Raw {
        keys: Vec<Box<RawValue>>,
    }
    let mut fields = Fields::from_raw(payload)?;
    let account_id = fields.account_id();
    let keys = fields.take_unread("keys");
    if !keys.as_ref().and_then(Value::as_array).is_some_and(|keys| (1..=MAX_KEYS_AT_ONCE).contains(&keys.len())) {
        fields.wrong("keys", format!("must be a list of 1 to {MAX_KEYS_AT_ONCE} keys"));
    }
    if accepted == ImportedKeys::Refused {
        fields.wrong("keys", "would not be accepted: deploy the stack with AcceptImportedKeys=true first");
    }
    let operator = fields.optional_text("operator", Caller::MAX_TEXT);
    fields.finish()?;
    // Each key as it was written: a `Value` has lost what an object names twice.
    let Raw { keys } = serde_json::from_str(payload.get()).map_err(|cause| Error::Internal(cause.into()))?;
    Ok(Payload { account_id, keys, operator })
}

impl Importer<'_> {
    async fn import(
        &self,
        key: &RawValue,
        account_id: AccountId,
        company: &str,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<KeyId, Error> {
        let mut fields = Fields::from_raw(key)?;
        let hash = take_sha256(&mut fields);
        let new = NewKey::take(&mut fields, self.catalogue, now, account_id, company.to_owned(), None);
        fields.finish()?;
        let hash = hash.ok_or(Error::NotFound)?;
        // The claim is read first: a claim that another import makes after this read must not pass for an old one.
        let old_claim = self.reader.claimed(&hash).await?;
        if let Some(found) = self.reader.resolve_hash(&hash, now).await? {
            // Whoever imports again what may be imported already must see that it is not theirs.
            if found.account_id != account_id {
                return Err(wrong("sha256", "is of a value that a key of another account has already"));
            }
            if !found.metadata.held {
                return Err(taken());
            }
            // An earlier import of it ended before it was complete.
            let id = found.metadata.id;
            self.store.release(Locator { account_id, id }).await?;
            return Ok(id);
        }
        let id = self.issuer.key_id(now)?;
        match self.store.import(&new.into_record(id, hash, now), old_claim, self.max_keys, origin, now).await? {
            Imported::Done => Ok(id),
            Imported::Taken => Err(taken()),
        }
    }
}

/// 64 hexadecimal digits.
fn take_sha256(fields: &mut Fields) -> Option<KeyHash> {
    const FIELD: &str = "sha256";
    let Some(given) = fields.take(FIELD) else {
        fields.wrong(FIELD, "is required");
        return None;
    };
    let hash = given.as_str().and_then(KeyHash::from_hex);
    if hash.is_none() {
        fields.wrong(FIELD, "must be 64 hexadecimal digits");
    }
    hash
}

fn taken() -> Error {
    wrong("sha256", "is of a value that a key has already")
}

fn wrong(field: &str, message: &str) -> Error {
    InvalidRequest::of(field, message).into()
}
