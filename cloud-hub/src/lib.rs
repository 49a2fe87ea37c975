//! The hub: it takes payments, grants water to sites, and serves operators.
//!
//! | module | what it holds |
//! |---|---|
//! | [`hub`] | the machine: one input, one transaction, over one SQLite file |
//! | [`adapters`] | the translators between the machine and the outside |
//! | [`secret`] | values that no log may show |

pub mod adapters;
pub mod hub;
pub mod secret;
