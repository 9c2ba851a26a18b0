//! `api-keys accounts`.

use api_keys::key::AccountId;
use serde_json::{Map, Value, json};

use crate::arguments::{AccountName, Accounts, Changes, Common, Holder, NewAccount, Tried, Update};
use crate::aws::{MANAGE, Service};
use crate::confirmation::Confirmation;
use crate::failure::Failure;
use crate::interrupt::Held;
use crate::invocation::{Effect, Repeats};
use crate::issuing::{Issuance, Issued, Mend};
use crate::keys::settings::distinct;
use crate::sweep::Sweep;
use crate::trial::{Outcome, TriedKey};
use crate::{downgrade, issuing, others, output, pages, subject, typed, upgrade};

const LIFETIME: &str = "maxKeyLifetimeDays";

const COLUMNS: [output::Column; 8] = [
    ("ACCOUNT", "/accountId"),
    ("COMPANY", "/company"),
    ("STATUS", "/status"),
    ("KEYS", "/keyCount"),
    ("MAX KEYS", "/effectiveMaxKeys"),
    ("LIMIT OF THE ACCOUNT", "/accountLimits"),
    ("CEILING OF EACH KEY", "/limits"),
    ("EXTERNAL ID", "/externalId"),
];

pub(crate) async fn run(command: Accounts, common: &Common) -> Result<(), Failure> {
    match command {
        Accounts::Create { account, holder, tried } => create(account, holder, tried, common).await,
        Accounts::Recover { account, holder } => recover(account.name, holder, common).await,
        Accounts::List { company, external_id } => {
            let service = Service::find(common).await?;
            let accounts = pages::accounts(&service, company.as_deref(), external_id.as_deref()).await?;
            if common.json {
                output::json(&json!({ "accounts": accounts }))
            } else {
                output::table(&COLUMNS, 3, &accounts)
            }
        }
        Accounts::Show { account } => {
            let service = Service::find(common).await?;
            let id = service.account(&account.name).await?;
            show(&service.manage(&json!({ "action": "show", "accountId": id })).await?, common)
        }
        Accounts::Update(Update { account, changes }) => {
            let external_id = changes.external_id.clone();
            let fields = changes_as_json(changes)?;
            let service = Service::find(common).await?;
            let id = service.account(&account.name).await?;
            if let Some(external_id) = external_id {
                others::before_naming(id, &external_id, &service, common.yes).await?;
            }
            sweep(id, "update", fields, "keysChanged", "not every key has the change yet", &service, common).await
        }
        Accounts::Suspend { account } => {
            let confirmation = Confirmation::prepare(common.yes)?;
            let service = Service::find(common).await?;
            let id = service.account(&account.name).await?;
            let question =
                async { Ok(format!("Suspend {}? None of its keys will work.", subject::account(&service, id).await?)) };
            confirmation.ask(question).await?;
            sweep(id, "suspend", Map::new(), "keysMarked", "some of its keys may still work", &service, common).await
        }
        Accounts::Resume { account } => {
            let service = Service::find(common).await?;
            let id = service.account(&account.name).await?;
            let unfinished = "some of its keys may not work yet";
            sweep(id, "resume", Map::new(), "keysMarked", unfinished, &service, common).await
        }
        Accounts::Erase { account } => erase(&account.name, common).await,
        Accounts::Upgrade => upgrade::run(common).await,
        Accounts::Downgrade { disable } => downgrade::run(disable, common).await,
    }
}

async fn create(account: NewAccount, holder: Holder, tried: Tried, common: &Common) -> Result<(), Failure> {
    let NewAccount { company, external_id, max_key_lifetime, account_limits } = account;
    let Holder { user_id, username, value_to } = holder;
    let account_limits = distinct(&account_limits, "--account-limit")?;
    let request = async || {
        let service = Service::find(common).await?;
        if tried.is_tried {
            service.api_url(tried.url.as_deref())?;
        }
        others::before_creating(&company, external_id.as_deref(), &service, common.yes).await?;
        let mut payload = json!({ "company": company, "userId": user_id, "username": username });
        if let Some(external_id) = external_id {
            pages::set(&mut payload, "externalId", external_id.into());
        }
        if let Some(days) = max_key_lifetime {
            pages::set(&mut payload, LIFETIME, days.into());
        }
        if !account_limits.is_none() {
            pages::set(&mut payload, "accountLimits", json!(account_limits));
        }
        let look = service.typed(&format!("accounts list --company {}", typed::quoted(&company)));
        let perhaps = issuing::perhaps_issued(&look);
        Ok(Issuance { service, output: "CreateAccountFunctionName", payload, perhaps, mend: Mend::Revoke })
    };
    let Issued { service, key } = issuing::issue(value_to, request, common).await?;
    if !tried.is_tried {
        return Ok(());
    }
    let outcome = try_one(&service, &key, tried.url.as_deref()).await;
    if outcome.map_err(|failure| failure.after("the account is made, and not tried"))?.is_right() {
        return Ok(());
    }
    Err(Failure::partial("a key is to be answered 200, and 401 once it is deleted: see `api-keys doctor`"))
}

