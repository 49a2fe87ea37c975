//! Texts that lie in the modem. Each is told once and lies there until it is forgotten; parts wait for one another.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{
    Effect, Machine, Phase,
    step::Step,
    stores::{REPORTS, SECOND, STORES},
};
use crate::{
    command::{End, fields, number},
    event::{Body, Event, Incoming},
    order::Slot,
    pdu::{Message, StatusReport},
    sms::Joiner,
};

/// Parts that never became whole are given up after a day.
const PARTS_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// Fewer free places than this and incomplete texts are given up.
const FREE_MIN: u16 = 3;
/// Reads that may wait; more are found by a sweep.
const READS_MAX: usize = 256;
/// Steps that reports may have waiting.
const REPORT_STEPS_MAX: usize = 16;
/// Reports that wait while a text is on its way: one for each of its parts.
const REPORTS_MAX: usize = 255;
/// A PDU may have so many hexadecimal digits: 12 octets of service centre, 176 of message.
const PDU_MAX: usize = 376;
/// No store has more places; what is listed beyond is left there until others are forgotten.
const SHELF_MAX: usize = 1_000;
/// Where room is short, parts that wait so long are given up.
const PARTS_WHERE_SHORT: Duration = Duration::from_secs(5 * 60);

/// What is known of the store.
#[derive(Debug)]
pub(super) struct Shelf {
    /// The name of the store that new texts go to.
    pub(super) store: &'static str,
    /// The other one, where the modem has it: texts may lie there from before.
    pub(super) second: Option<&'static str>,
    /// The one that is read and deleted from now, where that is known.
    pub(super) chosen: Option<&'static str>,
    /// The modem lets none be chosen.
    pub(super) has_one_store: bool,
    sweeps_second: bool,
    /// What was read and made no sense: it may have been heard wrongly.
    doubtful: BTreeMap<u16, String>,
    known: BTreeMap<u16, Known>,
    /// Slots that the sweep under way has listed.
    listed: BTreeSet<u16>,
    joiner: Joiner,
    room: (u16, u16),
    card: String,
    /// How often places changed hands unasked.
    turn: u16,
}

#[derive(Debug)]
struct Known {
    pdu: String,
    turn: u16,
    is_forgotten: bool,
}

impl Default for Shelf {
    fn default() -> Shelf {
        Shelf {
            store: STORES[0],
            second: None,
            chosen: None,
            has_one_store: false,
            sweeps_second: false,
            doubtful: BTreeMap::new(),
            known: BTreeMap::new(),
            listed: BTreeSet::new(),
            joiner: Joiner::default(),
            room: (0, 0),
            card: String::new(),
            turn: 0,
        }
    }
}

impl Shelf {
    /// A place as it is told outside, while what lies there now does.
    fn place(&self, slot: u16) -> Slot {
        let turn = self.known.get(&slot).map_or(self.turn, |known| known.turn);
        Slot(u32::from(turn) << 16 | u32::from(slot))
    }
}

impl Machine {
    /// A card that was changed has other texts in the same slots.
    pub(super) fn shelf_is_of_card(&mut self) {
        let card = format!("{} {}", self.identity.iccid, self.identity.imsi);
        if self.shelf.card != card {
            let is_other = u16::from(!self.shelf.card.is_empty());
            self.shelf = Shelf {
                card,
                turn: self.shelf.turn.wrapping_add(is_other),
                ..Shelf::default()
            };
            self.deletes.clear();
            self.standing.clear();
        }
    }

    pub(super) fn pdu(&mut self, header: &str, pdu: &str) {
        if pdu.len() > PDU_MAX {
            return;
        }
        let step = self.flight.as_ref().map(|flight| flight.step.clone());
        match (header.split(':').next().unwrap_or_default(), step) {
            ("+CMGL", Some(step @ (Step::Sweep | Step::SweepSecond))) => {
                let fields = fields(header, "+CMGL:");
                let slot = number(&fields, 0).filter(|slot| slot & SECOND == 0);
                if let (Some(slot), Some(state)) = (slot, number(&fields, 1)) {
                    let slot: u16 = slot | self.mark(self.store_of(&step).unwrap_or_default());
                    self.shelf.listed.insert(slot);
                    if self.is_heard_well(slot, header, pdu) {
                        self.lies(slot, state, pdu);
                    }
                }
            }
            ("+CMGR", Some(Step::Read(slot))) => {
                let state = number(&fields(header, "+CMGR:"), 0).unwrap_or(1);
                if self.is_heard_well(slot, header, pdu) {
                    self.lies(slot, state, pdu);
                }
            }
            ("+CMGR", Some(Step::ReadReport(_))) => self.reported(pdu),
            ("+CMT", _) => {
                self.came(None, pdu);
                self.acknowledge();
            }
            ("+CDS", _) => {
                self.reported(pdu);
                self.acknowledge();
            }
            _ => {}
        }
    }

