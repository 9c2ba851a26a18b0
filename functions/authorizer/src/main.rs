//! The Lambda function `authorizer`.

use api_keys::{KeyStore, connect, settings};
use lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let store = &KeyStore::new(connect().await, settings::table_name()?);
    let imported = settings::imported_keys()?;
    store.warm().await;
    run(service_fn(|event| authorizer::handle(event, store, imported))).await
}
