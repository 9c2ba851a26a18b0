//! API keys: what they are, who may issue them, and where they are kept.
//!
//! Five rooms in one direction, and the way to AWS beside them. A room uses itself and what stands left of it:
//!
//! ```text
//! key ← request ← store ← check ← lambda
//!                   ↑
//!                  aws
//! ```
//!
//! - [`key`]: a key as an idea. Pure: no I/O, no JSON bodies, no HTTP, no DynamoDB.
//! - [`request`]: a client's words become types, or the request ends there.
//! - [`store`]: the DynamoDB tables, a room for what is stored in each: the reader of the hot path, the lists and the writers.
//! - [`check`]: one request of one key, from its value to what becomes of it. It does not use Lambda.
//! - [`aws`]: SDK configuration, transport, DynamoDB's protocol, a secret.
//! - [`lambda`]: events in, answers out; the only room with statuses.
//!
//! `lock.rs` is for all rooms.
//!
//! An error is declared where it is raised. Their sum is [`lambda::Error`], beside the one match that turns it into statuses.
//! `tests/tests/rooms.rs` reads the `use` lines and holds the direction.
//!
//! Nothing here reads the clock or makes random numbers: `now` and [`key::Random`] are handed in by a function's `main`. Only
//! [`lambda::log`] looks when it writes a line.
//!
//! Futures: each async function moves the future of its caller a few times per request, so a large future costs all that
//! is around it. Large or rare work is therefore boxed where it begins.

pub mod aws;
pub mod check;
pub mod key;
pub mod lambda;
mod lock;
#[cfg(feature = "openapi")]
mod openapi;
pub mod request;
pub mod store;
