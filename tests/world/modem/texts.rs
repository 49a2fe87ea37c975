//! Texts: the store on the SIM, what is sent behind a prompt, what comes in, and reports (3GPP TS 27.005).

mod traffic;

use std::{collections::VecDeque, time::Duration};

use modem::{
    pdu::{Address, Centre, Encoded, Message, StatusReport, Submit},
    sms::Joiner,
};

use super::{
    Modem, Out,
    answers::{End, Reply, ok, only, values},
};

/// Not allowed, bad PDU, bad text, no such place, no place left, no network, no acknowledgement expected (section 3.2.5).
const NOT_ALLOWED: u16 = 302;
const NOT_SUPPORTED: u16 = 303;
const BAD_PDU: u16 = 304;
const BAD_PARAMETER: u16 = 305;
const NO_SUCH_PLACE: u16 = 321;
const FULL: u16 = 322;
const NO_NETWORK: u16 = 331;
const NOT_EXPECTED: u16 = 340;

/// The names of the stores, and the places of what they are used for in `+CPMS`.
const STORES: [&str; 2] = ["SM", "ME"];
const READ: usize = 0;
const WRITE: usize = 1;
const RECEIVE: usize = 2;

/// A text in the store.
#[derive(Clone, Debug)]
struct Stored {
    /// 0 unread, 1 read, 2 unsent, 3 sent.
    state: u8,
    hex: String,
    length: usize,
}

/// Texts and what is set about them.
#[derive(Debug)]
pub(super) struct Texts {
    /// One on the SIM, one in the modem.
    stores: [Vec<Option<Stored>>; 2],
    /// Which is read, written to, and received into.
    used_for: [usize; 3],
    reports: Vec<Encoded>,
    /// What the network holds back: no place, no network, nobody acknowledged.
    waiting: VecDeque<Encoded>,
    indication: [u8; 5],
    is_phase_2_plus: bool,
    unacknowledged_since: Option<Duration>,
    centre: Address,
    reference: u8,
    incoming_reference: u8,
    announced: Prompted,
    outgoing: Joiner,
    pub(super) faults: Faults,
}

/// What was announced for the prompt that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prompted {
    Nothing,
    Send(usize),
    Write(usize, u8),
}

/// What goes wrong with texts.
#[derive(Clone, Debug)]
pub(super) struct Faults {
    /// The error of the next one, or of all.
    pub(super) refuse: Option<(u16, bool)>,
    /// The next one gets no result, though it is sent.
    pub(super) silent_next: bool,
    /// The next command gets no prompt.
    pub(super) no_prompt_next: bool,
    /// How long the network takes for one.
    pub(super) delay: Duration,
    /// Of a hundred texts each way, so many are lost in the network …
    pub(super) lost: u8,
    /// … and so many come twice.
    pub(super) doubled: u8,
    /// The status that is reported; none when it is `None`.
    pub(super) status: Option<u8>,
}

impl Default for Texts {
    fn default() -> Texts {
        Texts {
            stores: [vec![None; 20], vec![None; 23]],
            used_for: [0; 3],
            reports: Vec::new(),
            waiting: VecDeque::new(),
            indication: [0; 5],
            is_phase_2_plus: false,
            unacknowledged_since: None,
            centre: Address::International("254722500029".to_owned()),
            reference: 0,
            incoming_reference: 0,
            announced: Prompted::Nothing,
            outgoing: Joiner::default(),
            faults: Faults {
                refuse: None,
                silent_next: false,
                no_prompt_next: false,
                delay: Duration::from_millis(200),
                lost: 0,
                doubled: 0,
                status: Some(0),
            },
        }
    }
}

impl Texts {
    /// A restart forgets what was set; the SIM keeps its texts.
    pub(super) fn forget_sessions(&mut self) {
        self.used_for = [0; 3];
        self.indication = [0; 5];
        self.is_phase_2_plus = false;
        self.unacknowledged_since = None;
        self.announced = Prompted::Nothing;
    }

    /// Gives both stores so many places; texts beyond them are gone.
    pub(super) fn resize(&mut self, places: usize) {
        self.stores.iter_mut().for_each(|store| store.resize(places, None));
    }

    /// The store that is read.
    fn shelf(&mut self) -> &mut Vec<Option<Stored>> {
        &mut self.stores[self.used_for[READ]]
    }

    /// What is taken and what there is, for each of the three uses; with the names of the stores or without.
    fn room(&self, is_named: bool) -> String {
        let room = self.used_for.map(|place| {
            let store = &self.stores[place];
            let name = if is_named {
                format!("\"{}\",", STORES[place])
            } else {
                String::new()
            };
            format!("{name}{},{}", store.iter().flatten().count(), store.len())
        });
        format!("+CPMS: {}", room.join(","))
    }

    /// Chooses stores by their names; `false`, with nothing chosen, when there is none of that name.
    fn choose(&mut self, names: &[String]) -> bool {
        let mut chosen = self.used_for;
        for (place, name) in names.iter().take(3).enumerate() {
            match STORES.iter().position(|store| store == name) {
                Some(store) => chosen[place] = store,
                None => return false,
            }
        }
        self.used_for = chosen;
        !names.is_empty()
    }
}

