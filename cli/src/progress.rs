//! How far it is, for people who wait. Indicatif draws on standard error, and only where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A count of unknown length. It is gone when dropped.
pub(crate) struct Spinner {
    bar: ProgressBar,
    what: &'static str,
}

impl Spinner {
    pub(crate) fn start(what: &'static str) -> Self {
        let bar = ProgressBar::new_spinner().with_message(what);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, what }
    }

    pub(crate) fn set(&self, count: u64) {
        self.bar.set_message(format!("{}: {count}", self.what));
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar over so many keys. It is gone when dropped.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    pub(crate) fn start(keys: usize) -> Self {
        let bar = ProgressBar::new(keys as u64);
        let template = "{bar:40} {pos}/{len} keys, {per_sec}, {eta} left";
        Self(ProgressStyle::with_template(template).map_or(bar.clone(), |style| bar.with_style(style)))
    }

    pub(crate) fn add(&self, keys: usize) {
        self.0.inc(keys as u64);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
