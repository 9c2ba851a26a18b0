//! The Lambda function `update-key`.

use std::convert::Infallible;
use std::time::SystemTime;

use api_keys::{Aws, KeyReader, KeyStore, settings};
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::from_environment().await?;
    let reader = &KeyReader::new(&aws, settings::table_name()?).await?;
    let store = &KeyStore::new(&aws, settings::table_name()?);
    let catalogue = &settings::catalogue()?;
    run(service_fn(|request| async move {
        Ok::<_, Infallible>(update_key::handle(request, reader, store, catalogue, SystemTime::now()).await)
    }))
    .await
}