impl Modem {
    /// What lies in the store that is received into: place and PDU.
    pub fn stored(&self) -> Vec<(usize, String)> {
        let places = self.texts.stores[self.texts.used_for[RECEIVE]].iter().enumerate();
        places
            .filter_map(|(place, stored)| Some((place + self.profile.first_place, stored.as_ref()?.hex.clone())))
            .collect()
    }

    /// Answers a command about texts.
    pub(super) fn answer_texts(&mut self, name: &str, rest: &str) -> Reply {
        let value = rest.strip_prefix('=').map(values).unwrap_or_default();
        let number = |place: usize| value.get(place).and_then(|value| value.parse::<usize>().ok());
        match (name, rest) {
            ("+CMGF", "?") => ok("+CMGF: 0"),
            ("+CMGF", "=?") => ok("+CMGF: (0)"),
            ("+CMGF", _) => only(if number(0) == Some(0) {
                End::Ok
            } else {
                End::Cms(NOT_SUPPORTED)
            }),
            ("+CSMS", "?") => ok(format!("+CSMS: {},1,1,1", u8::from(self.texts.is_phase_2_plus))),
            ("+CSMS", "=?") => ok("+CSMS: (0,1)"),
            ("+CSMS", _) => {
                self.texts.is_phase_2_plus = number(0) == Some(1);
                ok("+CSMS: 1,1,1")
            }
            ("+CSCA", "?") => ok(format!("+CSCA: \"{}\",145", self.texts.centre)),
            ("+CSCA", _) => match value.first().map(|centre| Address::number(centre)) {
                Some(Ok(centre)) => {
                    self.texts.centre = centre;
                    only(End::Ok)
                }
                _ => only(End::Cms(BAD_PARAMETER)),
            },
            ("+CPMS", "?") => ok(self.texts.room(true)),
            ("+CPMS", "=?") => ok(format!("+CPMS: {}", self.profile.stores)),
            ("+CPMS", _) => match self.texts.choose(&value) {
                true => ok(self.texts.room(false)),
                false => only(End::Cms(NOT_ALLOWED)),
            },
            ("+CNMI", "?") => ok(format!(
                "+CNMI: {}",
                self.texts.indication.map(|value| value.to_string()).join(",")
            )),
            ("+CNMI", "=?") => ok(format!("+CNMI: {}", self.profile.cnmi)),
            ("+CNMI", _) => self.indicate(&value),
            ("+CNMA", _) => match self.texts.unacknowledged_since.take() {
                Some(_) => {
                    self.put(Duration::from_millis(10), Out::Deliver);
                    only(End::Ok)
                }
                None => only(End::Cms(NOT_EXPECTED)),
            },
            ("+CMGL", "=?") => ok("+CMGL: (0-4)"),
            ("+CMGL", _) => self.list(number(0).unwrap_or(0)),
            ("+CMGR", _) => self.read(number(0).unwrap_or(0)),
            ("+CMGD", "=?") => {
                let first = self.profile.first_place;
                let last = (first + self.texts.shelf().len()).saturating_sub(1);
                ok(format!("+CMGD: ({first}-{last}),(0-4)"))
            }
            ("+CMGD", _) => self.delete(number(0).unwrap_or(0), number(1).unwrap_or(0)),
            ("+CMGS", "=?") | ("+CMMS", _) => only(End::Ok),
            ("+CMGS", _) => self.prompt(number(0).map_or(Prompted::Nothing, Prompted::Send)),
            ("+CMGW", _) => self.prompt(number(0).map_or(Prompted::Nothing, |length| {
                Prompted::Write(
                    length,
                    number(1).and_then(|state| u8::try_from(state).ok()).unwrap_or(2),
                )
            })),
            _ => only(End::Error),
        }
    }

    fn indicate(&mut self, value: &[String]) -> Reply {
        let highest = [2, 3, 2, 2, 1];
        let mut wanted = self.texts.indication;
        for (place, value) in value.iter().take(5).enumerate() {
            match value.parse::<u8>() {
                Ok(value) if value <= highest[place] => wanted[place] = value,
                _ => return only(End::Cms(BAD_PARAMETER)),
            }
        }
        self.texts.indication = wanted;
        only(End::Ok)
    }

    fn list(&mut self, state: usize) -> Reply {
        let mut lines = Vec::new();
        let first = self.profile.first_place;
        for (place, stored) in self.texts.shelf().iter_mut().enumerate() {
            let Some(stored) = stored
                .as_mut()
                .filter(|stored| state == 4 || usize::from(stored.state) == state)
            else {
                continue;
            };
            // The line of the PDU follows its header, without an empty one between them.
            lines.push(format!(
                "+CMGL: {},{},,{}\r\n{}",
                place + first,
                stored.state,
                stored.length,
                stored.hex
            ));
            stored.state = if stored.state == 0 { 1 } else { stored.state };
        }
        (lines, End::Ok)
    }

