//! How far it is, for people who wait. Indicatif draws on standard error, and only where that is a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A count of unknown length.
pub(crate) struct Spinner(ProgressBar);

impl Spinner {
    pub(crate) fn start(what: &'static str) -> Self {
        let bar = ProgressBar::new_spinner().with_message(what);
        bar.enable_steady_tick(std::time::Duration::from_millis(200));
        Self(bar)
    }

    pub(crate) fn set(&self, count: u64) {
        self.0.set_position(count);
        self.0.set_message(format!("{count}"));
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A bar over so many rows.
pub(crate) fn bar(rows: usize) -> ProgressBar {
    let bar = ProgressBar::new(rows as u64);
    let template = "{bar:40} {pos}/{len} keys, {per_sec}, {eta} left";
    ProgressStyle::with_template(template).map_or(bar.clone(), |style| bar.with_style(style))
}
