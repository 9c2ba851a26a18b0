//! The Lambda function `find-key`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::lambda::{http, settings};
use api_keys::store::KeyReader;
use find_key::Deps;
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let deps = &Deps {
        reader: &KeyReader::new(&aws, settings::table_name()?).await?,
        imported: settings::imported_keys()?,
        ceiling: settings::key_limits()?,
    };
    deps.reader.warm().await;
    http::run(|request| find_key::handle(request, deps, SystemTime::now())).await
}
