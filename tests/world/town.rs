//! The world itself: its parts, its clock, and the loop that takes one event after another.

mod air;
mod boxes;
mod calls;
mod cash;
mod hub;
mod kiosk;
mod network;
mod pay;
mod ruin;
mod spoil;
mod taps;
mod views;
mod wishes;

use std::{collections::BTreeMap, path::PathBuf};

use air::Air;
pub use air::HUB_NUMBER;
pub(crate) use air::Sim;
use calls::Calls;
pub(crate) use calls::FIRST_LITRES;
use hub::{Errand, Line};
pub(crate) use pay::Taken;
use pay::Till;
pub use wishes::Person;

use crate::{
    books::Books,
    centre::Centre,
    clock,
    event::{Event, Node},
    folder::Folder,
    program::Fate,
    random::Random,
    sabotage::Sabotage,
    station::Station,
    trace::Trace,
    weather::Weather,
};

/// From the first input that waits to the decision on the batch.
const DECIDES_AFTER_MS: u64 = 2;

/// A world: a hub, boxes, dispensers, people, payment providers and the network between them, under some weather.
pub struct World {
    pub(crate) random: Random,
    weather: Weather,
    /// Counts weathers.
    front: u32,
    now_ms: u64,
    queue: BTreeMap<(u64, u64), Event>,
    scheduled: u64,
    trace: Trace,
    pub(crate) centre: Centre,
    pub(crate) stations: Vec<Station>,
    lines: BTreeMap<u64, Line>,
    lines_made: u64,
    errands: BTreeMap<u64, Errand>,
    errands_made: u64,
    pub(crate) till: Till,
    pub(crate) people: Vec<Person>,
    pub(crate) calls: Calls,
    pub(crate) books: Books,
    air: Air,
    thin_after_ms: Option<u64>,
    sabotage: Option<Sabotage>,
    report_within_ms: u64,
    /// People come by themselves, so often on the mean; `None` when only a script brings them.
    pub(crate) habits: Option<crate::storm::Habits>,
    folder: Folder,
}

/// Everything for a world that a seed does not say.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The weather.
    pub weather: Weather,
    /// After how long a pour without a report is booked in full.
    pub report_within_ms: u64,
    /// How much more than paid for a customer may draw.
    pub overdraft_cap_ml: u64,
    /// Sites have SIMs, and text with the hub after so long without data.
    pub thin_after_ms: Option<u64>,
    /// What is broken on purpose.
    pub sabotage: Option<Sabotage>,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting {
            weather: Weather::calm(),
            report_within_ms: 2 * 3_600_000,
            overdraft_cap_ml: 0,
            thin_after_ms: None,
            sabotage: None,
        }
    }
}

impl World {
    /// An empty world with a running hub.
    pub fn new(seed: u64, weather: Weather) -> World {
        World::with(
            seed,
            Setting {
                weather,
                ..Setting::default()
            },
        )
    }

    /// An empty world with a running hub, in a setting of its own.
    pub fn with(seed: u64, setting: Setting) -> World {
        let mut random = Random::new(seed);
        let folder = Folder::new().expect("a world has a place for its files");
        let centre = Centre::new(folder.file("hub.db"), random.draw(), &setting);
        let mut world = World {
            till: Till::new(random.number()),
            random,
            weather: setting.weather,
            front: 0,
            now_ms: 0,
            queue: BTreeMap::new(),
            scheduled: 0,
            trace: Trace::default(),
            centre,
            stations: Vec::new(),
            lines: BTreeMap::new(),
            lines_made: 0,
            errands: BTreeMap::new(),
            errands_made: 0,
            people: Vec::new(),
            calls: Calls::default(),
            books: Books::new(setting.overdraft_cap_ml),
            air: Air::default(),
            thin_after_ms: setting.thin_after_ms,
            sabotage: setting.sabotage,
            report_within_ms: setting.report_within_ms,
            habits: None,
            folder,
        };
        world.at(0, Event::Start(Node::Hub));
        world.register_till();
        world.run_for(1_000);
        world
    }

