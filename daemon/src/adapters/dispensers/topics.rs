//! The topics of CONTRACTS section 3: what a dispenser may say and hear.

use kiosk::ids::DispenserId;

/// What every topic begins with, before the dispenser's id.
pub const PREFIX: &str = "kisima/v1/";

/// What a dispenser says: the end of the topic `kisima/v1/ID/…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leaf {
    /// May this customer draw this much?
    Ask,
    /// This much flowed.
    Poured,
    /// I am well; every 120 s.
    Heartbeat,
    /// How far a firmware update is.
    FirmwareProgress,
    /// `online` or `offline`.
    Status,
}

impl Leaf {
    /// The leaf with this name.
    pub fn from_name(name: &str) -> Option<Leaf> {
        Some(match name {
            "ask" => Leaf::Ask,
            "poured" => Leaf::Poured,
            "heartbeat" => Leaf::Heartbeat,
            "firmware/progress" => Leaf::FirmwareProgress,
            "status" => Leaf::Status,
            _ => return None,
        })
    }

    /// Its name in topics.
    pub const fn name(self) -> &'static str {
        match self {
            Leaf::Ask => "ask",
            Leaf::Poured => "poured",
            Leaf::Heartbeat => "heartbeat",
            Leaf::FirmwareProgress => "firmware/progress",
            Leaf::Status => "status",
        }
    }
}

/// What a dispenser hears: the end of the topic `kisima/v1/ID/…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outbound {
    /// The answer to an ask.
    Answer,
    /// The receipt of a pour.
    Receipt,
    /// How the dispenser is to work; retained.
    Config,
    /// A firmware offer.
    Firmware,
    /// What was wrong with something it sent.
    Error,
}

impl Outbound {
    /// All of them, in the order of [`Outbound::index`].
    pub const ALL: [Outbound; 5] = [
        Outbound::Answer,
        Outbound::Receipt,
        Outbound::Config,
        Outbound::Firmware,
        Outbound::Error,
    ];

    /// Its name in topics.
    pub const fn name(self) -> &'static str {
        match self {
            Outbound::Answer => "answer",
            Outbound::Receipt => "receipt",
            Outbound::Config => "config",
            Outbound::Firmware => "firmware",
            Outbound::Error => "error",
        }
    }
}

/// What can be subscribed to: all that the gateway sends, and the dispenser's own `status`, which may be retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Heard {
    /// From the gateway.
    Gateway(Outbound),
    /// The dispenser's own status, for a second connection of the same dispenser.
    Status,
}

impl Heard {
    /// How many there are.
    pub const COUNT: usize = 6;
    /// All of them, in the order of [`Heard::index`].
    pub const ALL: [Heard; Heard::COUNT] = [
        Heard::Gateway(Outbound::Answer),
        Heard::Gateway(Outbound::Receipt),
        Heard::Gateway(Outbound::Config),
        Heard::Gateway(Outbound::Firmware),
        Heard::Gateway(Outbound::Error),
        Heard::Status,
    ];

    /// Its place in tables, below [`Heard::COUNT`].
    pub const fn index(self) -> usize {
        match self {
            Heard::Gateway(outbound) => outbound as usize,
            Heard::Status => 5,
        }
    }

    /// Its name in topics.
    pub const fn name(self) -> &'static str {
        match self {
            Heard::Gateway(outbound) => outbound.name(),
            Heard::Status => "status",
        }
    }

    /// Whether its last value may be kept for those who subscribe later. These go by the Router; the others, of which
    /// nothing is ever kept, go straight to the dispenser's connections.
    pub const fn is_kept(self) -> bool {
        matches!(self, Heard::Gateway(Outbound::Config) | Heard::Status)
    }

    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Heard> {
        Heard::ALL.into_iter().find(|heard| heard.name() == name)
    }
}

/// The full topic of a leaf of a dispenser.
pub fn topic(dispenser: &DispenserId, name: &str) -> String {
    format!("{PREFIX}{dispenser}/{name}")
}

/// What a publish's topic means for the dispenser that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishTopic<'a> {
    /// One of those it may use.
    Known(Leaf),
    /// Under its own prefix, but nothing we know.
    Unknown(&'a str),
    /// With `+` or `#`.
    Wildcard,
    /// Another's, or no plain ASCII.
    Foreign,
}

/// Judges a publish's topic.
pub fn publish_topic<'a>(dispenser: &DispenserId, topic: &'a str) -> PublishTopic<'a> {
    if topic.contains(['+', '#']) {
        return PublishTopic::Wildcard;
    }
    match own(dispenser, topic) {
        None => PublishTopic::Foreign,
        Some(name) => Leaf::from_name(name).map_or(PublishTopic::Unknown(name), PublishTopic::Known),
    }
}

/// What a subscription's filter means for the dispenser that sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscribeFilter {
    /// Everything the gateway sends it.
    All,
    /// One topic on which something may come.
    One(Heard),
    /// One topic of its own on which nothing ever comes.
    Silent,
    /// Refused.
    Foreign,
}

/// Judges a subscription's filter.
pub fn subscribe_filter(dispenser: &DispenserId, filter: &str) -> SubscribeFilter {
    match own(dispenser, filter) {
        Some("#") => SubscribeFilter::All,
        Some(name) if name.contains(['+', '#']) => SubscribeFilter::Foreign,
        Some(name) => Heard::from_name(name).map_or(SubscribeFilter::Silent, SubscribeFilter::One),
        None => SubscribeFilter::Foreign,
    }
}

