//! What an update writes and what it requires, by attribute.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};

use super::attribute::Item;
use super::error::TableError;

/// An update as part of a transaction; it never makes an item. `None` is an absent attribute.
pub(in crate::store) struct Expression {
    set: Vec<String>,
    add: Vec<String>,
    remove: Vec<String>,
    conditions: Vec<String>,
    update: UpdateBuilder,
}

impl Default for Expression {
    fn default() -> Self {
        // An update would make the item anew.
        let conditions = vec!["attribute_exists(id)".to_owned()];
        Self { set: Vec::new(), add: Vec::new(), remove: Vec::new(), conditions, update: Update::builder() }
    }
}

impl Expression {
    pub(in crate::store) fn write(&mut self, attribute: &str, value: Option<AttributeValue>) {
        self.name(attribute);
        match value {
            Some(value) => {
                self.set.push(format!("#{attribute} = :{attribute}"));
                self.value(format!(":{attribute}"), value);
            }
            None => self.remove.push(format!("#{attribute}")),
        }
    }

    pub(in crate::store) fn add(&mut self, attribute: &str, number: AttributeValue) {
        self.name(attribute);
        self.add.push(format!("#{attribute} :{attribute}"));
        self.value(format!(":{attribute}"), number);
    }

    pub(in crate::store) fn require(&mut self, attribute: &str, value: Option<AttributeValue>) {
        self.name(attribute);
        match value {
            Some(value) => {
                self.conditions.push(format!("#{attribute} = :old_{attribute}"));
                self.value(format!(":old_{attribute}"), value);
            }
            None => self.conditions.push(format!("attribute_not_exists(#{attribute})")),
        }
    }

    /// Requires a condition of its own words.
    pub(in crate::store) fn require_that<const N: usize>(
        &mut self,
        condition: &str,
        values: [(&str, AttributeValue); N],
    ) {
        self.conditions.push(condition.to_owned());
        for (placeholder, value) in values {
            self.value(placeholder.to_owned(), value);
        }
    }

    /// Some names, such as `name`, are DynamoDB's own words, so each has a placeholder.
    fn name(&mut self, attribute: &str) {
        let update = std::mem::take(&mut self.update);
        self.update = update.expression_attribute_names(format!("#{attribute}"), attribute);
    }

    fn value(&mut self, placeholder: String, value: AttributeValue) {
        let update = std::mem::take(&mut self.update);
        self.update = update.expression_attribute_values(placeholder, value);
    }

    /// The part of a transaction that updates the item of that key.
    pub(in crate::store) fn on(self, table: &str, key: Item) -> Result<TransactWriteItem, TableError> {
        let clause = |word: &str, parts: &[String]| match parts {
            [] => String::new(),
            parts => format!("{word} {} ", parts.join(", ")),
        };
        let expression = clause("SET", &self.set) + &clause("REMOVE", &self.remove) + &clause("ADD", &self.add);
        let update = self.update.update_expression(expression.trim_end());
        let update = update.condition_expression(self.conditions.join(" AND ")).table_name(table).set_key(Some(key));
        let update = update.build().map_err(|cause| TableError::caused("a change could not be built", cause))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}