    /// Milliseconds since the world began.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// The true wall time.
    pub fn wall(&self) -> ::kiosk::moment::Wall {
        clock::truth(self.now_ms)
    }

    /// What happened so far.
    pub fn trace(&mut self) -> &mut Trace {
        &mut self.trace
    }

    /// Other weather from now on; what the old one had in store does not come.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
        self.front += 1;
        for station in 0..self.stations.len() {
            self.expose(station);
        }
        self.begin_calamities();
    }

    /// The next event happens. False when nothing is left to happen.
    pub fn step(&mut self) -> bool {
        let Some(((at_ms, _), event)) = self.queue.pop_first() else {
            return false;
        };
        self.now_ms = self.now_ms.max(at_ms);
        self.trace.note(self.now_ms, &event);
        self.happen(event);
        true
    }

    /// Time passes.
    pub fn run_for(&mut self, ms: u64) {
        let end_ms = self.now_ms + ms;
        while self
            .queue
            .first_key_value()
            .is_some_and(|((at_ms, _), _)| *at_ms <= end_ms)
        {
            self.step();
        }
        self.now_ms = end_ms;
    }

    /// Time passes until something is so, at most `limit_ms`. Gives how long it took, or `None`.
    pub fn run_until(&mut self, limit_ms: u64, mut is_so: impl FnMut(&mut World) -> bool) -> Option<u64> {
        let began_ms = self.now_ms;
        loop {
            if is_so(self) {
                return Some(self.now_ms - began_ms);
            }
            let next = self.queue.first_key_value().map(|((at_ms, _), _)| *at_ms);
            match next {
                Some(at_ms) if at_ms <= began_ms + limit_ms => {
                    self.step();
                }
                _ => {
                    self.now_ms = began_ms + limit_ms;
                    return is_so(self).then_some(limit_ms);
                }
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Start(node) => self.start(node),
            Event::Decide { node, run } => self.decide(node, run),
            Event::Tick { node, run } => self.tick(node, run),
            Event::Dial { station, run } => self.dial(station, run),
            Event::Connected { line } => self.connected(line),
            Event::Arrived { line, to, bytes } => self.arrived(line, to, bytes.0),
            Event::Closes { line } => self.break_line(line, None),
            Event::Broken { line, to } => self.broken(line, to),
            Event::Network { station, up, front } => self.network_changes(station, up, front),
            Event::TapJoins { station, run, tap } => self.tap_joins(station, run, tap),
            Event::Heard {
                station,
                run,
                tap,
                topic,
                payload,
            } => self.heard(station, run, tap, &topic, &payload.0),
            Event::Told {
                station,
                run,
                tap,
                topic,
                payload,
            } => self.told(station, run, tap, topic, payload.0),
            Event::TapWakes { station, tap } => self.tap_wakes(station, tap),
            Event::PourEnds { station, tap, request } => self.pour_ends(station, tap, &request),
            Event::TapPower { station, tap } => self.tap_power(station, tap),
            Event::Visit { person } => self.visit(person),
            Event::Rings { person } => self.rings(person),
            Event::Reads { call } => self.reads(call),
            Event::Step { step, tries } => self.step_arrives(step, tries),
            Event::CallEnds { call } => self.call_ends(call),
            Event::Written { text, tries } => self.text_arrives(text, tries),
            Event::Leaves { station, tap, request } => self.leaves(station, tap, &request),
            Event::Errand { errand } => self.run_errand(errand),
            Event::Calls { run, purchase, call } => self.calls(run, purchase, &call),
            Event::Answered { run, purchase, answer } => self.call_answered(run, purchase, answer),
            Event::ProviderDue => self.provider_due(),
            Event::Pulls { run, question } => self.pulls(run, question),
            Event::Pulled { run, question, page } => self.pulled(run, question, page),
            Event::CalledBack { word } => self.called_back(&word),
            Event::Judged { offer, answer } => self.judged(offer, answer.as_deref()),
            Event::Texted { run, outbox } => self.texted(run, outbox),
            Event::SimReady { station, run } => self.sim_ready(station, run),
            Event::SimSends {
                station,
                run,
                id,
                to,
                body,
            } => self.sim_sends(station, (run, id), &to, body),
            Event::HandedIn { text, tries } => self.handed_in(text, tries),
            Event::TextForSim { station, body } => self.text_for_sim(station, body),
            Event::Strikes { calamity, front } => self.strikes(calamity, front),
            Event::Copies { front } => self.copies(front),
        }
    }

    /// Lets an event happen at a time.
    pub(crate) fn at(&mut self, at_ms: u64, event: Event) {
        self.scheduled += 1;
        self.queue.insert((at_ms.max(self.now_ms), self.scheduled), event);
    }

    /// Lets an event happen after a while.
    pub(crate) fn after(&mut self, ms: u64, event: Event) {
        self.at(self.now_ms + ms, event);
    }

    /// After how long a pour without a report is booked in full.
    pub(crate) fn report_within_ms(&self) -> u64 {
        self.report_within_ms
    }

    /// Adds a sentence to the story.
    pub(crate) fn tell(&mut self, sentence: impl FnOnce() -> String) {
        self.trace.tell(self.now_ms, sentence);
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.file(name)
    }

    fn start(&mut self, node: Node) {
        match node {
            Node::Hub => self.start_hub(),
            Node::Box(station) => self.start_box(station),
        }
    }

    fn tick(&mut self, node: Node, run: u32) {
        let now_ms = self.now_ms;
        let next = match node {
            Node::Hub if self.centre.program.run == run => self.centre.program.ticks(now_ms),
            Node::Box(station) if self.stations[station].program.run == run => {
                self.stations[station].program.ticks(now_ms)
            }
            _ => None,
        };
        let Some(next_ms) = next else { return };
        match node {
            Node::Hub => self.centre.program.inbox.push(::hub::hub::input::Input::Tick),
            Node::Box(station) => self.stations[station]
                .program
                .inbox
                .push(gateway::site::input::Input::Tick),
        }
        self.at(next_ms, Event::Tick { node, run });
        self.decide_soon(node);
    }

    /// An input waits: the machine decides in a moment, and ticks soon.
    fn stir(&mut self, node: Node) {
        let now_ms = self.now_ms;
        let (run, tick) = match node {
            Node::Hub => (self.centre.program.run, self.centre.program.stir(now_ms)),
            Node::Box(station) => {
                let program = &mut self.stations[station].program;
                (program.run, program.stir(now_ms))
            }
        };
        if let Some(at_ms) = tick {
            self.at(at_ms, Event::Tick { node, run });
        }
        self.decide_soon(node);
    }

    fn decide_soon(&mut self, node: Node) {
        let (run, is_deciding) = match node {
            Node::Hub => (self.centre.program.run, &mut self.centre.program.is_deciding),
            Node::Box(station) => {
                let program = &mut self.stations[station].program;
                (program.run, &mut program.is_deciding)
            }
        };
        if !std::mem::replace(is_deciding, true) {
            self.after(DECIDES_AFTER_MS, Event::Decide { node, run });
        }
    }

    fn decide(&mut self, node: Node, run: u32) {
        match node {
            Node::Hub if self.centre.program.run == run => self.hub_decides(),
            Node::Box(station) if self.stations[station].program.run == run => self.box_decides(station),
            _ => {}
        }
    }

    /// How the next batch ends.
    fn fate(&mut self) -> Fate {
        if self.random.chance(self.weather.commit_failure) {
            Fate::CommitFails
        } else if self.random.chance(self.weather.crash) {
            match self.random.below(3) {
                0 => Fate::DiesBefore,
                _ => Fate::DiesAfter(self.random.below(101)),
            }
        } else {
            Fate::Good
        }
    }

    /// Spoils the machines' work as the sabotage says, at most once in a world. True when it struck.
    fn spoils(&mut self, sabotage: Sabotage) -> bool {
        let strikes = self.sabotage == Some(sabotage) && !self.books.spoilt;
        self.books.spoilt |= strikes;
        strikes
    }

    /// When the programs that died start again.
    fn restart_later(&mut self, node: Node) {
        let ms = self.random.within(self.weather.restart_ms);
        self.after(ms, Event::Start(node));
    }
}
