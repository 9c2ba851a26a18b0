//! The Lambda function `find-key`.

use std::convert::Infallible;
use std::time::SystemTime;

use api_keys::{Aws, KeyReader, settings};
use lambda_http::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let reader = &KeyReader::new(&Aws::from_environment().await?, settings::table_name()?).await?;
    let imported = settings::imported_keys()?;
    reader.warm().await;
    run(service_fn(|request| async move {
        Ok::<_, Infallible>(find_key::handle(request, reader, imported, SystemTime::now()).await)
    }))
    .await
}
