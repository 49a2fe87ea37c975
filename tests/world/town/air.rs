//! The mobile network: texts between the SIMs of sites, the hub's number and people. They come late, twice, out of order or
//! not at all, and a SIM keeps what came until its gateway has it.

use std::collections::BTreeMap;

use gateway::site::{
    input::Input as SiteInput,
    sim::{Received, SimEvent, SimIdentity, SimNetwork, SimOrder, SimSettings, TextId, Then},
};
use hub::hub::input::{IncomingText, Input as HubInput, ReplyId};
use kiosk::phone::{Country, Phone};

use super::World;
use crate::event::{Event, Payload};

/// The number that texts to the hub go to.
pub const HUB_NUMBER: &str = "+254700000100";
/// The hub's answers to who hands texts in come under this number.
pub(super) const FIRST_HANDED_IN: u64 = 1 << 60;
/// How long a modem needs to find its network.
const READY_AFTER_MS: (u64, u64) = (500, 20_000);
/// A text that the hub did not take is handed in again after this, as Africa's Talking does with what is not answered 200.
const HAND_IN_AGAIN_MS: u64 = 60_000;
/// So many times.
const HAND_IN_TRIES_MAX: u32 = 5;
/// Nobody in this town sends more texts in a day than this allows.
const PARTS_PER_DAY: u32 = 2_000;
/// What of it sync counts on.
const SYNC_TEXTS_PER_DAY: u32 = 1_000;

/// A site's SIM, in a modem that outlives the gateway's program.
#[derive(Debug, Default)]
pub(crate) struct Sim {
    number: String,
    kept: BTreeMap<u32, Received>,
    stamps: i64,
    /// Texts of sync that left it.
    pub(crate) sent: u64,
}

/// Texts between the hub's number and whoever hands them in.
#[derive(Debug, Default)]
pub(super) struct Air {
    handed_in: Vec<HandedIn>,
    /// What people got from SIMs of sites, by their number.
    got: BTreeMap<String, Vec<String>>,
}

#[derive(Debug)]
struct HandedIn {
    from: String,
    body: String,
    is_taken: bool,
}

impl World {
    /// Gives a box a SIM, where sites have them.
    pub(super) fn give_sim(&mut self, station: usize) {
        if self.thin_after_ms.is_none() {
            return;
        }
        let number = format!("+2547990{:05}", station + 1);
        self.stations[station].sim = Some(Sim {
            number,
            ..Sim::default()
        });
    }

    /// What the operator of this town set for SIMs.
    pub(super) fn sim_settings(&self, station: usize) -> Option<SimSettings> {
        let thin_after_ms = self.thin_after_ms?;
        self.stations[station].sim.as_ref()?;
        Some(SimSettings {
            parts_per_day: PARTS_PER_DAY,
            sync_texts_per_day: SYNC_TEXTS_PER_DAY,
            commands_per_day: 10,
            hub_number: Some(HUB_NUMBER.to_owned()),
            hub_code: None,
            thin_after_ms,
            thin_linger_ms: sync::thin::LINGER_MS,
        })
    }

    /// The gateway's program begins to speak with its modem.
    pub(super) fn sim_begins(&mut self, station: usize) {
        if self.stations[station].sim.is_some() {
            let run = self.stations[station].program.run;
            let ms = self.random.within(READY_AFTER_MS);
            self.after(ms, Event::SimReady { station, run });
        }
    }

    pub(super) fn sim_ready(&mut self, station: usize, run: u32) {
        if self.stations[station].program.run != run {
            return;
        }
        let Some(sim) = &self.stations[station].sim else { return };
        let kept: Vec<Received> = sim.kept.values().cloned().collect();
        let network = SimNetwork {
            is_registered: true,
            registration: "home",
            ..SimNetwork::default()
        };
        self.sim_tells(station, SimEvent::Ready(SimIdentity::default()));
        self.sim_tells(station, SimEvent::Network(network));
        for text in kept {
            self.sim_tells(station, SimEvent::Received(text));
        }
    }

    fn sim_tells(&mut self, station: usize, event: SimEvent) {
        self.give(station, SiteInput::Sim(event));
    }

    /// The gateway asks something of its SIM.
    pub(super) fn sim_ordered(&mut self, station: usize, order: SimOrder) {
        let Some(sim) = self.stations[station].sim.as_mut() else {
            return;
        };
        match order {
            SimOrder::Send { id, to, body, .. } => {
                let run = self.stations[station].program.run;
                let ms = self.random.within(self.weather.latency_ms);
                let body = Payload(body.into_bytes());
                self.after(
                    ms,
                    Event::SimSends {
                        station,
                        run,
                        id: id.0,
                        to,
                        body,
                    },
                );
            }
            SimOrder::Forget(slots) => sim.kept.retain(|slot, _| !slots.contains(slot)),
            // No operator of this town has a service code for boxes.
            SimOrder::Dial { id, .. } | SimOrder::Say { id, .. } | SimOrder::HangUp(id) => {
                let why = "not supported by the network".to_owned();
                self.sim_tells(station, SimEvent::Ended { id, why });
            }
        }
    }

