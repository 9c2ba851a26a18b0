//! What many keys in one account change: resolving one of them, and a page of 100 at the newest, the middle, the oldest.

use hyper::body::Bytes;

use crate::arguments::Arguments;
use crate::endpoints::status_of;
use crate::events;
use crate::process::Bench;
use crate::sample::Sample;
use crate::table;
use tests::runtime_api::Answer;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const PAGE: usize = 100;

/// One account's figures, each a warm p50 in milliseconds.
#[derive(Debug)]
pub(crate) struct AccountRow {
    /// How many keys it has.
    pub(crate) keys: usize,
    /// An authorization with its first key.
    pub(crate) resolve: f64,
    /// A page at the newest, the middle and the oldest keys.
    pub(crate) pages: [f64; 3],
}

pub(crate) async fn measure(bench: &Bench, arguments: &Arguments) -> Vec<AccountRow> {
    let mut rows = Vec::new();
    for keys in SIZES {
        eprintln!("Measuring an account of {keys} keys");
        let issued = bench.create_account().await;
        bench.table.fill(&issued, keys - 1);

        let event = events::authorizer(issued["value"].as_str().unwrap());
        let resolve = p50(bench, arguments, "authorizer", &event, |_| true).await;
        let mut pages = [0.0; 3];
        let starts = [None, Some(table::old_key_id(keys / 2)), Some(table::old_key_id(PAGE - 1))];
        for (page, start) in pages.iter_mut().zip(starts) {
            let caller = events::caller(&issued);
            let event = events::of_caller("list-keys", &caller, |event| {
                let limit = PAGE.to_string();
                match &start {
                    None => events::set_query(event, &[("limit", &limit)]),
                    Some(start) => events::set_query(event, &[("limit", &limit), ("cursor", start)]),
                }
            });
            *page = p50(bench, arguments, "list-keys", &event, |answer| status_of(answer) == 200).await;
        }
        rows.push(AccountRow { keys, resolve, pages });
    }
    rows
}

async fn p50(
    bench: &Bench,
    arguments: &Arguments,
    function: &str,
    event: &Bytes,
    is_good: impl Fn(&[u8]) -> bool,
) -> f64 {
    let mut lives = Vec::new();
    for _ in 0..arguments.rounds {
        let check = |answer: &Answer| answer.as_ref().is_ok_and(|answer| is_good(answer));
        let process = bench.function(function).await;
        lives.push(Sample::take(process, arguments.calls / 2, || event.clone(), check).await);
    }
    Sample::median(&lives).p50_ms
}
