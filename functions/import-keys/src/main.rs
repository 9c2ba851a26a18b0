//! The Lambda function `import-keys`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::key::{Issuer, Random};
use api_keys::lambda::settings;
use api_keys::store::{Accounts, KeyReader, NewKeys, Tables};
use import_keys::Deps;
use lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock and the randomness come in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let tables = Tables::new(&aws, settings::table_name()?, settings::event_table()?, Random::system());
    let deps = &Deps {
        reader: &KeyReader::new(&aws, settings::table_name()?).await?,
        accounts: &Accounts::new(&tables),
        new_keys: &NewKeys::new(&tables),
        catalogue: &settings::catalogue()?,
        issuer: &Issuer::new(settings::key_prefix()?, Random::system()),
        imported: settings::imported_keys()?,
        max_keys: settings::max_keys()?,
        lifetime: settings::max_key_lifetime()?,
    };
    run(service_fn(|event| import_keys::handle(event, deps, SystemTime::now()))).await
}
