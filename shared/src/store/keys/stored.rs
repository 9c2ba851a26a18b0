//! A key in DynamoDB's own JSON, where each value is in an object that names its type: what the reader reads.

use aws_smithy_types::base64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::key::{
    AccountId, AccountLimits, EventId, IpRange, KeyHash, KeyId, KeyMetadata, KeyRecord, KeySettings, Limit, Limits,
    Operation, Period, PreviousValue, Tags, Timestamp, TrafficType, from_text,
};

/// A whole item.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoredKey {
    account_id: Text<AccountId>,
    id: Text<KeyId>,
    key_hash: Binary,
    exposed_hash: Option<Binary>,
    exposed_previous_hash: Option<Binary>,
    previous_key_hash: Option<Binary>,
    previous_valid_until: Option<Text<Timestamp>>,
    previous_last_used_at: Option<Text<Timestamp>>,
    previous_last_used_of: Option<Binary>,
    company: Text<String>,
    user_id: Text<String>,
    username: Text<String>,
    created_by: Text<String>,
    created_by_key_id: Option<Text<KeyId>>,
    operations: List<Text<Operation>>,
    traffic_type: Text<TrafficType>,
    name: Option<Text<String>>,
    description: Option<Text<String>>,
    created_at: Text<Timestamp>,
    value_created_at: Option<Text<Timestamp>>,
    lifetime_exempt: Option<Truth>,
    enabled: Truth,
    expires_at: Option<Text<Timestamp>>,
    last_used_at: Option<Text<Timestamp>>,
    allowed_ips: Option<List<Text<IpRange>>>,
    last_event: Option<Text<EventId>>,
    suspension: Option<Number>,
    held: Option<Truth>,
    limits: Option<StoredLimits>,
    ceiling: Option<StoredLimits>,
    tags: Option<Text<String>>,
    external_id: Option<Text<String>>,
    plan: Option<Number>,
    account_limits: Option<StoredLimits>,
}

impl From<StoredKey> for KeyRecord {
    fn from(stored: StoredKey) -> Self {
        let key_hash = stored.key_hash.value;
        let reported = [stored.exposed_hash, stored.exposed_previous_hash].map(|hash| hash.map(|hash| hash.value));
        let previous = stored.previous_key_hash.map(|hash| hash.value);
        let last_use = stored.previous_last_used_of.map(|hash| hash.value).zip(value_of(stored.previous_last_used_at));
        Self {
            account_id: stored.account_id.value,
            previous: previous_value(previous, value_of(stored.previous_valid_until), last_use, &reported),
            last_event: value_of(stored.last_event),
            suspension: stored.suspension.map_or(0, |number| number.value),
            import_pending: stored.held.is_some_and(|held| held.value),
            ceiling: limits_of(stored.ceiling),
            external_id: value_of(stored.external_id),
            account_limits: AccountLimits {
                plan: stored.plan.map_or(0, |number| number.value),
                limits: limits_of(stored.account_limits),
            },
            metadata: KeyMetadata {
                id: stored.id.value,
                company: stored.company.value,
                user_id: stored.user_id.value,
                username: stored.username.value,
                created_by: stored.created_by.value,
                created_by_key_id: value_of(stored.created_by_key_id),
                created_at: stored.created_at.value,
                value_created_at: value_of(stored.value_created_at),
                lifetime_exempt: stored.lifetime_exempt.is_some_and(|exempt| exempt.value),
                last_used_at: value_of(stored.last_used_at),
                settings: KeySettings {
                    operations: stored.operations.collect(),
                    traffic_type: stored.traffic_type.value,
                    name: value_of(stored.name),
                    description: value_of(stored.description),
                    enabled: stored.enabled.value,
                    expires_at: value_of(stored.expires_at),
                    allowed_ips: stored.allowed_ips.map(List::collect),
                    limits: limits_of(stored.limits),
                    tags: stored.tags.map(|text| Tags::of_stored(text.value)).unwrap_or_default(),
                },
            },
            key_hash,
            reported,
        }
    }
}

/// The value before, unless it was reported: functions of releases before 0.2 know of no exposure, and may have given the value
/// a grace period.
pub(super) fn previous_value(
    key_hash: Option<KeyHash>,
    valid_until: Option<Timestamp>,
    last_use: Option<(KeyHash, Timestamp)>,
    reported: &[Option<KeyHash>],
) -> Option<PreviousValue> {
    let (key_hash, valid_until) = key_hash.zip(valid_until)?;
    let was_reported = reported.iter().flatten().any(|reported| *reported == key_hash);
    // The use of a value that was the one before in its time may be written late.
    let last_used_at = last_use.filter(|(of, _)| *of == key_hash).map(|(_, at)| at);
    (!was_reported).then_some(PreviousValue { key_hash, valid_until, last_used_at })
}

fn value_of<T>(text: Option<Text<T>>) -> Option<T> {
    text.map(|text| text.value)
}

fn limits_of(stored: Option<StoredLimits>) -> Limits {
    stored.map_or(Limits::NONE, |stored| stored.value)
}

/// What is a string in the table.
#[derive(Serialize, Deserialize)]
pub(super) struct Text<T> {
    #[serde(rename = "S")]
    pub(super) value: T,
}

#[derive(Deserialize)]
struct Truth {
    #[serde(rename = "BOOL")]
    value: bool,
}

/// A whole number, which DynamoDB writes as text.
#[derive(Deserialize)]
struct Number {
    #[serde(rename = "N", deserialize_with = "read_number")]
    value: u64,
}

fn read_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    from_text(deserializer, "a whole number", |text| text.parse().ok())
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(rename = "L")]
    values: Vec<T>,
}

impl<T> List<Text<T>> {
    fn collect<C: FromIterator<T>>(self) -> C {
        self.values.into_iter().map(|text| text.value).collect()
    }
}

/// Limits are a list of maps. What makes no sense is no key: it must not pass for a key without limits.
#[derive(Deserialize)]
#[serde(try_from = "List<Map<StoredLimit>>")]
struct StoredLimits {
    value: Limits,
}

#[derive(Deserialize)]
struct Map<T> {
    #[serde(rename = "M")]
    value: T,
}

#[derive(Deserialize)]
struct StoredLimit {
    requests: Number,
    per: Text<Period>,
}

impl TryFrom<List<Map<StoredLimit>>> for StoredLimits {
    type Error = &'static str;

    fn try_from(list: List<Map<StoredLimit>>) -> Result<Self, Self::Error> {
        let and = |limits: Limits, Map { value }: Map<StoredLimit>| {
            limits.and(Limit { requests: u32::try_from(value.requests.value).ok()?, per: value.per.value })
        };
        let value = list.values.into_iter().try_fold(Limits::NONE, and).ok_or("not limits")?;
        Ok(Self { value })
    }
}

/// What is bytes in the table, base64 in its JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct Binary {
    #[serde(rename = "B", serialize_with = "write_base64", deserialize_with = "read_base64")]
    pub(super) value: KeyHash,
}

fn write_base64<S: Serializer>(hash: &KeyHash, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&base64::encode(hash.as_bytes()))
}

fn read_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<KeyHash, D::Error> {
    from_text(deserializer, "a SHA-256 in base64", |text| KeyHash::from_bytes(&base64::decode(text).ok()?))
}
