//! The layers, the checks and the two files, as the programs see them.

mod files;
mod keys;
mod layers;
mod pretend;
mod said;
