//! What a question is about, in words.

use api_keys::key::{AccountId, KeyId};
use serde_json::{Value, json};

use crate::aws::Service;
use crate::failure::Failure;
use crate::output::counted;

/// An account that is there: `Acme (6plDETsku4MLOdvh7NMkWp, 4 keys)`.
pub(crate) async fn account(service: &Service, id: AccountId) -> Result<String, Failure> {
    Ok(of_account(&service.manage(&json!({ "action": "show", "accountId": id })).await?))
}

/// An account as `show` and `list` have it.
pub(crate) fn of_account(account: &Value) -> String {
    let keys = account.get("keyCount").and_then(Value::as_u64).unwrap_or_default();
    let keys = counted(usize::try_from(keys).unwrap_or(usize::MAX));
    let status = account.get("status").and_then(Value::as_str).filter(|status| *status != "ACTIVE");
    let status = status.map(|status| format!(", {status}")).unwrap_or_default();
    format!("{} ({}, {keys}{status})", text(account, "company"), text(account, "accountId"))
}

/// Some keys of an account; one alone with whose it is.
pub(crate) async fn keys(service: &Service, id: AccountId, keys: &[KeyId]) -> Result<String, Failure> {
    let account = account(service, id).await?;
    let [key] = keys else { return Ok(format!("{} of {account}", counted(keys.len()))) };
    let shown = service.manage(&json!({ "action": "show-key", "accountId": id, "keyId": key })).await?;
    let name = shown.get("name").and_then(Value::as_str).map(|name| format!(" \"{name}\"")).unwrap_or_default();
    let (username, user_id) = (text(&shown, "username"), text(&shown, "userId"));
    Ok(format!("the key {key}{name} of {username} ({user_id}), {account}"))
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object.get(field).and_then(Value::as_str).unwrap_or("-")
}
