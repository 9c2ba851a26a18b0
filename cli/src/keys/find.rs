//! `api-keys keys find`: whose the values of some lines are. They are hashed here and never sent.

use std::io::{IsTerminal, Read, stdin};

use api_keys::key::KeyValue;
use console::Term;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::arguments::Common;
use crate::aws::{MANAGE, Service};
use crate::failure::{Failure, Kind};
use crate::finding::{Finding, Missed, Rest};
use crate::invocation::{Effect, InvocationError, Repeats};
use crate::{finding, messages, output, pages};

const COLUMNS: [output::Column; 12] = [
    ("line", "/line"),
    ("account", "/accountId"),
    ("company", "/company"),
    ("key", "/keyId"),
    ("value", "/value"),
    ("status", "/key/status"),
    ("name", "/key/name"),
    ("user", "/key/userId"),
    ("username", "/key/username"),
    ("operations", "/key/operations"),
    ("created", "/key/createdAt"),
    ("last used", "/key/lastUsedAt"),
];

pub(crate) async fn run(common: &Common) -> Result<(), Failure> {
    let text = read()?;
    let findings = Finding::of_lines(&text);
    let mut missed = Missed::of(&findings);
    if findings.is_empty() {
        if common.json {
            show(&[], &missed, common)?;
        }
        return Err(Failure::input("there is no value to look for"));
    }
    finding::print_notes(&findings, |finding| finding.rest != Rest::Foreign);
    if findings.iter().all(|(_, finding)| finding.native().is_empty() && finding.foreign().next().is_none()) {
        if common.json {
            show(&[], &missed, common)?;
        }
        return Err(Failure::input(format!("nothing is looked up: {missed}")));
    }
    let service = Service::find(common).await?;
    let mut found = Vec::new();
    for (line, finding) in &findings {
        let search = Search::of(finding, &service).await?;
        if let Some(note) = search.note(finding) {
            messages::note_on_line(*line, &note);
        }
        if search.misses_a_value(finding) {
            missed.not_found.push(*line);
        }
        found.extend(search.found.into_iter().map(|mut one| {
            pages::set(&mut one, "line", json!(line));
            one
        }));
    }
    show(&found, &missed, common)?;
    if missed.is_none() {
        return Ok(());
    }
    Err(Failure::new(if found.is_empty() { Kind::NotFound } else { Kind::Partial }, missed.to_string()))
}

fn show(found: &[Value], missed: &Missed, common: &Common) -> Result<(), Failure> {
    if common.json {
        return output::json(&json!({
            "found": found,
            "linesWithoutValue": missed.without_value,
            "linesWithTooMuch": missed.with_too_much,
            "linesWithMistyped": missed.with_mistyped,
            "linesNotFound": missed.not_found,
        }));
    }
    for (at, one) in found.iter().enumerate() {
        if at > 0 {
            output::line("")?;
        }
        output::record(&COLUMNS, one)?;
    }
    Ok(())
}

/// The service's answer on a line's values.
struct Search {
    found: Vec<Value>,
    /// How many of those are of the service's own format; they come first.
    native: usize,
    /// Why it refused to look, if it did.
    refused: Option<String>,
}

impl Search {
    async fn of(finding: &Finding, service: &Service) -> Result<Self, Failure> {
        let mut search = Self { found: Vec::new(), native: 0, refused: None };
        for value in finding.native() {
            search.add(find(service, value).await)?;
        }
        search.native = search.found.len();
        for value in finding.foreign() {
            search.add(find(service, value).await)?;
        }
        Ok(search)
    }

    fn add(&mut self, answer: Result<Value, InvocationError>) -> Result<(), Failure> {
        match answer {
            Ok(Value::Null) => {}
            Ok(one) => self.found.push(one),
            Err(error) if error.effect == Effect::None => self.refused = Some(error.to_string()),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Whether a value of the service's own format is no key's, or nothing of the line is. What stands beside such values need
    /// not be one.
    fn misses_a_value(&self, finding: &Finding) -> bool {
        self.native < finding.native().len() || (self.found.is_empty() && finding.foreign().next().is_some())
    }

    fn note(&self, finding: &Finding) -> Option<String> {
        let why = self.refused.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        if !self.misses_a_value(finding) {
            let is_rest_unknown = self.native == self.found.len() && finding.foreign().next().is_some();
            return is_rest_unknown
                .then(|| format!("its rest is not in this service's format, and no key has it or had it{why}"));
        }
        let what = if self.found.is_empty() { "the value" } else { "one of its values" };
        Some(format!("no key of this service has {what} or had it{why}"))
    }
}

/// Asks for one value: by its hash, and by the place that a native one names.
async fn find(service: &Service, value: &KeyValue) -> Result<Value, InvocationError> {
    let mut payload = json!({ "action": "find-key", "sha256": value.hash().to_hex() });
    if let Some(place) = value.locator() {
        pages::set(&mut payload, "accountId", json!(place.account_id));
        pages::set(&mut payload, "keyId", json!(place.id));
    }
    let mut answer = service.invoke(MANAGE, &payload, Repeats::AreSafe).await?;
    Ok(answer.get_mut("found").map(Value::take).unwrap_or_default())
}

/// What is written to a terminal is not shown there.
fn read() -> Result<Zeroizing<String>, Failure> {
    let failure = |error| Failure::input(format!("standard input: {error}"));
    if stdin().is_terminal() {
        let terminal = Term::stderr();
        terminal.write_str("Value (it is not shown): ").map_err(failure)?;
        return terminal.read_secure_line().map(Zeroizing::new).map_err(failure);
    }
    let mut bytes = Zeroizing::new(Vec::new());
    stdin().read_to_end(&mut bytes).map_err(failure)?;
    Ok(Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()))
}
