//! The simulated world: what tests, storms and tools share.
//!
//! | module | what it holds |
//! |---|---|
//! | [`dispenser`] | a dispenser as the contract wants it, without clock and socket |
//! | [`sandbox`] | pretend payment providers: state machines, and the server of `kisima-sandbox` around them |

pub mod dispenser;
pub mod sandbox;
