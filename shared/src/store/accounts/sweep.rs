//! Telling every key of an account what its operators decided, so that a request has to read the key alone.
//!
//! Two things are told, each with a counter on the account and on its keys: `suspension`, and with `revision` company and
//! ceiling. A key takes what it is told only where its own counter is absent or lower. So of two sweeps at once the newer
//! one holds, and one that is repeated changes nothing.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Serialize, Serializer};
use tokio::time::Instant;

use crate::key::{AccountId, KeyId, Locator};
use crate::store::accounts::item::{Account, AccountItem};
use crate::store::accounts::quota::number;
use crate::store::dynamo::bulk::{AT_ONCE, Bulk, Sent, send};
use crate::store::dynamo::transaction::Retries;
use crate::store::keys::item::value;
use crate::store::{AccountRefusal, HELD, ID, Item, KeyStore, REVISION, SUSPENSION, TableError, WriteError, key};

/// How far a sweep has come.
#[derive(Debug)]
pub struct Sweep {
    /// The account at the end.
    pub account: Account,
    /// How many keys were told something new.
    pub changed: u64,
    /// What continues it; `None` when every key has been told.
    pub cursor: Option<SweepCursor>,
}

/// A place in a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepCursor {
    version: u64,
    /// Whether this pass has changed a key: then another one follows.
    changed: bool,
    after: Option<KeyId>,
}

impl SweepCursor {
    fn start(version: u64) -> Self {
        Self { version, changed: false, after: None }
    }

    /// Reads what was written into an answer.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (version, rest) = text.split_once('.')?;
        let (changed, after) = rest.split_once('.')?;
        let cursor = Self { version: version.parse().ok()?, changed: changed == "1", after: KeyId::parse(after) };
        (cursor.to_string() == text).then_some(cursor)
    }
}

impl fmt::Display for SweepCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let after = self.after.as_ref().map_or("", KeyId::as_str);
        write!(f, "{}.{}.{after}", self.version, u8::from(self.changed))
    }
}

impl Serialize for SweepCursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Which of the two things is told.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Aspect {
    /// Whether the account is suspended. A sweep that finds it otherwise than wanted ends.
    Suspended(bool),
    /// Company and ceiling.
    Profile,
}

impl Aspect {
    fn mark(self, account: &AccountItem) -> Result<Mark, WriteError> {
        match self {
            Self::Suspended(wanted) if wanted != account.is_suspended() => Err(AccountRefusal::Overtaken.into()),
            Self::Suspended(_) => Ok(Mark::of_suspension(account)),
            Self::Profile => Ok(Mark::of_profile(account)?),
        }
    }
}

/// What a key is told.
#[derive(Debug, Clone)]
pub(in crate::store) struct Mark {
    version: u64,
    update: String,
    is_older: String,
    values: HashMap<String, AttributeValue>,
}

impl Mark {
    pub(in crate::store) fn of_suspension(account: &AccountItem) -> Self {
        Self::new(SUSPENSION, account.suspension)
    }

    pub(in crate::store) fn of_profile(account: &AccountItem) -> Result<Self, TableError> {
        let mut mark = Self::new(REVISION, account.revision);
        if let Some(company) = &account.company {
            mark.update += ", company = :company";
            mark.values.insert(":company".into(), value(company)?);
        }
        if account.ceiling.is_none() {
            mark.update += " REMOVE ceiling";
        } else {
            mark.update += ", ceiling = :ceiling";
            mark.values.insert(":ceiling".into(), value(&account.ceiling)?);
        }
        Ok(mark)
    }

    fn new(counter: &str, version: u64) -> Self {
        Self {
            version,
            update: format!("SET {counter} = :version"),
            is_older: format!("(attribute_not_exists({counter}) OR {counter} < :version)"),
            values: HashMap::from([(":version".into(), number(version))]),
        }
    }
}

