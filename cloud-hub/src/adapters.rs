//! The translators between the machine and the outside. They decide nothing and never import one another.
//!
//! | module | the other side |
//! |---|---|
//! | [`sites`] | gateways, over WebSockets |
//! | [`mpesa`] | Safaricom's Daraja: M-PESA in Kenya |
//! | [`web`] | operators' pages, the API, kiosks without MQTT, providers' callbacks |
//! | [`systemd`] | the service manager |

pub mod mpesa;
pub mod sites;
pub mod systemd;
pub mod web;
