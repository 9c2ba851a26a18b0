//! The Lambda function `list-keys`.

use std::convert::Infallible;

use api_keys::{Aws, KeyStore, settings};
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let store = &KeyStore::new(&Aws::from_environment().await?, settings::table_name()?);
    run(service_fn(|request| async move { Ok::<_, Infallible>(list_keys::handle(request, store).await) })).await
}
