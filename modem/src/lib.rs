//! Speaks AT to a 4G modem: text messages, USSD and how the network stands. Knows phones and text, nothing of water.
//!
//! | module | what it holds |
//! |---|---|
//! | [`order`], [`event`] | all that can be asked of a modem, all that it can tell |
//! | [`line`] | cuts bytes into results, whatever comes |
//! | [`command`] | commands with their time-outs and tries, how they end |
//! | [`profile`] | in what modems differ |
//! | [`machine`] | what is said to a modem and when |
//! | [`pin`] | what is remembered of a SIM's PIN |
//! | [`port`] | the serial port under the machine |
//! | [`gsm7`] | the alphabet of seven bits, and how it is packed |
//! | [`pdu`] | messages as the network writes them |
//! | [`sms`] | a text in parts: cut for sending, joined when received |
//! | [`ussd`] | what USSD says, in the three forms in which modems write it |
//!
//! Sources: 3GPP TS 27.007 and 27.005 (commands), 23.040 (messages), 23.038 (alphabets), 23.090 (USSD), and the manuals
//! of the vendors where a profile names them.

pub mod command;
pub mod event;
pub mod gsm7;
mod hex;
pub mod line;
pub mod machine;
pub mod order;
pub mod pdu;
pub mod pin;
pub mod port;
pub mod profile;
pub mod sms;
pub mod ussd;
