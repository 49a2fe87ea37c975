//! How the network stands: registration in three domains, operator, signal, time (3GPP TS 27.007 sections 7.2, 7.3, 8.5,
//! 8.15, 10.1.20 and 10.1.22).

use super::{
    Machine, Phase,
    step::{DOMAINS, Step},
};
use crate::{
    command::{fields, number},
    event::{Event, Network, Registration, Trouble},
    pdu::Stamp,
};

/// How long a modem may be in no network.
const ADRIFT_MS: u64 = 60 * 60_000;
/// A change of the signal that is worth telling, in dB.
const SIGNAL_STEP: i16 = 6;
/// A clock before 2026 was set by nobody; nor was one after 2055, for a modem without network time begins in 1970 or, by
/// the clock of its satellites, in 1980, and writes two digits of the year: `80/01/06` would be read as 2080.
const EARLIEST_MS: i64 = 1_767_225_600_000;
const LATEST_MS: i64 = 2_713_910_400_000;

/// What is known of the network.
#[derive(Debug, Default)]
pub(super) struct Standing {
    domains: [Registration; 3],
    now: Network,
    told: Option<Network>,
    /// When it was last known to be in a network, or set up.
    anchored_at: u64,
}

impl Standing {
    pub(super) fn clear(&mut self) {
        *self = Standing::default();
    }

    /// It is in a network now, or was set up to look for one.
    pub(super) fn is_anchored(&mut self, now: u64) {
        self.anchored_at = now;
    }

    /// Whatever was told before is told again.
    pub(super) fn tell_anew(&mut self) {
        self.told = None;
    }

    fn is_news(&self) -> bool {
        let Some(told) = &self.told else {
            return true;
        };
        let without_signal = |network: &Network| Network {
            signal_dbm: None,
            ..network.clone()
        };
        let moved = match (told.signal_dbm, self.now.signal_dbm) {
            (Some(before), Some(after)) => before.abs_diff(after) >= SIGNAL_STEP.unsigned_abs(),
            (before, after) => before != after,
        };
        moved || without_signal(told) != without_signal(&self.now)
    }
}

impl Machine {
    /// `+CREG: n,stat,…` answers a question, `+CREG: stat,…` comes unasked: the number of the mode is followed by a bare
    /// number, the state by nothing or by the area's code, which has four digits or more or stands in quotation marks.
    pub(super) fn has_shape_of_answer(step: &Step, line: &str) -> bool {
        let Step::Registered(domain) = step else {
            return true;
        };
        let rest = line.strip_prefix(DOMAINS[*domain][0]).unwrap_or_default();
        let mut parts = rest.split(',').map(str::trim);
        let is_bare_number = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        parts.next().is_some_and(is_bare_number) && parts.next().is_some_and(is_bare_number)
    }

    pub(super) fn heard_registration(&mut self, domain: usize, line: &str, is_answer: bool) {
        let all = fields(line, DOMAINS[domain][0]);
        let own = &all[usize::from(is_answer).min(all.len())..];
        let Some(state) = number::<u8>(own, 0) else {
            return;
        };
        self.standing.domains[domain] = match state {
            1 | 6 | 9 => Registration::Home,
            5 | 7 | 10 => Registration::Roaming,
            2 => Registration::Searching,
            3 => Registration::Denied,
            _ => Registration::Not,
        };
        if let Some(technology) = number::<u8>(own, 3).and_then(technology) {
            self.standing.now.technology = technology;
        }
        let was = self.standing.now.registration;
        self.standing.now.registration = self.registration();
        if was != self.standing.now.registration {
            // The operator and its time come with a registration.
            self.clock_at = self.now;
        }
        self.tell_network();
    }

    /// A modem that finds no network for so long may have forgotten how: it is restarted. Whether it was.
    pub(super) fn is_adrift(&mut self) -> bool {
        if matches!(self.registration(), Registration::Home | Registration::Roaming) {
            self.standing.anchored_at = self.now;
        }
        if self.standing.anchored_at + ADRIFT_MS > self.now {
            return false;
        }
        self.standing.anchored_at = self.now;
        self.restart(Trouble::Gone);
        self.phase != Phase::Ready
    }

    /// The best of the domains: a text needs one.
    fn registration(&self) -> Registration {
        let order = [
            Registration::Home,
            Registration::Roaming,
            Registration::Denied,
            Registration::Searching,
        ];
        let found = order.into_iter().find(|state| self.standing.domains.contains(state));
        found.unwrap_or_default()
    }

