//! Pages of one partition, newest first.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use tokio::time::Instant;

use super::attribute::{ID, Item, primary_key, size};
use super::error::TableError;
use super::table::Table;

/// A page is made of at most this many queries. Each reads a megabyte at most.
const MAX_QUERIES: usize = 8;
/// By so much each query of a page reads further than the one before, so that a page costs what it has to pass over.
const GROWTH: usize = 4;
/// No query begins later than this after the first one. Each ends in 2.5 s, and an answer in 8 s.
const TIME: Duration = Duration::from_secs(3);
/// A page has no more bytes of items than this, and one item: what is large in the table is larger in an answer.
const LARGEST: usize = 1 << 20;

/// What DynamoDB drops of a partition before it hands it out.
#[derive(Default)]
pub(in crate::store) struct Conditions {
    /// Expressions that all must hold.
    expressions: Vec<String>,
    /// Their placeholders and values.
    values: Vec<(String, AttributeValue)>,
}

impl Conditions {
    /// Adds an expression that must hold, with the values of its placeholders.
    pub(in crate::store) fn require<const N: usize>(&mut self, expression: &str, values: [(&str, AttributeValue); N]) {
        self.expressions.push(expression.to_owned());
        self.values.extend(values.map(|(placeholder, value)| (placeholder.to_owned(), value)));
    }
}

/// Which items of a partition are wanted.
pub(in crate::store) struct Pages<'a> {
    pub(in crate::store) table: &'a Table,
    pub(in crate::store) partition: String,
    pub(in crate::store) conditions: Conditions,
}

impl Pages<'_> {
    /// At most `limit` of what `read` makes of the items behind the one with the id `after`, and the id behind which the next
    /// page begins. `read` gives `None` for an item that is not wanted.
    ///
    /// The item of that id need not exist any more. A page may be shorter, even empty, and not be the last: it ends with
    /// what it has when its queries, its time or its bytes are used up.
    pub(in crate::store) async fn page<T>(
        &self,
        limit: usize,
        after: Option<String>,
        read: impl Fn(Item) -> Result<Option<T>, TableError>,
    ) -> Result<(Vec<T>, Option<String>), TableError> {
        let end = Instant::now() + TIME;
        let (mut page, mut bytes, mut last) = (Vec::new(), 0, None);
        // Where no item was passed over, a page that is short is one of as many bytes as DynamoDB reads at once.
        let mut is_whole = self.conditions.expressions.is_empty();
        let mut next = after;
        // One more item than requested shows whether there is another page.
        let mut reach = limit.saturating_add(1);
        for _ in 0..MAX_QUERIES {
            let (items, read_up_to) = self.query(reach, next).await?;
            next = read_up_to;
            for item in items {
                let (id, size) = (id_of(&item), size(&item));
                let Some(wanted) = read(item)? else {
                    is_whole = false;
                    continue;
                };
                if page.len() == limit || bytes >= LARGEST {
                    return Ok((page, last));
                }
                page.push(wanted);
                bytes += size;
                last = id;
            }
            let is_full = page.len() == limit || bytes >= LARGEST;
            if next.is_none() || is_full || is_whole || Instant::now() >= end {
                break;
            }
            reach = reach.saturating_mul(GROWTH);
        }
        Ok((page, next))
    }

    /// The items among the next `reach` that the conditions leave, and the id of the last of these `reach`, if there are more.
    async fn query(&self, reach: usize, after: Option<String>) -> Result<(Vec<Item>, Option<String>), TableError> {
        let start = after.map(|id| primary_key(&self.partition, &id));
        let Conditions { expressions, values } = &self.conditions;
        let mut query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .scan_index_forward(false)
            .key_condition_expression("accountId = :partition")
            .expression_attribute_values(":partition", AttributeValue::S(self.partition.clone()))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(reach).unwrap_or(i32::MAX));
        if !expressions.is_empty() {
            query = query.filter_expression(expressions.join(" AND "));
        }
        for (placeholder, value) in values {
            query = query.expression_attribute_values(placeholder, value.clone());
        }
        let output = query.send().await.map_err(|cause| {
            TableError::caused(format!("could not list items of the table {}", self.table.name), cause)
        })?;
        let end = match output.last_evaluated_key {
            Some(last) => Some(id_of(&last).ok_or(TableError::new("a page of items ends without an id"))?),
            None => None,
        };
        Ok((output.items.unwrap_or_default(), end))
    }
}

fn id_of(item: &Item) -> Option<String> {
    Some(item.get(ID)?.as_s().ok()?.clone())
}
