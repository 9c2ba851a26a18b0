//! The Lambda function `erase-account`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::key::Random;
use api_keys::lambda::settings;
use api_keys::store::{Eraser, Tables};
use erase_account::{Deps, PAUSE, TIME};
use lambda_runtime::{Error, run, service_fn};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock and the randomness come in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let tables = Tables::new(&aws, settings::table_name()?, settings::event_table()?, Random::system());
    let deps = &Deps { eraser: &Eraser::new(&tables, settings::usage_table_name()?), time: TIME, pause: PAUSE };
    run(service_fn(|event| erase_account::handle(event, deps, SystemTime::now()))).await
}