    fn read(&mut self, place: usize) -> Reply {
        let (first, empty_is_error) = (self.profile.first_place, self.profile.empty_is_error);
        let places = self.texts.shelf().len();
        let Some(slot) = place
            .checked_sub(first)
            .and_then(|place| self.texts.shelf().get_mut(place))
        else {
            // A report lies behind the texts.
            return match place
                .checked_sub(places + 1)
                .and_then(|place| self.texts.reports.get(place))
            {
                Some(report) => ok(format!("+CMGR: 0,,{}\r\n{}", report.length, report.hex)),
                None => only(End::Cms(NO_SUCH_PLACE)),
            };
        };
        match slot {
            Some(stored) => {
                let line = format!("+CMGR: {},,{}\r\n{}", stored.state, stored.length, stored.hex);
                stored.state = if stored.state == 0 { 1 } else { stored.state };
                ok(line)
            }
            None if empty_is_error => only(End::Cms(NO_SUCH_PLACE)),
            None => only(End::Ok),
        }
    }

    fn delete(&mut self, place: usize, kind: usize) -> Reply {
        let first = self.profile.first_place;
        let texts = &mut self.texts;
        let places = texts.shelf().len();
        let is_gone = |state: u8| match kind {
            1 => state == 1,
            2 => matches!(state, 1 | 3),
            3 => state != 0,
            _ => true,
        };
        match (kind, place.checked_sub(first)) {
            (0, Some(place)) if place < places => texts.shelf()[place] = None,
            (0, Some(place)) if place - places < texts.reports.len() => {
                texts.reports.remove(place - places);
            }
            (0, _) => return only(End::Cms(NO_SUCH_PLACE)),
            (1..=4, _) => {
                for slot in texts.shelf() {
                    *slot = slot.take().filter(|stored| !is_gone(stored.state));
                }
            }
            _ => return only(End::Cms(BAD_PARAMETER)),
        }
        self.put(Duration::from_millis(300), Out::Deliver);
        only(End::Ok)
    }

    fn prompt(&mut self, prompted: Prompted) -> Reply {
        if prompted == Prompted::Nothing {
            return only(End::Cms(BAD_PARAMETER));
        }
        if std::mem::take(&mut self.texts.faults.no_prompt_next) {
            return only(End::Later);
        }
        self.texts.announced = prompted;
        self.typed.is_prompted = true;
        only(End::Prompt)
    }

    /// A PDU was typed to its end.
    pub(super) fn pdu(&mut self, hex: &str) {
        let prompted = std::mem::replace(&mut self.texts.announced, Prompted::Nothing);
        let decoded = Message::decode(hex);
        let length = decoded.as_ref().ok().and_then(|(centre, _)| {
            let before = match centre {
                Centre::OfSim => 1,
                // The service centre's own length stands first.
                Centre::Number(_) => 1 + usize::from_str_radix(hex.get(..2)?, 16).ok()?,
            };
            Some((hex.trim().len() / 2).saturating_sub(before))
        });
        let end = match (prompted, decoded) {
            (Prompted::Send(announced), Ok((_, Message::Submit(submit)))) if length == Some(announced) => {
                return self.send(&submit);
            }
            (Prompted::Write(announced, state), Ok(_)) if length == Some(announced) => {
                match self.keep(
                    WRITE,
                    Stored {
                        state,
                        hex: hex.trim().to_uppercase(),
                        length: announced,
                    },
                ) {
                    Some(place) => return self.finish(Duration::ZERO, &[format!("+CMGW: {place}")], End::Ok),
                    None => End::Cms(FULL),
                }
            }
            _ => End::Cms(BAD_PDU),
        };
        self.finish(Duration::ZERO, &[], end);
    }

    fn send(&mut self, submit: &Submit) {
        let delay = self.texts.faults.delay;
        self.busy(delay);
        if !self.is_registered() {
            return self.finish(delay, &[], End::Cms(NO_NETWORK));
        }
        if let Some((code, is_for_all)) = self.texts.faults.refuse {
            self.texts.faults.refuse = Some((code, is_for_all)).filter(|_| is_for_all);
            return self.finish(delay, &[], End::Cms(code));
        }
        self.texts.reference = self.texts.reference.wrapping_add(1);
        let reference = self.texts.reference;
        if !std::mem::take(&mut self.texts.faults.silent_next) {
            self.finish(delay, &[format!("+CMGS: {reference}")], End::Ok);
        }
        self.carry(delay, submit);
        let status = self.texts.faults.status.filter(|_| submit.wants_report);
        if let Some(status) = status {
            let report = StatusReport {
                reference,
                to: submit.to.clone(),
                stamp: Some(self.stamp()),
                done: Some(self.stamp()),
                status,
            };
            self.report(delay + Duration::from_millis(500), report);
        }
    }

    fn keep(&mut self, used_for: usize, stored: Stored) -> Option<usize> {
        let store = &mut self.texts.stores[self.texts.used_for[used_for]];
        let place = store.iter().position(Option::is_none)?;
        store[place] = Some(stored);
        Some(place + self.profile.first_place)
    }
}
