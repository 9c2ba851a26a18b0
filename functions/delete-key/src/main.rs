//! The Lambda function `delete-key`.

use api_keys::{Aws, KeyStore, http, settings};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let store = &KeyStore::new(&Aws::from_environment().await?, settings::table_name()?);
    http::run(|request| delete_key::handle(request, store)).await
}
