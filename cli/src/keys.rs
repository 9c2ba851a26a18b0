//! `api-keys keys`, but for the import.

use std::collections::HashSet;

use api_keys::key::{AccountId, KeyId};
use serde_json::{Value, json};

use crate::arguments::{Common, Keys};
use crate::aws::Service;
use crate::failure::Failure;
use crate::invocation::{InvocationError, Repeats};
use crate::pages::take_list;
use crate::{confirmation, import, interrupt, output, pages};

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
const MAX_REVOKED_AT_ONCE: usize = 100;

pub(crate) async fn run(command: Keys, common: &Common) -> Result<(), Failure> {
    match command {
        Keys::Import { file, account, revive } => import::run(&file, account, revive, common).await,
        Keys::List { account, user_id } => {
            let payload = json!({ "action": "list-keys", "accountId": account, "userId": user_id });
            let keys = pages::all(&Service::find(common).await?, payload, "apiKeys", usize::MAX).await?;
            if common.json { output::json(&json!({ "apiKeys": keys })) } else { output::table(&COLUMNS, NEEDED, &keys) }
        }
        Keys::Revoke { account, keys } => revoke(account, &keys, common).await,
    }
}

async fn revoke(account: AccountId, keys: &[KeyId], common: &Common) -> Result<(), Failure> {
    const PERHAPS: &str = "some of the keys may be revoked: run the same command again, which does not find those";
    let mut seen = HashSet::new();
    if let Some(twice) = keys.iter().find(|key| !seen.insert(**key)) {
        return Err(Failure::input(format!("the key {twice} is given twice")));
    }
    confirmation::ask(&format!("Delete {} of {account} for good?", output::counted(keys.len())), common.yes)?;
    let service = Service::find(common).await?;
    let (mut revoked, mut not_found, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let work = async {
        for ids in keys.chunks(MAX_REVOKED_AT_ONCE) {
            let payload = json!({ "action": "revoke-keys", "accountId": account, "keyIds": ids });
            // Sent again, it would not find what the first attempt has deleted.
            let mut answer = match service.invoke("ManageAccountFunctionName", &payload, Repeats::AreNot).await {
                Ok(answer) => answer,
                Err(InvocationError::Unknown(why)) => return Err(Failure::action(format!("{why}; {PERHAPS}"))),
                Err(error) => return Err(error.into()),
            };
            revoked.extend(take_list(&mut answer, "revoked"));
            not_found.extend(take_list(&mut answer, "notFound"));
            failed.extend(take_list(&mut answer, "failed"));
        }
        Ok(())
    };
    let stopped = interrupt::guard(PERHAPS, work).await;
    if common.json {
        output::json(&json!({ "revoked": revoked, "notFound": not_found, "failed": failed }))?;
    } else {
        output::line(&format!("Revoked {} of {}.", revoked.len(), output::counted(keys.len())))?;
        list_unless_empty(&[("NOT FOUND", "")], &not_found)?;
        list_unless_empty(&[("FAILED", "/id"), ("REASON", "/reason")], &failed)?;
    }
    stopped?;
    let missing = not_found.len() + failed.len();
    if missing == 0 { Ok(()) } else { Err(Failure::action(format!("{} not revoked", output::counted(missing)))) }
}

fn list_unless_empty(columns: &[output::Column], rows: &[Value]) -> Result<(), Failure> {
    if rows.is_empty() { Ok(()) } else { output::table(columns, columns.len(), rows) }
}