    /// The modem hands a text to the network: it is taken, refused, or nobody knows.
    pub(super) fn sim_sends(&mut self, station: usize, (run, id): (u32, u64), to: &str, body: Payload) {
        let id = TextId(id);
        let is_heard = self.stations[station].program.run == run;
        if self.random.chance(self.weather.text_refused) {
            if is_heard {
                let (word, then) = ("+CMS ERROR: 41".to_owned(), Then::TryLater);
                self.sim_tells(station, SimEvent::NotSent { id, word, then });
            }
            return;
        }
        let is_unsure = self.random.chance(self.weather.text_unsure);
        if is_heard {
            let references = vec![u8::try_from(id.0 % 256).unwrap_or(0)];
            let event = if is_unsure {
                SimEvent::Unsure(id)
            } else {
                SimEvent::Sent { id, references }
            };
            self.sim_tells(station, event);
        }
        let body = String::from_utf8(body.0).unwrap_or_default();
        if to != HUB_NUMBER {
            for _ in 0..self.copies_that_arrive() {
                self.air.got.entry(to.to_owned()).or_default().push(body.clone());
            }
            return;
        }
        let Some(sim) = self.stations[station].sim.as_mut() else {
            return;
        };
        sim.sent += 1;
        let from = sim.number.clone();
        for _ in 0..self.copies_that_arrive() {
            let text = self.air.handed_in.len();
            self.air.handed_in.push(HandedIn {
                from: from.clone(),
                body: body.clone(),
                is_taken: false,
            });
            let ms = self.random.within(self.weather.text_delay_ms);
            self.after(ms, Event::HandedIn { text, tries: 1 });
        }
    }

    /// How many copies of a text arrive: none, one, or two.
    fn copies_that_arrive(&mut self) -> u32 {
        if self.random.chance(self.weather.text_loss) {
            0
        } else {
            1 + u32::from(self.random.chance(self.weather.text_twice))
        }
    }

    /// The provider of the hub's number hands a text in.
    pub(super) fn handed_in(&mut self, text: usize, tries: u32) {
        let own = &self.air.handed_in[text];
        if own.is_taken {
            return;
        }
        let phone = Phone::parse(&own.from, Country::Kenya).expect("SIMs have numbers");
        let incoming = IncomingText {
            id: format!("air-{text}"),
            phone,
            text: own.body.clone(),
        };
        self.give_hub(HubInput::TextReceived {
            reply: ReplyId(FIRST_HANDED_IN + text as u64),
            text: incoming,
        });
        if tries < HAND_IN_TRIES_MAX {
            self.after(HAND_IN_AGAIN_MS, Event::HandedIn { text, tries: tries + 1 });
        }
    }

    /// The hub has a text.
    pub(super) fn handing_in_answered(&mut self, reply: u64, is_taken: bool) {
        let text = usize::try_from(reply - FIRST_HANDED_IN).unwrap_or(usize::MAX);
        if let Some(own) = self.air.handed_in.get_mut(text) {
            own.is_taken |= is_taken;
        }
    }

    /// The hub sends a text; one to a site's SIM comes in there.
    pub(super) fn hub_texts(&mut self, to: Phone, body: &str) {
        let to = to.e164();
        let is_to =
            |box_: &crate::station::Station| !box_.is_gone && box_.sim.as_ref().is_some_and(|sim| sim.number == to);
        let Some(station) = self.stations.iter().position(is_to) else {
            return;
        };
        for _ in 0..self.copies_that_arrive() {
            let ms = self.random.within(self.weather.text_delay_ms);
            let body = Payload(body.as_bytes().to_vec());
            self.after(ms, Event::TextForSim { station, body });
        }
    }

    /// A text reaches a SIM, and its gateway if that runs.
    pub(super) fn text_for_sim(&mut self, station: usize, body: Payload) {
        let Some(sim) = self.stations[station].sim.as_mut() else {
            return;
        };
        let slot = (0..).find(|slot| !sim.kept.contains_key(slot)).unwrap_or_default();
        sim.stamps += 1;
        let text = Received {
            slots: vec![slot],
            from: HUB_NUMBER.to_owned(),
            body: String::from_utf8(body.0).map_err(std::string::FromUtf8Error::into_bytes),
            stamp_ms: Some(sim.stamps * 1_000),
            is_incomplete: false,
        };
        sim.kept.insert(slot, text.clone());
        self.sim_tells(station, SimEvent::Received(text));
    }

    /// Texts that a person got from SIMs of sites.
    pub fn texts_got(&self, person: usize) -> &[String] {
        let phone = Phone::parse(&self.people[person].phone, Country::Kenya).expect("people have numbers");
        self.air.got.get(&phone.e164()).map_or(&[], Vec::as_slice)
    }

    /// How many texts of the hub a site has in its books.
    pub fn texts_asked_of(&self, station: usize) -> u32 {
        let statement = "SELECT count(*) FROM sim_outbox WHERE asked IS NOT NULL";
        let site = self.stations[station].program.machine.as_ref();
        site.map_or(0, |site| {
            let count = site.connection().query_row(statement, [], |row| row.get(0));
            count.unwrap_or_default()
        })
    }

    /// How many texts the hub has told a site of, answered or not.
    pub fn texts_told_to_sites(&self) -> u32 {
        let statement = "SELECT count(*) FROM outbox WHERE say IS NOT NULL";
        let count = self
            .hub_rows()
            .map(|hub| hub.query_row(statement, [], |row| row.get(0)));
        count.and_then(Result::ok).unwrap_or_default()
    }

    /// How many texts of sync a site has sent.
    pub fn texts_of_sync(&self, station: usize) -> u64 {
        self.stations[station].sim.as_ref().map_or(0, |sim| sim.sent)
    }
}
