//! The Lambda function `read-usage`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::lambda::{http, settings};
use api_keys::store::UsageList;
use lambda_http::Error;
use read_usage::Deps;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let deps = &Deps { usage: &UsageList::new(&aws, settings::usage_table_name()?) };
    http::run(|request| read_usage::handle(request, deps, SystemTime::now())).await
}
