//! `api-keys leaks`: reports of values that others know, by the route that is open to everybody.

use std::fs;
use std::io::{IsTerminal, Read, Write, stderr, stdin};
use std::path::Path;
use std::time::Duration;

use api_keys::aws::Transport;
use http::{StatusCode, Uri};
use serde_json::json;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use crate::arguments::{Common, Leaks};
use crate::aws::Service;
use crate::failure::{Failure, chain};
use crate::finding::{Finding, Missed, Token};
use crate::{finding, interrupt, output};

/// As many tokens as the service takes at once of what is not signed, and as many values in them.
const AT_ONCE: usize = 10;
const VALUES_AT_ONCE: usize = 40;
const ATTEMPTS: usize = 5;
const NO_URL: &str = "the API's URL is written as https://example.com/v1";
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longer than the gateway's own.
const TIME: Duration = Duration::from_secs(35);

pub(crate) async fn run(command: Leaks, common: &Common) -> Result<(), Failure> {
    const AGAIN: &str = "some of the values may not have ended: run the same command again";
    let Leaks::Report { file, url } = command;
    let text = read(file.as_deref())?;
    let findings = Finding::of_lines(&text);
    if findings.is_empty() {
        return Err(Failure::input("there is no value to report"));
    }
    finding::print_notes(&findings, |_| true);
    let tokens: Vec<Token<'_>> = findings.iter().flat_map(|(_, finding)| finding.tokens()).collect();
    let missed = Missed::of(&findings);
    if tokens.is_empty() {
        return Err(Failure::input(format!("nothing is reported: {missed}")));
    }
    let url = match url {
        Some(url) => url,
        None => url_of_stack(common).await?,
    };
    let url = url.trim_end_matches('/');
    let api = url.strip_suffix("/leaks").unwrap_or(url);
    let url: Uri = format!("{api}/leaks").parse().map_err(|_| Failure::input(NO_URL))?;
    if url.host().is_none() {
        return Err(Failure::input(NO_URL));
    }
    let transport = Transport::new().map_err(|error| Failure::action(chain(&error)))?;
    let sending = async {
        for (earlier, some) in requests(&tokens).into_iter().enumerate() {
            let body: Vec<_> = some.iter().map(|token| json!({ "token": token.text })).collect();
            let sent = send(&transport, &url, &json!(body).to_string()).await;
            sent.map_err(|refusal| match refusal {
                Refusal::NoRoute(status) if earlier == 0 => Failure::input(format!(
                    "{api}/leaks answered {status}: is {api} the API's URL, and does the stack take reports (Leaks)?"
                )),
                // The route is there: a web ACL may have counted these requests.
                Refusal::NoRoute(status) => Failure::action(format!("the service answered {status}; {AGAIN}")),
                Refusal::Other(why) => Failure::action(format!("{why}; {AGAIN}")),
            })?;
        }
        Ok(())
    };
    interrupt::guard(AGAIN, sending).await?;
    let count = tokens.len();
    if common.json {
        output::json(&json!({
            "reported": count,
            "linesWithoutValue": missed.without_value,
            "linesWithTooMuch": missed.with_too_much,
            "linesWithMistyped": missed.with_mistyped,
        }))?;
    } else {
        let values = if count == 1 { "value" } else { "values" };
        output::line(&format!(
            "Reported {count} {values}. If it belonged to a key, it no longer works; see that key's events."
        ))?;
    }
    if missed.is_none() { Ok(()) } else { Err(Failure::partial(missed.to_string())) }
}

/// The URL of the stack's output. A stack on an emulator names an address on AWS, where another company's API may be.
async fn url_of_stack(common: &Common) -> Result<String, Failure> {
    let service = Service::find(common).await;
    let service = service.map_err(|failure| failure.with("with --url it needs no AWS credentials"))?;
    service.api_url(None)
}

/// Divides tokens into requests that the service takes.
fn requests<'a, 'b>(tokens: &'b [Token<'a>]) -> Vec<&'b [Token<'a>]> {
    let mut requests = Vec::new();
    let mut rest = tokens;
    while !rest.is_empty() {
        let values = rest.iter().scan(0, |sum, token| {
            *sum += token.values;
            Some(*sum)
        });
        let fit = values.take(AT_ONCE).take_while(|sum| *sum <= VALUES_AT_ONCE).count();
        let (some, others) = rest.split_at(fit.max(1).min(rest.len()));
        requests.push(some);
        rest = others;
    }
    requests
}

/// Text in any encoding: a value is found in it all the same.
fn read(file: Option<&Path>) -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    if let Some(file) = file {
        let read = fs::read(file).map_err(|error| Failure::input(format!("{}: {error}", file.display())))?;
        *bytes = read;
    } else {
        if stdin().is_terminal() {
            let _ = writeln!(stderr().lock(), "Paste the values, one a line, and press Ctrl-D.");
        }
        stdin().read_to_end(&mut bytes).map_err(|error| Failure::input(format!("standard input: {error}")))?;
    }
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Why values are not reported.
enum Refusal {
    /// The URL has no such route: API Gateway answers 403 to a path that an API does not have, and 404 without an API.
    NoRoute(StatusCode),
    Other(String),
}

/// Reporting twice comes to the same.
async fn send(transport: &Transport, url: &Uri, body: &str) -> Result<(), Refusal> {
    let mut pause = FIRST_PAUSE;
    let mut attempt = 1;
    loop {
        let why = match timeout(TIME, transport.post(url, body.to_owned())).await {
            Ok(Ok(StatusCode::ACCEPTED)) => return Ok(()),
            Ok(Ok(status @ (StatusCode::NOT_FOUND | StatusCode::FORBIDDEN))) => return Err(Refusal::NoRoute(status)),
            Ok(Ok(status)) if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                return Err(Refusal::Other(format!("the service answered {status}")));
            }
            Ok(Ok(status)) => format!("the service answered {status}"),
            Ok(Err(error)) => format!("the service did not answer: {}", chain(&*error)),
            Err(_) => "the service did not answer in time".to_owned(),
        };
        if attempt == ATTEMPTS {
            return Err(Refusal::Other(why));
        }
        sleep(pause).await;
        (attempt, pause) = (attempt + 1, pause * 2);
    }
}
