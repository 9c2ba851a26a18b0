//! What a key repeats of its account, so that a request has to read the key alone.
//!
//! Three things are repeated, each with a counter on the account and on its keys: `suspension`; with `revision` company and
//! ceiling; and with `plan` the external id and the account's own limits. A key takes only what is newer than its own counter, which is absent for 0. So of two
//! updates at once the newer one holds, and one that is repeated changes nothing.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::key;
use crate::key::{AccountId, KeyId, Limits, Locator};
use crate::store::dynamo::attribute::{ID, Item, number, value};
use crate::store::dynamo::bulk::{Sent, send};
use crate::store::dynamo::error::{TableError, WriteError};
use crate::store::dynamo::retries::Retries;
use crate::store::dynamo::table::Table;

/// How often the account was suspended and resumed, as the account or the key has it: odd is suspended.
pub(in crate::store) const SUSPENSION: &str = "suspension";
/// How often company or ceiling were changed, as the account or the key has it.
pub(in crate::store) const REVISION: &str = "revision";
/// How often external id or the account's own limits were changed, as the account or the key has it.
pub(in crate::store) const PLAN: &str = "plan";
/// The operator's own id of the account, on the account and on each of its keys.
pub(in crate::store) const EXTERNAL_ID: &str = "externalId";
/// The limits of the account, for all of its keys together, on the account and on each of its keys.
pub(in crate::store) const ACCOUNT_LIMITS: &str = "accountLimits";
/// The account's ceiling of limits, on the account and on each of its keys.
pub(in crate::store) const CEILING: &str = "ceiling";

/// A key's counter is older. `plan` is one of DynamoDB's own words.
const IS_OLDER: &str = "(attribute_not_exists(#counter) OR #counter < :version)";

/// What keys repeat of their account.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct AccountState {
    pub(in crate::store) suspension: u64,
    pub(in crate::store) revision: u64,
    pub(in crate::store) company: Option<String>,
    pub(in crate::store) ceiling: Limits,
    pub(in crate::store) plan: u64,
    pub(in crate::store) external_id: Option<String>,
    pub(in crate::store) account_limits: Limits,
}

impl AccountState {
    /// Copies it to a new key, which has the company already.
    pub(in crate::store) fn copy_to(&self, item: &mut Item) -> Result<(), TableError> {
        for (attribute, version) in [(SUSPENSION, self.suspension), (REVISION, self.revision), (PLAN, self.plan)] {
            item.extend(counter(version).map(|version| (attribute.to_owned(), version)));
        }
        if !self.ceiling.is_none() {
            item.insert(CEILING.into(), value(&self.ceiling)?);
        }
        if let Some(external_id) = &self.external_id {
            item.insert(EXTERNAL_ID.into(), value(external_id)?);
        }
        if !self.account_limits.is_none() {
            item.insert(ACCOUNT_LIMITS.into(), value(&self.account_limits)?);
        }
        Ok(())
    }
}

/// How such a counter is stored: 0 is absent.
pub(in crate::store) fn counter(version: u64) -> Option<AttributeValue> {
    (version > 0).then(|| number(version))
}

/// An update of keys to a newer state of their account.
#[derive(Debug, Clone)]
pub(in crate::store) struct StateUpdate {
    pub(in crate::store) version: u64,
    counter: &'static str,
    update: String,
    values: HashMap<String, AttributeValue>,
}

impl StateUpdate {
    pub(in crate::store) fn of_suspension(account: &AccountState) -> Self {
        Self::new(SUSPENSION, account.suspension)
    }

    pub(in crate::store) fn of_profile(account: &AccountState) -> Result<Self, TableError> {
        let mut profile = Self::new(REVISION, account.revision);
        if let Some(company) = &account.company {
            profile.update += ", company = :company";
            profile.values.insert(":company".into(), value(company)?);
        }
        if account.ceiling.is_none() {
            profile.update += " REMOVE ceiling";
        } else {
            profile.update += ", ceiling = :ceiling";
            profile.values.insert(":ceiling".into(), value(&account.ceiling)?);
        }
        Ok(profile)
    }

    pub(in crate::store) fn of_plan(account: &AccountState) -> Result<Self, TableError> {
        let mut plan = Self::new(PLAN, account.plan);
        let external_id = account.external_id.as_ref().map(value).transpose()?;
        let limits = (!account.account_limits.is_none()).then(|| value(&account.account_limits)).transpose()?;
        let (copied, absent): (Vec<_>, Vec<_>) =
            [(EXTERNAL_ID, external_id), (ACCOUNT_LIMITS, limits)].into_iter().partition(|(_, value)| value.is_some());
        for (attribute, value) in copied.into_iter().filter_map(|(attribute, value)| Some((attribute, value?))) {
            plan.update += &[", ", attribute, " = :", attribute].concat();
            plan.values.insert([":", attribute].concat(), value);
        }
        if !absent.is_empty() {
            let absent: Vec<_> = absent.into_iter().map(|(attribute, _)| attribute).collect();
            plan.update += &[" REMOVE ", &absent.join(", ")].concat();
        }
        Ok(plan)
    }

    fn new(counter: &'static str, version: u64) -> Self {
        Self {
            version,
            counter,
            update: "SET #counter = :version".to_owned(),
            values: HashMap::from([(":version".into(), number(version))]),
        }
    }

    /// Updates a key that is older.
    pub(in crate::store) fn send(
        &self,
        table: &Table,
        place: Locator,
    ) -> impl Future<Output = Result<Sent, TableError>> + Send + 'static {
        let update = table
            .client
            .update_item()
            .table_name(&table.name)
            .set_key(Some(key(place)))
            .update_expression(&self.update)
            .condition_expression(format!("attribute_exists(id) AND {IS_OLDER}"))
            .expression_attribute_names("#counter", self.counter)
            .set_expression_attribute_values(Some(self.values.clone()));
        async move { send("a key's copy of its account's state", Retries::from_now(), || update.clone().send()).await }
    }

    /// Updates one key. One that is gone, or newer, needs nothing.
    pub(in crate::store) async fn send_to_one(&self, table: &Table, place: Locator) -> Result<(), WriteError> {
        self.send(table, place).await?.unless_busy()
    }

    /// Some keys that are older, the oldest first, and where to go on.
    pub(in crate::store) async fn older_keys(
        &self,
        table: &Table,
        account_id: AccountId,
        after: Option<KeyId>,
    ) -> Result<(Vec<KeyId>, Option<KeyId>), TableError> {
        const WHAT: &str = "could not list an account's keys for a sweep";
        // No operator has changed the account yet.
        if self.version == 0 {
            return Ok((Vec::new(), None));
        }
        let id_of =
            |item: &Item| item.get(ID).and_then(|id| KeyId::parse(id.as_s().ok()?)).ok_or(TableError::new(WHAT));
        let page = table
            .client
            .query()
            .table_name(&table.name)
            .consistent_read(true)
            .key_condition_expression("accountId = :account")
            .filter_expression(IS_OLDER)
            .expression_attribute_names("#counter", self.counter)
            .projection_expression(ID)
            .expression_attribute_values(":account", AttributeValue::S(account_id.to_string()))
            .expression_attribute_values(":version", number(self.version))
            .set_exclusive_start_key(after.map(|id| key(Locator { account_id, id })))
            .send()
            .await
            .map_err(|cause| TableError::caused(WHAT, cause))?;
        let keys = page.items().iter().map(id_of).collect::<Result<_, _>>()?;
        Ok((keys, page.last_evaluated_key().map(id_of).transpose()?))
    }
}
