//! The Lambda function `find-key`.

use std::convert::Infallible;

use api_keys::{KeyStore, connect, settings};
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let store = &KeyStore::new(connect().await, settings::table_name()?);
    let imported = settings::imported_keys()?;
    run(service_fn(|request| async move { Ok::<_, Infallible>(find_key::handle(request, store, imported).await) }))
        .await
}
