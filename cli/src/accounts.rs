//! `api-keys accounts`.

use api_keys::key::{AccountId, Limits};
use serde_json::{Map, Value, json};

use crate::arguments::{Account, Accounts, Changes, Common, Holder, Update};
use crate::aws::{MANAGE, Service};
use crate::confirmation::Confirmation;
use crate::failure::Failure;
use crate::invocation::{InvocationError, Repeats};
use crate::secret::Destination;
use crate::sweep::Sweep;
use crate::{downgrade, interrupt, others, output, pages, subject, upgrade};

const LIFETIME: &str = "maxKeyLifetimeDays";

const COLUMNS: [output::Column; 7] = [
    ("ACCOUNT", "/accountId"),
    ("COMPANY", "/company"),
    ("STATUS", "/status"),
    ("KEYS", "/keyCount"),
    ("MAX KEYS", "/effectiveMaxKeys"),
    ("LIMITS", "/limits"),
    ("EXTERNAL ID", "/externalId"),
];

pub(crate) async fn run(command: Accounts, common: &Common) -> Result<(), Failure> {
    match command {
        Accounts::Create { company, external_id, max_key_lifetime, holder } => {
            let look = "api-keys accounts list".to_owned();
            let mut payload = json!({ "company": company });
            if let Some(external_id) = external_id {
                pages::set(&mut payload, "externalId", external_id.into());
            }
            if let Some(days) = max_key_lifetime {
                pages::set(&mut payload, LIFETIME, days.into());
            }
            issue(common, holder, "CreateAccountFunctionName", payload, Some(&company), look).await
        }
        Accounts::Recover { account, holder } => {
            let payload = json!({ "action": "recover", "accountId": account.id });
            issue(common, holder, MANAGE, payload, None, format!("api-keys keys list --account {}", account.id)).await
        }
        Accounts::List => {
            let service = Service::find(common).await?;
            let accounts = pages::all(&service, json!({ "action": "list" }), "accounts", usize::MAX).await?;
            if common.json {
                output::json(&json!({ "accounts": accounts }))
            } else {
                output::table(&COLUMNS, 3, &accounts)
            }
        }
        Accounts::Show { account } => {
            let service = Service::find(common).await?;
            show(&service.manage(&json!({ "action": "show", "accountId": account.id })).await?, common)
        }
        Accounts::Update(Update { account, changes }) => {
            let fields = changes_as_json(changes)?;
            let service = Service::find(common).await?;
            sweep(account.id, "update", fields, "keysChanged", "not every key has the change yet", &service, common)
                .await
        }
        Accounts::Suspend { account: Account { id } } => {
            let confirmation = Confirmation::prepare(common.yes)?;
            let service = Service::find(common).await?;
            let question =
                async { Ok(format!("Suspend {}? None of its keys will work.", subject::account(&service, id).await?)) };
            confirmation.ask(question).await?;
            sweep(id, "suspend", Map::new(), "keysMarked", "some of its keys may still work", &service, common).await
        }
        Accounts::Resume { account } => {
            let service = Service::find(common).await?;
            let unfinished = "some of its keys may not work yet";
            sweep(account.id, "resume", Map::new(), "keysMarked", unfinished, &service, common).await
        }
        Accounts::Erase { account } => erase(account.id, common).await,
        Accounts::Upgrade => upgrade::run(common).await,
        Accounts::Downgrade { disable } => downgrade::run(disable, common).await,
    }
}

/// Has a key issued, once there is a place for its value. `company` is that of a new account. `look` is the command that shows
/// whether it was.
async fn issue(
    common: &Common,
    holder: Holder,
    output: &str,
    mut payload: Value,
    company: Option<&str>,
    look: String,
) -> Result<(), Failure> {
    let Holder { user_id, username, value_to } = holder;
    pages::set(&mut payload, "userId", user_id.into());
    pages::set(&mut payload, "username", username.into());
    let destination = Destination::prepare(value_to)?;
    let perhaps = format!("the key may have been issued all the same, and its value is lost: see `{look}`");
    let service = match prepare(company, common).await {
        Ok(service) => service,
        Err(failure) => {
            destination.abandon();
            return Err(failure);
        }
    };
    let issued = async {
        match service.invoke(output, &payload, Repeats::AreNot).await {
            Ok(answer) => Ok(answer),
            Err(InvocationError::Unknown(why)) => Err(Failure::action(format!("{why}; {perhaps}"))),
            Err(error) => Err(error.into()),
        }
    };
    match interrupt::guard(&perhaps, issued).await {
        Ok(key) => destination.deliver(key, common.json),
        Err(failure) => {
            destination.abandon();
            Err(failure)
        }
    }
}

/// The service, when a new account of that company is wanted.
async fn prepare(company: Option<&str>, common: &Common) -> Result<Service, Failure> {
    let service = Service::find(common).await?;
    if let Some(company) = company {
        others::warn(company, &service, common.yes).await?;
    }
    Ok(service)
}

/// An action that tells every key, and the account afterwards. `unfinished` is how things stand before it is done.
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
    let sweep = Sweep { output: MANAGE, payload, count, what: "keys told", unfinished };
    let (mut answer, _) = sweep.run(service).await?;
    show(&answer.get_mut("account").map(Value::take).unwrap_or_default(), common)
}

async fn erase(id: AccountId, common: &Common) -> Result<(), Failure> {
    let confirmation = Confirmation::prepare(common.yes)?;
    let service = Service::find(common).await?;
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
        Err(InvocationError::Refused(why)) => Ok(format!("Erase what is left of {id}? ({why})")),
        Err(error) => Err(error.into()),
    }
}

fn show(account: &Value, common: &Common) -> Result<(), Failure> {
    const COLUMNS: [output::Column; 9] = [
        ("account", "/accountId"),
        ("company", "/company"),
        ("external id", "/externalId"),
        ("created", "/createdAt"),
        ("status", "/status"),
        ("keys", "/keyCount"),
        ("max keys", "/effectiveMaxKeys"),
        ("limits", "/limits"),
        ("key days", "/effectiveMaxKeyLifetimeDays"),
    ];
    if common.json { output::json(account) } else { output::record(&COLUMNS, account) }
}

fn changes_as_json(changes: Changes) -> Result<Map<String, Value>, Failure> {
    let Changes { company, external_id, no_external_id, max_keys, default_max_keys, .. } = changes;
    let Changes { max_key_lifetime, no_max_key_lifetime, limits, no_limits, .. } = changes;
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
    if !limits.is_empty() || no_limits {
        let distinct = limits.iter().try_fold(Limits::NONE, |all, limit| all.and(*limit));
        let distinct = distinct.filter(|_| limits.len() <= Limits::MAX);
        let distinct =
            distinct.ok_or_else(|| Failure::input("--limit is given at most three times, each with another period"))?;
        fields.insert("limits".into(), json!(distinct));
    }
    Ok(fields)
}
