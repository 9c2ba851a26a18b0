//! `api-keys keys rotate`: another value, shown once, and what becomes of those before.

use std::path::PathBuf;
use std::time::Duration;

use api_keys::key::{KeyId, Timestamp};
use serde_json::{Value, json};

use crate::arguments::{AccountName, Common, OldValues};
use crate::aws::{MANAGE, Service};
use crate::confirmation::Confirmation;
use crate::failure::Failure;
use crate::issuing::{self, Issuance, Mend};
use crate::pages::set;
use crate::{messages, subject};

pub(super) async fn run(
    account: &AccountName,
    key: KeyId,
    old: OldValues,
    value_to: Option<PathBuf>,
    common: &Common,
) -> Result<(), Failure> {
    let mut before = Value::Null;
    let request = async || {
        let service = Service::find(common).await?;
        let account = service.account(account).await?;
        before = service.manage(&json!({ "action": "show-key", "accountId": account, "keyId": key })).await?;
        let ending = ending(&before, &old);
        if !ending.is_empty() {
            let question = async {
                let about = subject::keys(&service, account, &[key]).await?;
                Ok(format!("Rotate {about}? {}.", ending.join(". ")))
            };
            Confirmation::prepare(common.yes)?.ask(question).await?;
        }
        let mut payload = json!({ "action": "rotate-key", "accountId": account, "keyId": key });
        if let Some(seconds) = old.grace {
            set(&mut payload, "gracePeriodSeconds", seconds.into());
        }
        if old.keep_previous {
            set(&mut payload, "keepPrevious", true.into());
        }
        if let Some(end) = old.expires_at {
            set(&mut payload, "expiresAt", json!(end));
        }
        let look = service.typed(&format!("events --account {account} --key {key} --limit 1"));
        let again = Mend::RotateAgain.of(&service, &account.to_string(), &key.to_string());
        let perhaps = format!(
            "the key may have got another value all the same, which is lost: look first: `{look}`; if it has, {again}"
        );
        Ok(Issuance { service, output: MANAGE, payload, perhaps, mend: Mend::RotateAgain })
    };
    let after = issuing::issue(value_to, request, common).await?.key;
    for note in notes(&before, &after, &old) {
        messages::note(&note);
    }
    Ok(())
}

/// Which values of the key a rotation ends at once.
fn ending(key: &Value, old: &OldValues) -> Vec<String> {
    let created = text(key, "valueCreatedAt").or_else(|| text(key, "createdAt")).unwrap_or("-");
    let ends_present = grace(old).is_none() && !is_exposed(key);
    let present = ends_present.then(|| format!("Its present value, of {created}, ends at once"));
    let previous = text(key, "previousValueValidUntil").filter(|_| !old.keep_previous);
    let previous = previous.map(|end| format!("The value before it, which would work until {end}, ends at once"));
    present.into_iter().chain(previous).collect()
}

/// What the service did otherwise than it was asked.
fn notes(before: &Value, after: &Value, old: &OldValues) -> Vec<String> {
    let mut notes = Vec::new();
    let grace = grace(old);
    let time = |field| text(after, field).and_then(Timestamp::parse);
    let asked = grace.and_then(|grace| Some(time("valueCreatedAt")?.plus(grace)));
    match text(after, "previousValueValidUntil") {
        None if grace.is_some() && is_exposed(before) => {
            notes.push("the old value was reported as leaked, so it gets no grace period".to_owned());
        }
        None if grace.is_some() => {
            notes.push("the old value gets no grace period: the longest lifetime has ended it".to_owned());
        }
        Some(end) if asked.is_some_and(|asked| time("previousValueValidUntil").is_some_and(|end| end < asked)) => {
            notes.push(format!(
                "the old value works until {end}, for less than the grace period: the longest lifetime ends it then"
            ));
        }
        _ => {}
    }
    if old.expires_at.is_none()
        && text(before, "expiresAt").is_none()
        && let Some(end) = text(after, "expiresAt")
    {
        notes.push(format!("the key had no end, and the account's longest lifetime gives it one: {end}"));
    }
    notes
}

/// The grace period that is asked for; none is one of no time.
fn grace(old: &OldValues) -> Option<Duration> {
    old.grace.map(Duration::from_secs).filter(|grace| !grace.is_zero())
}

/// Whether its present value works no longer, as it was reported.
fn is_exposed(key: &Value) -> bool {
    text(key, "status") == Some("EXPOSED")
}

fn text<'a>(key: &'a Value, field: &str) -> Option<&'a str> {
    key.get(field).and_then(Value::as_str)
}
