//! The gateway: the box at a site that sells water with the link cut.
//!
//! | module | what it holds |
//! |---|---|
//! | [`site`] | the machine: what is decided, over its own SQLite file |
//! | [`adapters`] | translators: dispensers, the hub, pages, systemd; they decide nothing |
//! | [`app`] | the one place that assembles the program |
//! | [`cli`] | subcommands |

pub mod adapters;
pub mod app;
pub mod cli;
mod log;
pub mod site;
