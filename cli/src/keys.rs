//! `api-keys keys`, but for the import.

mod each;
mod find;
mod issue;
mod question;
mod rotate;
pub(crate) mod settings;

use api_keys::key::KeyId;
use serde_json::{Value, json};

use self::question::Question;
use crate::arguments::{AccountName, Common, Filter, Keys, constant};
use crate::aws::Service;
use crate::confirmation::Confirmation;
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
const RECORD: [output::Column; 26] = [
    ("account", "/accountId"),
    ("company", "/company"),
    ("key", "/id"),
    ("status", "/status"),
    ("enabled", "/enabled"),
    ("name", "/name"),
    ("description", "/description"),
    ("user", "/userId"),
    ("username", "/username"),
    ("operations", "/operations"),
    ("traffic type", "/trafficType"),
    ("created", "/createdAt"),
    ("created by", "/createdBy"),
    ("created by key", "/createdByKeyId"),
    ("value created", "/valueCreatedAt"),
    ("expires", "/expiresAt"),
    ("exempt from lifetime", "/lifetimeExempt"),
    ("last used", "/lastUsedAt"),
    ("addresses", "/allowedIps"),
    ("limit of the key", "/limits"),
    ("effective limit", "/effectiveLimits"),
    ("limit of the account", "/accountLimits"),
    ("tags", "/tags"),
    ("old value until", "/previousValueValidUntil"),
    ("old value used", "/previousValueLastUsedAt"),
    ("etag", "/etag"),
];

pub(crate) async fn run(command: Keys, common: &Common) -> Result<(), Failure> {
    match command {
        Keys::Import { file, account, revive } => import::run(&file, &account, revive, common).await,
        Keys::List { account, filter } => {
            let mut payload = listing(filter)?;
            let service = Service::find(common).await?;
            pages::set(&mut payload, "accountId", json!(service.account(&account).await?));
            let keys = pages::all(&service, payload, "apiKeys", usize::MAX).await?;
            if common.json { output::json(&json!({ "apiKeys": keys })) } else { output::table(&COLUMNS, NEEDED, &keys) }
        }
        Keys::Create { account, new } => issue::create(&account, new, common).await,
        Keys::Rotate { account, key, old, value_to } => rotate::run(&account, key, old, value_to, common).await,
        Keys::Show { account, key } => of_one(&account, key, json!({ "action": "show-key" }), None, common).await,
        Keys::Update { account, key, changed } => {
            let question = Question::of_changes(&changed);
            let mut payload = Value::from(settings::of_changes(changed)?);
            pages::set(&mut payload, "action", "update-key".into());
            of_one(&account, key, payload, question, common).await
        }
        Keys::Exempt { account, key, end } => {
            of_one(&account, key, json!({ "action": "exempt-key", "exempt": !end }), None, common).await
        }
        Keys::Find { value: Some(_) } => {
            Err(Failure::input("the value is read from standard input, as command lines are seen by others"))
        }
        Keys::Find { value: None } => find::run(common).await,
        Keys::Disable { account, keys } => each::DISABLE.run(&account, &keys, common).await,
        Keys::Revoke { account, keys } => each::REVOKE.run(&account, &keys, common).await,
    }
}

/// An action on one key, whose answer shows it. A change that is made twice comes to the same.
async fn of_one(
    account: &AccountName,
    key: KeyId,
    mut payload: Value,
    question: Option<Question>,
    common: &Common,
) -> Result<(), Failure> {
    let confirmation = question.map(|_| Confirmation::prepare(common.yes)).transpose()?;
    let service = Service::find(common).await?;
    let account = service.account(account).await?;
    if let (Some(question), Some(confirmation)) = (question, confirmation) {
        confirmation.ask(question.about(&service, account, &[key])).await?;
    }
    pages::set(&mut payload, "accountId", json!(account));
    pages::set(&mut payload, "keyId", json!(key));
    let shown = service.manage(&payload).await?;
    if common.json { output::json(&shown) } else { output::record(&RECORD, &shown) }
}

/// Asks for the keys that a filter keeps. What is not given is not sent: an older stack takes fewer of them.
///
/// # Errors
/// When a name of a tag is given twice: the service takes one text for each.
fn listing(filter: Filter) -> Result<Value, Failure> {
    let Filter { user_id, assigned_to, status, operation, created_by_key, expires_before, unused_since, .. } = filter;
    let Filter { exceeds_lifetime, tags, .. } = filter;
    let fields = [
        ("userId", json!(user_id)),
        ("assignedTo", json!(assigned_to)),
        ("status", json!(status.as_deref().map(constant))),
        ("operation", json!(operation.as_deref().map(constant))),
        ("createdByKeyId", json!(created_by_key)),
        ("expiresBefore", json!(expires_before)),
        ("unusedSince", json!(unused_since)),
        ("exceedsLifetime", json!(exceeds_lifetime.then_some("true"))),
    ];
    let mut payload = json!({ "action": "list-keys" });
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
