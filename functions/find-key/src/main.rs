//! The Lambda function `find-key`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::lambda::{http, settings};
use api_keys::store::KeyReader;
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let reader = &KeyReader::new(&Aws::from_environment().await?, settings::table_name()?).await?;
    let (imported, ceiling) = (settings::imported_keys()?, settings::key_limits()?);
    reader.warm().await;
    http::run(|request| find_key::handle(request, reader, imported, ceiling, SystemTime::now())).await
}
