//! What requests hold, for people: the functions take a body field by field, so no type of theirs has its shape.
//!
//! That both agree, at every limit, is proved in `agreement`.

use std::collections::BTreeMap;

use api_keys::key::{AllowedIps, Limits, Operations, Tags, Timestamp, TrafficType};
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Schema, SchemaType, Type};
use utoipa::{PartialSchema, ToSchema};

/// A new key.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewKey {
    /// The user that the key is assigned to, in your own system.
    #[schema(min_length = 1, max_length = 128)]
    pub user_id: String,
    /// That user's name.
    #[schema(min_length = 1, max_length = 128)]
    pub username: String,
    /// What the key is to open: operations that the service offers and that the calling key has itself.
    pub operations: Operations,
    /// The kind of messages it is meant for, one that the service offers. When absent or `null`: `TRANSACTIONAL`, or
    /// the first that is offered where that is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic_type: Option<TrafficType>,
    /// A short name for people.
    #[schema(min_length = 1, max_length = 128)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A longer description for people.
    #[schema(min_length = 1, max_length = 512)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// From that instant the key opens nothing; 30 days later it is removed. In the future, at most ten years away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// From where the key may be used: IPv4 or IPv6 addresses or CIDR ranges. From anywhere when absent or `null`.
    /// The same range in two notations counts as repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_ips: Option<AllowedIps>,
    /// How often the key may be used: up to three limits, each for another period. No limit of its own when absent or
    /// `null`; the operator's ceilings hold in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// What is noted of the key for the services behind the gateway, which get it with every request. **It grants nothing.**
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
}

/// What to change of a key, a [JSON merge patch](https://www.rfc-editor.org/rfc/rfc7396): what is absent stays as it is,
/// `null` removes a field.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyChanges {
    /// The user that the key is assigned to, in your own system. The one who had it before still knows its value: rotate it, if
    /// that is not wanted.
    #[schema(min_length = 1, max_length = 128, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// That user's name.
    #[schema(min_length = 1, max_length = 128, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// `false` switches the key off, `true` on again.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// What the key is to open, all of it: operations that the service offers and that the calling key has itself.
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations: Option<Operations>,
    /// The kind of messages it is meant for, one that the service offers. `null` sets the
    /// default of new keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub traffic_type: Option<TrafficType>,
    /// A short name for people.
    #[schema(min_length = 1, max_length = 128)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A longer description for people.
    #[schema(min_length = 1, max_length = 512)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// From that instant the key opens nothing; 30 days later it is removed. In the future, at most ten years away. A
    /// later time, or `null`, makes an expired key work again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// From where the key may be used: IPv4 or IPv6 addresses or CIDR ranges. From anywhere when `null`. The same range
    /// in two notations counts as repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_ips: Option<AllowedIps>,
    /// How often the key may be used: up to three limits, each for another period. No limit of its own when `null`;
    /// the operator's ceilings hold in any case. Requests that were counted in a window stay counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// What is noted of the key for the services behind the gateway, by name: a text sets one, `null` removes it, and what is
    /// absent stays. `null` in place of the object removes all. **It grants nothing.**
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<TagChanges>,
    /// See its schema.
    #[schema(schema_with = end_of_grace_period)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_value_valid_until: Option<()>,
}

fn end_of_grace_period() -> ObjectBuilder {
    let description = "`null` ends the grace period of the value before the last rotation: that value fails on the next request. \
        Where there is none, nothing is changed. It can be set to nothing else.";
    ObjectBuilder::new().schema_type(Type::Null).description(Some(description))
}

/// Texts by their names, which are as those of tags; `null` removes one.
#[derive(Default, Serialize)]
pub struct TagChanges(pub BTreeMap<String, Option<String>>);

impl PartialSchema for TagChanges {
    fn schema() -> RefOr<Schema> {
        let mut schema = Tags::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            let text = ObjectBuilder::new()
                .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
                .min_length(Some(1))
                .max_length(Some(Tags::MAX_TEXT));
            object.description = Some("Texts by their names; `null` removes one. The key then has at most 16, and 1024 bytes in all, form-encoded.".to_owned());
            object.additional_properties = Some(Box::new(AdditionalProperties::RefOr(text.into())));
            object.max_properties = None;
        }
        schema
    }
}

impl ToSchema for TagChanges {}

/// How to rotate a key.
#[derive(Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rotation {
    /// For how long the old value works beside the new one. Not at all when absent, `null` or 0. With a longest lifetime it works
    /// no longer than it might have without the rotation: `previousValueValidUntil` is its end.
    #[schema(minimum = 0, maximum = 604_800)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_period_seconds: Option<u32>,
    /// `true`, after a lost answer: the present value ends at once, and the one before it keeps its grace period. Then
    /// `gracePeriodSeconds` must be absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_previous: Option<bool>,
    /// The end of the key from then on: in the future, at most ten years away, and within the account's longest lifetime from now.
    /// The end that it has stays when absent or `null`; a key without one gets the latest that the lifetime allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}
