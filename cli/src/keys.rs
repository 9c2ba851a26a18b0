//! `api-keys keys`, but for the import.

mod each;
mod find;

use api_keys::key::AccountId;
use serde_json::{Value, json};

use crate::arguments::{Common, Filter, Keys};
use crate::aws::Service;
use crate::failure::Failure;
use crate::{import, output, pages};

const COLUMNS: [output::Column; 9] = [
    ("KEY", "/id"),
    ("NAME", "/name"),
    ("USER", "/userId"),
    ("STATUS", "/status"),
    ("OPERATIONS", "/operations"),
    ("EXPIRES", "/expiresAt"),
    ("LAST USED", "/lastUsedAt"),
    ("TAGS", "/tags"),
    ("OLD VALUE UNTIL", "/previousValueValidUntil"),
];
/// What a table of keys always has.
const NEEDED: usize = 4;

/// One key.
const RECORD: [output::Column; 22] = [
    ("account", "/accountId"),
    ("company", "/company"),
    ("key", "/id"),
    ("status", "/status"),
    ("name", "/name"),
    ("description", "/description"),
    ("user", "/userId"),
    ("username", "/username"),
    ("operations", "/operations"),
    ("traffic type", "/trafficType"),
    ("created", "/createdAt"),
    ("created by", "/createdBy"),
    ("value created", "/valueCreatedAt"),
    ("expires", "/expiresAt"),
    ("need not expire", "/lifetimeExempt"),
    ("last used", "/lastUsedAt"),
    ("addresses", "/allowedIps"),
    ("limits", "/limits"),
    ("effective limits", "/effectiveLimits"),
    ("tags", "/tags"),
    ("old value until", "/previousValueValidUntil"),
    ("old value used", "/previousValueLastUsedAt"),
];

pub(crate) async fn run(command: Keys, common: &Common) -> Result<(), Failure> {
    match command {
        Keys::Import { file, account, revive } => import::run(&file, account, revive, common).await,
        Keys::List { account, filter } => {
            let payload = listing(account, filter)?;
            let keys = pages::all(&Service::find(common).await?, payload, "apiKeys", usize::MAX).await?;
            if common.json { output::json(&json!({ "apiKeys": keys })) } else { output::table(&COLUMNS, NEEDED, &keys) }
        }
        Keys::Show { account, key } => {
            let payload = json!({ "action": "show-key", "accountId": account, "keyId": key });
            let key = Service::find(common).await?.manage(&payload).await?;
            if common.json { output::json(&key) } else { output::record(&RECORD, &key) }
        }
        Keys::Exempt { account, key, end } => {
            let payload = json!({ "action": "exempt-key", "accountId": account, "keyId": key, "exempt": !end });
            let key = Service::find(common).await?.manage(&payload).await?;
            if common.json { output::json(&key) } else { output::record(&RECORD, &key) }
        }
        Keys::Find { value: Some(_) } => {
            Err(Failure::input("the value is read from standard input, as command lines are seen by others"))
        }
        Keys::Find { value: None } => find::run(common).await,
        Keys::Disable { account, keys } => each::DISABLE.run(account, &keys, common).await,
        Keys::Revoke { account, keys } => each::REVOKE.run(account, &keys, common).await,
    }
}

/// Asks for the keys that a filter keeps. What is not given is not sent: an older stack knows fewer of them.
///
/// # Errors
/// When a name of a tag is given twice: the service takes one text for each.
fn listing(account: AccountId, filter: Filter) -> Result<Value, Failure> {
    let Filter { user_id, assigned_to, status, operation, created_by_key, expires_before, unused_since, .. } = filter;
    let Filter { exceeds_lifetime, tags, .. } = filter;
    let upper = |text: Option<String>| text.map(|text| text.to_ascii_uppercase());
    let fields = [
        ("userId", json!(user_id)),
        ("assignedTo", json!(assigned_to)),
        ("status", json!(upper(status))),
        ("operation", json!(upper(operation))),
        ("createdByKeyId", json!(created_by_key)),
        ("expiresBefore", json!(expires_before)),
        ("unusedSince", json!(unused_since)),
        ("exceedsLifetime", json!(exceeds_lifetime.then_some("true"))),
    ];
    let mut payload = json!({ "action": "list-keys", "accountId": account });
    for (field, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
        pages::set(&mut payload, field, value);
    }
    for (name, text) in tags {
        let field = format!("tag.{name}");
        if payload.get(&field).is_some() {
            return Err(Failure::input(format!("--tag {name} is given twice: a key has one text by that name")));
        }
        pages::set(&mut payload, &field, text.into());
    }
    Ok(payload)
}
