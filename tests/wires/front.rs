//! The broker front on real sockets: real MQTT clients, and a raw one for what no decent client says.

#[path = "front/attacks.rs"]
mod attacks;
#[path = "front/clients.rs"]
mod clients;
#[path = "front/delivery.rs"]
mod delivery;
#[path = "front/entry.rs"]
mod entry;
#[cfg(test)]
#[path = "front/raw.rs"]
mod raw;
#[cfg(test)]
#[path = "front/site.rs"]
mod site;
