//! The translators between the machine and the outside. They decide nothing and never import one another;
//! what the providers' have in common is in [`crate::provider`].
//!
//! | module | the other side |
//! |---|---|
//! | [`sites`] | gateways, over WebSockets |
//! | [`mpesa`] | Safaricom's Daraja: M-PESA in Kenya |
//! | [`momo`] | MTN MoMo in Uganda and Rwanda |
//! | [`airtel`] | Airtel Money |
//! | [`intasend`] | IntaSend, before M-PESA in Kenya |
//! | [`africastalking`] | texts, by Africa's Talking |
//! | [`web`] | operators' pages, the API, kiosks without MQTT, providers' callbacks |
//! | [`systemd`] | the service manager |

pub mod africastalking;
pub mod airtel;
pub mod intasend;
pub mod momo;
pub mod mpesa;
pub mod sites;
pub mod systemd;
pub mod web;
