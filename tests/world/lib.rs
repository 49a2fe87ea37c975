//! The world that the programs are tried in.
//!
//! | module | what it holds |
//! |---|---|
//! | [`sandbox`] | pretend payment providers: state machines, and the server of `kisima-sandbox` around them |

pub mod sandbox;
