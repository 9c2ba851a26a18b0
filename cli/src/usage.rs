//! `api-keys usage`.

use std::collections::BTreeMap;
use std::iter;

use api_keys::key::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::arguments::{Bucket, Common, Usage, in_order};
use crate::aws::Service;
use crate::failure::Failure;
use crate::{chart, output};

/// Where standard output is no terminal, or one without a width.
const WIDTH: usize = 80;
const HEADINGS: [&str; 4] = ["START", "ALLOWED", "LIMITED", "DENIED"];
/// Why requests were denied.
const DENIALS: [output::Column; 3] = [("START", "/start"), ("DENIED FOR", "/reason"), ("REQUESTS", "/requests")];
/// After each column.
const GAP: usize = 2;

#[derive(Deserialize)]
struct Answer {
    usage: Vec<Counts>,
}

/// The requests of one bucket.
#[derive(Deserialize)]
struct Counts {
    start: Timestamp,
    allowed: u64,
    limited: u64,
    denied: u64,
    /// How many of the denied ones for each reason. An older function does not answer that.
    #[serde(default)]
    denials: BTreeMap<String, u64>,
}

impl Counts {
    fn verdicts(&self) -> [u64; 3] {
        [self.allowed, self.limited, self.denied]
    }

    fn total(&self) -> u128 {
        self.verdicts().into_iter().map(u128::from).sum()
    }
}

pub(crate) async fn run(command: Usage, common: &Common) -> Result<(), Failure> {
    let Usage { account, key, from, to, bucket } = command;
    in_order(from, to)?;
    let service = Service::find(common).await?;
    let account = service.account(&account).await?;
    let payload =
        json!({ "action": "usage", "accountId": account, "keyId": key, "from": from, "to": to, "bucket": bucket });
    let answer = service.manage(&payload).await?;
    if common.json {
        return output::json(&answer);
    }
    let Answer { usage } = serde_json::from_value(answer)
        .map_err(|error| Failure::action(format!("the function's answer is no usage: {error}")))?;
    output::line(&table(&usage, bucket, output::width().unwrap_or(WIDTH)))?;
    let denials: Vec<_> = usage.iter().flat_map(|counts| denials(counts, bucket)).collect();
    if denials.is_empty() {
        return Ok(());
    }
    output::line("")?;
    output::table(&DENIALS, DENIALS.len(), &denials)
}

/// A row for each reason.
fn denials(counts: &Counts, bucket: Bucket) -> impl Iterator<Item = Value> {
    let start = start(counts.start, bucket);
    counts
        .denials
        .iter()
        .map(move |(reason, requests)| json!({ "start": start, "reason": reason, "requests": requests }))
}

/// The table from the first bucket on that is not empty, with bars where `width` leaves room for them.
fn table(usage: &[Counts], bucket: Bucket, width: usize) -> String {
    let used: Vec<_> = usage.iter().skip_while(|counts| counts.total() == 0).collect();
    let Some(most) = used.iter().map(|counts| counts.total()).max() else {
        return "No requests in this time; the last minutes may be missing.".into();
    };
    let sum = |verdict: fn(&Counts) -> u64| used.iter().map(|counts| u128::from(verdict(counts))).sum::<u128>();
    let sums = [sum(|counts| counts.allowed), sum(|counts| counts.limited), sum(|counts| counts.denied)];

    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(used.iter().map(|counts| row(start(counts.start, bucket), counts.verdicts().map(u128::from))));
    rows.push(row("TOTAL".into(), sums));
    let mut widths = [0; 4];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.len());
        }
    }

    if width + GAP < widths.iter().map(|width| width + GAP).sum() {
        let records: Vec<_> = rows.iter().skip(1).map(record).collect();
        return records.join("\n\n");
    }
    let room = width.saturating_sub(widths.iter().map(|width| width + GAP).sum());
    let charted = room >= chart::MIN_WIDTH;
    let bars =
        used.iter().map(|counts| if charted { chart::bar(counts.verdicts(), most, room) } else { String::new() });
    let bars = iter::once(String::new()).chain(bars).chain(iter::once(String::new()));
    let lines = rows.iter().zip(bars).map(|(row, bar)| line(row, widths, &bar));
    let legend = charted.then(|| chart::LEGEND.to_owned());
    legend.into_iter().chain(lines).collect::<Vec<_>>().join("\n")
}

/// The day, or the hour as well.
fn start(start: Timestamp, bucket: Bucket) -> String {
    let length = match bucket {
        Bucket::Day => "2026-11-25".len(),
        Bucket::Hour => "2026-11-25T14:00".len(),
    };
    json!(start).as_str().unwrap_or_default().chars().take(length).collect::<String>().replace('T', " ")
}

fn row(start: String, counts: [u128; 3]) -> [String; 4] {
    let [allowed, limited, denied] = counts.map(|count| count.to_string());
    [start, allowed, limited, denied]
}

/// Each field on a line of its own.
fn record(row: &[String; 4]) -> String {
    let lines = HEADINGS.iter().zip(row).map(|(heading, cell)| format!("{heading:7}  {cell}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn line([start, allowed, limited, denied]: &[String; 4], [a, b, c, d]: [usize; 4], bar: &str) -> String {
    format!("{start:a$}  {allowed:>b$}  {limited:>c$}  {denied:>d$}  {bar}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u8, [allowed, limited, denied]: [u64; 3]) -> Counts {
        let start = Timestamp::parse(&format!("2026-11-{day:02}T00:00:00Z")).unwrap();
        Counts { start, allowed, limited, denied, denials: BTreeMap::new() }
    }

    #[test]
    fn the_largest_counts_are_added_up_exactly() {
        let most = u64::MAX / 4;
        let usage = [[most, 0, 0], [most; 3], [most; 3], [most; 3], [most; 3]];
        let usage: Vec<_> = usage.into_iter().zip(1..).map(|(counts, number)| day(number, counts)).collect();
        let table = table(&usage, Bucket::Day, 102);
        let lines: Vec<_> = table.lines().collect();
        let first = "2026-11-01   4611686018427387903                     0                     0  ████████";
        let full = "2026-11-02   4611686018427387903   4611686018427387903   4611686018427387903  \
            ████████░░░░░░░░▒▒▒▒▒▒▒▒";
        let sums = "TOTAL       23058430092136939515  18446744073709551612  18446744073709551612";
        assert_eq!((lines[2], lines[3], lines[7]), (first, full, sums));
        assert_eq!(full.chars().count(), 102);
    }

    #[test]
    fn bars_need_room() {
        let usage = [day(1, [1, 1, 1]), day(2, [0, 0, 0])];
        let narrow = "START       ALLOWED  LIMITED  DENIED\n2026-11-01        1        1       1\n\
            2026-11-02        0        0       0\nTOTAL             1        1       1";
        for width in [36, 38, 40] {
            assert_eq!(table(&usage, Bucket::Day, width), narrow, "{width}");
        }
        let records = "START    2026-11-01\nALLOWED  1\nLIMITED  1\nDENIED   1\n\nSTART    2026-11-02\nALLOWED  0\nLIMITED  0\n\
            DENIED   0\n\nSTART    TOTAL\nALLOWED  1\nLIMITED  1\nDENIED   1";
        for width in [1, 35] {
            assert_eq!(table(&usage, Bucket::Day, width), records, "{width}");
        }
        assert!(table(&usage, Bucket::Day, 41).contains("2026-11-01        1        1       1  █░▒\n"));
    }
}
