//! The gateway: the box at a site that sells water with the link cut.
//!
//! | module | what it holds |
//! |---|---|
//! | [`site`] | the machine: what is decided, over its own SQLite file |
//! | [`adapters`] | translators: dispensers, the hub, pages, systemd; they decide nothing |

pub mod adapters;
pub mod site;