    /// Whether a PDU has the length that its header says and can be read; or has come twice the same. What was told would
    /// be forgotten and deleted, and a line may lose bytes on its way here.
    fn is_heard_well(&mut self, slot: u16, header: &str, pdu: &str) -> bool {
        let octets = |from: usize| u8::from_str_radix(pdu.get(from..from + 2)?, 16).ok().map(usize::from);
        let length = header
            .rsplit(',')
            .next()
            .and_then(|length| length.trim().parse::<usize>().ok());
        let has_length =
            length.is_none_or(|length| octets(0).is_some_and(|centre| pdu.len() == 2 * (1 + centre + length)));
        if has_length && Message::decode(pdu).is_ok() {
            self.shelf.doubtful.remove(&slot);
            return true;
        }
        if self.shelf.doubtful.get(&slot).is_some_and(|before| before == pdu) {
            return true;
        }
        if self.shelf.doubtful.len() < SHELF_MAX {
            self.shelf.doubtful.insert(slot, pdu.to_owned());
        }
        self.read(slot);
        false
    }

    /// Unacknowledged, a service of phase 2+ sends no more (3GPP TS 27.005 section 3.4.4).
    fn acknowledge(&mut self) {
        if self.acknowledges && self.script.len() < REPORT_STEPS_MAX {
            self.script.push_back(Step::Acknowledge);
        }
    }

    /// A message lies in a slot. The states 2 and 3 are texts that somebody wrote there: they only take room.
    fn lies(&mut self, slot: u16, state: u8, pdu: &str) {
        if state > 1 {
            if self.is_nearly_full() {
                self.deletes.insert(slot);
            }
            return;
        }
        if let Some(known) = self.shelf.known.get(&slot).filter(|known| known.pdu == pdu) {
            if known.is_forgotten {
                self.deletes.insert(slot);
            }
            return;
        }
        // Some modems list the same place under the names of two stores.
        let is_twin = |(known, text): (&u16, &Known)| (known ^ slot) & SECOND != 0 && text.pdu == pdu;
        if self.shelf.known.iter().any(is_twin) {
            return;
        }
        self.deletes.remove(&slot);
        if self.shelf.known.len() >= SHELF_MAX && !self.shelf.known.contains_key(&slot) {
            return;
        }
        if self.shelf.known.contains_key(&slot) {
            self.shelf.turn = self.shelf.turn.wrapping_add(1);
        }
        let known = Known {
            pdu: pdu.to_owned(),
            turn: self.shelf.turn,
            is_forgotten: false,
        };
        self.shelf.known.insert(slot, known);
        self.came(Some(slot), pdu);
    }

    fn came(&mut self, slot: Option<u16>, pdu: &str) {
        let now = Duration::from_millis(self.now);
        let place = slot.map(|slot| self.shelf.place(slot));
        match Message::decode(pdu) {
            Ok((_, Message::Deliver(deliver))) => {
                let whole = self.shelf.joiner.take(now, place, deliver);
                self.received(whole);
            }
            Ok((_, Message::StatusReport(report))) => {
                self.tell_report(&report);
                if let Some(known) = slot.and_then(|slot| self.shelf.known.get_mut(&slot)) {
                    known.is_forgotten = true;
                }
                self.deletes.extend(slot);
            }
            // Nobody can read it, and it would take its place for ever: it is told as what it is.
            Ok((_, Message::Submit(_))) | Err(_) => {
                let incoming = Incoming {
                    slots: place.into_iter().collect(),
                    from: String::new(),
                    body: Body::Data(pdu.as_bytes().to_vec()),
                    sent_at_ms: None,
                    is_incomplete: true,
                };
                self.received(vec![incoming]);
            }
        }
    }

    fn received(&mut self, texts: Vec<Incoming>) {
        for text in texts {
            self.tell(Event::Received(text));
        }
    }

    fn reported(&mut self, pdu: &str) {
        if let Ok((_, Message::StatusReport(report))) = Message::decode(pdu) {
            self.tell_report(&report);
        }
    }

    /// While a text is on its way its report waits for the reference that it names: that of a first part comes before the
    /// last part is taken, and that of a single one may overtake the modem's own answer.
    fn tell_report(&mut self, report: &StatusReport) {
        let reported = Event::Reported {
            reference: report.reference,
            to: report.to.to_string(),
            fate: report.fate(),
        };
        match self.sending.is_some() && self.reports.len() < REPORTS_MAX {
            true => self.reports.push(reported),
            false => self.tell(reported),
        }
    }

