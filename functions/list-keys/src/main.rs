//! The Lambda function `list-keys`.

use std::convert::Infallible;
use std::time::SystemTime;

use api_keys::{Aws, KeyStore, settings};
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let store = &KeyStore::new(&Aws::from_environment().await?, settings::table_name()?);
    run(service_fn(
        |request| async move { Ok::<_, Infallible>(list_keys::handle(request, store, SystemTime::now()).await) },
    ))
    .await
}
