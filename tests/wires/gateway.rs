//! The real gateway with real MQTT clients: the contract of CONTRACTS section 3, and the faults of RELIABILITY.

#[cfg(test)]
#[path = "gateway/attacks.rs"]
mod attacks;
#[cfg(test)]
#[path = "gateway/audit.rs"]
mod audit;
#[cfg(test)]
#[path = "gateway/before_join.rs"]
mod before_join;
#[cfg(test)]
#[path = "gateway/clock.rs"]
mod clock;
#[cfg(test)]
#[path = "gateway/desk.rs"]
mod desk;
#[cfg(test)]
#[path = "gateway/disk.rs"]
mod disk;
#[cfg(test)]
#[path = "gateway/http.rs"]
mod http;
#[cfg(test)]
#[path = "gateway/life.rs"]
mod life;
#[cfg(test)]
#[path = "gateway/payloads.rs"]
mod payloads;
#[cfg(test)]
#[path = "gateway/presence.rs"]
mod presence;
#[cfg(test)]
#[path = "gateway/retries.rs"]
mod retries;
#[cfg(test)]
#[path = "gateway/site.rs"]
mod site;
