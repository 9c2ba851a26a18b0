//! How much keys were used, read out of the items that `usage` writes.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use aws_sdk_dynamodb::types::AttributeValue;

use super::counts::{id, letter};
use crate::aws::Aws;
use crate::key::{Consumer, Denials, Timestamp, Uses};
use crate::store::dynamo::attribute::{ID, Item};
use crate::store::dynamo::error::TableError;
use crate::store::dynamo::table::Table;

/// Reads what was counted.
#[derive(Debug, Clone)]
pub struct UsageList {
    table: Table,
}

impl UsageList {
    /// Reads from the table of that name.
    #[must_use]
    pub fn new(aws: &Aws, table: String) -> Self {
        Self { table: Table::new(aws, table) }
    }

    /// What a consumer did in these hours, counted from 1970; hours without a request are left out, and some of the first and
    /// the last day may come along.
    ///
    /// # Errors
    /// [`TableError`] when the table does not answer.
    pub async fn hours(
        &self,
        consumer: &Consumer,
        hours: RangeInclusive<i64>,
    ) -> Result<BTreeMap<i64, Uses>, TableError> {
        const WHAT: &str = "could not list usage";
        let text = |hour: &i64| AttributeValue::S(id(consumer, Timestamp::of_unix_hour(*hour)));
        let mut items = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .key_condition_expression("accountId = :account AND id BETWEEN :first AND :last")
            .expression_attribute_values(":account", AttributeValue::S(consumer.account_id.to_string()))
            .expression_attribute_values(":first", text(hours.start()))
            .expression_attribute_values(":last", text(hours.end()))
            .into_paginator()
            .items()
            .send();
        let mut all = BTreeMap::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|cause| TableError::caused(WHAT, cause))?;
            all.extend(hours_of(&item).ok_or(TableError::new("an item of the table of usage is malformed"))?);
        }
        Ok(all)
    }
}

/// The hours of a day's item.
fn hours_of(item: &Item) -> Option<Vec<(i64, Uses)>> {
    let (_, day) = item.get(ID)?.as_s().ok()?.split_once('#')?;
    let first = Timestamp::parse(&format!("{day}T00:00:00Z"))?.unix_hour();
    let requests = |verdict: char, hour: i64| match item.get(&format!("{verdict}{hour:02}")) {
        Some(number) => number.as_n().ok()?.parse::<u64>().ok(),
        None => Some(0),
    };
    let uses = |hour| {
        let (allowed, limited) = (requests('a', hour)?, requests('l', hour)?);
        let denied = Denials::of(|denial| requests(letter(denial), hour))?;
        Some((first + hour, Uses { allowed, limited, denied }))
    };
    (0..24).map(uses).filter(|hour| hour.is_none_or(|(_, uses)| uses.all() > 0)).collect()
}
