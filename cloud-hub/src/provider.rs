//! What every provider's adapter stands on, so that each of them is only its wire and its few calls.
//!
//! | module | what it holds |
//! |---|---|
//! | [`http`] | one HTTP client with deadlines and a bounded answer |
//! | [`token`] | one shared token: fetched by one caller at a time, early, and once more when it is turned away |
//! | [`circuit`] | stops calling a provider that is down, and lets one call find out when it is back |
//! | [`line`](mod@line) | the three together: a call as a provider's client makes it |
//! | [`pump`] | carries the machine's calls out and the answers back |
//! | [`callback`] | what a callback claims, and why bytes are none |
//! | [`decimal`] | amounts as providers write them, exactly |
//! | [`payer`] | phones as providers write them |
//!
//! Absent on purpose: a push that is sent again. The one repeat there is follows a token that was turned away at the door.

pub mod callback;
pub mod circuit;
pub mod decimal;
pub mod http;
pub mod line;
pub mod payer;
pub mod pump;
pub mod token;
