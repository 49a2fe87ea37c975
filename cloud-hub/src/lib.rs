//! The hub: it takes payments, grants water to sites, and serves operators.
//!
//! | module | what it holds |
//! |---|---|
//! | [`hub`] | the machine: one input, one transaction, over one SQLite file |

pub mod hub;
