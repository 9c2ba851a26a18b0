//! The one source of random numbers.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};

/// The system's cryptographically secure random numbers; made once, in a function's `main`.
#[derive(Debug, Clone)]
pub struct Random(SystemRandom);

impl Random {
    /// Uses the system's source.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that makes it")]
    pub fn system() -> Self {
        Self(SystemRandom::new())
    }

    pub(crate) fn bytes<const N: usize>(&self) -> Result<[u8; N], NoRandomness> {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes).map_err(|_| NoRandomness)?;
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
