//! From an open port to a modem that is set up. The SIM's PIN is said as [`pin`] allows.

use super::{
    Data, Effect, Machine, Phase,
    flight::NO_ANSWER,
    step::{OPERATOR, Step},
    stores::STORES,
};
use crate::{
    command::{End, Fault, fields, number},
    event::{Event, Identity, Trouble},
    pin::{self, PinNote, Verdict},
    profile,
};

/// How soon a missing or broken card is looked at again, and how soon a locked one.
const CARD_MS: u64 = 60_000;
const LOCK_MS: u64 = 5 * 60_000;
/// So many looks in vain in a row have the modem restarted: without that many see no card that is put in late.
const CARD_FAILS: u8 = 10;
/// A modem that says that it has started is set up at most so often.
const RESTARTS_MS: u64 = 10_000;
/// Some cards need a while before their store can be chosen (oFono tries as often).
const STORE_TRIES: u8 = 10;
const STORE_MS: u64 = 2_000;

/// Settings of `+CNMI` that are tried in turn where the modem refuses what it offers.
const NOTIFY: [[u16; 5]; 4] = [[1, 1, 0, 1, 0], [1, 1, 0, 2, 0], [1, 1, 0, 0, 0], [2, 1, 0, 0, 0]];

impl Machine {
    /// Begins anew, whatever was set before.
    pub(super) fn start(&mut self) {
        self.phase = Phase::Starting;
        self.started_at = self.now;
        self.restart_at = None;
        self.acknowledges = false;
        self.identity = Identity::default();
        self.script = [
            Step::Probe,
            Step::EchoOff,
            Step::ErrorNumbers,
            Step::Check,
            Step::Maker,
            Step::Model,
            Step::Revision,
        ]
        .into();
    }

    /// The modem has started by itself and forgot its settings. Garbage may say so as well: it is set up anew at most
    /// every ten seconds, then rather than now.
    pub(super) fn has_restarted(&mut self) {
        if !matches!(self.phase, Phase::Starting | Phase::Ready) {
            return;
        }
        let at = self.started_at + RESTARTS_MS;
        self.restart_at = (at > self.now).then_some(at);
        if self.restart_at.is_none() {
            self.drop_all();
            self.start();
        }
    }

    pub(super) fn look_at_sim(&mut self) {
        self.phase = Phase::Starting;
        self.identity.iccid.clear();
        self.script = [Step::Iccid, Step::Pin].into();
    }

    pub(super) fn sim_trouble(&mut self, trouble: Trouble) {
        let wait_ms = match trouble {
            Trouble::NoSim | Trouble::BadSim(_) => CARD_MS,
            _ => LOCK_MS,
        };
        let may_help = wait_ms == CARD_MS;
        self.drop_all();
        self.phase = Phase::Waiting {
            until: self.now + wait_ms,
        };
        self.tell_trouble(trouble.clone());
        self.card_fails = if may_help { self.card_fails + 1 } else { 0 };
        if self.card_fails >= CARD_FAILS {
            self.card_fails = 0;
            self.restart(trouble);
        }
    }

    /// A line of an answer to a step of the set-up.
    pub(super) fn heard_at_start(&mut self, step: &Step, line: &str) {
        let own = |prefix: &str| {
            let rest = line.strip_prefix(prefix).unwrap_or(line);
            rest.trim().trim_matches('"').chars().take(60).collect::<String>()
        };
        let digits = |prefix: &str, least: usize| {
            let text = own(prefix);
            let number: String = text.chars().take_while(char::is_ascii_digit).collect();
            (number.len() >= least).then_some(number)
        };
        match step {
            Step::Maker => self.identity.manufacturer = own("+CGMI:"),
            Step::Model => self.identity.model = own("+CGMM:"),
            Step::Revision => self.identity.revision = own("+CGMR:"),
            Step::Imei => self.identity.imei = digits("+CGSN:", 15).unwrap_or_default(),
            Step::Imsi => self.identity.imsi = digits("+CIMI:", 14).unwrap_or_default(),
            Step::Iccid => self.identity.iccid = digits(self.profile.iccid.1, 18).unwrap_or_default(),
            Step::Pin => self.pin_word = own("+CPIN:"),
            Step::PinTries => {
                let (_, prefix, field) = self.profile.pin_tries;
                self.pin_tries_left = number(&fields(line, prefix), field);
            }
            Step::ServiceAsked => self.acknowledges = number(&fields(line, "+CSMS:"), 0) == Some(1_u8),
            Step::NotifyAsked => self.notify = notify(line, self.profile.notify_mode),
            _ => {}
        }
    }

