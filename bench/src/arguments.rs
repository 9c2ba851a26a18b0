//! What the command line asks for.

use std::path::PathBuf;

const USAGE: &str = "usage: bench [--rounds N] [--calls N] [--only authorizers|endpoints] [--with NAME=EXECUTABLE]…";

/// How much to measure.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// Lives of each process.
    pub(crate) rounds: usize,
    /// Measured calls in each life.
    pub(crate) calls: usize,
    /// Whether to compare authorizers.
    pub(crate) authorizers: bool,
    /// Whether to measure endpoints and large accounts.
    pub(crate) endpoints: bool,
    /// More authorizers, such as another build of ours.
    pub(crate) with: Vec<(String, PathBuf)>,
}

impl Arguments {
    /// Reads the command line; ends the program when it makes no sense.
    pub(crate) fn read() -> Self {
        Self::parse(std::env::args().skip(1)).unwrap_or_else(|| {
            eprintln!("{USAGE}");
            std::process::exit(2)
        })
    }

    fn parse(mut given: impl Iterator<Item = String>) -> Option<Self> {
        let mut arguments = Self { rounds: 7, calls: 1000, authorizers: true, endpoints: true, with: Vec::new() };
        while let Some(name) = given.next() {
            let value = given.next()?;
            match (&*name, &*value) {
                ("--rounds", count) => arguments.rounds = count.parse().ok().filter(|count| *count > 0)?,
                ("--calls", count) => arguments.calls = count.parse().ok().filter(|count| *count > 0)?,
                ("--only", "authorizers") => arguments.endpoints = false,
                ("--only", "endpoints") => arguments.authorizers = false,
                ("--with", program) => {
                    let (name, path) = program.split_once('=')?;
                    arguments.with.push((name.to_owned(), path.into()));
                }
                _ => return None,
            }
        }
        Some(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Option<Arguments> {
        Arguments::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn nothing_means_everything_seven_times() {
        let arguments = parse("").unwrap();
        assert_eq!((arguments.rounds, arguments.calls), (7, 1000));
        assert!(arguments.authorizers && arguments.endpoints);
    }

    #[test]
    fn each_argument_is_understood() {
        let arguments = parse("--rounds 3 --calls 10 --only authorizers --with new=/tmp/x").unwrap();
        assert_eq!((arguments.rounds, arguments.calls, arguments.endpoints), (3, 10, false));
        assert_eq!(arguments.with, [("new".to_owned(), PathBuf::from("/tmp/x"))]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["--rounds", "--rounds 0", "--calls x", "--only x", "--with x", "7"] {
            assert!(parse(line).is_none(), "{line}");
        }
    }
}
