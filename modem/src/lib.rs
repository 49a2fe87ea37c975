//! Speaks AT to a 4G modem: text messages, USSD and how the network stands. Knows phones and text, nothing of water.
//!
//! | module | what it holds |
//! |---|---|
//! | [`order`], [`event`] | all that can be asked of a modem, all that it can tell |
//! | [`line`] | cuts bytes into results, whatever comes |
//! | [`command`] | commands with their time-outs and tries, how they end |
//!
//! Sources: 3GPP TS 27.007 and 27.005 (commands), 23.040 (messages), 23.038 (alphabets), 23.090 (USSD), and the manuals
//! of the vendors where a profile names them.

pub mod command;
pub mod event;
pub mod line;
pub mod order;
