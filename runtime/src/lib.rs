//! The room that owns time and chance: one thread decides, everything else only carries messages.
//!
//! | module | what it holds |
//! |---|---|
//! | [`machine`] | the trait both machines implement: one input, one transaction |
//! | [`decide`] | the deciding thread: drain the queue, commit once, then let the effects leave |
//! | [`clock`] | the wall clock and how far it is trusted |
//! | [`dice`] | randomness, one draw an input |
//! | [`owner`] | subcommands of root act as the owner of the data directory |
//! | [`stop`] | the token that ends a program |
//! | [`supervise`] | adapters that fail are started again, with back-off |
//!
//! The simulated world replaces exactly this crate: it calls [`machine::Machine`] from its own step loop.

pub mod clock;
pub mod decide;
pub mod dice;
pub mod machine;
pub mod owner;
pub mod stop;
pub mod supervise;
