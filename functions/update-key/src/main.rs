//! The Lambda function `update-key`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::key::Random;
use api_keys::lambda::{http, settings};
use api_keys::store::{AccountReader, KeyReader, Keys, Tables};
use lambda_http::Error;
use update_key::{Deps, HEADERS};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let tables = Tables::new(&aws, settings::table_name()?, settings::event_table()?, Random::system());
    let deps = &Deps {
        reader: &KeyReader::new(&aws, settings::table_name()?).await?,
        keys: &Keys::new(&tables),
        accounts: &AccountReader::new(&aws, settings::table_name()?),
        catalogue: &settings::catalogue()?,
        ceiling: settings::key_limits()?,
        lifetime: settings::max_key_lifetime()?,
    };
    http::run_with_headers(&HEADERS, |request| update_key::handle(request, deps, SystemTime::now())).await
}