    /// No text is on its way: whatever a report names was told.
    pub(super) fn tell_reports(&mut self) {
        if self.sending.is_none() {
            let reports = std::mem::take(&mut self.reports);
            self.out.extend(reports.into_iter().map(Effect::Tell));
        }
    }

    /// `+CMTI`: a text lies in a slot of the store that it names.
    pub(super) fn is_stored(&mut self, line: &str) {
        let fields = fields(line, "+CMTI:");
        if let Some(slot) = number(&fields, 1) {
            self.lies_in(fields[0], slot);
        }
    }

    pub(super) fn read(&mut self, slot: u16) {
        if self.phase != Phase::Ready {
            return;
        }
        match self.reads.len() < READS_MAX {
            true => {
                self.reads.insert(slot);
                self.wants_room = true;
            }
            false => self.sweep_at = self.now,
        }
    }

    /// `+CDSI`: a report lies in a slot of the store that it names.
    pub(super) fn report_is_stored(&mut self, line: &str) {
        let fields = fields(line, "+CDSI:");
        let Some(slot) = number(&fields, 1) else {
            return;
        };
        if fields[0] != REPORTS {
            return self.lies_in(fields[0], slot);
        }
        if self.phase == Phase::Ready && self.script.len() < REPORT_STEPS_MAX {
            self.script.extend([Step::ReadReport(slot), Step::DeleteReport(slot)]);
        }
    }

    /// Texts are safe elsewhere. A slot that was not told in this run, or of another text than lies there now, is left alone:
    /// nobody knows whether that one is safe.
    pub(super) fn forget(&mut self, slots: &[Slot]) {
        for place in slots {
            let slot = (place.0 & u32::from(u16::MAX)) as u16;
            if self.shelf.place(slot) != *place {
                continue;
            }
            if let Some(known) = self.shelf.known.get_mut(&slot) {
                known.is_forgotten = true;
                self.deletes.insert(slot);
            }
        }
    }

    pub(super) fn deleted(&mut self, slot: u16, end: &End) {
        let is_gone = match end {
            End::Ok => true,
            End::Fault(fault) => fault.is(21, 321),
        };
        // One that could not be deleted is tried again when a sweep lists it.
        if is_gone {
            self.shelf.known.remove(&slot);
            self.wants_room = true;
        }
    }

    /// A sweep begins.
    pub(super) fn sweeps(&mut self) {
        self.shelf.listed.clear();
    }

    pub(super) fn swept(&mut self, step: &Step, end: &End) {
        let swept = self.mark(self.store_of(step).unwrap_or_default());
        if *end == End::Ok {
            let listed = std::mem::take(&mut self.shelf.listed);
            let is_there = |slot: u16| slot & SECOND != swept || listed.contains(&slot);
            let before = self.shelf.known.len();
            self.shelf.known.retain(|slot, _| is_there(*slot));
            if self.shelf.known.len() < before {
                self.shelf.turn = self.shelf.turn.wrapping_add(1);
            }
            self.shelf.doubtful.retain(|slot, _| is_there(*slot));
        } else if self.phase == Phase::Ready {
            // A modem that restarted unheard is in text mode, or in another store.
            self.shelf.chosen = None;
            self.script.push_back(Step::PduMode);
        }
        self.shelf.sweeps_second = *step == Step::Sweep && self.shelf.second.is_some();
        self.wants_room = true;
        self.give_up_parts(PARTS_AFTER);
    }

    /// The second store is looked through right behind the first.
    pub(super) fn next_sweep(&mut self) -> Option<Step> {
        std::mem::take(&mut self.shelf.sweeps_second).then_some(Step::SweepSecond)
    }

    fn give_up_parts(&mut self, after: Duration) {
        let late = self.shelf.joiner.give_up(Duration::from_millis(self.now), after);
        self.received(late);
    }

    /// `+CPMS`: asked, with the names of the stores; as the answer to a choice, without.
    pub(super) fn heard_room(&mut self, line: &str) {
        let fields = fields(line, "+CPMS:");
        let at = usize::from(number::<u16>(&fields, 0).is_none());
        let (Some(used), Some(total)) = (number(&fields, at), number(&fields, at + 1)) else {
            return;
        };
        if self.shelf.room != (used, total) {
            self.shelf.room = (used, total);
            self.tell(Event::Room { used, total });
        }
        // In a full store the parts that lack will never come.
        if total > 0 && used >= total {
            self.give_up_parts(Duration::ZERO);
        } else if self.is_nearly_full() {
            self.give_up_parts(PARTS_WHERE_SHORT);
        }
    }

    fn is_nearly_full(&self) -> bool {
        let (used, total) = self.shelf.room;
        total > 0 && used.saturating_add(FREE_MIN) > total
    }
}
