//! What tests stand on: a fresh DynamoDB engine each, and a gateway in process that runs the real handlers.
//!
//! `template` reads the table out of `template.yaml`, `cloudformation` fills a template in; `engine` serves it on loopback; `wire` sits between the
//! store and the engine, counts, conflicts, lags and breaks; `bus` is an EventBridge; `functions` runs our functions as
//! Lambda does; `gateway` does what API Gateway does with them; `client` is a client with a key, `answer` what they get;
//! `operators` has the words for what operators do;
//! `again` is a test in a process of its own; `authorizing` is one environment of a function that checks keys; `documents` reads the Markdown files; `environment` makes a client as a function does; `values`
//! has the hashes of keys; `socket` serves the gateway to programs; `github` signs reports of leaks; `secrets` is Secrets Manager; `runtime_api`
//! is Lambda to a function's own process, which `built` starts.

pub mod again;
pub mod answer;
pub mod authorizing;
pub mod built;
pub mod bus;
pub mod client;
pub mod cloudformation;
pub mod documents;
pub mod engine;
pub mod environment;
pub mod functions;
pub mod gateway;
pub mod github;
pub mod operators;
pub mod refused_keys;
pub mod runtime_api;
pub mod secrets;
pub mod socket;
pub mod template;
pub mod values;
pub mod wire;

pub use again::Again;
pub use answer::Answer;
pub use authorizing::Environment;
pub use client::{Client, NEW_KEY, new_key, new_key_with};
pub use gateway::Gateway;
pub use github::{Github, Signer};
pub use secrets::Secrets;
pub use socket::Socket;
