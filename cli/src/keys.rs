//! `api-keys keys`, but for the import.

use serde_json::{Value, json};

use crate::arguments::{Common, Keys};
use crate::aws::Service;
use crate::{Failure, confirmation, import, output};

const COLUMNS: [output::Column; 7] = [
    ("KEY", "/id"),
    ("NAME", "/name"),
    ("USER", "/userId"),
    ("OPERATIONS", "/operations"),
    ("STATUS", "/status"),
    ("EXPIRES", "/expiresAt"),
    ("LAST USED", "/lastUsedAt"),
];
const PAGE: usize = 100;
const MAX_REVOKED_AT_ONCE: usize = 100;

pub(crate) async fn run(command: Keys, common: &Common) -> Result<(), Failure> {
    match command {
        Keys::Import { file, account } => import::run(&file, account, common).await,
        Keys::List { account, user_id } => {
            let payload = json!({ "action": "list-keys", "accountId": account, "userId": user_id });
            let keys = all_pages(&Service::find(common).await?, payload, "apiKeys", usize::MAX).await?;
            if common.json { output::json(&json!({ "apiKeys": keys })) } else { output::table(&COLUMNS, &keys) }
        }
        Keys::Revoke { account, keys } => {
            confirmation::ask(&format!("Delete {} keys of {account} for good?", keys.len()), common.yes)?;
            let service = Service::find(common).await?;
            let (mut revoked, mut not_found, mut failed) = (Vec::new(), Vec::new(), Vec::new());
            for ids in keys.chunks(MAX_REVOKED_AT_ONCE) {
                let payload = json!({ "action": "revoke-keys", "accountId": account, "keyIds": ids });
                let mut answer = service.manage(&payload).await.map_err(|failure| {
                    Failure::action(format!("{failure} ({} keys were revoked before)", revoked.len()))
                })?;
                revoked.extend(take_list(&mut answer, "revoked"));
                not_found.extend(take_list(&mut answer, "notFound"));
                failed.extend(take_list(&mut answer, "failed"));
            }
            if common.json {
                output::json(&json!({ "revoked": revoked, "notFound": not_found, "failed": failed }))?;
            } else {
                output::line(&format!("Revoked {} of {} keys.", revoked.len(), keys.len()))?;
                output_unless_empty("NOT FOUND", "", &not_found)?;
                output_unless_empty("FAILED", "/id", &failed)?;
            }
            let missing = not_found.len() + failed.len();
            if missing == 0 { Ok(()) } else { Err(Failure::action(format!("{missing} keys were not revoked"))) }
        }
    }
}

fn output_unless_empty(heading: &'static str, pointer: &'static str, rows: &[Value]) -> Result<(), Failure> {
    if rows.is_empty() { Ok(()) } else { output::table(&[(heading, pointer), ("REASON", "/reason")], rows) }
}

/// Takes up to `limit` entries of the list that an action of `manage-account` gives page by page.
pub(crate) async fn all_pages(
    service: &Service,
    mut payload: Value,
    list: &str,
    limit: usize,
) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    loop {
        if let Some(fields) = payload.as_object_mut() {
            fields.insert("limit".into(), PAGE.min(limit - all.len()).into());
        }
        let mut answer = service.manage(&payload).await?;
        all.extend(take_list(&mut answer, list));
        let cursor = answer.get_mut("nextCursor").map(Value::take).unwrap_or_default();
        if cursor.is_null() || all.len() >= limit {
            return Ok(all);
        }
        if let Some(fields) = payload.as_object_mut() {
            fields.insert("cursor".into(), cursor);
        }
    }
}

fn take_list(answer: &mut Value, name: &str) -> Vec<Value> {
    match answer.get_mut(name).map(Value::take) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}