    /// The end of a step of the set-up.
    pub(super) fn finished_at_start(&mut self, step: &Step, end: &End) {
        match (step, end) {
            (Step::Revision, _) => {
                let recognised = || profile::recognise(&self.identity.manufacturer, &self.identity.model);
                self.profile = self.settings.profile.unwrap_or_else(recognised);
                self.identity.profile = self.profile.name;
                self.pin_word.clear();
                self.script.extend([Step::Imei, Step::Iccid, Step::Pin]);
            }
            (Step::Pin, End::Ok) => {
                let word = std::mem::take(&mut self.pin_word);
                self.pin_is(&word);
            }
            (Step::Pin, End::Fault(fault)) => self.pin_fault(fault),
            (Step::PinTries, _) => self.pin_has_tries(),
            (Step::PinEnter, End::Ok) => {
                self.pause_until = self.now + STORE_MS;
                self.script.push_front(Step::Pin);
            }
            (Step::PinEnter, End::Fault(fault)) => self.pin_refused(fault),
            (Step::Imsi, _) => self.shelf_is_of_card(),
            (Step::Store(store), End::Ok) => {
                self.store_tries = 0;
                self.shelf.chosen = Some(store);
            }
            (Step::Store(store), End::Fault(fault)) => self.store_refused(store, fault),
            (Step::NotifyAsked, _) => {
                let values = self.notify.take().unwrap_or(NOTIFY[0]);
                self.script.push_front(Step::Notify(values));
            }
            (Step::Notify(refused), End::Fault(_)) => {
                let at = NOTIFY.iter().position(|values| values == refused);
                let next = NOTIFY.get(at.map_or(0, |at| at + 1));
                self.script.extend(next.copied().map(Step::Notify));
                self.script.rotate_right(usize::from(next.is_some()));
            }
            (Step::Done, _) => self.ready(),
            _ => {}
        }
    }

    fn pin_is(&mut self, word: &str) {
        match word {
            "READY" | "SIM PIN2" | "SIM PUK2" => {
                if self
                    .pin_note
                    .as_ref()
                    .is_some_and(|note| note.is_of(&self.identity.iccid))
                {
                    self.note_pin(None);
                }
                self.set_up();
            }
            "SIM PIN" if self.settings.sim_pin.is_none() => self.sim_trouble(Trouble::PinWanted),
            "SIM PIN" => self.script.push_front(Step::PinTries),
            "SIM PUK" => self.sim_trouble(Trouble::PukWanted),
            other => self.sim_trouble(Trouble::BadSim(other.to_owned())),
        }
    }

    fn pin_fault(&mut self, fault: &Fault) {
        match fault {
            fault if fault.is(10, 310) => self.sim_trouble(Trouble::NoSim),
            fault if fault.is(11, 311) => self.pin_is("SIM PIN"),
            fault if fault.is(12, 316) => self.sim_trouble(Trouble::PukWanted),
            fault => self.sim_trouble(Trouble::BadSim(fault.word.clone())),
        }
    }

    fn pin_has_tries(&mut self) {
        let left = self.pin_tries_left.take();
        let pin = self.settings.sim_pin.as_deref().unwrap_or_default();
        match pin::verdict(self.pin_note.as_ref(), &self.identity.iccid, pin, left) {
            Verdict::Say => self.script.push_front(Step::PinEnter),
            Verdict::Refused => self.sim_trouble(Trouble::PinWrong { left }),
            Verdict::Spared => self.sim_trouble(Trouble::PinSpared { left }),
        }
    }

    /// Noted before the PIN is said, so that nothing that happens afterwards says it too often.
    pub(super) fn pin_is_said(&mut self) {
        let pin = self.settings.sim_pin.as_deref().unwrap_or_default();
        let note = PinNote::said(self.pin_note.as_ref(), &self.identity.iccid, pin);
        self.note_pin(Some(note));
    }

    /// A card that is not there, does not work or does not answer has not said that the PIN is wrong. Of one that has, the
    /// tries are asked for once more, to be told.
    fn pin_refused(&mut self, fault: &Fault) {
        let is_unheard = fault.word == NO_ANSWER || fault.is_busy() || fault.is(13, 313);
        match fault {
            fault if fault.is(10, 310) => self.sim_trouble(Trouble::NoSim),
            fault if is_unheard => self.sim_trouble(Trouble::BadSim(fault.word.clone())),
            fault => {
                let note = self.pin_note.take().map(PinNote::refused);
                self.note_pin(note);
                match fault.is(12, 316) {
                    true => self.sim_trouble(Trouble::PukWanted),
                    false => self.script.push_front(Step::PinTries),
                }
            }
        }
    }

