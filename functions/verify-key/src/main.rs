//! The Lambda function `verify-key`.

use std::sync::Arc;
use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::check::{EnvironmentState, Settings};
use api_keys::lambda::{AfterAnswer, settings};
use api_keys::store::KeyReader;
use lambda_runtime::{Error, Runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let reader = KeyReader::new(&Aws::of_function()?, settings::table_name()?).await?;
    let settings = Settings { imported: settings::imported_keys()?, ceiling: settings::key_limits()? };
    let kept = Arc::new(EnvironmentState::new(reader, settings::counted_usage()?));
    let after_answer = AfterAnswer::new(Arc::clone(&kept), settings::metrics()?);
    let runtime = Runtime::new(service_fn(move |event| {
        let kept = Arc::clone(&kept);
        async move { verify_key::handle(event, &kept, settings, SystemTime::now()).await }
    }));
    after_answer.serve(runtime.layer(after_answer.clone()).run(), SystemTime::now).await
}
