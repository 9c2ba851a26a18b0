//! `api-keys keys`, but for the import.

mod each;
mod find;

use serde_json::json;

use crate::arguments::{Common, Keys};
use crate::aws::Service;
use crate::failure::Failure;
use crate::{import, output, pages};

const COLUMNS: [output::Column; 7] = [
    ("KEY", "/id"),
    ("NAME", "/name"),
    ("USER", "/userId"),
    ("STATUS", "/status"),
    ("OPERATIONS", "/operations"),
    ("EXPIRES", "/expiresAt"),
    ("LAST USED", "/lastUsedAt"),
];
/// What a table of keys always has.
const NEEDED: usize = 4;

/// One key.
const RECORD: [output::Column; 17] = [
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
    ("expires", "/expiresAt"),
    ("last used", "/lastUsedAt"),
    ("addresses", "/allowedIps"),
    ("limits", "/limits"),
    ("effective limits", "/effectiveLimits"),
];

pub(crate) async fn run(command: Keys, common: &Common) -> Result<(), Failure> {
    match command {
        Keys::Import { file, account, revive } => import::run(&file, account, revive, common).await,
        Keys::List { account, user_id } => {
            let payload = json!({ "action": "list-keys", "accountId": account, "userId": user_id });
            let keys = pages::all(&Service::find(common).await?, payload, "apiKeys", usize::MAX).await?;
            if common.json { output::json(&json!({ "apiKeys": keys })) } else { output::table(&COLUMNS, NEEDED, &keys) }
        }
        Keys::Show { account, key } => {
            let payload = json!({ "action": "show-key", "accountId": account, "keyId": key });
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
