//! The Lambda function `authorizer`.

use std::sync::Arc;
use std::time::SystemTime;

use api_keys::{Aws, KeyReader, LastUse, settings};
use authorizer::AfterAnswer;
use lambda_runtime::{Error, Runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let reader = Arc::new(KeyReader::new(&Aws::from_environment().await?, settings::table_name()?).await?);
    let imported = settings::imported_keys()?;
    let last_use = Arc::new(LastUse::new(&reader));
    reader.warm().await;
    let after_answer = AfterAnswer(Arc::clone(&last_use));
    let runtime = Runtime::new(service_fn(move |event| {
        let (reader, last_use) = (Arc::clone(&reader), Arc::clone(&last_use));
        async move { authorizer::handle(event, &reader, &last_use, imported, SystemTime::now()).await }
    }));
    // The runtime wakes a task by itself, but its outermost future by a system call each time.
    tokio::spawn(runtime.layer(after_answer).run()).await?
}