/// Shows that keys of a new account work, and end.
async fn try_one(service: &Service, first: &Value, url: Option<&str>) -> Result<Outcome, Failure> {
    let mut held = Held::new();
    let url = service.api_url(url)?;
    let account = first.get("accountId").and_then(Value::as_str).and_then(AccountId::parse);
    let operation = first.pointer("/operations/0").and_then(Value::as_str);
    let (Some(account), Some(operation)) = (account, operation) else {
        return Err(Failure::action("the function's answer has no account with an operation"));
    };
    let key = TriedKey::create(service, account, operation).await?;
    let outcome = key.run(service, &url, &mut held).await?;
    output::line(&format!(
        "\nA second key, {}: {} on its first request, after {} ms; deleted; {} on its next.",
        key.id,
        outcome.alive,
        outcome.took.as_millis(),
        outcome.dead
    ))?;
    Ok(outcome)
}

async fn recover(account: AccountName, holder: Holder, common: &Common) -> Result<(), Failure> {
    let Holder { user_id, username, value_to } = holder;
    let request = async || {
        let service = Service::find(common).await?;
        let id = service.account(&account).await?;
        let payload = json!({ "action": "recover", "accountId": id, "userId": user_id, "username": username });
        let perhaps = issuing::perhaps_issued(&service.typed(&format!("keys list --account {id}")));
        Ok(Issuance { service, output: MANAGE, payload, perhaps, mend: Mend::Revoke })
    };
    issuing::issue(value_to, request, common).await.map(drop)
}

/// An action on every key, and on the account afterwards. `unfinished` is how things stand before it is done.
async fn sweep(
    id: AccountId,
    action: &str,
    fields: Map<String, Value>,
    count: &'static str,
    unfinished: &str,
    service: &Service,
    common: &Common,
) -> Result<(), Failure> {
    let mut payload = Value::from(fields);
    pages::set(&mut payload, "action", action.into());
    pages::set(&mut payload, "accountId", json!(id));
    let unfinished = format!("{unfinished}: run the same command again");
    let sweep = Sweep { output: MANAGE, payload, count, what: "keys updated", unfinished };
    let (mut answer, _) = sweep.run(service).await?;
    show(&answer.get_mut("account").map(Value::take).unwrap_or_default(), common)
}

async fn erase(account: &AccountName, common: &Common) -> Result<(), Failure> {
    let confirmation = Confirmation::prepare(common.yes)?;
    let service = Service::find(common).await?;
    let id = service.account(account).await?;
    confirmation.ask(question_of_erasing(id, &service)).await?;
    let sweep = Sweep {
        output: "EraseAccountFunctionName",
        payload: json!({ "accountId": id, "confirm": id }),
        count: "removed",
        what: "items removed",
        unfinished: "a part of the account may be erased: run the same command again".into(),
    };
    let (_, removed) = sweep.run(&service).await?;
    if common.json {
        output::json(&json!({ "accountId": id, "removed": removed }))
    } else {
        output::line(&format!("Erased {id}: {removed} items removed."))
    }
}

async fn question_of_erasing(id: AccountId, service: &Service) -> Result<String, Failure> {
    match service.invoke(MANAGE, &json!({ "action": "show", "accountId": id }), Repeats::AreSafe).await {
        Ok(account) => {
            Ok(format!("Erase {}? Its keys and its history will be gone for good.", subject::of_account(&account)))
        }
        // It may be erased already, but for what came late.
        Err(error) if error.effect == Effect::None => Ok(format!("Erase what is left of {id}? ({error})")),
        Err(error) => Err(error.into()),
    }
}

fn show(account: &Value, common: &Common) -> Result<(), Failure> {
    const COLUMNS: [output::Column; 10] = [
        ("account", "/accountId"),
        ("company", "/company"),
        ("external id", "/externalId"),
        ("created", "/createdAt"),
        ("status", "/status"),
        ("keys", "/keyCount"),
        ("max keys", "/effectiveMaxKeys"),
        ("limit of the account", "/accountLimits"),
        ("ceiling of each key", "/limits"),
        ("longest lifetime (days)", "/effectiveMaxKeyLifetimeDays"),
    ];
    if common.json { output::json(account) } else { output::record(&COLUMNS, account) }
}

fn changes_as_json(changes: Changes) -> Result<Map<String, Value>, Failure> {
    let Changes { company, external_id, no_external_id, max_keys, default_max_keys, .. } = changes;
    let Changes { max_key_lifetime, no_max_key_lifetime, .. } = changes;
    let mut fields = Map::new();
    if let Some(company) = company {
        fields.insert("company".into(), company.into());
    }
    if external_id.is_some() || no_external_id {
        fields.insert("externalId".into(), json!(external_id));
    }
    if max_keys.is_some() || default_max_keys {
        fields.insert("maxKeys".into(), json!(max_keys));
    }
    if max_key_lifetime.is_some() || no_max_key_lifetime {
        fields.insert(LIFETIME.into(), json!(max_key_lifetime));
    }
    if !changes.limits.is_empty() || changes.no_limits {
        fields.insert("limits".into(), json!(distinct(&changes.limits, "--limit")?));
    }
    if !changes.account_limits.is_empty() || changes.no_account_limits {
        fields.insert("accountLimits".into(), json!(distinct(&changes.account_limits, "--account-limit")?));
    }
    Ok(fields)
}
