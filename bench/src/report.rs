//! The tables, as Markdown.

use std::fmt::Write;

use crate::accounts::AccountRow;
use crate::authorizers::{Comparison, Row};
use crate::contestants::Part;
use crate::endpoints::EndpointRow;
use crate::load::{ENVIRONMENTS, LoadRow};
use crate::slow_reads::SlowReadRow;
use crate::targets::{self, Bound, Target};

/// The comparison, the sizes and the targets.
pub(crate) fn authorizers(outcome: &Comparison) -> String {
    let mut text = comparison(outcome);
    let Comparison { rounds, calls, load, engine_us, reads, .. } = outcome;
    write!(
        text,
        "\nMedians of {rounds} shuffled rounds, {calls} calls each, over TLS 1.3 to one engine in process, which itself takes \
         {engine_us:.0} µs of each call. In brackets: times the lean floor. CPU is for 1,000 calls. The \
         machine's load before: {load} (others' work changes even the ratios).\n\n\
         GetItems per authorized native key: {:.2}; other reads: {}; calls for 200 values that are no key: {}. \
         Writes per request of a key with a limit, of the first thousand: {:.3}.\n",
        reads.native, reads.others, reads.garbage, reads.limited
    )
    .unwrap();
    text.push_str(
        "\nAll get the table's endpoint by a variable. On AWS there is no such variable, and ours and plain Rust find it by the \
         SDK's rules, which takes some 0.2 ms at the start; the floors do not.\n",
    );
    if !outcome.left_out.is_empty() {
        writeln!(
            text,
            "\nLeft out, for they could not be built or installed, or did not run: {}.",
            outcome.left_out.join("; ")
        )
        .unwrap();
    }
    if outcome.rows.iter().all(|row| row.system_calls.is_none()) {
        text.push_str("\nSystem calls are left out: there is no strace.\n");
    }
    if outcome.rows.iter().all(|row| row.instructions.is_none()) {
        text.push_str("\nInstructions are left out: there is no valgrind.\n");
    } else {
        text.push_str(
            "\nInstructions are callgrind's, of executables alone. It hides the processor's instructions for SHA, so the \
             hashing of a signature is counted as it is done without them.\n",
        );
    }
    text.push_str("\n| function | binary MB | zip MB |\n|---|---|---|\n");
    for (name, size) in &outcome.functions {
        writeln!(text, "| `{name}` | {:.2} | {:.2} |", size.binary, size.zip).unwrap();
    }
    text.push_str("\n| to be reached | bound | measured | |\n|---|---|---|---|\n");
    for target in targets::all(outcome) {
        writeln!(text, "{}", judged(&target)).unwrap();
    }
    text
}

fn comparison(outcome: &Comparison) -> String {
    let floor = outcome.rows.iter().find(|row| row.part == Part::LeanFloor);
    let mut text = String::from(
        "| authorizer | init ms | first call ms | start to first answer ms | warm p50 ms | p99 ms | CPU ms | instructions \
         | RSS MiB | system calls | binary / zip MB |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in &outcome.rows {
        let cell = |figure: fn(&Row) -> Option<f64>| match (figure(row), floor.and_then(figure)) {
            (None, _) => "–".to_owned(),
            (Some(own), None) => figures(own),
            (Some(own), Some(floor)) => format!("{} ({})", figures(own), ratio(own / floor)),
        };
        let cells = [
            cell(|row| Some(row.sample.init_ms)),
            cell(|row| Some(row.sample.first_ms)),
            cell(|row| Some(targets::start(row))),
            cell(|row| Some(row.sample.p50_ms)),
            cell(|row| Some(row.sample.p99_ms)),
            cell(|row| Some(row.sample.cpu_ms)),
            cell(|row| row.instructions),
            cell(|row| Some(row.sample.rss_mib)),
            row.system_calls.map_or_else(|| "–".to_owned(), |calls| format!("{calls:.1}")),
            row.size.map_or_else(|| "–".to_owned(), |size| format!("{:.1} / {:.1}", size.binary, size.zip)),
        ];
        writeln!(text, "| {} | {} |", row.name, cells.join(" | ")).unwrap();
    }
    text
}

