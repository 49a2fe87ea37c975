//! The hub of a programme of water kiosks: it takes mobile-money payments and speaks for all sites.
//!
//! | module | what it holds |
//! |---|---|
//! | [`hub`] | the machine: one input, one transaction, over one SQLite file |
//! | [`adapters`] | the translators between the hub and the outside |
//! | [`secret`] | values that no log may show |

pub mod adapters;
pub mod hub;
pub mod secret;
