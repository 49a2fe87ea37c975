//! The real hub with real gateways, dispensers and pretend M-PESA around it: from the join to the water, and through cuts.

#[cfg(test)]
#[path = "hub/counter.rs"]
mod counter;
#[cfg(test)]
#[path = "hub/direct.rs"]
mod direct;
#[cfg(test)]
#[path = "hub/join.rs"]
mod join;
#[cfg(test)]
#[path = "hub/kills.rs"]
mod kills;
#[cfg(test)]
#[path = "hub/life.rs"]
mod life;
#[cfg(test)]
#[path = "hub/mpesa.rs"]
mod mpesa;
#[cfg(test)]
#[path = "hub/providers.rs"]
mod providers;
#[cfg(test)]
#[path = "hub/purses.rs"]
mod purses;
#[cfg(test)]
#[path = "hub/sealed.rs"]
mod sealed;
#[cfg(test)]
#[path = "hub/water.rs"]
mod water;
