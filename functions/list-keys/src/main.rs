//! The Lambda function `list-keys`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::lambda::{http, settings};
use api_keys::store::{AccountReader, KeyList};
use lambda_http::Error;
use list_keys::Deps;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let deps = &Deps {
        key_list: &KeyList::new(&aws, settings::table_name()?),
        accounts: &AccountReader::new(&aws, settings::table_name()?),
        ceiling: settings::key_limits()?,
        lifetime: settings::max_key_lifetime()?,
    };
    http::run(|request| list_keys::handle(request, deps, SystemTime::now())).await
}
