//! The whole adapter on a real socket, with a real site behind it.

mod api;
mod bench;
mod cash;
mod dispensers;
mod gate;
mod login;
mod table;
mod texts;
