//! The Lambda function `serve-console`.

use std::future::ready;

use api_keys::lambda::{http, settings};
use lambda_http::Error;
use serve_console::{Assets, Deps};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let assets = settings::console()?.then(Assets::new);
    let deps = &Deps { assets: assets.as_ref() };
    http::run(|request| ready(serve_console::handle(&request, deps))).await
}
