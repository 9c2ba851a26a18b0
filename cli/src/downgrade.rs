//! `api-keys accounts downgrade`: the keys that are dead by what version 0.1.0 does not know, and would work again there.

use api_keys::key::AccountId;
use serde_json::{Value, json};

use crate::arguments::Common;
use crate::aws::Service;
use crate::confirmation::Confirmation;
use crate::failure::Failure;
use crate::pages::{set, take_list};
use crate::{interrupt, output, pages, upgrade};

const COLUMNS: [output::Column; 4] =
    [("ACCOUNT", "/accountId"), ("KEY", "/id"), ("USER", "/userId"), ("STATUS", "/status")];
/// As many as `manage-account` takes.
const AT_ONCE: usize = 100;

/// Lists them, and disables them if that is asked for.
pub(crate) async fn run(disable: bool, common: &Common) -> Result<(), Failure> {
    const STOPPED: &str = "some of the keys may be disabled: run the same command again";
    let confirmation = if disable { Some(Confirmation::prepare(common.yes)?) } else { None };
    let service = Service::find(common).await?;
    let keys = interrupt::guard("nothing was done: run the same command again", find(&service)).await?;
    let mut disabled = 0;
    if let Some(confirmation) = confirmation.filter(|_| !keys.is_empty()) {
        let accounts = keys.chunk_by(|one, next| account_of(one) == account_of(next)).count();
        let of = if accounts == 1 { "one account".to_owned() } else { format!("{accounts} accounts") };
        let question = format!(
            "Disable {} of {of}? They stay disabled, also when the account is resumed.",
            output::counted(keys.len())
        );
        confirmation.ask(async { Ok(question) }).await?;
        disabled = interrupt::guard(STOPPED, disable_all(&service, &keys)).await?;
    }
    if common.json {
        output::json(&json!({ "apiKeys": keys, "disabled": disabled }))?;
    } else {
        if !keys.is_empty() {
            output::table(&COLUMNS, COLUMNS.len(), &keys)?;
        }
        output::line(&match (keys.len(), disable) {
            (0, _) => "No key would work again in version 0.1.0.".to_owned(),
            (found, false) => format!("{} would work again in version 0.1.0: see --disable.", output::counted(found)),
            (_, true) => format!("Disabled {}.", output::counted(disabled)),
        })?;
    }
    match keys.len() - disabled {
        0 => Ok(()),
        left if disable => {
            Err(Failure::partial(format!("{} not disabled: run the same command again", output::counted(left))))
        }
        _ => Ok(()),
    }
}

async fn find(service: &Service) -> Result<Vec<Value>, Failure> {
    let mut found = Vec::new();
    for account in upgrade::accounts(service).await? {
        let payload = json!({ "action": "list-keys", "accountId": account });
        for mut key in pages::all(service, payload, "apiKeys", usize::MAX).await? {
            if would_work(&key) {
                set(&mut key, "accountId", json!(account));
                found.push(key);
            }
        }
    }
    Ok(found)
}

/// Suspended accounts and imports that were cut off show as SUSPENDED.
fn would_work(key: &Value) -> bool {
    let is = |status: &str| key.get("status").and_then(Value::as_str) == Some(status);
    key.get("enabled") == Some(&Value::Bool(true)) && (is("SUSPENDED") || is("EXPOSED"))
}

fn account_of(key: &Value) -> Option<AccountId> {
    key.get("accountId").and_then(Value::as_str).and_then(AccountId::parse)
}

/// How many were.
async fn disable_all(service: &Service, keys: &[Value]) -> Result<usize, Failure> {
    let mut disabled = 0;
    for of_account in keys.chunk_by(|one, next| account_of(one) == account_of(next)) {
        let account = of_account.first().and_then(account_of);
        for some in of_account.chunks(AT_ONCE) {
            let ids: Vec<_> = some.iter().filter_map(|key| key.get("id")).collect();
            let payload = json!({ "action": "disable-keys", "accountId": account, "keyIds": ids });
            disabled += take_list(&mut service.manage(&payload).await?, "disabled").len();
        }
    }
    Ok(disabled)
}
