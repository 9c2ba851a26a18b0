//! The Lambda function `manage-account`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::key::{Issuer, Random};
use api_keys::lambda::settings;
use api_keys::store::{AccountList, Accounts, EventList, KeyList, KeyReader, Keys, NewKeys, Quota, Tables, UsageList};
use lambda_runtime::{Error, run, service_fn};
use manage_account::{Deps, TIME};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock and the randomness come in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let (table, events) = (settings::table_name()?, settings::event_table()?);
    let tables = Tables::new(&aws, table.clone(), events.clone(), Random::system());
    let deps = &Deps {
        account_list: &AccountList::new(&aws, table.clone()),
        accounts: &Accounts::new(&tables),
        key_list: &KeyList::new(&aws, table.clone()),
        reader: &KeyReader::new(&aws, table).await?,
        keys: &Keys::new(&tables),
        new_keys: &NewKeys::new(&tables),
        quota: &Quota::new(&tables),
        events: &EventList::new(&aws, events.name),
        usage: &UsageList::new(&aws, settings::usage_table_name()?),
        catalogue: &settings::catalogue()?,
        issuer: &Issuer::new(settings::key_prefix()?, Random::system()),
        max_keys: settings::max_keys()?,
        ceiling: settings::key_limits()?,
        lifetime: settings::max_key_lifetime()?,
        time: TIME,
    };
    run(service_fn(|event| manage_account::handle(event, deps, SystemTime::now()))).await
}
