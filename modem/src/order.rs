//! All that can be asked of a modem, on one page.

use std::time::Duration;

/// Names one order, so that what becomes of it finds its way back. The caller chooses it and never reuses one that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(pub u64);

/// A place for a text as long as that text lies in it: in the lower 16 bits its number in the store `"SM"`, or that in the
/// store `"ME"` with the highest bit set; above them how often in this run a text was found gone from its place, or all were
/// with their card. So what is said late of a text frees no other's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// An order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Send a text. Answered by [`super::event::Event::Sent`], `NotSent` or `Unsure`, once.
    Send(Outgoing),
    /// These texts are safe on the caller's disk: their places may be freed.
    Forget(Vec<Slot>),
    /// Begin a USSD session. One at a time: a second is answered by `UssdEnded` at once.
    Dial {
        /// Names the session.
        id: OrderId,
        /// What is dialled: digits, `*` and `#`.
        code: String,
    },
    /// Say something in the open session.
    Say {
        /// The session.
        id: OrderId,
        /// At most 182 characters of the GSM alphabet, or 80 others.
        text: String,
    },
    /// End the open session.
    HangUp {
        /// The session.
        id: OrderId,
    },
}

/// A text to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Names it.
    pub id: OrderId,
    /// The receiver, in international form with its plus, or a short code of digits.
    pub to: String,
    /// The text; what does not fit one message is sent in parts, 255 at most.
    pub text: String,
    /// How long the network may try; `None` leaves that to it.
    pub validity: Option<Duration>,
    /// Whether the network shall report the delivery.
    pub wants_report: bool,
}
