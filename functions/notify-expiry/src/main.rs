//! The Lambda function `notify-expiry`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::key::Random;
use api_keys::lambda::settings;
use api_keys::store::{Notifier, Tables};
use lambda_runtime::{Error, run, service_fn};
use notify_expiry::{Deps, TIME};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock and the randomness come in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let tables = Tables::new(&aws, settings::table_name()?, settings::event_table()?, Random::system());
    let deps = &Deps { notifier: &Notifier::new(&tables, settings::expiry_notice_days()?), time: TIME };
    run(service_fn(|event| notify_expiry::handle(event, deps, SystemTime::now()))).await
}
