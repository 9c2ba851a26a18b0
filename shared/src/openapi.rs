//! The OpenAPI schemas of the types that serialize themselves by hand; the others derive theirs.

use utoipa::openapi::schema::{AdditionalProperties, ArrayBuilder, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::key::{
    AccountId, AllowedIps, Denials, EffectiveLimits, Etag, EventId, IpRange, KeyId, KeyValue, Limit, Limits, Operation,
    Operations, Period, Tags, Timestamp, TrafficType,
};
use crate::lambda::{Code, IssuedKey, IssuedKeyBody};

macro_rules! schemas {
    ($($name:ident => $schema:expr),* $(,)?) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

schemas! {
    AccountId => text("4Vn8QkT2mZrB0xYcW7eHsA").pattern(Some("^[0-9A-Za-z]{22}$")),
    Code => codes(),
    Etag => text("0353BcNZpNQ41k9Zft1Kjj").pattern(Some("^([0-9A-Za-z]{22}|0)$")),
    EventId => text("0353BcNZpNQ41k9Zft1Kjj").pattern(Some("^[0-9A-Za-z]{22}$")),
    KeyId => text("0QbXn6T4mKrV9sYdJ2wLhP").pattern(Some("^[0-9A-Za-z]{22}$")),
    KeyValue => text("ak_sample_14Vn8QkT2mZrB0xYcW7eHsA0QbXn6T4mKrV9sYdJ2wLhP_SampleKeyForLocalUseOnlyNeverIssuedByAnyone1qM5a2")
        .pattern(Some("^[a-z][a-z0-9]*(_[a-z0-9]+)*_1[0-9A-Za-z]{44}_[0-9A-Za-z]{49}$")),
    Operation => constant("SMS"),
    Operations => ArrayBuilder::new().items(Operation::schema()).min_items(Some(1)).unique_items(true),
    TrafficType => constant("TRANSACTIONAL"),
    Timestamp => ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))),
    IpRange => text("203.0.113.0/24").format(Some(SchemaFormat::Custom("ip-range".to_owned()))),
    AllowedIps => ArrayBuilder::new()
        .items(IpRange::schema())
        .min_items(Some(1))
        .max_items(Some(AllowedIps::MAX))
        .unique_items(true),
    Limit => ObjectBuilder::new()
        .description(Some("How many requests are let through in each period."))
        .property(
            "requests",
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(1))
                .maximum(Some(Limit::MAX_REQUESTS))
                .description(Some("How many requests are let through.")),
        )
        .property("per", Ref::from_schema_name("Period"))
        .required("requests")
        .required("per")
        .additional_properties(Some(AdditionalProperties::FreeForm(false))),
    Limits => limits(Limits::MAX),
    EffectiveLimits => limits(Period::ALL.len()),
    Denials => ObjectBuilder::new()
        .property_names(Some(constant("ADDRESS")))
        .additional_properties(Some(ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1)))),
    Tags => tags(),
}

impl ToSchema for IssuedKey {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        IssuedKeyBody::schemas(schemas);
    }
}

impl PartialSchema for IssuedKey {
    fn schema() -> RefOr<Schema> {
        IssuedKeyBody::schema()
    }
}

fn limits(most: usize) -> ArrayBuilder {
    ArrayBuilder::new()
        .items(Ref::from_schema_name("Limit"))
        .min_items(Some(1))
        .max_items(Some(most))
        .unique_items(true)
}

/// Texts by their names.
fn tags() -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(Tags::MAX_TEXT));
    ObjectBuilder::new()
        .description(Some(
            "Texts by their names, which are `[A-Za-z][A-Za-z0-9_.-]{0,39}`: at most 1024 bytes in all, form-encoded. They grant \
             nothing.",
        ))
        .property_names(Some(ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z][A-Za-z0-9_.-]{0,39}$"))))
        .max_properties(Some(Tags::MAX))
        .additional_properties(Some(text))
}

/// All codes, each with its status, whether trying again can help, and when it comes.
fn codes() -> ObjectBuilder {
    let names = || Code::ALL.iter().filter_map(|code| serde_json::to_value(code).ok());
    let line = |(name, code): (serde_json::Value, &Code)| {
        let name = name.as_str().unwrap_or_default();
        format!("- `{name}` ({}; again: {}): {}\n", code.status().as_u16(), code.retry(), code.meaning())
    };
    let lines: String = names().zip(Code::ALL).map(line).collect();
    let description =
        format!("What went wrong, for programs; and whether the same request can succeed again.\n{lines}");
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names())).description(Some(description))
}

/// What `is_constant` takes.
fn constant(example: &str) -> ObjectBuilder {
    text(example).pattern(Some("^[A-Z][A-Z0-9_]*$")).max_length(Some(32))
}

fn text(example: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).examples([example])
}
