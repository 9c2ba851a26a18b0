//! The transaction that stores a new key.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};

use super::item::{AccountItem, account_key};
use super::quota::reserve;
use crate::key::{KeyMetadata, KeyRecord, Lifetime, Timestamp};
use crate::request::{NamedRequest, Origin};
use crate::store::dynamo::attribute::{LAST_EVENT, optional, value};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::expression::Expression;
use crate::store::dynamo::part::put_new;
use crate::store::dynamo::transaction::{Part, Transaction};
use crate::store::events::event::{Event, EventType};
use crate::store::events::tables::Tables;
use crate::store::keys::account_state::AccountState;
use crate::store::keys::done_request::recording;
use crate::store::keys::import_claim::HELD;
use crate::store::keys::item::{ENABLED, LIFETIME_EXEMPT, key, to_item};

/// A key that is to be stored in an account that exists.
pub(super) struct Insertion<'a> {
    pub(super) r#type: EventType,
    pub(super) record: &'a KeyRecord,
    /// What else is stored of a key of another system.
    pub(super) claim: Vec<(Part, TransactWriteItem)>,
    /// The request that it is stored for, if its client has named it.
    pub(super) named: Option<&'a NamedRequest>,
    /// Whether its value was in use before, and works again by this.
    pub(super) revives: bool,
    pub(super) max_keys: u64,
    /// How long values may live at most, as the stack has it.
    pub(super) lifetime: Option<Lifetime>,
    origin: &'a Origin,
    pub(super) now: Timestamp,
}

impl<'a> Insertion<'a> {
    pub(super) fn of(
        r#type: EventType,
        record: &'a KeyRecord,
        max_keys: u64,
        origin: &'a Origin,
        now: Timestamp,
    ) -> Self {
        Self { r#type, record, claim: Vec::new(), named: None, revives: false, max_keys, lifetime: None, origin, now }
    }

    /// Stores the record in the account as it was read.
    pub(super) fn transaction(
        &self,
        tables: &Tables,
        record: &KeyRecord,
        account: &AccountItem,
    ) -> Result<Transaction, TableError> {
        let mut event = creation(tables, self.r#type, record, self.origin, self.now)?;
        event.external_id.clone_from(&account.external_id);
        if self.revives {
            event.add_change("revived", &(), &true)?;
        }
        let mut room = Expression::default();
        reserve(&mut room, record.metadata.id, self.max_keys)?;
        account.require_state(&mut room);
        if self.r#type == EventType::AccountRecovered {
            event.previous_event = account.last_event;
            room.require(LAST_EVENT, optional(account.last_event.as_ref())?);
            room.write(LAST_EVENT, Some(value(&event.id)?));
        }
        let mut transaction = key_and_event(tables, record, &account.state(), &event)?
            .with(Part::Room, room.on(&tables.keys.name, account_key(record.account_id))?);
        if let Some(request) = self.named {
            let record = recording(&tables.keys.name, request, record.metadata.id, event.id, self.now)?;
            transaction = transaction.with(Part::Request, record);
        }
        for (part, item) in &self.claim {
            transaction = transaction.with(*part, item.clone());
        }
        Ok(transaction)
    }
}

/// What all new keys have in common: the key, with the state of its account, and its event.
pub(super) fn key_and_event(
    tables: &Tables,
    record: &KeyRecord,
    account: &AccountState,
    event: &Event,
) -> Result<Transaction, TableError> {
    let record = KeyRecord { last_event: Some(event.id), ..record.clone() };
    let mut item = to_item(&record)?;
    account.copy_to(&mut item)?;
    if event.r#type == EventType::KeyImported {
        item.insert(HELD.into(), AttributeValue::Bool(true));
    }
    Ok(Transaction::writing(event.r#type.name(), key(record.place()), event.id)
        .with(Part::Key, put_new(&tables.keys.name, item)?)
        .with(Part::Event, tables.events.append(record.account_id, event)?))
}

/// The event of a new key: all that was decided of it.
pub(super) fn creation(
    tables: &Tables,
    r#type: EventType,
    record: &KeyRecord,
    origin: &Origin,
    now: Timestamp,
) -> Result<Event, TableError> {
    let KeyMetadata { id, user_id, username, lifetime_exempt, settings, .. } = &record.metadata;
    let mut event = tables.event(r#type, Some(*id), origin, now)?;
    event.add_change("userId", &(), user_id)?;
    event.add_change("username", &(), username)?;
    event.add_differences(&(), settings)?;
    // Every new key is enabled: that is not decided.
    event.changes.retain(|change| change.field != ENABLED);
    if *lifetime_exempt {
        event.add_change(LIFETIME_EXEMPT, &(), lifetime_exempt)?;
    }
    Ok(event)
}
