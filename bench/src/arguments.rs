//! What the command line asks for.

use std::path::PathBuf;

const USAGE: &str = "usage: bench [--rounds N] [--calls N] [--only authorizers|endpoints|slow-reads|load] [--seconds N] [--with NAME=EXECUTABLE]…";

/// How much to measure.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each part is asked for by itself")]
pub(crate) struct Arguments {
    /// Lives of each process.
    pub(crate) rounds: usize,
    /// Measured calls in each life.
    pub(crate) calls: usize,
    /// Whether to compare authorizers.
    pub(crate) authorizers: bool,
    /// Whether to measure endpoints and large accounts.
    pub(crate) endpoints: bool,
    /// Whether to measure authorizations of which some reads stall.
    pub(crate) slow_reads: bool,
    /// Whether to drive everything at full speed.
    pub(crate) load: bool,
    /// For how many seconds each.
    pub(crate) seconds: u64,
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
        let (rounds, calls, seconds) = (7, 1000, 60);
        let mut arguments = Self {
            rounds,
            calls,
            authorizers: true,
            endpoints: true,
            slow_reads: true,
            load: false,
            seconds,
            with: Vec::new(),
        };
        while let Some(name) = given.next() {
            let value = given.next()?;
            match (&*name, &*value) {
                ("--rounds", count) => arguments.rounds = count.parse().ok().filter(|count| *count > 0)?,
                ("--calls", count) => arguments.calls = count.parse().ok().filter(|count| *count > 0)?,
                ("--seconds", count) => arguments.seconds = count.parse().ok().filter(|count| *count > 0)?,
                ("--only", part @ ("authorizers" | "endpoints" | "slow-reads" | "load")) => {
                    arguments.authorizers = part == "authorizers";
                    arguments.endpoints = part == "endpoints";
                    arguments.slow_reads = part == "slow-reads";
                    arguments.load = part == "load";
                }
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
        assert!(arguments.authorizers && arguments.endpoints && arguments.slow_reads && !arguments.load);
    }

    #[test]
    fn each_argument_is_understood() {
        let arguments = parse("--rounds 3 --calls 10 --only authorizers --with new=/tmp/x").unwrap();
        assert_eq!((arguments.rounds, arguments.calls, arguments.endpoints), (3, 10, false));
        assert_eq!(arguments.with, [("new".to_owned(), PathBuf::from("/tmp/x"))]);
        let arguments = parse("--only slow-reads").unwrap();
        assert_eq!((arguments.slow_reads, arguments.endpoints), (true, false));
        let arguments = parse("--only load --seconds 5").unwrap();
        assert_eq!((arguments.load, arguments.seconds, arguments.authorizers), (true, 5, false));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in ["--rounds", "--rounds 0", "--seconds 0", "--calls x", "--only x", "--with x", "7"] {
            assert!(parse(line).is_none(), "{line}");
        }
    }
}
