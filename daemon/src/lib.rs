//! The site daemon `kisima-gateway`.

pub mod adapters;
