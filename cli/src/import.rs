//! `api-keys keys import`: batches to `import-keys`, several at once, and a record of them that a second run continues.

mod batch;
mod record;
mod report;

use std::fs;
use std::path::Path;

use serde_json::json;
use tokio::task::JoinSet;

use self::batch::{Batch, BatchOutcome, Target};
use self::record::Record;
use crate::arguments::{AccountName, Common};
use crate::aws::Service;
use crate::failure::{Failure, Kind};
use crate::progress::Bar;
use crate::rows::{Format, Row};
use crate::{interrupt, output, rows};

/// As many as `import-keys` takes.
const BATCH: usize = 100;
const AT_ONCE: usize = 4;

pub(crate) async fn run(path: &Path, account: &AccountName, revives: bool, common: &Common) -> Result<(), Failure> {
    let format = Format::of(path)?;
    let in_file = |what: &dyn std::fmt::Display| Failure::input(format!("{}: {what}", path.display()));
    let content = fs::read(path).map_err(|error| in_file(&error))?;
    let read = rows::read(&content, format).map_err(|failure| in_file(&failure))?;
    let rows = &read.rows;
    if rows.is_empty() {
        return Err(in_file(&"has no keys"));
    }
    let report = report::path(path, format)?;
    let service = Service::find(common).await?;
    let account = service.account(account).await?;
    let target = Target { account, revives };
    let mut record = Record::open(path, &content, target, &service)?;
    let again = "run the same command again, which goes on from there";
    let valid: Vec<_> = rows.iter().filter(|row| row.refused.is_none()).collect();
    let sent = interrupt::guard(again, send(&valid, target, &service, &mut record)).await;
    let mut failed = record.failed();
    failed.extend(rows.iter().filter_map(|row| Some((row.line, row.refused.clone()?))));

    let finished = sent.is_ok();
    if finished {
        report::write(&report, format, &read, &failed)?;
    }
    let seen = Some(&report).filter(|_| finished && !failed.is_empty()).map(|path| path.display().to_string());
    let (imported, present) = record.imported_and_present();
    let sizes: Vec<_> = valid.chunks(BATCH).map(<[_]>::len).collect();
    let unconfirmed: usize = record.unconfirmed().filter_map(|batch| sizes.get(batch)).sum();
    if common.json {
        let counts = json!({ "keys": rows.len(), "imported": imported, "present": present, "failed": failed.len(),
            "unconfirmed": unconfirmed, "finished": finished, "failedFile": seen });
        output::json(&counts)?;
    } else {
        output::line(&summary(rows.len(), imported, present, unconfirmed))?;
    }
    match sent {
        Err(failure) if record.is_begun() && failure.kind() != Kind::Interrupted => Err(failure.with(again)),
        Err(failure) => {
            record.remove_unless_begun()?;
            Err(failure)
        }
        Ok(()) => {
            record.remove()?;
            let Some(seen) = seen else { return Ok(()) };
            Err(Failure::partial(format!("{} failed: see {seen}", output::counted(failed.len()))))
        }
    }
}

/// What is certain, and what is not.
fn summary(keys: usize, imported: usize, present: usize, unconfirmed: usize) -> String {
    let certain = if unconfirmed > 0 { "Confirmed" } else { "Imported" };
    let mut parts = vec![format!("{certain} {imported} of {}", output::counted(keys))];
    if present > 0 {
        parts.push(format!("{present} {} there already", if present == 1 { "was" } else { "were" }));
    }
    if unconfirmed > 0 {
        parts.push(format!("up to {unconfirmed} more may have been imported"));
    }
    parts.join("; ") + "."
}

/// Sends what the record does not have yet.
async fn send(valid: &[&Row], target: Target, service: &Service, record: &mut Record) -> Result<(), Failure> {
    let bar = Bar::start(valid.len());
    let mut batches = valid.chunks(BATCH).enumerate();
    let mut running = JoinSet::new();
    let mut stopped = Ok(());
    loop {
        while running.len() < AT_ONCE && stopped.is_ok() {
            let Some((number, batch)) = batches.next() else { break };
            if record.is_done(number) {
                bar.add(batch.len());
                continue;
            }
            let sent_before = record.sent(number)?;
            let size = batch.len();
            let batch = Batch { rows: batch.iter().map(|row| (row.line, row.key.clone())).collect() };
            let service = service.clone();
            running.spawn(async move { (number, size, sent_before, batch.send(&target, &service).await) });
        }
        let Some(finished) = running.join_next().await else { break };
        let (number, size, sent_before, outcome) = finished.map_err(|error| Failure::action(error.to_string()))?;
        match outcome {
            BatchOutcome::Done(results) => {
                record.done(number, results)?;
                bar.add(size);
            }
            // What is under way is waited for, so that the record has its outcome.
            BatchOutcome::NotDone(why) => {
                // What an earlier run has sent may be there all the same.
                if !sent_before {
                    record.not_sent(number)?;
                }
                stopped = Err(why);
            }
            BatchOutcome::Unknown(why) => stopped = Err(why),
        }
    }
    stopped
}
