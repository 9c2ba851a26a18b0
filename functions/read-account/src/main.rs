//! The Lambda function `read-account`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::lambda::{http, settings};
use api_keys::store::AccountReader;
use lambda_http::Error;
use read_account::Deps;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let deps = &Deps {
        accounts: &AccountReader::new(&Aws::of_function()?, settings::table_name()?),
        catalogue: &settings::catalogue()?,
        max_keys: settings::max_keys()?,
        ceiling: settings::key_limits()?,
        lifetime: settings::max_key_lifetime()?,
    };
    http::run(|request| read_account::handle(request, deps, SystemTime::now())).await
}