    pub(super) fn heard_signal(&mut self, line: &str) {
        let strength: Option<i16> = number(&fields(line, "+CSQ:"), 0);
        self.standing.now.signal_dbm = strength
            .filter(|strength| (0..=31).contains(strength))
            .map(|s| 2 * s - 113);
        self.tell_network();
    }

    pub(super) fn heard_operator(&mut self, line: &str) {
        let fields = fields(line, "+COPS:");
        let name: String = fields.get(2).unwrap_or(&"").chars().take(40).collect();
        match number::<u8>(&fields, 1) {
            Some(2) => self.standing.now.operator_code = name,
            Some(0 | 1) => self.standing.now.operator = name,
            _ if fields.len() < 3 => {
                self.standing.now.operator.clear();
                self.standing.now.operator_code.clear();
            }
            _ => return,
        }
        if let Some(technology) = number::<u8>(&fields, 3).and_then(technology) {
            self.standing.now.technology = technology;
        }
        self.tell_network();
    }

    /// Out of a network the clock is the modem's own guess.
    pub(super) fn heard_clock(&mut self, line: &str) {
        let is_registered = matches!(self.registration(), Registration::Home | Registration::Roaming);
        let text = line.split('"').nth(1).unwrap_or_default();
        let is_utc = self.profile.clock_is_utc;
        let stamp = clock(text, is_utc).filter(|stamp| (EARLIEST_MS..LATEST_MS).contains(&stamp.at_ms));
        if let Some(stamp) = stamp.filter(|_| is_registered) {
            self.tell(Event::Time {
                at_ms: stamp.at_ms,
                is_zoned: is_utc || stamp.zone_quarters != 0,
            });
        }
    }

    pub(super) fn tell_network(&mut self) {
        if self.phase == Phase::Ready && self.standing.is_news() {
            self.standing.told = Some(self.standing.now.clone());
            self.tell(Event::Network(self.standing.now.clone()));
        }
    }
}

/// 3GPP TS 27.007 section 7.3, `<AcT>`.
fn technology(number: u8) -> Option<&'static str> {
    Some(match number {
        0 | 1 | 3 | 8 => "GSM",
        2 | 4..=6 => "UMTS",
        7 | 9 => "LTE",
        10..=13 => "NR",
        _ => return None,
    })
}

/// `yy/MM/dd,hh:mm:ss±zz`, the zone in quarters of an hour; the year may have four digits, what follows is ignored. It is
/// read as the stamp of a message, which has the same numbers in the same order.
fn clock(text: &str, is_utc: bool) -> Option<Stamp> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    let mut octets = [0; 7];
    for octet in &mut octets {
        let digits = numbers.next().filter(|digits| matches!(digits.len(), 1 | 2 | 4))?;
        let value = digits.parse::<u16>().ok()? % 100;
        *octet = u8::try_from(((value % 10) << 4) | (value / 10)).ok()?;
    }
    if text.rfind(['+', '-']).is_some_and(|at| text[at..].starts_with('-')) {
        octets[6] |= 0x08;
    }
    if is_utc {
        octets[6] = 0;
    }
    Stamp::decode(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_local_or_utc_by_profile() {
        // 2026-03-01 13:22:33 three hours east of UTC is 10:22:33 UTC, 1772360553 s since 1970.
        let clock_ms = |text, is_utc| clock(text, is_utc).map(|stamp| stamp.at_ms);
        let text = "26/03/01,13:22:33+12";
        assert_eq!(clock_ms(text, false), Some(1_772_360_553_000));
        assert_eq!(clock_ms("2026/03/01,10:22:33+12,0", true), Some(1_772_360_553_000));
        assert_eq!(clock_ms("26/03/01,08:22:33-08", false), Some(1_772_360_553_000));
        for bad in ["", "26/13/01,13:22:33+12", "26/03/01", "99999/03/01,13:22:33+12", "é"] {
            assert_eq!(clock_ms(bad, false), None, "{bad}");
        }
    }

    #[test]
    fn a_question_and_its_unasked_twin_are_told_apart() {
        let step = Step::Registered(0);
        for line in [
            "+CREG: 2,1",
            "+CREG: 0,5",
            "+CREG: 2,1,\"00C3\",\"0011\",7",
            "+CREG: 2,11",
        ] {
            assert!(Machine::has_shape_of_answer(&step, line), "{line}");
        }
        for line in [
            "+CREG: 1",
            "+CREG: 1,\"00C3\",\"0011\",7",
            "+CREG: 1,00C3,0011",
            "+CREG: 1,1234,0011",
        ] {
            assert!(!Machine::has_shape_of_answer(&step, line), "{line}");
        }
    }
}
