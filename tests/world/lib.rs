//! The simulated world: what tests, storms and tools share.
//!
//! | module | what it holds |
//! |---|---|
//! | [`dispenser`] | a dispenser as the contract wants it, without clock and socket |

pub mod dispenser;
