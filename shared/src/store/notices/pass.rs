//! How far the notices have come: one item, which a run replaces only as it read it.

use serde::{Deserialize, Serialize};

use crate::key::{AccountId, KeyId, Timestamp};
use crate::store::dynamo::attribute::{Item, number, primary_key};
use crate::store::dynamo::bulk::{Sent, send};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::retries::Retries;
use crate::store::dynamo::table::Table;

/// No account has an id of this shape.
const NOTICES: &str = "notices";
const PASS: &str = "pass";
const WHAT: &str = "how far the notices have come";

/// A pass over the keys of all accounts, and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pass {
    /// The day on which it began.
    pub(super) day: String,
    /// Whether it has come to its end.
    pub(super) is_done: bool,
    /// Whether a run failed in it, and went on behind what failed.
    #[serde(default)]
    pub(super) has_failed: bool,
    pub(super) place: Place,
    /// Raised by each write.
    version: u64,
}

/// Behind which account or key a pass goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<AccountId>,
    /// Where that account has more keys: the last one that was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<KeyId>,
}

impl Pass {
    /// Reads it as it is at this moment. Before the first one it is one that has just begun.
    pub(super) async fn read(table: &Table, now: Timestamp) -> Result<Self, TableError> {
        let first = || Self { day: now.day(), is_done: false, has_failed: false, place: Place::default(), version: 0 };
        Ok(Self::find(table).await?.unwrap_or_else(first))
    }

    async fn find(table: &Table) -> Result<Option<Self>, TableError> {
        let found = table.read(WHAT, primary_key(NOTICES, PASS)).await?.map(serde_dynamo::from_item).transpose();
        found.map_err(|cause| TableError::caused("an item is no pass of the notices", cause))
    }

    /// Whether nothing is left to do on that day. One that began on another day goes on to its end, however late: those at
    /// its end wait longest. Behind one in which something failed there is another one.
    pub(super) fn is_done_for(&self, now: Timestamp) -> bool {
        self.is_done && !self.has_failed && self.day == now.day()
    }

    /// The same, or where it has ended the next one.
    pub(super) fn going_on(self, now: Timestamp) -> Self {
        if self.is_done { Self { day: now.day(), is_done: false, has_failed: false, ..self } } else { self }
    }

    /// Writes it, unless another run came first. Whether it is written.
    pub(super) async fn save(&mut self, table: &Table) -> Result<bool, TableError> {
        let before = self.version;
        self.version += 1;
        let mut item: Item = serde_dynamo::to_item(&*self).map_err(|cause| TableError::caused(WHAT, cause))?;
        item.extend(primary_key(NOTICES, PASS));
        let put = table.client.put_item().table_name(&table.name).set_item(Some(item));
        let put = put.condition_expression("attribute_not_exists(id) OR version = :version");
        let put = put.expression_attribute_values(":version", number(before));
        match send(WHAT, Retries::from_now(), || put.clone().send()).await? {
            Sent::Done => Ok(true),
            // The SDK sends it again after an answer that was lost.
            Sent::Unmet => Ok(Self::find(table).await?.as_ref() == Some(self)),
            Sent::Busy => Err(TableError::new(format!("could not write {WHAT}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use super::*;
    use crate::aws::scripted::{Arrival, Reply, ScriptedTable};
    use crate::lock::lock;

    /// What `save` finds when the table refuses its write, and then shows the same pass at that place.
    async fn is_saved(place: Place) -> bool {
        let written = Arc::new(Mutex::new(Value::Null));
        let decide = move |Arrival { operation, body, .. }: Arrival| {
            let body: Value = serde_json::from_str(&body).unwrap();
            if operation == "PutItem" {
                *lock(&written) = body["Item"].clone();
                return Reply::Answer(400, json!({"__type": "ConditionalCheckFailedException"}));
            }
            let mut item = lock(&written).clone();
            item["place"]["M"] = place.account.map_or(json!({}), |id| json!({"account": {"S": id.as_str()}}));
            Reply::Answer(200, json!({ "Item": item }))
        };
        let (_, aws, _) = ScriptedTable::start(decide);
        let mut pass = Pass {
            day: "2026-11-23".to_owned(),
            is_done: false,
            has_failed: false,
            place: Place::default(),
            version: 6,
        };
        pass.save(&Table::new(&aws, "keys".to_owned())).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_pass_whose_first_answer_was_lost_is_saved_and_one_that_another_run_has_overtaken_is_not() {
        assert!(is_saved(Place::default()).await);
        // The other one had read the same version, and went on from there.
        assert!(!is_saved(Place { account: Some(AccountId::from_random([7; 16])), key: None }).await);
    }
}
