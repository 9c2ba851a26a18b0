//! `api-keys keys find`: whose a value is. It is hashed here and never sent.

use std::io::{IsTerminal, Read, stdin};

use api_keys::key::{Found, ImportedKeys, KeyValue};
use console::Term;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::arguments::Common;
use crate::aws::{MANAGE, Service};
use crate::failure::Failure;
use crate::invocation::{InvocationError, Repeats};
use crate::{output, pages};

const COLUMNS: [output::Column; 11] = [
    ("account", "/accountId"),
    ("company", "/company"),
    ("key", "/keyId"),
    ("value", "/value"),
    ("status", "/key/status"),
    ("name", "/key/name"),
    ("user", "/key/userId"),
    ("username", "/key/username"),
    ("operations", "/key/operations"),
    ("created", "/key/createdAt"),
    ("last used", "/key/lastUsedAt"),
];

pub(crate) async fn run(common: &Common) -> Result<(), Failure> {
    let text = read()?;
    let Found { native, foreign, left_out } = KeyValue::find_all(&text, ImportedKeys::Accepted);
    if native.is_empty() && KeyValue::resembles_one(&text) {
        return Err(Failure::input(
            "this looks like a value of this service, but its checksum is wrong: it is mistyped or cut off",
        ));
    }
    if native.is_empty() && left_out {
        return Err(Failure::input("too much around a value: give the value alone"));
    }
    let values = if native.is_empty() { foreign } else { native };
    if values.is_empty() {
        return Err(Failure::input("there is no value: one has at least 16 characters without blanks"));
    }
    let service = Service::find(common).await?;
    let (mut found, mut refused) = (Vec::new(), None);
    for value in values {
        match find(&service, &value).await {
            Ok(Value::Null) => {}
            Ok(one) => found.push(one),
            Err(InvocationError::Refused(why)) => refused = Some(why),
            Err(error) => return Err(error.into()),
        }
    }
    if found.is_empty() {
        let why = refused.map(|why| format!(": {why}")).unwrap_or_default();
        return Err(Failure::action(format!("no key of this service has the value or had it{why}")));
    }
    if common.json {
        return output::json(&json!({ "found": found }));
    }
    for (at, one) in found.iter().enumerate() {
        if at > 0 {
            output::line("")?;
        }
        output::record(&COLUMNS, one)?;
    }
    Ok(())
}

/// Asks for one value: by its hash, and by the place that a native one names.
async fn find(service: &Service, value: &KeyValue) -> Result<Value, InvocationError> {
    let mut payload = json!({ "action": "find-key", "sha256": value.hash().to_hex() });
    if let Some(place) = value.locator() {
        pages::set(&mut payload, "accountId", json!(place.account_id));
        pages::set(&mut payload, "keyId", json!(place.id));
    }
    let mut answer = service.invoke(MANAGE, &payload, Repeats::AreSafe).await?;
    Ok(answer.get_mut("found").map(Value::take).unwrap_or_default())
}

/// What is written to a terminal is not shown there.
fn read() -> Result<Zeroizing<String>, Failure> {
    let failure = |error| Failure::input(format!("standard input: {error}"));
    if stdin().is_terminal() {
        let terminal = Term::stderr();
        terminal.write_str("Value (it is not shown): ").map_err(failure)?;
        return terminal.read_secure_line().map(Zeroizing::new).map_err(failure);
    }
    let mut bytes = Zeroizing::new(Vec::new());
    stdin().read_to_end(&mut bytes).map_err(failure)?;
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}
