//! `api-keys keys import`: batches to `import-keys`, several at once, and a record of them that a second run continues.

mod record;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use api_keys::AccountId;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use self::record::Record;
use crate::arguments::Common;
use crate::aws::{InvocationError, Service};
use crate::rows::{FIELDS, Format, Row};
use crate::{Failure, output, progress, rows, secret};

/// As many as `import-keys` takes.
const BATCH: usize = 100;
const AT_ONCE: usize = 4;
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);
/// What `import-keys` says of a value that is there already.
const TAKEN: &str = "is of a value that a key has already";

/// Row numbers and why each was not imported.
type Failed = BTreeMap<usize, String>;

pub(crate) async fn run(path: &Path, account: AccountId, common: &Common) -> Result<(), Failure> {
    let format = Format::of(path)?;
    let content = fs::read(path).map_err(|error| Failure::input(format!("{}: {error}", path.display())))?;
    let rows = rows::read(&content, format)?;
    if rows.is_empty() {
        return Err(Failure::input(format!("{}: has no rows", path.display())));
    }
    let service = Service::find(common).await?;
    let mut record = Record::open(&beside(path, "progress"), &content, account, &common.stack)?;
    let stopped = send(&rows, account, &service, &mut record).await.err();

    let mut failed = record.failed();
    failed.extend(rows.iter().filter_map(|row| Some((row.number, row.refused.clone()?))));
    let failed_path = write_failed(path, format, &rows, &failed)?;
    let imported = record.imported();
    if common.json {
        let file = failed_path.as_ref().map(|path| path.display().to_string());
        output::json(&json!({ "rows": rows.len(), "imported": imported, "failed": failed.len(), "failedFile": file }))?;
    } else {
        output::line(&format!("Imported {imported} of {} keys.", rows.len()))?;
    }
    let seen = failed_path.map(|path| format!("{} keys failed: see {}", failed.len(), path.display()));
    match (stopped, seen) {
        (Some(why), _) => Err(Failure::action(format!("stopped: {why}; run it again to continue"))),
        (None, Some(seen)) => {
            record.remove()?;
            Err(Failure::action(seen))
        }
        (None, None) => record.remove(),
    }
}

/// Sends what the record does not have yet.
async fn send(rows: &[Row], account: AccountId, service: &Service, record: &mut Record) -> Result<(), Failure> {
    let valid: Vec<_> = rows.iter().filter(|row| row.refused.is_none()).collect();
    let bar = progress::bar(valid.len());
    let mut batches = valid.chunks(BATCH).enumerate();
    let mut running = JoinSet::new();
    let mut stopped = Ok(());
    loop {
        while running.len() < AT_ONCE && stopped.is_ok() {
            let Some((number, batch)) = batches.next() else { break };
            if record.is_done(number) {
                bar.inc(batch.len() as u64);
                continue;
            }
            let sent_before = record.sent(number)?;
            let keys: Vec<_> = batch.iter().map(|row| Value::from(row.key.clone())).collect();
            let numbers: Vec<_> = batch.iter().map(|row| row.number).collect();
            let payload = json!({ "accountId": account, "keys": keys });
            let service = service.clone();
            running
                .spawn(async move { (number, import(&service, &payload, &numbers, sent_before).await, numbers.len()) });
        }
        let Some(finished) = running.join_next().await else { break };
        let outcome = finished.map_err(|error| Failure::action(error.to_string()));
        match outcome.and_then(|(number, outcome, size)| Ok((number, outcome?, size))) {
            Ok((number, failed, size)) => {
                record.done(number, size - failed.len(), failed)?;
                bar.inc(size as u64);
            }
            // What is under way is waited for, so that the record has its outcome.
            Err(failure) => stopped = Err(failure),
        }
    }
    bar.finish_and_clear();
    stopped
}

/// Imports one batch. Where an earlier attempt has no known outcome, a value that is there already is that attempt's work.
async fn import(service: &Service, payload: &Value, rows: &[usize], sent_before: bool) -> Result<Failed, Failure> {
    let mut attempt = 1;
    let answer = loop {
        match service.invoke("ImportKeysFunctionName", payload).await {
            Ok(answer) => break answer,
            Err(InvocationError::Unknown(_)) if attempt < ATTEMPTS => sleep(PAUSE * attempt).await,
            Err(error) => return Err(error.into()),
        }
        attempt += 1;
    };
    let sent_before = sent_before || attempt > 1;
    outcome(answer, rows, sent_before)
        .ok_or_else(|| Failure::action("the function's answer does not tell of every key"))
}

