//! The hub: it takes payments, grants water to sites, and serves operators.
//!
//! | module | what it holds |
//! |---|---|
//! | [`app`] | assembles the program: settings, data directory, deciding thread, adapters, the way out |
//! | [`desk`] | where adapters ask the machine and wait for its answer |
//! | [`doors`] | who may stand at the door before they have said who they are |
//! | [`hub`] | the machine: one input, one transaction, over one SQLite file |
//! | [`adapters`] | the translators between the machine and the outside |
//! | [`provider`] | what the adapters of all payment providers stand on |
//! | [`civil`] | times of day as providers write them |
//! | [`statement`] | providers' statements as operators download them |
//! | [`secret`] | values that no log may show |

pub mod adapters;
pub mod app;
pub mod civil;
pub mod desk;
pub mod doors;
pub mod hub;
pub mod provider;
pub mod secret;
pub mod statement;
