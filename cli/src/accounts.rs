//! `api-keys accounts`.

use serde_json::{Map, Value, json};

use crate::arguments::{Accounts, Changes, Common, Update, User};
use crate::aws::Service;
use crate::keys::all_pages;
use crate::progress::Spinner;
use crate::secret::Destination;
use crate::{Failure, confirmation, output};

const COLUMNS: [output::Column; 6] = [
    ("ACCOUNT", "/accountId"),
    ("COMPANY", "/company"),
    ("STATUS", "/status"),
    ("KEYS", "/keyCount"),
    ("MAX KEYS", "/effectiveMaxKeys"),
    ("LIMITS", "/limits"),
];

pub(crate) async fn run(command: Accounts, common: &Common) -> Result<(), Failure> {
    match command {
        Accounts::Create { company, user } => {
            issue(common, user, "CreateAccountFunctionName", json!({ "company": company })).await
        }
        Accounts::Recover { account, user } => {
            let payload = json!({ "action": "recover", "accountId": account.id });
            issue(common, user, "ManageAccountFunctionName", payload).await
        }
        Accounts::List => {
            let service = Service::find(common).await?;
            let accounts = all_pages(&service, json!({ "action": "list" }), "accounts", usize::MAX).await?;
            if common.json {
                output::json(&json!({ "accounts": accounts }))
            } else {
                output::table(&COLUMNS, &accounts)
            }
        }
        Accounts::Show { account } => {
            let service = Service::find(common).await?;
            show(&service.manage(&json!({ "action": "show", "accountId": account.id })).await?, common)
        }
        Accounts::Update(Update { account, changes }) => {
            let mut payload = changes_as_json(changes);
            payload.insert("action".into(), "update".into());
            payload.insert("accountId".into(), json!(account.id));
            show(&until_done(&Service::find(common).await?, payload.into(), "keysChanged").await?, common)
        }
        Accounts::Suspend { account } => {
            confirmation::ask(&format!("No key of {} will work. Suspend it?", account.id), common.yes)?;
            let payload = json!({ "action": "suspend", "accountId": account.id });
            show(&until_done(&Service::find(common).await?, payload, "keysMarked").await?, common)
        }
        Accounts::Resume { account } => {
            let payload = json!({ "action": "resume", "accountId": account.id });
            show(&until_done(&Service::find(common).await?, payload, "keysMarked").await?, common)
        }
        Accounts::Erase { account } => {
            let question = format!("Its keys and its history will be gone for good. Erase {}?", account.id);
            confirmation::ask(&question, common.yes)?;
            let payload = json!({ "accountId": account.id, "confirm": account.id });
            let service = Service::find(common).await?;
            let (_, removed) = repeat(&service, "EraseAccountFunctionName", payload, "removed").await?;
            if common.json {
                output::json(&json!({ "accountId": account.id, "removed": removed }))
            } else {
                output::line(&format!("Erased {}: {removed} items removed.", account.id))
            }
        }
    }
}

/// Has a key issued, once there is a place for its value.
async fn issue(common: &Common, user: User, output: &str, mut payload: Value) -> Result<(), Failure> {
    let User { user_id, username, value_file } = user;
    if let Some(fields) = payload.as_object_mut() {
        fields.insert("userId".into(), user_id.into());
        fields.insert("username".into(), username.into());
    }
    let destination = Destination::prepare(value_file)?;
    let issued = async { Ok(Service::find(common).await?.invoke(output, &payload).await?) };
    match issued.await {
        Ok(key) => destination.deliver(key, common.json),
        Err(failure) => {
            destination.abandon();
            Err(failure)
        }
    }
}

fn show(account: &Value, common: &Common) -> Result<(), Failure> {
    const COLUMNS: [output::Column; 7] = [
        ("account", "/accountId"),
        ("company", "/company"),
        ("created", "/createdAt"),
        ("status", "/status"),
        ("keys", "/keyCount"),
        ("max keys", "/effectiveMaxKeys"),
        ("limits", "/limits"),
    ];
    if common.json { output::json(account) } else { output::record(&COLUMNS, account) }
}

fn changes_as_json(changes: Changes) -> Map<String, Value> {
    let Changes { company, max_keys, default_max_keys, limits, no_limits } = changes;
    let mut fields = Map::new();
    if let Some(company) = company {
        fields.insert("company".into(), company.into());
    }
    if max_keys.is_some() || default_max_keys {
        fields.insert("maxKeys".into(), json!(max_keys));
    }
    if !limits.is_empty() || no_limits {
        fields.insert("limits".into(), if no_limits { Value::Null } else { limits.into() });
    }
    fields
}

/// The account, when an action of `manage-account` that takes several invocations is done.
async fn until_done(service: &Service, payload: Value, count: &'static str) -> Result<Value, Failure> {
    let (mut last, _) = repeat(service, "ManageAccountFunctionName", payload, count).await?;
    Ok(last.get_mut("account").map(Value::take).unwrap_or_default())
}

/// Invokes with each cursor until `done`: the last answer, and the sum of what `count` names.
async fn repeat(
    service: &Service,
    output: &str,
    mut payload: Value,
    count: &'static str,
) -> Result<(Value, u64), Failure> {
    let spinner = Spinner::start(count);
    let mut sum = 0;
    loop {
        let answer = service.invoke(output, &payload).await.map_err(|error| {
            Failure::action(format!("{error} ({count} so far: {sum}; the command may be repeated)"))
        })?;
        sum += answer.get(count).and_then(Value::as_u64).unwrap_or_default();
        spinner.set(sum);
        if answer.get("done") == Some(&Value::Bool(true)) {
            return Ok((answer, sum));
        }
        let cursor = answer.get("cursor").filter(|cursor| !cursor.is_null()).cloned();
        let cursor =
            cursor.ok_or_else(|| Failure::action("the function's answer is neither done nor has it a cursor"))?;
        if let Some(fields) = payload.as_object_mut() {
            fields.insert("cursor".into(), cursor);
        }
    }
}