fn outcome(answer: Value, rows: &[usize], sent_before: bool) -> Option<Failed> {
    #[derive(Deserialize)]
    struct Report {
        imported: Vec<Imported>,
        failed: Vec<FailedKey>,
    }
    #[derive(Deserialize)]
    struct Imported {
        index: usize,
    }
    #[derive(Deserialize)]
    struct FailedKey {
        index: usize,
        reason: String,
    }
    let Report { imported, failed } = serde_json::from_value(answer).ok()?;
    let mut told = imported.iter().map(|key| key.index).chain(failed.iter().map(|key| key.index)).collect::<Vec<_>>();
    told.sort_unstable();
    if !told.into_iter().eq(0..rows.len()) {
        return None;
    }
    let failed = failed.into_iter().filter(|key| !(sent_before && key.reason.contains(TAKEN)));
    failed.map(|key| Some((*rows.get(key.index)?, key.reason))).collect()
}

/// Writes the rows that failed, without values, and why; `None` when there are none.
fn write_failed(path: &Path, format: Format, rows: &[Row], failed: &Failed) -> Result<Option<PathBuf>, Failure> {
    let suffix = if format == Format::Csv { "failed.csv" } else { "failed.jsonl" };
    let target = beside(path, suffix);
    match fs::remove_file(&target) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Failure::action(format!("{}: {error}", target.display())));
        }
        _ => {}
    }
    if failed.is_empty() {
        return Ok(None);
    }
    let file = io::BufWriter::new(secret::create_private(&target)?);
    let listed = rows.iter().filter_map(|row| Some((row, failed.get(&row.number)?)));
    let written = match format {
        Format::Csv => write_csv(file, listed),
        Format::Jsonl => write_jsonl(file, listed),
    };
    written.map_err(|error| Failure::action(format!("{}: {error}", target.display())))?;
    Ok(Some(target))
}

fn write_csv<'a>(file: impl io::Write, rows: impl Iterator<Item = (&'a Row, &'a String)>) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(FIELDS.iter().chain(&["row", "reason"]))?;
    for (row, reason) in rows {
        let fields = FIELDS.map(|name| csv_text(row.key.get(name)));
        writer.write_record(fields.into_iter().chain([row.number.to_string(), reason.clone()]))?;
    }
    writer.flush()
}

fn csv_text(value: Option<&Value>) -> String {
    match value {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(";"),
        Some(value) => value.as_str().unwrap_or_default().to_owned(),
        None => String::new(),
    }
}

fn write_jsonl<'a>(mut file: impl io::Write, rows: impl Iterator<Item = (&'a Row, &'a String)>) -> io::Result<()> {
    for (row, reason) in rows {
        let mut fields = Map::from_iter([("row".into(), row.number.into()), ("reason".into(), reason.clone().into())]);
        fields.extend(row.key.clone());
        writeln!(file, "{}", Value::from(fields))?;
    }
    file.flush()
}

/// `FILE.csv` with another suffix: `FILE.csv.progress`, `FILE.failed.csv`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    if suffix == "progress" {
        let mut name = path.as_os_str().to_owned();
        name.push(".progress");
        return name.into();
    }
    path.with_extension(suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Value {
        let taken = format!("sha256 {TAKEN}");
        json!({ "imported": [{"index": 1, "id": "x"}], "failed": [{"index": 0, "reason": taken}, {"index": 2, "reason": "no"}] })
    }

    #[test]
    fn a_value_that_is_there_already_is_a_failure_unless_it_was_sent_before() {
        assert_eq!(outcome(answer(), &[7, 8, 9], false).unwrap().into_keys().collect::<Vec<_>>(), [7, 9]);
        assert_eq!(outcome(answer(), &[7, 8, 9], true).unwrap().into_keys().collect::<Vec<_>>(), [9]);
    }

    #[test]
    fn an_answer_tells_of_every_key_once() {
        assert_eq!(outcome(answer(), &[7, 8], false), None);
        assert_eq!(outcome(answer(), &[7, 8, 9, 10], false), None);
    }
}
