//! Limits by leases, simulated: many environments, bursts, clocks that differ, ends of both kinds, and writes that are lost,
//! late or doubled. Seeded, so that each run is the same.
//!
//! `GRID=1 cargo test -p tests --test lease_simulation` runs more, and writes `bench/results/limits.md`.

mod accounts;
mod copies;
mod faults;
mod grid;
mod one_limit;
mod rules;
mod several_limits;
mod world;
