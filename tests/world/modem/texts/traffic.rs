//! What the network does with texts: it carries on what was sent, reports, and hands over what comes.

use std::time::Duration;

use modem::{
    event::Body,
    pdu::{Address, Centre, Deliver, Encoded, Message, StatusReport, Submit},
    sms,
};

use super::{
    super::{Modem, Out, Told},
    RECEIVE, STORES, Stored,
};

/// How long the network waits before it tries again with what found no place.
const TRIES_AGAIN: Duration = Duration::from_secs(30);

/// How long an unacknowledged text is waited for.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(15);

impl Modem {
    /// The network joins the parts and carries the text on.
    pub(super) fn carry(&mut self, delay: Duration, submit: &Submit) {
        let (lost, doubled) = (self.texts.faults.lost, self.texts.faults.doubled);
        if self.percent(lost) {
            return;
        }
        let part = Deliver {
            from: submit.to.clone(),
            stamp: None,
            class: None,
            part: submit.part,
            has_national_table: false,
            content: submit.content.clone(),
        };
        let now = self.now;
        let ready: Vec<(String, Body)> = self
            .texts
            .outgoing
            .take(now, None, part)
            .into_iter()
            .map(|text| (text.from, text.body))
            .collect();
        for (to, body) in ready {
            let text = match body {
                Body::Text(text) => text,
                Body::Data(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            };
            let times = 1 + usize::from(self.percent(doubled));
            for _ in 0..times {
                self.put(
                    delay,
                    Out::Tell(Told::Text {
                        to: to.clone(),
                        text: text.clone(),
                    }),
                );
            }
        }
    }

    /// The network reports: at once, or by a place to look at, or not at all, as `AT+CNMI` has it.
    pub(super) fn report(&mut self, delay: Duration, report: StatusReport) {
        let Ok(encoded) = Message::StatusReport(report).encode(&Centre::Number(self.texts.centre.clone())) else {
            return;
        };
        match self.texts.indication[3] {
            1 => self.unsolicited(delay, &format!("+CDS: {}\r\n{}", encoded.length, encoded.hex)),
            2 => {
                self.texts.reports.push(encoded);
                let place = self.texts.shelf().len() + self.texts.reports.len() - 1 + self.profile.first_place;
                self.unsolicited(delay, &format!("+CDSI: \"SR\",{place}"));
            }
            _ => {}
        }
    }

    /// Somebody sends this SIM a text.
    pub(in crate::modem) fn receive(&mut self, from: &str, text: &str) {
        let sender = Address::number(from).or_else(|_| Address::name(from));
        self.texts.incoming_reference = self.texts.incoming_reference.wrapping_add(1);
        let (Ok(from), Ok(parts)) = (sender, sms::split(text, self.texts.incoming_reference)) else {
            return;
        };
        for (part, content) in parts {
            let (lost, doubled) = (self.texts.faults.lost, self.texts.faults.doubled);
            let times = if self.percent(lost) {
                0
            } else {
                1 + usize::from(self.percent(doubled))
            };
            let deliver = Deliver {
                from: from.clone(),
                stamp: Some(self.stamp()),
                class: None,
                part,
                has_national_table: false,
                content,
            };
            let centre = Centre::Number(self.texts.centre.clone());
            let encoded = Message::Deliver(deliver).encode(&centre).expect("a part fits");
            self.texts.waiting.extend(vec![encoded; times]);
        }
        self.deliver_waiting();
    }

    /// A PDU arrives as it is, whatever it holds.
    pub(in crate::modem) fn receive_pdu(&mut self, hex: &str) {
        let centre = hex
            .get(..2)
            .and_then(|count| usize::from_str_radix(count, 16).ok())
            .unwrap_or(0);
        let length = (hex.len() / 2).saturating_sub(1 + centre);
        self.texts.waiting.push_back(Encoded {
            hex: hex.to_owned(),
            length,
        });
        self.deliver_waiting();
    }

    /// The network hands over what it holds, as far as there is a network and room.
    pub(in crate::modem) fn deliver_waiting(&mut self) {
        let is_late = |since: &Duration| self.now >= *since + ACKNOWLEDGED_WITHIN;
        if self.texts.unacknowledged_since.as_ref().is_some_and(is_late) {
            // Nobody acknowledged: the network stops handing over directly (27.005 section 3.4.4).
            self.texts.unacknowledged_since = None;
            self.texts.indication[1] = 1;
        }
        while self.is_registered() && self.texts.unacknowledged_since.is_none() {
            let Some(next) = self.texts.waiting.front().cloned() else {
                return;
            };
            if self.texts.indication[1] == 2 {
                self.unsolicited(Duration::ZERO, &format!("+CMT: ,{}\r\n{}", next.length, next.hex));
                self.texts.unacknowledged_since = self.texts.is_phase_2_plus.then_some(self.now);
            } else {
                let stored = Stored {
                    state: 0,
                    hex: next.hex,
                    length: next.length,
                };
                let name = STORES[self.texts.used_for[RECEIVE]];
                let Some(place) = self.keep(RECEIVE, stored) else { break };
                if self.texts.indication[1] == 1 {
                    self.unsolicited(Duration::ZERO, &format!("+CMTI: \"{name}\",{place}"));
                }
            }
            self.texts.waiting.pop_front();
        }
        if !self.texts.waiting.is_empty() && !self.out.values().any(|out| *out == Out::Deliver) {
            self.put(TRIES_AGAIN, Out::Deliver);
        }
    }
}
