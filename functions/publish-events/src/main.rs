//! The Lambda function `publish-events`.

use std::time::SystemTime;

use api_keys::aws::Aws;
use api_keys::lambda::settings;
use api_keys::store::EventList;
use lambda_runtime::{Error, run, service_fn};
use publish_events::{Bus, Deps};

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::disallowed_methods, reason = "here the clock comes in")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let deps = &Deps {
        bus: Bus::new(&aws, settings::event_bus_name()?, settings::event_source()?),
        events: EventList::new(&aws, settings::event_table()?.name),
        metrics: settings::metrics()?,
    };
    run(service_fn(|event| publish_events::handle(event, deps, SystemTime::now()))).await
}
