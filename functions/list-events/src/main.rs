//! The Lambda function `list-events`.

use api_keys::aws::Aws;
use api_keys::lambda::{http, settings};
use api_keys::store::EventList;
use lambda_http::Error;
use list_events::Deps;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let aws = Aws::of_function()?;
    let deps = &Deps { events: &EventList::new(&aws, settings::event_table()?.name) };
    http::run(|request| list_events::handle(request, deps)).await
}