fn judged(target: &Target) -> String {
    let bound = match target.bound {
        Bound::AtMost(most) => format!("≤ {most}"),
        Bound::AtLeast(least) => format!("≥ {least}"),
        Bound::Exactly(number) => format!("{number}"),
    };
    let verdict = target.missed_by().map_or_else(|| "reached".to_owned(), |by| format!("**missed by {by:.0} %**"));
    format!("| {} | {bound} | {:.2} | {verdict} |", target.what, target.measured)
}

/// What every endpoint costs, and what many keys change.
pub(crate) fn endpoints(endpoints: &[EndpointRow], accounts: &[AccountRow]) -> String {
    let mut text = String::from(
        "| endpoint | first call ms | warm p50 ms | CPU ms / 1000 | calls of the table | of which the engine ms |\n\
         |---|---|---|---|---|---|\n",
    );
    for row in endpoints {
        let EndpointRow { name, sample, calls, engine_ms } = row;
        let (first, p50, cpu) = (figures(sample.first_ms), figures(sample.p50_ms), figures(sample.cpu_ms));
        writeln!(text, "| {name} | {first} | {p50} | {cpu} | {calls} | {} |", figures(*engine_ms)).unwrap();
    }
    text.push_str(
        "\n| keys of the account | resolve ms | page of 100, newest ms | in the middle ms | oldest ms |\n|---|---|---|---|---|\n",
    );
    for row in accounts {
        let pages = row.pages.map(figures);
        writeln!(text, "| {} | {} | {} |", row.keys, figures(row.resolve), pages.join(" | ")).unwrap();
    }
    text.push_str(
        "\nWarm p50, over TLS to the engine, whose own time grows with its SQLite tree; DynamoDB's does not.\n",
    );
    text
}

/// What stalled reads do, and what was to be reached.
pub(crate) fn slow_reads(rows: &[SlowReadRow]) -> String {
    let mut text = String::from(
        "| authorizer | warm p50 ms | p99.9 ms | a fresh call ms | p99.9 ÷ 100 ms and a fresh call | reads per request |\n\
         |---|---|---|---|---|---|\n",
    );
    for row in rows {
        let [p50, p999, fresh] = [row.p50_ms, row.p999_ms, row.fresh_ms].map(figures);
        let (name, over, reads) = (&row.name, ratio(targets::over_a_cut(row)), row.reads);
        writeln!(text, "| {name} | {p50} | {p999} | {fresh} | {over} | {reads:.3} |").unwrap();
    }
    text.push_str(
        "\nOne in 100 reads stalls for a second; 2,000 authorizations, one after another, over TLS to the engine in process. A fresh \
         call is the median of 200 authorizations of which each opens a connection.\n\n\
         | to be reached | bound | measured | |\n|---|---|---|---|\n",
    );
    for target in targets::of_slow_reads(rows) {
        writeln!(text, "{}", judged(&target)).unwrap();
    }
    text
}

/// What became of everything at full speed.
pub(crate) fn load(rows: &[LoadRow], seconds: u64) -> String {
    let mut text = String::from(
        "| request | answers | errors | a second | p50 ms | p99 ms | RSS MiB after a sixth | at the end |\n|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let LoadRow { name, answers, errors, per_second, p50_ms, p99_ms, rss_mib: [early, end] } = row;
        let [per_second, p50, p99] = [*per_second, *p50_ms, *p99_ms].map(figures);
        writeln!(text, "| {name} | {answers} | {errors} | {per_second} | {p50} | {p99} | {early:.2} | {end:.2} |")
            .unwrap();
    }
    write!(
        text,
        "\n{ENVIRONMENTS} environments of each function at once, each given its next request as soon as it has answered, for \
         {seconds} s, with their driver and the engine on the same processors. RSS is that of the largest environment.\n"
    )
    .unwrap();
    text
}

/// Three figures that count, or two, and no more.
fn figures(number: f64) -> String {
    let digits = match number {
        number if number < 1.0 => 3,
        number if number < 10.0 => 2,
        number if number < 100.0 => 1,
        _ => 0,
    };
    format!("{number:.digits$}")
}

fn ratio(number: f64) -> String {
    if number < 10.0 { format!("{number:.2}×") } else { format!("{number:.0}×") }
}
