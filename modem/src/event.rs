//! All that a modem can tell, on one page.

use crate::order::{OrderId, Slot};

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A modem answers and is set up: orders are carried out from now on.
    Ready(Identity),
    /// No modem can be used now, and why. It is tried again by itself, unless the reason says otherwise.
    Down(Trouble),
    /// How the network stands, whenever that has changed.
    Network(Network),
    /// The network's time as the modem was told it: in a network, and of the years 2026 to 2055. Networks tell it without
    /// proof and some tell none, so that the modem's own clock is read: a wrong one by a few years is not seen here.
    Time {
        /// Milliseconds since 1970 UTC.
        at_ms: i64,
        /// The modem named a zone beside its local time, or shows UTC. Else it named none but zero, and so does one that was
        /// told local time and no zone: where local time is not UTC, it may be hours wrong.
        is_zoned: bool,
    },
    /// How many places for texts are taken, and how many there are.
    Room {
        /// Taken.
        used: u16,
        /// All.
        total: u16,
    },

    /// A text came, whole. It stays in the modem until [`super::order::Order::Forget`], and is told again after a restart.
    Received(Incoming),
    /// All parts of a text were taken by the network.
    Sent {
        /// Which.
        id: OrderId,
        /// The network's reference of each part, in order: reports name them.
        references: Vec<u8>,
    },
    /// A text was not sent; nothing of it arrives, except that earlier parts of a longer one may, and that a modem may say
    /// "unknown error" (`+CMS ERROR: 500`) of one that it could not follow.
    NotSent {
        /// Which.
        id: OrderId,
        /// Why, and whether trying again can help.
        why: Refused,
    },
    /// A text was handed over and nobody knows what became of it: it may arrive. It is not sent again by itself.
    Unsure {
        /// Which.
        id: OrderId,
    },
    /// What became of a part that was sent.
    Reported {
        /// The network's reference.
        reference: u8,
        /// The receiver, as the network writes it: perhaps in national form.
        to: String,
        /// What became of it.
        fate: Fate,
    },

    /// The network said something in a USSD session.
    Ussd {
        /// The session; `None` for what the network began by itself.
        id: Option<OrderId>,
        /// The text.
        text: String,
        /// It waits for an answer.
        is_open: bool,
    },
    /// A USSD session is over without a further text.
    UssdEnded {
        /// Which.
        id: OrderId,
        /// Why.
        why: UssdEnd,
    },
}

/// What a modem is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Who made it, as it says itself.
    pub manufacturer: String,
    /// Its model, as it says itself.
    pub model: String,
    /// Its firmware.
    pub revision: String,
    /// The name of the profile that is used.
    pub profile: &'static str,
    /// 15 digits; empty where it tells none.
    pub imei: String,
    /// The SIM's subscriber, 15 digits; empty where it tells none.
    pub imsi: String,
    /// The SIM's own number, 19 or 20 digits; empty where it tells none.
    pub iccid: String,
}

impl Identity {
    /// Maker and model, as people name it; empty where it tells neither.
    pub fn title(&self) -> String {
        format!("{} {}", self.manufacturer, self.model).trim().to_owned()
    }
}

/// Why no modem can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The port cannot be opened.
    #[error("the modem's port cannot be opened: {0}")]
    NoPort(String),
    /// The port vanished.
    #[error("the modem's port is gone")]
    Gone,
    /// Nothing that answers AT is at the port.
    #[error("nothing at the modem's port answers AT")]
    Mute,
    /// There is no SIM in it.
    #[error("there is no SIM card in the modem: put one in, or the one that is there once more")]
    NoSim,
    /// The SIM wants a PIN, and none is configured.
    #[error("the SIM card wants a PIN: set modem.sim_pin_file and restart the gateway, or take the PIN off in a phone")]
    PinWanted,
    /// The SIM refused the configured PIN. It is not tried again before somebody changes it.
    #[error(
        "the SIM card refuses the PIN in modem.sim_pin_file{}: correct that file and restart the gateway, or take the PIN off in \
         a phone",
        in_brackets(*.left)
    )]
    PinWrong {
        /// Tries that are left, where the modem tells it.
        left: Option<u8>,
    },
    /// Tries for the SIM's PIN are spent, by whomever: the configured one may be right and is not said, for the last ones
    /// are a person's.
    #[error(
        "tries for the SIM card's PIN were spent{}, so the one in modem.sim_pin_file is not tried: {}, and put the card back",
        in_brackets(*.left),
        // Where nobody counts, nobody sees that all are back.
        if .left.is_some() { "enter it once in a phone" } else { "take it off in a phone" }
    )]
    PinSpared {
        /// Tries that are left, where the modem tells it.
        left: Option<u8>,
    },
    /// The SIM is locked and wants its PUK.
    #[error(
        "the SIM card is locked by wrong PINs: put it in a phone, enter its PUK, take the PIN off, and put it back"
    )]
    PukWanted,
    /// The SIM does not work.
    #[error("the SIM card does not work ({0}): take it out and put it back, try it in a phone, or use another one")]
    BadSim(String),
}