    fn note_pin(&mut self, note: Option<PinNote>) {
        self.pin_note.clone_from(&note);
        self.out.push(Effect::Note(note));
    }

    fn store_refused(&mut self, store: &str, fault: &Fault) {
        let is_unknown = fault.code.is_none() || fault.is(3, 302) || fault.is(4, 303);
        self.store_tries += 1;
        if !is_unknown && self.store_tries < STORE_TRIES {
            self.pause_until = self.now + STORE_MS;
            let again = STORES.into_iter().find(|known| *known == store);
            return self.script.push_front(Step::Store(again.unwrap_or(STORES[0])));
        }
        self.store_tries = 0;
        if store == STORES[0] {
            self.shelf.store = STORES[1];
            self.script.push_front(Step::Store(STORES[1]));
        } else {
            self.shelf.has_one_store = true;
        }
    }

    fn set_up(&mut self) {
        self.shelf.begins_at(STORES[0]);
        self.store_tries = 0;
        let iccid = self.identity.iccid.is_empty().then_some(Step::Iccid);
        self.script.extend(iccid);
        self.script.extend([
            Step::Imsi,
            Step::PduMode,
            Step::Alphabet,
            Step::Service,
            Step::ServiceAsked,
            Step::Store(STORES[0]),
            Step::StoresAsked,
            Step::NotifyAsked,
            Step::Ussd,
            Step::Track(0),
            Step::Track(1),
            Step::Track(2),
            Step::Zone,
        ]);
        if matches!(self.settings.data, Data::Ecm { .. }) {
            self.script.push_back(Step::Context);
            self.script
                .extend(self.profile.activates_data.then_some(Step::Activate));
        }
        self.script.push_back(Step::Signal);
        self.script
            .extend([Step::Registered(0), Step::Registered(1), Step::Registered(2)]);
        self.script.extend(OPERATOR);
        self.script.push_back(Step::Done);
    }

    fn ready(&mut self) {
        self.phase = Phase::Ready;
        self.told = None;
        self.card_fails = 0;
        self.standing.is_anchored(self.now);
        self.faults_in_a_row = 0;
        self.ladder.is_well();
        self.tell(Event::Ready(self.identity.clone()));
        self.standing.tell_anew();
        self.tell_network();
        self.sweep_at = self.now;
        self.clock_at = self.now;
        self.poll_at = self.now + super::POLL_MS;
    }
}

/// What to set of what `+CNMI=?` offers: texts are stored and named, reports come at once or are stored.
fn notify(line: &str, mode: u16) -> Option<[u16; 5]> {
    let lists: Vec<Vec<u16>> = line.split('(').skip(1).map(offered).collect();
    let [modes, texts, _, reports, buffers, ..] = lists.as_slice() else {
        return None;
    };
    let pick = |from: &Vec<u16>, wanted: &[u16]| wanted.iter().copied().find(|value| from.contains(value));
    Some([
        pick(modes, &[mode, 1, 2, 0])?,
        pick(texts, &[1])?,
        0,
        pick(reports, &[1, 2, 0])?,
        pick(buffers, &[0, 1])?,
    ])
}

/// `0-2` or `0,1,3` up to the closing bracket.
fn offered(list: &str) -> Vec<u16> {
    let list = list.split(')').next().unwrap_or_default();
    let ranges = list.split(',').filter_map(|range| {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        Some(from.trim().parse::<u16>().ok()?..=to.trim().parse::<u16>().ok()?.min(9))
    });
    ranges.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notification_is_chosen_from_what_is_offered() {
        let table = [
            ("+CNMI: (0-2),(0-3),(0,2,3),(0-2),(0,1)", 1, Some([1, 1, 0, 1, 0])),
            ("+CNMI: (0-2),(0-3),(0,2,3),(0-2),(0,1)", 2, Some([2, 1, 0, 1, 0])),
            ("+CNMI: (0,1),(0,1,2,3),(0,2),(0,2),(1)", 2, Some([1, 1, 0, 2, 1])),
            ("+CNMI: (0-99999999999),(0-3),(0,2,3),(0-2),(0,1)", 1, None),
            ("+CNMI: nothing", 1, None),
        ];
        for (line, mode, expected) in table {
            assert_eq!(notify(line, mode), expected, "{line}");
        }
    }
}
