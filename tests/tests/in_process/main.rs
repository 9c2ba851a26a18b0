//! The service in process: real events, real handlers, a real engine; a fresh one for each test.

mod allowed_ips;
mod authorizer;
mod create_account;
mod create_key;
mod delete_key;
mod expiry;
mod faults;
mod find_key;
mod import_keys;
mod isolation;
mod lagging_index;
mod last_use;
mod lifecycle;
mod limits;
mod list_keys;
mod properties;
mod quota;
mod races;
mod rotate_key;
mod sample_events;
mod secrecy;
mod time_limits;
mod update_key;
