//! cloud-hub
fn main() {}
