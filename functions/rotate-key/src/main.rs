//! The Lambda function `rotate-key`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::key::{Issuer, Random};
use api_keys::lambda::{http, settings};
use api_keys::store::{AccountReader, DoneRequests, KeyReader, Keys, Tables};
use lambda_http::Error;
use rotate_key::{Deps, HEADERS};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock and the randomness come in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let tables = Tables::new(&aws, settings::table_name()?, settings::event_table()?, Random::system());
    let deps = &Deps {
        reader: &KeyReader::new(&aws, settings::table_name()?).await?,
        keys: &Keys::new(&tables),
        requests: &DoneRequests::new(&tables),
        accounts: &AccountReader::new(&aws, settings::table_name()?),
        issuer: &Issuer::new(settings::key_prefix()?, Random::system()),
        ceiling: settings::key_limits()?,
        lifetime: settings::max_key_lifetime()?,
    };
    http::run_with_headers(&HEADERS, |request| rotate_key::handle(request, deps, SystemTime::now())).await
}
