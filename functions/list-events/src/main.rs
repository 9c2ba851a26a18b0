//! The Lambda function `list-events`.

use api_keys::{Aws, EventList, http, settings};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let events = &EventList::new(&Aws::from_environment().await?, settings::event_table()?.name);
    http::run(|request| list_events::handle(request, events)).await
}
