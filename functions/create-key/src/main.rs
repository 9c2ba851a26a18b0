//! The Lambda function `create-key`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::key::{Issuer, Random};
use api_keys::lambda::{http, settings};
use api_keys::store::{NewKeys, Tables};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock and the randomness come in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::from_environment().await?;
    let tables = Tables::new(&aws, settings::table_name()?, settings::event_table()?, Random::system());
    let keys = &NewKeys::new(&tables);
    let catalogue = &settings::catalogue()?;
    let issuer = &Issuer::new(settings::key_prefix()?, Random::system());
    let (max_keys, ceiling) = (settings::max_keys()?, settings::key_limits()?);
    http::run(|request| create_key::handle(request, keys, catalogue, issuer, max_keys, ceiling, SystemTime::now()))
        .await
}
