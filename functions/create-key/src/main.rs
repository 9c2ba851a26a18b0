//! The Lambda function `create-key`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::key::{Issuer, Random};
use api_keys::lambda::{http, settings};
use api_keys::store::{DoneRequests, NewKeys, Tables};
use create_key::{Deps, HEADERS};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock and the randomness come in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let tables = Tables::new(&aws, settings::table_name()?, settings::event_table()?, Random::system());
    let deps = &Deps {
        new_keys: &NewKeys::new(&tables),
        requests: &DoneRequests::new(&tables),
        catalogue: &settings::catalogue()?,
        issuer: &Issuer::new(settings::key_prefix()?, Random::system()),
        max_keys: settings::max_keys()?,
        lifetime: settings::max_key_lifetime()?,
        ceiling: settings::key_limits()?,
    };
    http::run_with_headers(&HEADERS, |request| create_key::handle(request, deps, SystemTime::now())).await
}
