//! API keys: what they are, who may issue them, and where they are kept.
//!
//! Four rooms in one direction, and the way to AWS beside them. A room uses itself and what stands left of it:
//!
//! ```text
//! key ← request ← table ← lambda
//!                   ↑
//!                  aws
//! ```
//!
//! - [`key`]: a key as an idea. Pure: no I/O, no JSON bodies, no HTTP, no DynamoDB.
//! - [`request`]: a client's words become types, or the request ends there.
//! - [`table`]: the DynamoDB table, one file for each kind of item, the reader of the hot path and the writers.
//! - `aws`: SDK configuration, transport, DynamoDB's protocol, a secret.
//! - [`lambda`]: events in, answers out; the only room that knows statuses.
//!
//! An error is declared where it is raised. Their sum is [`Error`], beside the one match that turns it into statuses.
//! `tests/tests/rooms.rs` reads the `use` lines and holds the direction.
//!
//! Nothing here reads the clock or makes random numbers: `now` and [`Random`] are handed in by a function's `main`. Only
//! [`log`] looks when it writes a line.
//!
//! Futures: each async function moves the future of its caller a few times per request, so a large future costs all that
//! is around it. Large or rare work is therefore boxed where it begins.

mod aws;
pub mod key;
pub mod lambda;
#[cfg(feature = "openapi")]
mod openapi;
pub mod request;
pub mod table;

pub use aws::{Aws, Misconfigured, Secret, SecretArn, StoredSecret, Transport};
pub use key::{
    AccountId, AllowedIps, Catalogue, Claim, ClaimPart, Consumer, Count, Counters, EventId, Found, GiveBack,
    GiveBackPart, ImportedKeys, IpRange, Issuer, KeyHash, KeyId, KeyMetadata, KeyPrefix, KeyRecord, KeyStatus,
    KeyValue, KeyView, Lease, Limit, Limits, Locator, NoRandomness, Operation, Operations, Period, PreviousValue,
    Random, Step, Timestamp, TrafficType, Use, Uses,
};
pub use lambda::{
    Error, IssuedKey, MethodArn, Metrics, Opens, Reason, Reasons, Refusal, Verdict, ending, http, log, settings,
};
pub use request::{
    AccountChange, Actor, ActorType, Caller, Change, FieldError, Fields, Forbidden, InvalidRequest, Json, NewKey,
    Origin, PathText, UsageBucket, UsageQuery, normalize_text,
};
pub use table::{
    Account, AccountList, AccountPage, AccountRefusal, Admission, DroppedUsage, DroppedUse, Erasing, Event, EventList,
    EventPage, EventTable, EventType, FieldChange, Imported, KeyList, KeyPage, KeyReader, KeyStore, LastUse, Leak,
    LeakReport, Leases, Sweep, SweepCursor, TableError, Usage, UsageList, WriteError,
};