/// In brackets, where it is known.
fn in_brackets(tries: Option<u8>) -> String {
    match tries {
        None => String::new(),
        Some(1) => " (1 try is left)".to_owned(),
        Some(tries) => format!(" ({tries} tries are left)"),
    }
}

/// How the network stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Whether the modem is in a network.
    pub registration: Registration,
    /// The operator's name, as the network writes it.
    pub operator: String,
    /// The operator's number: country and network code, such as `63902`.
    pub operator_code: String,
    /// The strength of the signal in dBm; `None` where it is not known.
    pub signal_dbm: Option<i16>,
    /// What carries it, such as `LTE`; empty where it is not known.
    pub technology: &'static str,
}

/// Whether the modem is in a network (3GPP TS 27.007 section 7.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Registration {
    /// Not in one, and not looking for one.
    #[default]
    Not,
    /// Looking for one.
    Searching,
    /// In its own.
    Home,
    /// In a foreign one.
    Roaming,
    /// Turned away.
    Denied,
}

/// A text that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Where its parts lie, to be freed when it is safe.
    /// None for a text of class 0, which the modem hands over at once and keeps nowhere: advertisements and notices come so.
    pub slots: Vec<Slot>,
    /// The sender: a number with its plus where it is international, digits, or a name.
    pub from: String,
    /// What it says.
    pub body: Body,
    /// When the network got it, in milliseconds since 1970 UTC; `None` where the stamp makes no sense.
    pub sent_at_ms: Option<i64>,
    /// Parts of it never came and are left out.
    pub is_incomplete: bool,
}

/// What a text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Words.
    Text(String),
    /// Bytes (8-bit data).
    Data(Vec<u8>),
}

/// Why a text was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The modem's or the network's word, such as `+CMS ERROR: 38`.
    pub word: String,
    /// What to do about it.
    pub then: Then,
}

/// What can be done about a text that was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The same may work later.
    TryLater,
    /// It may work a few times, slowly: perhaps there is no airtime.
    TryRarely,
    /// It will never work: this text or this number.
    GiveUp,
    /// Somebody must look after the SIM or the settings first.
    AskPerson,
}

/// What became of a part that was sent (3GPP TS 23.040 section 9.2.3.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is on the phone.
    Delivered,
    /// The network still tries.
    Trying,
    /// It will not arrive.
    Failed,
}

/// Why a USSD session is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UssdEnd {
    /// Another session is open.
    #[error("another USSD session is open")]
    Busy,
    /// The network ended it.
    #[error("the network ended the session")]
    Network,
    /// Nobody answered in time.
    #[error("the network did not answer in time")]
    Late,
    /// The network or the modem knows no such service.
    #[error("not supported by the network")]
    NotSupported,
    /// What was to be said cannot be said by USSD.
    #[error("not sendable by USSD: {0}")]
    Unsendable(&'static str),
    /// The modem said no.
    #[error("the modem refused: {0}")]
    Refused(String),
    /// The modem is gone.
    #[error("the modem is gone")]
    Down,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gsm7;

    /// A person reads them on a page, in a list and perhaps in a text: one line each, and what to do stands behind the colon.
    #[test]
    fn what_is_wrong_with_a_card_says_what_to_do() {
        let table = [
            (Trouble::NoSim, "put one in"),
            (Trouble::PinWanted, "set modem.sim_pin_file and restart the gateway"),
            (
                Trouble::PinWrong { left: None },
                "correct that file and restart the gateway",
            ),
            (
                Trouble::PinWrong { left: Some(2) },
                "(2 tries are left): correct that file",
            ),
            (
                Trouble::PinWrong { left: Some(1) },
                "(1 try is left): correct that file",
            ),
            (
                Trouble::PinSpared { left: Some(2) },
                "is not tried: enter it once in a phone, and put the card back",
            ),
            (
                Trouble::PinSpared { left: None },
                "is not tried: take it off in a phone, and put the card back",
            ),
            (Trouble::PukWanted, "enter its PUK"),
            (
                Trouble::BadSim("+CME ERROR: 13".to_owned()),
                "(+CME ERROR: 13): take it out and put it back",
            ),
        ];
        for (trouble, way_out) in table {
            let text = trouble.to_string();
            assert!(text.contains(way_out), "{text}");
            let letters = gsm7::encode(&text).map(|letters| letters.len());
            assert!(letters.is_some_and(|letters| letters <= 160), "{letters:?}: {text}");
        }
    }
}
