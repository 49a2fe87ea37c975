//! The simulated world: what tests, storms and tools share.
//!
//! [`World`] is the whole programme in one thread, without clock, socket or chance: real machines of sites and of the
//! hub over real database files, driven by one queue of events. The same seed is the same world. [`check::check`] then
//! holds the machines against the world's own books.
//!
//! | module | what it holds |
//! |---|---|
//! | [`town`] | the world: its parts, its clock, the loop; scripts and storms speak to it |
//! | [`storm`] | seeded people under seeded weather, for some days |
//! | [`weather`] | what goes wrong, as named numbers |
//! | [`check`] | the promises, held against the books |
//! | [`sabotage`] | worlds broken on purpose, to see that the checker sees |
//! | [`station`], [`centre`], `program` | boxes, the hub, and how a machine's batch ends |
//! | [`books`] | what people saw and took, by the world's own eyes |
//! | `event`, [`trace`] | what can happen, and the hash over what did |
//! | [`clock`], [`random`], `folder` | time, dice and files of a world |
//! | [`dispenser`] | a dispenser as the contract wants it, without clock and socket |
//! | [`sandbox`] | pretend payment providers: state machines, and the server of `kisima-sandbox` around them |

pub mod books;
pub mod centre;
pub mod check;
pub mod clock;
pub mod dispenser;
pub mod event;
mod folder;
mod program;
pub mod random;
pub mod sabotage;
pub mod sandbox;
pub mod station;
pub mod storm;
pub mod town;
pub mod trace;
pub mod weather;

pub use event::Node;
pub use town::{Setting, World};
pub use weather::Weather;
