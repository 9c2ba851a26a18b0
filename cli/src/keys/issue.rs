//! `api-keys keys create` and `rotate`: what gives a key a value, shown once.

use api_keys::key::KeyId;
use serde_json::{Value, json};

use super::settings;
use crate::arguments::{AccountName, Common, NewKey, OldValues};
use crate::aws::{MANAGE, Service};
use crate::failure::Failure;
use crate::issuing::{self, Issuance};
use crate::pages::set;

pub(super) async fn create(account: &AccountName, mut new: NewKey, common: &Common) -> Result<(), Failure> {
    let value_to = new.value_to.take();
    let mut payload = Value::from(settings::of_new(new)?);
    let request = async || {
        let service = Service::find(common).await?;
        let account = service.account(account).await?;
        set(&mut payload, "action", "create-key".into());
        set(&mut payload, "accountId", json!(account));
        let perhaps = issuing::perhaps_issued(&format!("api-keys keys list --account {account}"));
        Ok(Issuance { service, output: MANAGE, payload, perhaps })
    };
    issuing::issue(value_to, request, common).await.map(drop)
}

pub(super) async fn rotate(
    account: &AccountName,
    key: KeyId,
    old: OldValues,
    value_to: Option<std::path::PathBuf>,
    common: &Common,
) -> Result<(), Failure> {
    let request = async || {
        let service = Service::find(common).await?;
        let account = service.account(account).await?;
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
        let perhaps = format!(
            "the key may have got another value all the same, which is lost: see `api-keys events --account {account} \
             --key {key} --limit 1`, and if it has, rotate it again with --keep-previous"
        );
        Ok(Issuance { service, output: MANAGE, payload, perhaps })
    };
    issuing::issue(value_to, request, common).await.map(drop)
}
