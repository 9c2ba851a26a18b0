//! Lists that `manage-account` gives page by page.

use api_keys::key::AccountId;
use serde_json::{Value, json};

use crate::arguments::AccountName;
use crate::aws::Service;
use crate::failure::{Failure, Kind};

/// So many keys with the longest texts are less than the 6 MB of an answer.
const PAGE: usize = 500;

/// Takes up to `limit` entries of a list.
pub(crate) async fn all(
    service: &Service,
    mut payload: Value,
    list: &str,
    limit: usize,
) -> Result<Vec<Value>, Failure> {
    let mut all = Vec::new();
    loop {
        set(&mut payload, "limit", PAGE.min(limit - all.len()).into());
        let mut answer = service.manage(&payload).await?;
        all.extend(take_list(&mut answer, list));
        let cursor = answer.get_mut("nextCursor").map(Value::take).unwrap_or_default();
        if cursor.is_null() || all.len() >= limit {
            return Ok(all);
        }
        set(&mut payload, "cursor", cursor);
    }
}

/// All accounts, or those of a company and with an external id.
pub(crate) async fn accounts(
    service: &Service,
    company: Option<&str>,
    external_id: Option<&str>,
) -> Result<Vec<Value>, Failure> {
    let mut payload = json!({ "action": "list" });
    if let Some(company) = company {
        set(&mut payload, "company", company.into());
    }
    let mut accounts = all(service, payload, "accounts", usize::MAX).await?;
    let has = |account: &Value, wanted| account.get("externalId").and_then(Value::as_str) == Some(wanted);
    accounts.retain(|account| external_id.is_none_or(|wanted| has(account, wanted)));
    Ok(accounts)
}

impl Service {
    /// The account of that name. One that is named by the operator's own id is looked for in the list of all accounts.
    pub(crate) async fn account(&self, name: &AccountName) -> Result<AccountId, Failure> {
        let external_id = match name {
            AccountName::Id(id) => return Ok(*id),
            AccountName::External(external_id) => external_id,
        };
        let accounts = accounts(self, None, Some(external_id)).await?;
        let id = |account: &Value| account.get("accountId").and_then(Value::as_str).and_then(AccountId::parse);
        match &*accounts.iter().filter_map(id).collect::<Vec<_>>() {
            [] => Err(Failure::new(Kind::NotFound, format!("no account has the external id {external_id}"))),
            [account] => Ok(*account),
            several => {
                let ids = several.iter().map(AccountId::to_string).collect::<Vec<_>>().join(", ");
                Err(Failure::input(format!("{} accounts have the external id {external_id}: {ids}", several.len())))
            }
        }
    }
}

/// Takes a list out of an answer.
pub(crate) fn take_list(answer: &mut Value, name: &str) -> Vec<Value> {
    match answer.get_mut(name).map(Value::take) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}

/// Sets a field of an object.
pub(crate) fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(name.to_owned(), value);
    }
}
