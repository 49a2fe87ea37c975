//! The real gateway with real MQTT clients: the contract of CONTRACTS section 3, and the faults of RELIABILITY.

#[path = "gateway/attacks.rs"]
mod attacks;
#[path = "gateway/before_join.rs"]
mod before_join;
#[path = "gateway/desk.rs"]
mod desk;
#[path = "gateway/disk.rs"]
mod disk;
#[path = "gateway/life.rs"]
mod life;
#[path = "gateway/payloads.rs"]
mod payloads;
#[path = "gateway/retries.rs"]
mod retries;
#[path = "gateway/site.rs"]
mod site;
