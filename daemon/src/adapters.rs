//! Wire to input and effect to wire, one module per neighbour. Adapters decide nothing and never import one another.

pub mod web;
