//! Whether there is an order of all that was asked and done that agrees with when each began and ended, and in which a model gives
//! every answer.
//!
//! After Wing and Gong, with Lowe's memory of what was tried. A look changes nothing, so it is taken as soon as the model agrees;
//! only writes are tried in each order. What is unknown has no end and need not be taken.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;

/// Something as it is promised to be.
pub trait Model: Clone + Eq + Hash + fmt::Debug {
    /// What changes it.
    type Write: fmt::Debug;
    /// An answer that shows how it is.
    type Look: fmt::Debug;

    /// What a write leaves; `None` where it could not have been done.
    fn after(&self, write: &Self::Write) -> Option<Self>;

    /// Whether it gives that answer.
    fn gives(&self, look: &Self::Look) -> bool;
}

/// The end of what happened at some time, though without an answer.
pub const SOMETIME: u64 = u64::MAX - 1;

/// Something that happened within that time; it has no end (`u64::MAX`) where it is unknown whether it happened.
#[derive(Clone)]
pub struct Step<T> {
    pub action: usize,
    pub began: u64,
    pub ended: u64,
    pub what: T,
}

/// What happened, line by line, if no order explains it.
pub fn unexplained<M: Model>(
    what: &str,
    start: &M,
    writes: &[Step<M::Write>],
    looks: &[Step<M::Look>],
) -> Option<String> {
    assert!(writes.len() <= 128, "more writes than a search takes");
    let mut search = Search { writes, looks, tried: HashSet::new(), furthest: (0, start.clone()) };
    if search.from(0, vec![false; looks.len()], start) {
        return None;
    }
    let (taken, state) = &search.furthest;
    let mut lines = vec![format!("no order explains {what}; {taken} of its steps agree, up to {state:?}")];
    let written = writes.iter().map(|it| (it.began, it.ended, it.action, format!("{:?}", it.what)));
    let looked = looks.iter().map(|it| (it.began, it.ended, it.action, format!("{:?}", it.what)));
    let mut all: Vec<_> = written.chain(looked).collect();
    all.sort();
    let line = |(began, ended, action, what)| format!("  {began:>6}–{:<6} [{action}] {what}", End(ended));
    lines.extend(all.into_iter().map(line));
    Some(lines.join("\n"))
}

struct End(u64);

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 >= SOMETIME { f.pad("?") } else { f.pad(&self.0.to_string()) }
    }
}

struct Search<'a, M: Model> {
    writes: &'a [Step<M::Write>],
    looks: &'a [Step<M::Look>],
    /// Which writes and looks were taken, and what the model was then.
    tried: HashSet<(u128, Vec<bool>, M)>,
    furthest: (usize, M),
}

impl<M: Model> Search<'_, M> {
    fn from(&mut self, written: u128, mut looked: Vec<bool>, model: &M) -> bool {
        // Nothing may be taken that began when something that is left had ended.
        let left = |at: usize| written & (1 << at) == 0;
        let mut first_end;
        loop {
            let of_writes = self.writes.iter().enumerate().filter(|(at, _)| left(*at)).map(|(_, it)| it.ended);
            let of_looks = self.looks.iter().zip(&looked).filter(|(_, taken)| !**taken).map(|(it, _)| it.ended);
            first_end = of_writes.chain(of_looks).min().unwrap_or(u64::MAX);
            let agrees = |it: &Step<M::Look>| it.began < first_end && model.gives(&it.what);
            match self.looks.iter().zip(&mut looked).find(|(it, taken)| !**taken && agrees(it)) {
                Some((_, taken)) => *taken = true,
                None => break,
            }
        }
        if first_end == u64::MAX {
            return true;
        }
        let taken = looked.iter().filter(|taken| **taken).count() + written.count_ones() as usize;
        if taken >= self.furthest.0 {
            self.furthest = (taken, model.clone());
        }
        if !self.tried.insert((written, looked.clone(), model.clone())) {
            return false;
        }
        for (at, write) in self.writes.iter().enumerate() {
            if left(at)
                && write.began < first_end
                && let Some(after) = model.after(&write.what)
                && self.from(written | 1 << at, looked.clone(), &after)
            {
                return true;
            }
        }
        false
    }
}
