//! The hub's machine, driven by hand. Expected values are worked out in the comments beside them.

#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod customers;
mod daily;
mod dispenses;
mod doubt;
mod experience;
mod fleet;
mod gateway;
mod incoming;
mod ledger;
mod operations;
mod operators;
mod payments;
mod providers;
mod purchases;
mod recalls;
mod repeats;
mod sites;
mod world;
