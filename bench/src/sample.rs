//! One life of one function: its start, its first call, and many more.

use hyper::body::Bytes;

use crate::process::Process;
use crate::statistics::{median, milliseconds, percentile};
use tests::runtime_api::Answer;

/// Calls after the first that are not measured: what compiles while it runs is given time to.
const WARM_UP: usize = 200;

/// What one life cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    /// From the start of the process to its first request for an event.
    pub(crate) init_ms: f64,
    /// The first call.
    pub(crate) first_ms: f64,
    /// The median of the later calls.
    pub(crate) p50_ms: f64,
    /// What 99 of 100 of the later calls do not exceed.
    pub(crate) p99_ms: f64,
    /// Processor time of 1,000 of the later calls.
    pub(crate) cpu_ms: f64,
    /// Memory after them.
    pub(crate) rss_mib: f64,
    /// The most memory at any time.
    pub(crate) peak_mib: f64,
}

impl Sample {
    /// The calls of a life that are not among the measured ones.
    pub(crate) const UNMEASURED: usize = WARM_UP + 1;

    /// Waits for a function's start and measures `calls` of its calls; each answer must pass `check`.
    pub(crate) async fn take(
        mut process: Process,
        calls: usize,
        mut event: impl FnMut() -> Bytes,
        check: impl Fn(&Answer) -> bool,
    ) -> Self {
        let ready = process.runtime.initialized().await;
        let init_ms = milliseconds(ready - process.started);
        let mut one = async |process: &mut Process| {
            let (took, answer) = process.runtime.invoke(&event()).await;
            assert!(check(&answer), "an unexpected answer: {}", shown(&answer));
            milliseconds(took)
        };
        let first_ms = one(&mut process).await;
        for _ in 0..WARM_UP {
            one(&mut process).await;
        }
        let cpu_before = process.cpu_ms();
        let mut warm = Vec::with_capacity(calls);
        for _ in 0..calls {
            warm.push(one(&mut process).await);
        }
        #[allow(clippy::cast_precision_loss, reason = "a count of calls has no 52 bits")]
        let cpu_ms = (process.cpu_ms() - cpu_before) * 1000.0 / calls as f64;
        let (rss_mib, peak_mib) = (process.memory_mib("VmRSS"), process.memory_mib("VmHWM"));
        process.finish();
        let p99_ms = percentile(warm.iter().copied(), 99);
        Self { init_ms, first_ms, p50_ms: median(warm), p99_ms, cpu_ms, rss_mib, peak_mib }
    }

    /// The medians of several lives, figure by figure.
    pub(crate) fn median(samples: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(samples.iter().map(figure));
        Self {
            init_ms: of(|sample| sample.init_ms),
            first_ms: of(|sample| sample.first_ms),
            p50_ms: of(|sample| sample.p50_ms),
            p99_ms: of(|sample| sample.p99_ms),
            cpu_ms: of(|sample| sample.cpu_ms),
            rss_mib: of(|sample| sample.rss_mib),
            peak_mib: of(|sample| sample.peak_mib),
        }
    }
}

fn shown(answer: &Answer) -> String {
    let (Ok(bytes) | Err(bytes)) = answer;
    String::from_utf8_lossy(bytes).into_owned()
}
