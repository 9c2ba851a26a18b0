//! The Lambda function `list-keys`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::lambda::{http, settings};
use api_keys::store::KeyList;
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let keys = &KeyList::new(&Aws::from_environment().await?, settings::table_name()?);
    let ceiling = settings::key_limits()?;
    http::run(|request| list_keys::handle(request, keys, ceiling, SystemTime::now())).await
}
