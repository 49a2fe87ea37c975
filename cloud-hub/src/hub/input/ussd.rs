//! What aggregators of USSD hand in.

use kiosk::{phone::Phone, talk::ussd::Service};

use super::Secret;

/// Who carries USSD sessions, and names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aggregator {
    /// Africa's Talking.
    AfricasTalking,
    /// Safaricom's JSON.
    Safaricom,
    /// The test route.
    Test,
}

impl Aggregator {
    /// The word in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Aggregator::AfricasTalking => "africastalking",
            Aggregator::Safaricom => "safaricom",
            Aggregator::Test => "test",
        }
    }

    /// Reads that word.
    pub fn from_name(name: &str) -> Option<Aggregator> {
        let all = [Aggregator::AfricasTalking, Aggregator::Safaricom, Aggregator::Test];
        all.into_iter().find(|aggregator| aggregator.name() == name)
    }
}

/// The name of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UssdName {
    /// Who gave it.
    pub aggregator: Aggregator,
    /// The name.
    pub session: String,
}

/// What an aggregator's text holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UssdText {
    /// All inputs of the session, joined by `*`.
    Joined,
    /// The newest input alone.
    Newest,
}

/// Somebody dialled, or typed something.
#[derive(Clone, Debug)]
pub struct UssdStep {
    /// The session.
    pub name: UssdName,
    /// Who calls, as the network says.
    pub phone: Phone,
    /// Which menu a session begins with; one that goes on keeps its own.
    pub service: Service,
    /// What came. It may hold a PIN.
    pub text: Secret,
    /// How to read it.
    pub form: UssdText,
}
