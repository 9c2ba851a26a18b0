//! `FILE.progress`: which batches were sent and what became of them, one JSON object a line, mode 600.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use api_keys::key::AccountId;
use serde::{Deserialize, Serialize};

use super::batch::{FailedLines, Results, Target};
use crate::aws::Service;
use crate::failure::{Failure, Kind};

/// What was imported so far, on disk and in memory.
pub(crate) struct Record {
    path: PathBuf,
    file: File,
    sent: HashSet<usize>,
    done: BTreeMap<usize, Done>,
}

/// What the record is of.
#[derive(PartialEq, Serialize, Deserialize)]
struct Header {
    account: AccountId,
    /// Where its keys go: the physical name of the function, and its region.
    function: String,
    region: String,
    /// Fingerprint of the file: an edited file has other rows.
    file: u64,
    #[serde(default)]
    revives: bool,
}

impl Header {
    /// What distinguishes this import from another one.
    fn differences(&self, other: &Self) -> Vec<String> {
        let Self { account, function, region, file, revives } = self;
        let differs = [
            (*file != other.file, "of a file with other content".to_owned()),
            (*account != other.account, format!("into the account {account}")),
            ((function, region) != (&other.function, &other.region), format!("by {function} in {region}")),
            (*revives != other.revives, format!("{} --revive", if *revives { "with" } else { "without" })),
        ];
        differs.into_iter().filter_map(|(differs, what)| differs.then_some(what)).collect()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Line {
    Sent(usize),
    /// What was noted as sent had no effect.
    NotSent(usize),
    Done(Done),
}

#[derive(Serialize, Deserialize)]
struct Done {
    batch: usize,
    imported: usize,
    #[serde(default)]
    present: usize,
    failed: FailedLines,
}

impl Record {
    /// Opens the record of importing this file, or begins one.
    pub(crate) fn open(of: &Path, content: &[u8], target: Target, service: &Service) -> Result<Self, Failure> {
        let mut path = of.as_os_str().to_owned();
        path.push(".progress");
        let path = &PathBuf::from(path);
        let failure = |error: std::io::Error| Failure::action(format!("{}: {error}", path.display()));
        let function = service.output("ImportKeysFunctionName")?.to_owned();
        let Target { account, revives } = target;
        let header = Header { account, function, region: service.region(), file: fingerprint(content), revives };
        let mut options = OpenOptions::new();
        let mut file = options.read(true).append(true).create(true).mode(0o600).open(path).map_err(failure)?;
        if file.try_lock().is_err() {
            let why = format!("{}: another import of this file is running", path.display());
            return Err(Failure::new(Kind::Refused, why));
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failure)?;
        // A run that was killed may have left half a line.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let half = text.split_off(whole);
        let mut lines = text.lines();
        let is_begun = || serde_json::to_string(&header).is_ok_and(|first| first.starts_with(&half));
        let foreign = match lines.next().map(serde_json::from_str::<Header>) {
            Some(Ok(other)) if other == header => None,
            Some(Ok(other)) => Some(format!("is of an import {}", other.differences(&header).join(", "))),
            None if is_begun() => None,
            None | Some(Err(_)) => Some("is no record of an import".to_owned()),
        };
        if let Some(what) = foreign {
            return Err(Failure::input(format!("{} {what}: remove it to begin anew", path.display())));
        }
        file.set_len(whole as u64).map_err(failure)?;

        let mut record = Self { path: path.to_owned(), file, sent: HashSet::new(), done: BTreeMap::new() };
        if whole == 0 {
            record.write(&header)?;
        }
        for line in lines.filter_map(|line| serde_json::from_str(line).ok()) {
            match line {
                Line::Sent(batch) => drop(record.sent.insert(batch)),
                Line::NotSent(batch) => drop(record.sent.remove(&batch)),
                Line::Done(done) => drop(record.done.insert(done.batch, done)),
            }
        }
        Ok(record)
    }

    pub(crate) fn is_done(&self, batch: usize) -> bool {
        self.done.contains_key(&batch)
    }

    /// Notes that a batch is about to be sent. Whether an earlier run has sent it, and no answer has its outcome.
    pub(crate) fn sent(&mut self, batch: usize) -> Result<bool, Failure> {
        self.write(&Line::Sent(batch))?;
        Ok(!self.sent.insert(batch))
    }

    /// Notes that what was sent of a batch had no effect.
    pub(crate) fn not_sent(&mut self, batch: usize) -> Result<(), Failure> {
        self.write(&Line::NotSent(batch))?;
        self.sent.remove(&batch);
        Ok(())
    }

    /// Whether anything may have been imported.
    pub(crate) fn is_begun(&self) -> bool {
        !self.sent.is_empty()
    }

    /// The batches that were sent, and of which no answer has the outcome.
    pub(crate) fn unconfirmed(&self) -> impl Iterator<Item = usize> {
        self.sent.iter().copied().filter(|batch| !self.is_done(*batch))
    }

    /// Notes what became of a batch.
    pub(crate) fn done(&mut self, batch: usize, results: Results) -> Result<(), Failure> {
        let Results { imported, present, failed } = results;
        let line = Line::Done(Done { batch, imported, present, failed });
        self.write(&line)?;
        if let Line::Done(done) = line {
            self.done.insert(batch, done);
        }
        Ok(())
    }

    /// How many keys were imported, and how many were there before.
    pub(crate) fn imported_and_present(&self) -> (usize, usize) {
        self.done.values().fold((0, 0), |(imported, present), done| (imported + done.imported, present + done.present))
    }

    pub(crate) fn failed(&self) -> FailedLines {
        self.done.values().flat_map(|done| done.failed.clone()).collect()
    }

    /// Removes the record of a finished import.
    pub(crate) fn remove(self) -> Result<(), Failure> {
        fs::remove_file(&self.path).map_err(|error| Failure::action(format!("{}: {error}", self.path.display())))
    }

    /// Removes the record of an import that did nothing.
    pub(crate) fn remove_unless_begun(self) -> Result<(), Failure> {
        if self.is_begun() { Ok(()) } else { self.remove() }
    }

    fn write(&mut self, line: &impl Serialize) -> Result<(), Failure> {
        let mut text = serde_json::to_string(line).map_err(|error| Failure::action(error.to_string()))?;
        text.push('\n');
        self.file
            .write_all(text.as_bytes())
            .map_err(|error| Failure::action(format!("{}: {error}", self.path.display())))
    }
}

/// FNV-1a: it detects an edited file, and no attacker chooses the content.
fn fingerprint(content: &[u8]) -> u64 {
    content.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
