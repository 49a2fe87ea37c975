//! Messages as the network writes them: the PDUs of 3GPP TS 23.040, in the hex of 27.005.
//!
//! | module | what it holds |
//! |---|---|
//! | [`address`] | numbers and names, of people and of service centres |
//! | [`stamp`] | times and how long a message may take |
//! | [`coding`] | the data coding scheme |
//! | [`content`] | what a message says, and the header of its parts |
//! | [`message`] | the three messages, there and back |
//!
//! [`Message::decode`] reads whatever a modem lists. No bytes make it panic; what it cannot read it names.

pub mod address;
pub mod coding;
pub mod content;
pub mod message;
mod octets;
pub mod stamp;

pub use address::{Address, Centre};
pub use coding::{Alphabet, Coding};
pub use content::{Content, Part};
pub use message::{Deliver, Encoded, Message, StatusReport, Submit};
pub use stamp::{Stamp, Validity};

/// Why a PDU cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PduError {
    /// It is not pairs of hex digits.
    #[error("the PDU is not hex")]
    NotHex,
    /// It ends too early.
    #[error("the PDU ends inside its {0}")]
    Short(&'static str),
    /// An address that cannot be: too long, or with a character that none has.
    #[error("not an address of a message: {0:?}")]
    Address(String),
    /// A header that is longer than its message.
    #[error("the header of the PDU is longer than its text")]
    Header,
    /// More than fits one message.
    #[error("the text is longer than one message: {0} octets")]
    TooLong(usize),
}
