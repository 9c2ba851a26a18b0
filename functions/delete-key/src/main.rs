//! The Lambda function `delete-key`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::key::Random;
use api_keys::lambda::{http, settings};
use api_keys::store::KeyStore;
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::from_environment().await?;
    let store = &KeyStore::new(&aws, settings::table_name()?, settings::event_table()?, Random::system());
    http::run(|request| delete_key::handle(request, store, SystemTime::now())).await
}
