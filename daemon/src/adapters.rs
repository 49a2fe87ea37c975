//! Wire to input and effect to wire, one module per neighbour. Adapters decide nothing and never import one another.

pub mod ballast;
pub mod control;
pub mod dispensers;
pub mod hub;
pub mod modem;
pub mod systemd;
pub mod web;
