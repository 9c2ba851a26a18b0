//! One request of one key, from its value to what becomes of it: read → status → address → route → limits.
//!
//! ```text
//! reason → reasons ───────────────────────┬→ environment ──┐
//! method → pattern ─┐    ┌→ known_rules ──┘                │
//! reading ──────────┴→ rules → route ──────────────────────┴→ decision
//! ```
//!
//! It uses neither Lambda nor API Gateway: the caller names the operation or route, and turns the decision into an answer of its
//! own form. Lines for the log are handed back.

mod decision;
mod environment;
mod known_rules;
mod method;
mod pattern;
mod reading;
mod reason;
mod reasons;
mod route;
mod rules;

pub use self::decision::{Asked, Check, Decision, Settings};
pub use self::environment::{AFTER_ANSWER, EnvironmentState, LEASES, LogEntries};
pub use self::known_rules::{KnownRules, MalformedStage};
pub use self::method::{Method, Methods};
pub use self::pattern::Pattern;
pub use self::reason::Reason;
pub use self::reasons::{ReasonCounts, Reasons};
pub use self::route::{Opens, Route};
pub use self::rules::{MalformedRule, RouteRules};
