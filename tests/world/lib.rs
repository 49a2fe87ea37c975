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
//! | [`fuzz`] | damaged inputs for whatever reads what others wrote |
//! | [`modem`] | a pretend modem: bytes in, bytes out; a pty, scripts and the sandbox as its network around it |
//! | [`processes`] | the real programs on loopback: started, stopped, killed, cleaned up |
//! | [`mqtt`] | a plain MQTT client for tests of the wire |
//! | [`tap`] | the dispenser of [`dispenser`] on a real connection that comes back by itself |
//! | [`command_line`] | how the tools read theirs |
//! | [`http`] | small calls of a JSON API |
//! | [`proxy`] | a network with a switch between two programs |
//! | [`programme`] | hub, sites, dispensers and pretend M-PESA as real programs |
//! | [`caller`] | a person who dials on a pretend phone |
//! | [`acknowledged`] | what people were told is done, to be compared with what both sides say afterwards |

pub mod acknowledged;
pub mod books;
pub mod caller;
pub mod centre;
pub mod check;
pub mod clock;
pub mod command_line;
pub mod dispenser;
pub mod event;
mod folder;
pub mod fuzz;
pub mod http;
pub mod modem;
pub mod mqtt;
pub mod processes;
mod program;
pub mod programme;
pub mod proxy;
pub mod random;
pub mod sabotage;
pub mod sandbox;
pub mod station;
pub mod storm;
pub mod tap;
pub mod town;
pub mod trace;
pub mod weather;

pub use event::Node;
pub use town::{Setting, World};
pub use weather::Weather;
