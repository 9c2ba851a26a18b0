//! Pages of one partition, newest first.

use aws_sdk_dynamodb::types::AttributeValue;

use super::attribute::{ID, Item, primary_key};
use super::error::TableError;
use super::table::Table;

/// A filtered page looks through at most this many megabytes of other items before it ends short.
const MAX_QUERIES: usize = 8;

/// Which items of a partition are wanted.
pub(in crate::store) struct Pages<'a> {
    pub(in crate::store) table: &'a Table,
    pub(in crate::store) partition: String,
    /// Expressions that all must hold, each with one placeholder and its value.
    pub(in crate::store) filters: Vec<(&'static str, &'static str, String)>,
}

impl Pages<'_> {
    /// At most `limit` items behind the one with the id `after`, and the id behind which the next page begins.
    ///
    /// The item of that id need not exist any more. A page may be shorter, even empty, and not be the last.
    pub(in crate::store) async fn page(
        &self,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Item>, Option<String>), TableError> {
        let mut items = Vec::new();
        let mut next = after;
        for _ in 0..MAX_QUERIES {
            (items, next) = self.query(limit, next).await?;
            // One query reads a megabyte: enough for an answer, so only an empty one is followed by another.
            if !items.is_empty() || next.is_none() {
                break;
            }
        }
        if items.len() > limit {
            items.truncate(limit);
            next = items.last().and_then(id_of);
        }
        Ok((items, next))
    }

    async fn query(&self, limit: usize, after: Option<String>) -> Result<(Vec<Item>, Option<String>), TableError> {
        let text = AttributeValue::S;
        let start = after.map(|id| primary_key(&self.partition, &id));
        let mut query = self
            .table
            .client
            .query()
            .table_name(&self.table.name)
            .consistent_read(true)
            .scan_index_forward(false)
            .key_condition_expression("accountId = :partition")
            .expression_attribute_values(":partition", text(self.partition.clone()))
            .set_exclusive_start_key(start);
        if self.filters.is_empty() {
            // One more item than requested shows whether there is another page. A filter applies after the limit, so
            // filtered queries have none.
            query = query.limit(i32::try_from(limit).unwrap_or(i32::MAX).saturating_add(1));
        } else {
            let expressions: Vec<_> = self.filters.iter().map(|(expression, ..)| *expression).collect();
            query = query.filter_expression(expressions.join(" AND "));
            for (_, placeholder, value) in &self.filters {
                query = query.expression_attribute_values(*placeholder, text(value.clone()));
            }
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
