//! That a request which its client has named was carried out: a repeat then changes nothing.
//!
//! The transaction that carries the request out writes the item, on the condition that there is none, or one that is older than
//! a day by the clock. So of several requests under one name one is carried out, however late a lost one arrives.

use std::time::Duration;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

use crate::key::{AccountId, Etag, EventId, KeyId, Timestamp};
use crate::request::NamedRequest;
use crate::store::dynamo::attribute::{Item, PURGE_AT, number, primary_key, text, value};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::part::put_if;
use crate::store::dynamo::table::Table;
use crate::store::events::tables::Tables;

/// For so long a request is known by its name.
const KNOWN_FOR: Duration = Duration::from_hours(24);
/// The time to live removes it later, even if the functions' clocks differ.
const KEPT_FOR: Duration = Duration::from_hours(48);

const FINGERPRINT: &str = "fingerprint";
const KEY_ID: &str = "keyId";
const ETAG: &str = "etag";
const REQUESTED_AT: &str = "requestedAt";

/// Knows which requests were carried out.
#[derive(Debug, Clone)]
pub struct DoneRequests {
    table: Table,
}

/// Why a request that its client has named is not carried out.
#[derive(Debug)]
pub enum NamedRequestError {
    /// It was before, within a day.
    Done {
        /// The key that it made or rotated.
        key_id: KeyId,
        /// The version that it gave the key.
        etag: Etag,
    },
    /// Another request had the name, within a day.
    Differs,
    /// The table does not answer.
    Table(TableError),
}

impl From<TableError> for NamedRequestError {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

impl DoneRequests {
    /// Reads the table of keys.
    #[must_use]
    pub fn new(tables: &Tables) -> Self {
        Self { table: tables.keys.clone() }
    }

    /// Refuses a request whose name was used before, if it has one.
    ///
    /// # Errors
    /// [`NamedRequestError`].
    pub async fn require_unused(
        &self,
        request: Option<&NamedRequest>,
        now: Timestamp,
    ) -> Result<(), NamedRequestError> {
        let Some(request) = request else { return Ok(()) };
        self.find(request, now).await?.map_or(Ok(()), Err)
    }

    async fn find(&self, request: &NamedRequest, now: Timestamp) -> Result<Option<NamedRequestError>, TableError> {
        let read = self.table.read("whether a request was carried out", key(request)).await?;
        let is_known = |item: &Item| Timestamp::parse(text(item, REQUESTED_AT)) >= Some(now.minus(KNOWN_FOR));
        read.filter(is_known).map(|item| used(&item, request)).transpose()
    }
}

fn used(item: &Item, request: &NamedRequest) -> Result<NamedRequestError, TableError> {
    const WHAT: &str = "an item is no request that was carried out";
    let fingerprint = item.get(FINGERPRINT).and_then(|bytes| bytes.as_b().ok()).ok_or(TableError::new(WHAT))?;
    if fingerprint.as_ref() != request.fingerprint {
        return Ok(NamedRequestError::Differs);
    }
    let done = KeyId::parse(text(item, KEY_ID)).zip(Etag::parse(text(item, ETAG)));
    done.map(|(key_id, etag)| NamedRequestError::Done { key_id, etag }).ok_or(TableError::new(WHAT))
}

/// The part of a transaction that records what it carries out: it gives that key the version of that event.
pub(in crate::store) fn recording(
    table: &str,
    request: &NamedRequest,
    key_id: KeyId,
    event: EventId,
    now: Timestamp,
) -> Result<TransactWriteItem, TableError> {
    const UNUSED: &str = "attribute_not_exists(id) OR requestedAt < :dayBefore";
    let mut item = key(request);
    item.extend([
        (FINGERPRINT.to_owned(), AttributeValue::B(Blob::new(request.fingerprint.clone()))),
        (KEY_ID.to_owned(), value(&key_id)?),
        (ETAG.to_owned(), value(&Etag::of(Some(event)))?),
        (REQUESTED_AT.to_owned(), value(&now)?),
        (PURGE_AT.to_owned(), number(now.plus(KEPT_FOR).unix_millis() / 1000)),
    ]);
    put_if(table, item, UNUSED, [(":dayBefore", value(&now.minus(KNOWN_FOR))?)])
}

fn key(request: &NamedRequest) -> Item {
    let NamedRequest { account_id, caller_key_id, name_hash, .. } = request;
    primary_key(&partition(*account_id), &format!("{caller_key_id}#{name_hash}"))
}

/// Where an account's are.
pub(in crate::store) fn partition(account_id: AccountId) -> String {
    format!("{account_id}#requests")
}
