//! What operators do with accounts. On no route: they invoke it with one `action`, which has a file of its own here.

mod account_view;
mod action;
mod adopt;
mod create_key;
mod disable_keys;
mod each_key;
mod events;
mod exempt_key;
mod existence;
mod find_key;
mod key_view;
mod list;
mod list_keys;
mod recover;
mod revoke_keys;
mod rotate_key;
mod show;
mod show_key;
mod suspend;
mod update;
mod update_key;
mod usage;

use std::time::{Duration, SystemTime};

use api_keys::key::{Catalogue, Issuer, Lifetime, Limits, Timestamp};
use api_keys::lambda::{OperatorError, invoke};
use api_keys::request::{Fields, InvalidRequest};
use api_keys::store::{AccountList, Accounts, EventList, KeyList, KeyReader, Keys, NewKeys, Quota, UsageList};
use lambda_runtime::LambdaEvent;
use serde_json::value::RawValue;

pub use crate::action::Answer;
use crate::action::{Read, Ready, read};

/// How long an invocation goes on with many keys; then it answers how far it came.
pub const TIME: Duration = Duration::from_secs(40);
/// The time limit of an invocation, shorter than the function's own time-out.
const LONGEST: Duration = Duration::from_secs(50);

/// All actions, by the names that operators write, and what reads each. A new one is its file and its line here.
const ACTIONS: &[(&str, Read)] = &[
    ("list", read::<list::List>),
    ("show", read::<show::Show>),
    ("update", read::<update::Update>),
    ("suspend", read::<suspend::SetSuspended<true>>),
    ("resume", read::<suspend::SetSuspended<false>>),
    ("recover", read::<recover::Recover>),
    ("list-keys", read::<list_keys::ListKeys>),
    ("show-key", read::<show_key::ShowKey>),
    ("create-key", read::<create_key::CreateKey>),
    ("update-key", read::<update_key::UpdateKey>),
    ("rotate-key", read::<rotate_key::RotateKey>),
    ("find-key", read::<find_key::FindKey>),
    ("revoke-keys", read::<revoke_keys::RevokeKeys>),
    ("disable-keys", read::<disable_keys::DisableKeys>),
    ("exempt-key", read::<exempt_key::ExemptKey>),
    ("events", read::<events::Events>),
    ("usage", read::<usage::Usage>),
    ("adopt", read::<adopt::Adopt>),
];

/// What the function works with.
#[derive(Debug)]
pub struct Deps<'a> {
    /// Lists accounts.
    pub account_list: &'a AccountList,
    /// Reads and changes accounts.
    pub accounts: &'a Accounts,
    /// Lists an account's keys.
    pub key_list: &'a KeyList,
    /// Reads single keys.
    pub reader: &'a KeyReader,
    /// Changes and ends keys.
    pub keys: &'a Keys,
    /// Makes keys, those that recover an account too.
    pub new_keys: &'a NewKeys,
    /// Notes that keys were deleted.
    pub quota: &'a Quota,
    /// Lists an account's events.
    pub events: &'a EventList,
    /// Reads how much an account or a key was used.
    pub usage: &'a UsageList,
    /// What keys may do.
    pub catalogue: &'a Catalogue,
    /// Makes values of keys.
    pub issuer: &'a Issuer,
    /// How many keys an account may have that has no number of its own.
    pub max_keys: u64,
    /// The stack's ceiling of limits.
    pub ceiling: Limits,
    /// How long values of keys may live at most, in any account.
    pub lifetime: Option<Lifetime>,
    /// How long an invocation goes on with many keys, [`TIME`].
    pub time: Duration,
}

/// Answers one invocation: `{"action", …}`. `operator`, who asks, may be given for the events.
///
/// # Errors
/// [`OperatorError`], with every wrong field of the payload.
pub async fn handle(
    event: LambdaEvent<Box<RawValue>>,
    deps: &Deps<'_>,
    now: SystemTime,
) -> Result<Answer, OperatorError> {
    let now = now.into();
    let act = async |action: Ready, invocation: &_| action(deps, invocation).await;
    invoke(&event, "manage-account", LONGEST, now, |fields| take(fields, deps, now), act).await
}

fn take(fields: &mut Fields, deps: &Deps<'_>, now: Timestamp) -> Result<Ready, InvalidRequest> {
    let name = fields.required_text("action", 32);
    let action = ACTIONS.iter().find(|(known, _)| *known == name);
    // Which fields there may be is unknown without one.
    let (_, read) = action.ok_or_else(|| {
        InvalidRequest::of("action", format!("must be one of {}", action_names().collect::<Vec<_>>().join(", ")))
    })?;
    Ok(read(fields, deps, now))
}

/// What `action` may be.
pub fn action_names() -> impl Iterator<Item = &'static str> {
    ACTIONS.iter().map(|(name, _)| *name)
}
