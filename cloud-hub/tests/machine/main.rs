//! The hub's machine, driven by hand. Expected values are worked out in the comments beside them.

#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod customers;
mod dispenses;
mod doubt;
mod fleet;
mod gateway;
mod incoming;
mod operations;
mod operators;
mod payments;
mod providers;
mod pulls;
mod recalls;
mod repeats;
mod sites;
mod world;
