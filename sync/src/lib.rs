//! Replication between a gateway and the hub: PROTOCOL.md in types. No I/O, no clock, no dice.
//!
//! Two ends hold the same set of logs, and each sends what the other lacks, whoever wrote it.
//!
//! | module | what it holds | PROTOCOL |
//! |---|---|---|
//! | [`record`] | what a log is made of, and its bytes | rules 5 to 8 |
//! | [`journal`] | logs: writing, receiving, tips, hash chains, signed heads | section 2 |
//! | [`frame`] | frames: kinds, limits, compression, tags | section 3 |
//! | [`seal`] | keys and what they do | rules 1, 6, 10 |
//! | [`vault`] | what names a person, sealed at rest | RELIABILITY section 5 |
//! | [`session`] | one connection's state machine, for either side | section 4 |
//! | [`pack`] | records in the dense form of texts | rule 11 |
//! | [`thin`] | texts in place of a connection | rules 10 to 16, section 4 |
//! | [`doubt`] | what an end knows of its own missing past | section 5 |
//! | [`document`] | what people edit on two sides at once | section 7 |
//!
//! Storage is a trait, [`journal::Logs`]; `store::journal` implements it in SQL. Whatever is random or timed comes in
//! with a [`kiosk::moment::Moment`].

mod cbor;
pub mod document;
pub mod doubt;
pub mod frame;
pub mod journal;
pub mod pack;
pub mod record;
pub mod seal;
pub mod session;
pub mod thin;
pub mod vault;
