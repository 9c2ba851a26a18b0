//! A key as an idea: what it is made of, what it opens, and when. No I/O, no JSON bodies, no HTTP, no DynamoDB.
//!
//! ```text
//! from_text → id, timestamp, allowed_ips
//! base62 → id ──┐
//! prefix, hash ─┼→ value → issuer, find
//! random ───────┘
//! operation → catalogue
//! timestamp → limits → counters → lease → account_lease
//! timestamp, id → usage
//! id → etag
//! timestamp → lifetime → notice
//! timestamp, hash → previous_value
//! timestamp, allowed_ips, limits, account_lease, lifetime, etag, operation, status, tags, previous_value → metadata → record
//! ```

mod account_lease;
mod allowed_ips;
mod base62;
mod catalogue;
mod counters;
mod etag;
mod find;
mod from_text;
mod hash;
mod id;
mod issuer;
mod lease;
mod lifetime;
mod limits;
mod metadata;
mod notice;
mod operation;
mod prefix;
mod previous_value;
mod random;
mod record;
mod status;
mod tags;
mod timestamp;
mod usage;
mod value;

pub use self::account_lease::{AccountLease, AccountLimits};
pub use self::allowed_ips::{AllowedIps, IpRange};
pub use self::catalogue::Catalogue;
pub use self::counters::{Claim, ClaimPart, Counters, GiveBack, GiveBackPart};
pub use self::etag::Etag;
pub use self::find::Found;
pub(crate) use self::from_text::from_text;
pub use self::hash::KeyHash;
pub use self::id::{AccountId, EventId, KeyId, Locator};
pub use self::issuer::Issuer;
pub use self::lease::{Lease, Step};
pub use self::lifetime::Lifetime;
pub use self::limits::{Limit, Limits, Period};
pub use self::metadata::{EffectiveLimits, KeyMetadata, KeySettings, KeyView};
pub use self::notice::{Notice, NoticeDays};
pub use self::operation::{Operation, Operations, TrafficType};
pub use self::prefix::KeyPrefix;
pub use self::previous_value::PreviousValue;
pub use self::random::{NoRandomness, Random};
pub use self::record::KeyRecord;
pub use self::status::KeyStatus;
pub use self::tags::{ShownTags, Tags};
pub use self::timestamp::Timestamp;
pub use self::usage::{Consumer, Count, Denial, Denials, Tally, Use, Uses};
pub use self::value::{ImportedKeys, KeyValue};