/// What follows the dispenser's own prefix: plain printable ASCII, at least one character.
fn own<'a>(dispenser: &DispenserId, topic: &'a str) -> Option<&'a str> {
    let name = topic
        .strip_prefix(PREFIX)?
        .strip_prefix(dispenser.as_str())?
        .strip_prefix('/')?;
    (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic())).then_some(name)
}

/// Whether a client id belongs to a dispenser: its id, or its id, a dot and 1 to 16 of `[a-z0-9]`.
pub fn client_id_belongs(dispenser: &DispenserId, client_id: &str) -> bool {
    match client_id.strip_prefix(dispenser.as_str()) {
        Some("") => true,
        Some(rest) => rest.strip_prefix('.').is_some_and(|suffix| {
            (1..=16).contains(&suffix.len()) && suffix.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        }),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tap() -> DispenserId {
        "tap-1".parse().unwrap()
    }

    #[test]
    fn a_dispenser_publishes_only_under_its_own_prefix() {
        for (topic, expected) in [
            ("kisima/v1/tap-1/ask", PublishTopic::Known(Leaf::Ask)),
            ("kisima/v1/tap-1/poured", PublishTopic::Known(Leaf::Poured)),
            ("kisima/v1/tap-1/heartbeat", PublishTopic::Known(Leaf::Heartbeat)),
            (
                "kisima/v1/tap-1/firmware/progress",
                PublishTopic::Known(Leaf::FirmwareProgress),
            ),
            ("kisima/v1/tap-1/status", PublishTopic::Known(Leaf::Status)),
            ("kisima/v1/tap-1/answer", PublishTopic::Unknown("answer")),
            ("kisima/v1/tap-1/tea/pot", PublishTopic::Unknown("tea/pot")),
            ("kisima/v1/tap-1/", PublishTopic::Foreign),
            ("kisima/v1/tap-1", PublishTopic::Foreign),
            ("kisima/v1/tap-10/ask", PublishTopic::Foreign),
            ("kisima/v1/tap-2/ask", PublishTopic::Foreign),
            ("kisima/v2/tap-1/ask", PublishTopic::Foreign),
            ("/kisima/v1/tap-1/ask", PublishTopic::Foreign),
            ("kisima/v1/tap-1/ask\u{e9}", PublishTopic::Foreign),
            ("\u{e9}", PublishTopic::Foreign),
            ("$SYS/broker", PublishTopic::Foreign),
            ("", PublishTopic::Foreign),
            ("kisima/v1/tap-1/#", PublishTopic::Wildcard),
            ("kisima/v1/+/ask", PublishTopic::Wildcard),
        ] {
            assert_eq!(publish_topic(&tap(), topic), expected, "{topic}");
        }
    }

    #[test]
    fn a_dispenser_subscribes_only_to_what_is_its_own() {
        for (filter, expected) in [
            ("kisima/v1/tap-1/#", SubscribeFilter::All),
            (
                "kisima/v1/tap-1/answer",
                SubscribeFilter::One(Heard::Gateway(Outbound::Answer)),
            ),
            ("kisima/v1/tap-1/status", SubscribeFilter::One(Heard::Status)),
            ("kisima/v1/tap-1/ask", SubscribeFilter::Silent),
            ("kisima/v1/tap-1/+", SubscribeFilter::Foreign),
            ("kisima/v1/tap-1/firmware/#", SubscribeFilter::Foreign),
            ("kisima/v1/+/answer", SubscribeFilter::Foreign),
            ("kisima/v1/tap-1#", SubscribeFilter::Foreign),
            ("#", SubscribeFilter::Foreign),
            ("kisima/#", SubscribeFilter::Foreign),
            ("kisima/v1/tap-2/answer", SubscribeFilter::Foreign),
            ("$share/g/kisima/v1/tap-1/answer", SubscribeFilter::Foreign),
            ("$SYS/#", SubscribeFilter::Foreign),
            ("kisima/v1/tap-1/answer\u{e9}", SubscribeFilter::Foreign),
        ] {
            assert_eq!(subscribe_filter(&tap(), filter), expected, "{filter}");
        }
    }

    #[test]
    fn a_client_id_is_the_id_or_the_id_with_a_short_suffix() {
        for good in ["tap-1", "tap-1.a", "tap-1.0123456789abcdef"] {
            assert!(client_id_belongs(&tap(), good), "{good}");
        }
        for bad in [
            "",
            "tap-2",
            "tap-1.",
            "tap-1.A",
            "tap-1.a.b",
            "tap-1.0123456789abcdef0",
            "tap-10",
            "tap-1/a",
            "xtap-1",
        ] {
            assert!(!client_id_belongs(&tap(), bad), "{bad}");
        }
    }

    #[test]
    fn tables_are_in_the_order_of_their_indices() {
        for (index, heard) in Heard::ALL.into_iter().enumerate() {
            assert_eq!(heard.index(), index);
            assert_eq!(Heard::from_name(heard.name()), Some(heard));
        }
        for (index, outbound) in Outbound::ALL.into_iter().enumerate() {
            assert_eq!(Heard::Gateway(outbound).index(), index);
        }
    }
}
