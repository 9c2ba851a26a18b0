//! The Lambda function `list-events`.

use api_keys::aws::Aws;
use api_keys::lambda::{http, settings};
use api_keys::store::EventList;
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let events = &EventList::new(&Aws::from_environment().await?, settings::event_table()?.name);
    http::run(|request| list_events::handle(request, events)).await
}
