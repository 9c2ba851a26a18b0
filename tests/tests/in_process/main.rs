//! The service in process: real events, real handlers, a real engine; a fresh one for each test.

mod authorizer;
mod create_account;
mod create_key;
mod delete_key;
mod faults;
mod find_key;
mod isolation;
mod lagging_index;
mod lifecycle;
mod list_keys;
mod sample_events;
mod secrecy;
