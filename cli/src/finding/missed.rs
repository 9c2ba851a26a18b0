//! The lines of which something was not taken, in words.

use std::fmt;

use super::{Finding, Rest};

/// The lines of which something was not taken.
pub(crate) struct Missed {
    pub(crate) without_value: Vec<u64>,
    pub(crate) with_too_much: Vec<u64>,
    /// Lines with a mistyped value beside another.
    pub(crate) with_mistyped: Vec<u64>,
    /// Lines with a value that was looked up and is no key's.
    pub(crate) not_found: Vec<u64>,
}

impl Missed {
    pub(crate) fn of(findings: &[(u64, Finding)]) -> Self {
        let lines = |of: fn(&Finding) -> bool| -> Vec<u64> {
            findings.iter().filter(|(_, finding)| of(finding)).map(|(line, _)| *line).collect()
        };
        Self {
            without_value: lines(Finding::has_none),
            with_too_much: lines(|it| it.rest == Rest::TooMuch),
            with_mistyped: lines(|it| it.is_mistyped_beside),
            not_found: Vec::new(),
        }
    }

    pub(crate) fn is_none(&self) -> bool {
        [&self.without_value, &self.with_too_much, &self.with_mistyped, &self.not_found].into_iter().all(Vec::is_empty)
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |lines: &[u64], one: &str, several: &str| match lines {
            [] => None,
            [line] => Some(format!("1 line {one}: line {line}")),
            lines => {
                let numbers = lines.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                Some(format!("{} lines {several}: lines {numbers}", lines.len()))
            }
        };
        let none = of(&self.without_value, "had no value", "had no value");
        let too_much = of(&self.with_too_much, "has too much around a value", "have too much around a value");
        let mistyped =
            of(&self.with_mistyped, "has a mistyped value beside another", "have a mistyped value beside another");
        let not_found =
            of(&self.not_found, "has a value that no key has or had", "have a value that no key has or had");
        f.write_str(&[none, too_much, mistyped, not_found].into_iter().flatten().collect::<Vec<_>>().join("; "))
    }
}
