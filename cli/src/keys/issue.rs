//! `api-keys keys create`: a key with a value, shown once.

use serde_json::{Value, json};

use super::settings;
use crate::arguments::{AccountName, Common, NewKey};
use crate::aws::{MANAGE, Service};
use crate::failure::Failure;
use crate::issuing::{self, Issuance, Mend};
use crate::pages::set;

pub(super) async fn create(account: &AccountName, mut new: NewKey, common: &Common) -> Result<(), Failure> {
    let value_to = new.value_to.take();
    let mut payload = Value::from(settings::of_new(new)?);
    let request = async || {
        let service = Service::find(common).await?;
        let account = service.account(account).await?;
        set(&mut payload, "action", "create-key".into());
        set(&mut payload, "accountId", json!(account));
        let perhaps = issuing::perhaps_issued(&service.typed(&format!("keys list --account {account}")));
        Ok(Issuance { service, output: MANAGE, payload, perhaps, mend: Mend::Revoke })
    };
    issuing::issue(value_to, request, common).await.map(drop)
}
