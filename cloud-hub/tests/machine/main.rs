//! The hub's machine, driven by hand. Expected values are worked out in the comments beside them.

mod customers;
mod dispenses;
mod fleet;
mod operators;
mod payments;
mod sites;
mod world;
