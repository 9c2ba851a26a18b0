//! The Lambda function `authorizer`.

use std::sync::Arc;

use api_keys::{Aws, KeyReader, settings};
use lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let reader = Arc::new(KeyReader::new(&Aws::from_environment().await?, settings::table_name()?).await?);
    let imported = settings::imported_keys()?;
    reader.warm().await;
    let serve = run(service_fn(move |event| {
        let reader = Arc::clone(&reader);
        async move { authorizer::handle(event, &reader, imported).await }
    }));
    // The runtime wakes a task by itself, but its outermost future by a system call each time.
    tokio::spawn(serve).await?
}
