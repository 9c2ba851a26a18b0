//! `api-keys leaks`: reports of values that others know, by the route that is open to everybody.

use std::fs;
use std::io::{IsTerminal, Read, Write, stderr, stdin};
use std::path::Path;
use std::time::Duration;

use api_keys::{ImportedKeys, KeyValue, Transport};
use http::{StatusCode, Uri};
use serde_json::json;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

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
    let findings: Vec<_> = text.lines().zip(1..).filter_map(|(line, at)| Some((at, Finding::of(line)?))).collect();
    if findings.is_empty() {
        return Err(Failure::input("there is no value to report"));
    }
    for (line, finding) in &findings {
        if let Some(note) = finding.note() {
            let _ = writeln!(stderr().lock(), "line {line}: {note}");
        }
    }
    let tokens: Vec<&str> = findings.iter().flat_map(|(_, finding)| finding.tokens()).collect();
    let without: Vec<u64> = findings.iter().filter(|(_, it)| it.tokens().is_empty()).map(|(line, _)| *line).collect();
    if tokens.is_empty() {
        return Err(Failure::input(format!("nothing is reported: {}", had_none(&without))));
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
        for some in tokens.chunks(AT_ONCE) {
            let body: Vec<_> = some.iter().map(|token| json!({ "token": token })).collect();
            let sent = send(&transport, &url, &json!(body).to_string()).await;
            sent.map_err(|why| Failure::action(format!("{why}; {AGAIN}")))?;
        }
        Ok(())
    };
    interrupt::guard(AGAIN, sending).await?;
    let count = tokens.len();
    if common.json {
        output::json(&json!({ "reported": count, "linesWithoutValue": without }))?;
    } else {
        let values = if count == 1 { "value" } else { "values" };
        output::line(&format!(
            "Reported {count} {values}. If it belonged to a key, it no longer works; see that key's events."
        ))?;
    }
    if without.is_empty() { Ok(()) } else { Err(Failure::action(had_none(&without))) }
}

/// What a line that is not blank holds. Without `Debug`: it has values.
enum Finding<'a> {
    /// Values of the service's own format.
    Values(Vec<KeyValue>),
    /// What may be a value of another system.
    Foreign(&'a str),
    /// Something that begins as the service's values do.
    Mistyped,
    Nothing,
}

impl<'a> Finding<'a> {
    /// `None` when the line is blank.
    fn of(line: &'a str) -> Option<Self> {
        // Byte order marks, and what is left of other encodings.
        let is_mark = |character| matches!(character, '\u{feff}' | '\u{200b}' | char::REPLACEMENT_CHARACTER);
        let is_outside = |character: char| character.is_whitespace() || character.is_control() || is_mark(character);
        let line = line.trim_matches(is_outside);
        let values = KeyValue::find_all(line, ImportedKeys::Refused);
        Some(match line {
            "" => return None,
            _ if !values.is_empty() => Self::Values(values),
            _ if KeyValue::resembles_one(line) => Self::Mistyped,
            _ if KeyValue::find_all(line, ImportedKeys::Accepted).is_empty() => Self::Nothing,
            foreign => Self::Foreign(foreign),
        })
    }

    /// What is reported of it: of what the program knows nothing else than the value.
    fn tokens(&self) -> Vec<&str> {
        match self {
            Self::Values(values) => values.iter().map(KeyValue::expose).collect(),
            Self::Foreign(line) => vec![line],
            Self::Mistyped | Self::Nothing => Vec::new(),
        }
    }

    /// What whoever reports it should know; the value is not in it.
    fn note(&self) -> Option<&'static str> {
        match self {
            Self::Values(_) => None,
            Self::Foreign(_) => {
                Some("not in this service's format: it is looked up only if the stack accepts imported keys")
            }
            Self::Mistyped => {
                Some("looks like a value of this service, but its checksum is wrong: it is mistyped or cut off")
            }
            Self::Nothing => Some("is no value: one has at least 16 characters without blanks"),
        }
    }
}

fn had_none(lines: &[u64]) -> String {
    let numbers = lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    if let [line] = lines {
        format!("1 line had no value: line {line}")
    } else {
        format!("{} lines had no value: lines {numbers}", lines.len())
    }
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
