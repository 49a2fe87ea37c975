//! The simulated world: what tests, storms and tools share.
//!
//! | module | what it holds |
//! |---|---|
//! | [`books`] | what was acknowledged, to be compared with what both sides say afterwards |
//! | [`dispenser`] | a dispenser as the contract wants it, without clock and socket |
//! | [`sandbox`] | pretend payment providers: state machines, and the server of `kisima-sandbox` around them |
//! | [`processes`] | the real programs on loopback: started, stopped, killed, cleaned up |
//! | [`mqtt`] | a plain MQTT client for tests of the wire |
//! | [`tap`] | the dispenser of [`dispenser`] on a real connection that comes back by itself |
//! | [`http`] | small calls of a JSON API |
//! | [`proxy`] | a network with a switch between two programs |
//! | [`town`] | hub, sites, dispensers and pretend M-PESA as real programs |

pub mod books;
pub mod dispenser;
pub mod http;
pub mod mqtt;
pub mod processes;
pub mod proxy;
pub mod sandbox;
pub mod tap;
pub mod town;
