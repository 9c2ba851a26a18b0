//! The Lambda function `delete-key`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::key::Random;
use api_keys::lambda::{http, settings};
use api_keys::store::{KeyReader, Keys, Quota, Tables};
use delete_key::{Deps, HEADERS};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let tables = Tables::new(&aws, settings::table_name()?, settings::event_table()?, Random::system());
    let deps = &Deps {
        reader: &KeyReader::new(&aws, settings::table_name()?).await?,
        keys: &Keys::new(&tables),
        quota: &Quota::new(&tables),
    };
    http::run_with_headers(&HEADERS, |request| delete_key::handle(request, deps, SystemTime::now())).await
}
