//! The one source of random numbers.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};

/// The system's cryptographically secure random numbers; made once, in a function's `main`.
#[derive(Debug, Clone)]
pub struct Random(Source);

#[derive(Debug, Clone)]
enum Source {
    System(SystemRandom),
    #[cfg(feature = "simulation")]
    Thread,
}

impl Random {
    /// Uses the system's source.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that makes it")]
    pub fn system() -> Self {
        Self(Source::System(SystemRandom::new()))
    }

    /// Draws from this thread's generator of `fastrand`, which a simulation seeds. Anybody can guess these numbers.
    #[cfg(feature = "simulation")]
    #[must_use]
    pub fn of_thread() -> Self {
        Self(Source::Thread)
    }

    pub(crate) fn bytes<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        let mut bytes = [0; N];
        match &self.0 {
            Source::System(system) => system.fill(&mut bytes).map_err(|_| NoRandomness)?,
            #[cfg(feature = "simulation")]
            Source::Thread => fastrand::fill(&mut bytes),
        }
        Ok(bytes)
    }
}

/// The system returned no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRandomness;

impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the system returned no random bytes")
    }
}

impl std::error::Error for NoRandomness {}
