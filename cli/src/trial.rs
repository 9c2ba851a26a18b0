//! A key that is seen to work on its first request, and to fail on the first one after it was deleted.

use std::time::{Duration, Instant, SystemTime};

use api_keys::key::{AccountId, ImportedKeys, KeyId, KeyValue, Timestamp};
use http::{HeaderMap, HeaderValue, Uri};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::aws::{MANAGE, Service};
use crate::failure::Failure;
use crate::interrupt::Held;
use crate::invocation::{Effect, Repeats};
use crate::shell::Watched;

/// Within each longest lifetime, by whichever clock, and an end by itself should the program not delete it.
const LIFE: Duration = Duration::from_hours(1);
/// Longer than the gateway's own.
const TIME: Duration = Duration::from_secs(35);

/// A key, as the answer that made it has it. Without `Debug`: it has the value.
pub(crate) struct TriedKey {
    pub(crate) account: AccountId,
    pub(crate) id: KeyId,
    value: KeyValue,
}

/// What its two requests were answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome {
    /// While it was there: 200 is right.
    pub(crate) alive: u16,
    /// How long the first answer took.
    pub(crate) took: Duration,
    /// After it was deleted: 401 is right.
    pub(crate) dead: u16,
}

impl Outcome {
    pub(crate) fn is_right(&self) -> bool {
        (self.alive, self.dead) == (200, 401)
    }
}

impl TriedKey {
    /// Takes the value out of an answer.
    ///
    /// # Errors
    /// When it has no key with a value.
    pub(crate) fn take(answer: &mut Value) -> Result<Self, Failure> {
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let account = text("accountId").and_then(AccountId::parse);
        let id = text("id").and_then(KeyId::parse);
        let value = text("value").and_then(|value| KeyValue::parse(value, ImportedKeys::Refused));
        if let Some(fields) = answer.as_object_mut() {
            fields.remove("value");
        }
        match (account, id, value) {
            (Some(account), Some(id), Some(value)) => Ok(Self { account, id, value }),
            _ => Err(Failure::action("the function's answer has no key with a value")),
        }
    }

    /// Makes one in an account, with one operation.
    ///
    /// # Errors
    /// When it is not made.
    pub(crate) async fn create(service: &Service, account: AccountId, operation: &str) -> Result<Self, Failure> {
        #[expect(clippy::disallowed_methods, reason = "a command has no clock but this machine's")]
        let end = Timestamp::from(SystemTime::now() + LIFE);
        let payload = json!({ "action": "create-key", "accountId": account, "userId": "trial", "username": "Trial",
            "operations": [operation], "expiresAt": end, "name": "Trial of api-keys, deleted at once" });
        match service.invoke(MANAGE, &payload, Repeats::AreNot).await {
            Ok(mut answer) => Self::take(&mut answer),
            Err(error) if error.effect == Effect::Unknown => Err(Failure::from(error).with(&format!(
                "a key may have been made all the same, which ends within an hour: see `api-keys keys list --account {account}`"
            ))),
            Err(error) => Err(error.into()),
        }
    }

    /// Uses it, deletes it, and uses it again. It is deleted after any answer to the first request, and after Ctrl-C too.
    ///
    /// # Errors
    /// When the API does not answer, or the key is not deleted.
    pub(crate) async fn run(&self, service: &Service, url: &str, held: &mut Held) -> Result<Outcome, Failure> {
        const STOPPED: &str = "its key is deleted";
        let begun = Instant::now();
        let alive = held.guard(STOPPED, self.look_itself_up(url)).await;
        let took = begun.elapsed();
        let payload = json!({ "action": "revoke-keys", "accountId": self.account, "keyIds": [self.id] });
        let revoked = service.manage(&payload).await;
        let revoked = revoked.map_err(|failure| failure.with(&format!("the key {} is not revoked", self.id)))?;
        if revoked.pointer("/revoked/0").is_none() {
            return Err(Failure::action(format!("the key {} is not revoked: revoke it", self.id)));
        }
        Ok(Outcome { alive: alive?, took, dead: held.guard(STOPPED, self.look_itself_up(url)).await? })
    }

    async fn look_itself_up(&self, url: &str) -> Result<u16, Failure> {
        let url: Uri =
            format!("{url}/authentication/self").parse().map_err(|_| Failure::input("the URL is malformed"))?;
        let value = HeaderValue::from_str(self.value.expose());
        let mut value = value.map_err(|_| Failure::action("the key's value is malformed"))?;
        value.set_sensitive(true);
        let headers = HeaderMap::from_iter([(http::HeaderName::from_static("x-api-key"), value)]);
        let transport = Watched::new()?;
        match timeout(TIME, transport.get(&url, headers)).await {
            Ok(Ok(answer)) => Ok(answer.status().as_u16()),
            Ok(Err(why)) => Err(Failure::action(format!("the API does not answer: {why}"))),
            Err(_) => Err(Failure::action("the API does not answer in time")),
        }
    }
}
