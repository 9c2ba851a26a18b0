//! The Lambda function `serve-console`.

use std::future::ready;

use api_keys::lambda::{http, settings};
use lambda_http::Error;
use serve_console::Assets;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let assets = settings::console()?.then(Assets::new);
    http::run(|request| ready(serve_console::handle(&request, assets.as_ref()))).await
}
