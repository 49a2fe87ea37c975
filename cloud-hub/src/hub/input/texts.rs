//! What reaches the machine about texts, and from whom.

use kiosk::{
    phone::Phone,
    provider::Provider,
    talk::{Language, broadcast::Audience},
};

/// Somebody outside who is called, and who calls back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// A payment provider.
    Payments(Provider),
    /// The messaging provider: Africa's Talking.
    Texts,
}

impl Service {
    /// The word in the configuration, the audit and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Service::Payments(provider) => provider.name(),
            Service::Texts => "africastalking",
        }
    }

    /// The name for people.
    pub const fn title(self) -> &'static str {
        match self {
            Service::Payments(provider) => provider.title(),
            Service::Texts => "Africa's Talking",
        }
    }
}

impl From<Provider> for Service {
    fn from(provider: Provider) -> Service {
        Service::Payments(provider)
    }
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What the messaging provider made of a text that it was handed. Reasons are its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextOutcome {
    /// Taken for delivery, under this name, where it gave one.
    Sent(Option<String>),
    /// It never left: the provider is down, or too many wait. Counts as no try.
    NotSent,
    /// Refused; trying again may help.
    Failed(String),
    /// Refused, and so will all be until an operator has changed something: credit, the sender's name, the key.
    Held(String),
    /// Refused for good.
    Refused(String),
    /// No answer: it may or may not have been sent, so it is not sent again.
    Unknown,
}

/// What the messaging provider tells of a text that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextReport {
    /// The provider's name for it.
    pub message_id: String,
    /// To whom it went.
    pub phone: Phone,
    /// What became of it.
    pub fate: TextFate,
}

/// What became of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextFate {
    /// Not known yet; with the word for what holds it up.
    OnTheWay(Option<String>),
    /// It is on the phone.
    Delivered,
    /// It will not arrive, and why.
    Failed(String),
}

/// A text that came. It has a `Debug` without its words: a PIN may be among them.
#[derive(Clone, PartialEq, Eq)]
pub struct IncomingText {
    /// The provider's name for it.
    pub id: String,
    /// From whom, as the network says.
    pub phone: Phone,
    /// What.
    pub text: String,
}

impl std::fmt::Debug for IncomingText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "IncomingText({:?}, {:?}, \u{2026})", self.id, self.phone)
    }
}

/// A broadcast to be.
#[derive(Clone, Debug)]
pub struct NewBroadcast {
    /// Whom it is for.
    pub audience: Audience,
    /// The text in each language, as typed; the first to whoever speaks none of them.
    pub texts: Vec<(Language, String)>,
    /// What it may cost at most, in minor units: what the preview said. `None` is whatever it costs.
    pub cost_minor_max: Option<i64>,
}