impl KeyStore {
    /// Tells every key, until a whole pass changed nothing or the time is over. Each call comes further, however short
    /// the time.
    pub(in crate::store) async fn sweep(
        &self,
        account_id: AccountId,
        aspect: Aspect,
        from: Option<SweepCursor>,
        end: Instant,
    ) -> Result<Sweep, WriteError> {
        let mut account = self.existing_account(account_id).await?;
        let mut mark = aspect.mark(&account)?;
        let mut at = from.filter(|from| from.version == mark.version).unwrap_or(SweepCursor::start(mark.version));
        let (mut changed, mut bulk) = (0, Bulk::default());
        let cursor = 'pass: loop {
            let (keys, next) = self.untold_keys(account_id, &mark, at.after).await?;
            for some in keys.chunks(AT_ONCE) {
                let writes = some.iter().map(|id| self.marking(Locator { account_id, id: *id }, &mark));
                let (told, busy) = bulk.send(writes).await?;
                changed += told;
                at.changed |= told > 0;
                if busy {
                    break 'pass Some(at);
                }
                at.after = some.last().copied();
                if Instant::now() >= end {
                    break 'pass Some(at);
                }
            }
            at.after = next;
            if next.is_none() {
                account = self.existing_account(account_id).await?;
                mark = aspect.mark(&account)?;
                if !at.changed && mark.version == at.version {
                    break None;
                }
                at = SweepCursor::start(mark.version);
            }
            if Instant::now() >= end {
                break Some(at);
            }
        };
        let account = account.shown(account_id).ok_or(AccountRefusal::Nameless)?;
        Ok(Sweep { account, changed, cursor })
    }

    /// Tells one key.
    pub(in crate::store) async fn mark(&self, place: Locator, mark: &Mark) -> Result<(), WriteError> {
        must_be_sent(self.marking(place, mark).await?)
    }

    /// Lets an imported key work.
    pub(in crate::store) async fn let_go(&self, place: Locator) -> Result<(), WriteError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(place.account_id, place.id)))
            .update_expression(format!("REMOVE {HELD}"))
            .condition_expression("attribute_exists(id)");
        must_be_sent(send(Retries::from_now(), || update.clone().send()).await?)
    }

    fn marking(&self, place: Locator, mark: &Mark) -> impl Future<Output = Result<Sent, TableError>> + Send + 'static {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(place.account_id, place.id)))
            .update_expression(&mark.update)
            .condition_expression(format!("attribute_exists(id) AND {}", mark.is_older))
            .set_expression_attribute_values(Some(mark.values.clone()));
        async move { send(Retries::from_now(), || update.clone().send()).await }
    }

    /// Some keys that have not been told yet, oldest first, and where to go on.
    async fn untold_keys(
        &self,
        account_id: AccountId,
        mark: &Mark,
        after: Option<KeyId>,
    ) -> Result<(Vec<KeyId>, Option<KeyId>), TableError> {
        const WHAT: &str = "the table did not list an account's keys";
        // Nobody has ever decided anything.
        if mark.version == 0 {
            return Ok((Vec::new(), None));
        }
        let id_of =
            |item: &Item| item.get(ID).and_then(|id| KeyId::parse(id.as_s().ok()?)).ok_or(TableError::new(WHAT));
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression("accountId = :account")
            .filter_expression(&mark.is_older)
            .projection_expression(ID)
            .expression_attribute_values(":account", AttributeValue::S(account_id.to_string()))
            .expression_attribute_values(":version", number(mark.version))
            .set_exclusive_start_key(after.map(|id| key(account_id, id)))
            .send()
            .await
            .map_err(|cause| TableError::caused(WHAT, cause))?;
        let keys = page.items().iter().map(id_of).collect::<Result<_, _>>()?;
        Ok((keys, page.last_evaluated_key().map(id_of).transpose()?))
    }
}

fn must_be_sent(sent: Sent) -> Result<(), WriteError> {
    match sent {
        // A key that is gone, or was told something newer, needs nothing.
        Sent::Done | Sent::Unmet => Ok(()),
        Sent::Busy => Err(WriteError::Contended),
    }
}
