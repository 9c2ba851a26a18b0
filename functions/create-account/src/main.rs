//! The Lambda function `create-account`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::key::{Issuer, Random};
use api_keys::lambda::settings;
use api_keys::store::{NewKeys, Tables};
use create_account::Deps;
use lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock and the randomness come in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let tables = Tables::new(&aws, settings::table_name()?, settings::event_table()?, Random::system());
    let deps = &Deps {
        new_keys: &NewKeys::new(&tables),
        catalogue: &settings::catalogue()?,
        issuer: &Issuer::new(settings::key_prefix()?, Random::system()),
        ceiling: settings::key_limits()?,
    };
    run(service_fn(|event| create_account::handle(event, deps, SystemTime::now()))).await
}
