//! What the log says of a modem: each change of how it stands once, however often it is tried meanwhile.

use std::collections::BTreeSet;

use crate::event::Event;

/// So many reasons of one outage are said; a modem that finds ever new ones fills no disk.
const REASONS_MAX: usize = 16;

/// What was said of it.
#[derive(Debug, Default)]
pub(super) struct Log {
    is_up: bool,
    was_up: bool,
    /// Its name while it is set up and has not told yet which network it is in.
    name: Option<String>,
    /// Why it could not be used, as said since it last could.
    reasons: BTreeSet<String>,
}

/// What is to be said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// It cannot be used.
    Down { why: String },
    /// It can be used, for the first time or again.
    Up {
        name: String,
        operator: String,
        is_back: bool,
    },
}

impl Log {
    /// What an event changes, if anything. Ports and cards that fail in turns have each of their reasons said once.
    pub(super) fn hears(&mut self, event: &Event) -> Option<Line> {
        match event {
            Event::Down(trouble) => {
                (self.is_up, self.name) = (false, None);
                let why = trouble.to_string();
                let is_news = self.reasons.len() < REASONS_MAX && self.reasons.insert(why.clone());
                is_news.then_some(Line::Down { why })
            }
            Event::Ready(identity) if !self.is_up => {
                self.name = Some(identity.title());
                None
            }
            Event::Network(network) => {
                let name = self.name.take()?;
                self.reasons.clear();
                self.is_up = true;
                let operator = [&network.operator, &network.operator_code]
                    .into_iter()
                    .find(|word| !word.is_empty());
                Some(Line::Up {
                    name,
                    operator: operator.map_or("none yet", String::as_str).to_owned(),
                    is_back: std::mem::replace(&mut self.was_up, true),
                })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Identity, Network, Trouble};

    fn ready() -> Event {
        Event::Ready(Identity {
            manufacturer: "Quectel".to_owned(),
            model: "EC25".to_owned(),
            ..Identity::default()
        })
    }

    fn network(operator: &str, code: &str, signal_dbm: i16) -> Event {
        Event::Network(Network {
            operator: operator.to_owned(),
            operator_code: code.to_owned(),
            signal_dbm: Some(signal_dbm),
            ..Network::default()
        })
    }

    fn up(operator: &str, is_back: bool) -> Line {
        Line::Up {
            name: "Quectel EC25".to_owned(),
            operator: operator.to_owned(),
            is_back,
        }
    }

    #[test]
    fn each_change_is_said_once() {
        let (mut log, mut said) = (Log::default(), Vec::new());
        let absent = || Event::Down(Trouble::NoPort("/dev/kisima-modem: absent".to_owned()));
        let locked = || Event::Down(Trouble::PinWrong { left: Some(2) });
        let events = [
            // A port and a card that fail in turns, as retries have it.
            absent(),
            locked(),
            absent(),
            locked(),
            ready(),
            network("Safaricom", "63902", -73),
            network("Safaricom", "63902", -91),
            // It has restarted by itself and is set up anew: nobody was without it.
            ready(),
            network("Safaricom", "63902", -91),
            Event::Down(Trouble::Gone),
            ready(),
            network("", "", -113),
            absent(),
            // Up and away before it told of a network.
            ready(),
            absent(),
            network("Safaricom", "63902", -73),
            ready(),
            network("", "63902", -73),
        ];
        for event in events {
            said.extend(log.hears(&event));
        }
        let down = |trouble: &str| Line::Down {
            why: trouble.to_owned(),
        };
        let absent = "the modem's port cannot be opened: /dev/kisima-modem: absent";
        let refused = Trouble::PinWrong { left: Some(2) }.to_string();
        assert_eq!(
            said,
            [
                down(absent),
                down(&refused),
                up("Safaricom", false),
                down("the modem's port is gone"),
                up("none yet", true),
                down(absent),
                up("63902", true),
            ]
        );
    }

    #[test]
    fn ever_new_reasons_fill_no_disk() {
        let mut log = Log::default();
        let down = |number: usize| Event::Down(Trouble::BadSim(number.to_string()));
        let said = (0..100).filter_map(|number| log.hears(&down(number)));
        assert_eq!(said.count(), REASONS_MAX);
    }
}
