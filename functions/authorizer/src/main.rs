//! The Lambda function `authorizer`.

use std::sync::Arc;
use std::time::SystemTime;

use api_keys::{Aws, KeyReader, LastUse, Leases, settings};
use authorizer::{AfterAnswer, LEASES, Settings};
use lambda_runtime::{Error, Runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let reader = Arc::new(KeyReader::new(&Aws::from_environment().await?, settings::table_name()?).await?);
    let settings = Settings { imported: settings::imported_keys()?, ceiling: settings::key_limits()? };
    let leases = Arc::new(Leases::new(&reader, LEASES));
    let last_use = Arc::new(LastUse::new(&reader));
    reader.warm().await;
    let after_answer = AfterAnswer(Arc::clone(&last_use));
    let runtime = Runtime::new(service_fn(move |event| {
        let (reader, last_use, leases) = (Arc::clone(&reader), Arc::clone(&last_use), Arc::clone(&leases));
        async move { authorizer::handle(event, &reader, &last_use, &leases, settings, SystemTime::now()).await }
    }));
    // The runtime wakes a task by itself, but its outermost future by a system call each time.
    tokio::spawn(runtime.layer(after_answer).run()).await?
}
