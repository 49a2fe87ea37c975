//! The hub's machine: one input, one transaction, over one SQLite file.
//!
//! | module | what it holds |
//! |---|---|
//! | [`input`] | everything that can reach it |
//! | [`effect`] | everything it wants done outside, after the commit |
//! | [`settings`] | what an operator decides once |
//! | [`operator`] | people and programs that ask, what they may, and the audit of what they did |
//!
//! It keeps nothing between inputs outside its store but its run's number and the state of live sockets.

pub mod effect;
pub mod input;
pub mod operator;
pub mod settings;
