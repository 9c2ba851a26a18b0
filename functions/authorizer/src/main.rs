//! The Lambda function `authorizer`.

use std::sync::Arc;
use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::lambda::{ending, settings};
use api_keys::store::KeyReader;
use authorizer::{AfterAnswer, Kept, Settings};
use lambda_runtime::{Error, Runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let reader = KeyReader::new(&Aws::from_environment().await?, settings::table_name()?).await?;
    let settings = Settings { imported: settings::imported_keys()?, ceiling: settings::key_limits()? };
    let kept = Arc::new(Kept::new(reader, settings::counted_usage()?, settings::metrics()?));
    let told_to_end = ending::signal_of_end()?;
    // Nothing but the table takes time at a start.
    tokio::join!(kept.reader.warm(), ending::register());
    let after_answer = AfterAnswer(Arc::clone(&kept));
    let answering = Arc::clone(&kept);
    let runtime = Runtime::new(service_fn(move |event| {
        let kept = Arc::clone(&answering);
        async move { authorizer::handle(event, &kept, settings, SystemTime::now()).await }
    }));
    // The runtime wakes a task by itself, but its outermost future by a system call each time.
    let serving = tokio::spawn(runtime.layer(after_answer).run());
    tokio::select! {
        served = serving => served?,
        end = told_to_end => {
            kept.finish(SystemTime::now(), end).await;
            Ok(())
        }
    }
}
