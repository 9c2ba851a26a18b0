//! `api-keys leaks`: reports of values that others know, by the route that is open to everybody.

use std::fs;
use std::io::{IsTerminal, Read, Write, stderr, stdin};
use std::path::Path;
use std::time::Duration;

use api_keys::Transport;
use http::{StatusCode, Uri};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::arguments::{Common, Leaks};
use crate::aws::Service;
use crate::failure::chain;
use crate::{Failure, interrupt, output};

/// As many as the service takes at once of what is not signed.
const AT_ONCE: usize = 10;
const ATTEMPTS: usize = 5;
const NO_URL: &str = "the API's URL is written as https://example.com/v1";
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longer than the gateway's own.
const TIME: Duration = Duration::from_secs(35);

pub(crate) async fn run(command: Leaks, common: &Common) -> Result<(), Failure> {
    const AGAIN: &str = "some of the values may not have ended: run the same command again";
    let Leaks::Report { file, url } = command;
    let text = read(file.as_deref())?;
    let values: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if values.is_empty() {
        return Err(Failure::input("there is no value to report"));
    }
    let url = match url {
        Some(url) => url,
        None => Service::find(common).await?.output("ApiUrl")?.to_owned(),
    };
    let url: Uri = format!("{}/leaks", url.trim_end_matches('/')).parse().map_err(|_| Failure::input(NO_URL))?;
    if url.host().is_none() {
        return Err(Failure::input(NO_URL));
    }
    let transport = Transport::new().map_err(|error| Failure::action(chain(&error)))?;
    let sending = async {
        for some in values.chunks(AT_ONCE) {
            let body: Vec<_> = some.iter().map(|value| json!({ "token": value })).collect();
            let sent = send(&transport, &url, &json!(body).to_string()).await;
            sent.map_err(|why| Failure::action(format!("{why}; {AGAIN}")))?;
        }
        Ok(())
    };
    interrupt::guard(AGAIN, sending).await?;
    let count = values.len();
    if common.json {
        output::json(&json!({ "reported": count }))
    } else {
        let values = if count == 1 { "value" } else { "values" };
        output::line(&format!("Reported {count} {values}. What a key had has ended; its events tell."))
    }
}

fn read(file: Option<&Path>) -> Result<String, Failure> {
    if let Some(file) = file {
        return fs::read_to_string(file).map_err(|error| Failure::input(format!("{}: {error}", file.display())));
    }
    if stdin().is_terminal() {
        let _ = writeln!(stderr().lock(), "Paste the values, one a line, and press Ctrl-D.");
    }
    let mut text = String::new();
    stdin().read_to_string(&mut text).map_err(|error| Failure::input(format!("standard input: {error}")))?;
    Ok(text)
}

/// Reporting twice comes to the same.
async fn send(transport: &Transport, url: &Uri, body: &str) -> Result<(), String> {
    let mut pause = FIRST_PAUSE;
    let mut attempt = 1;
    loop {
        let why = match timeout(TIME, transport.post(url, body.to_owned())).await {
            Ok(Ok(StatusCode::ACCEPTED)) => return Ok(()),
            Ok(Ok(status)) if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                return Err(format!("the service answered {status}"));
            }
            Ok(Ok(status)) => format!("the service answered {status}"),
            Ok(Err(error)) => format!("the service did not answer: {}", chain(&*error)),
            Err(_) => "the service did not answer in time".to_owned(),
        };
        if attempt == ATTEMPTS {
            return Err(why);
        }
        sleep(pause).await;
        (attempt, pause) = (attempt + 1, pause * 2);
    }
}
