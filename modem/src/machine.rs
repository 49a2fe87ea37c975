//! What is said to a modem and when: a state machine without clock, port or thread. An [`Input`] at a moment gives
//! [`Effect`]s; [`Machine::deadline_ms`] says when it wants the next [`Input::Tick`].
//!
//! | part | what it does |
//! |---|---|
//! | `step` | one thing to say, as a command |
//! | `answer` | where a line and an end go |
//! | `flight` | the one command that is under way: its lines, its end, its time |
//! | `start` | from an open port to a modem that is set up |
//! | `network` | registration, operator, signal, time |
//! | `shelf` | texts that lie in the modem, until they are forgotten |
//! | `stores` | in which of its stores |
//! | `send` | texts on their way out |
//! | `talk` | the USSD session |
//! | `ladder` | what is done about a modem that does not answer |
//!
//! While no modem is ready every order is answered at once (`NotSent` to be tried later, `Down` for USSD), and so is what
//! waits when it goes away: the caller keeps texts on disk, and here nothing grows stale. A part that was not yet handed
//! over is not sent; one that was, is unsure.

mod answer;
mod flight;
mod ladder;
mod network;
mod send;
mod shelf;
mod start;
mod step;
mod stores;
mod talk;

use std::collections::{BTreeSet, VecDeque};

use self::{flight::Flight, ladder::Ladder, network::Standing, send::Sending, shelf::Shelf, step::Step, talk::Talk};
use crate::{
    event::{Event, Identity, Refused, Then, Trouble, UssdEnd},
    line::Framer,
    order::{Order, Outgoing},
    pin::PinNote,
    profile::{self, Profile},
};

/// How many orders may wait.
pub const ORDERS_MAX: usize = 64;
/// How often the signal and the registration are asked for, in milliseconds: it also shows that the modem lives.
const POLL_MS: u64 = 45_000;
/// How often the store is looked through for texts whose `+CMTI` was lost.
const SWEEP_MS: u64 = 5 * 60_000;
/// How often the network's time and name are asked for.
const CLOCK_MS: u64 = 60 * 60_000;
/// How long the end of a quoted text is waited for.
const QUOTES_MS: u64 = 5_000;

/// What is fixed while it runs. It does not print, for it holds the PIN.
#[derive(Clone, Default)]
pub struct Settings {
    /// The profile to use; `None` asks the modem.
    pub profile: Option<&'static Profile>,
    /// The SIM's PIN.
    pub sim_pin: Option<String>,
    /// What is remembered of it from before.
    pub pin_note: Option<PinNote>,
    /// Who brings up mobile data.
    pub data: Data,
    /// The site can cut the modem's power ([`Effect::PowerHook`]).
    pub has_power_hook: bool,
}

/// Who brings up mobile data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Data {
    /// The modem shows a network card (ECM): it is told the access point, the operating system gets the address.
    Ecm {
        /// The access point's name.
        apn: String,
    },
    /// ModemManager, over other ports of the same modem.
    ModemManager,
    /// Nobody.
    #[default]
    None,
}

/// What happens to a machine.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// The port is open.
    Opened,
    /// Bytes came.
    Bytes(&'a [u8]),
    /// The port could not be opened, or is gone.
    Closed(Trouble),
    /// Time has passed.
    Tick,
    /// Somebody wants something.
    Order(Order),
}

/// What a machine wants done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Write this to the port.
    Write(Vec<u8>),
    /// Close the port if it is open, wait, and open it anew.
    Open {
        /// How long to wait, in milliseconds.
        after_ms: u64,
    },
    /// Remember this of the SIM's PIN, safe before anything else is done; `None` forgets.
    Note(Option<PinNote>),
    /// Have the site cut the modem's power for a moment.
    PowerHook,
    /// Tell this.
    Tell(Event),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was done yet.
    New,
    /// The port is to be opened.
    Closed,
    /// The modem is being set up.
    Starting,
    /// The SIM cannot be used: it is looked at again then.
    Waiting { until: u64 },
    /// Orders are carried out.
    Ready,
}

/// A modem as this side knows it.
pub struct Machine {
    settings: Settings,
    profile: &'static Profile,
    identity: Identity,
    now: u64,
    out: Vec<Effect>,
    framer: Framer,
    quotes_until: Option<u64>,
    phase: Phase,
    flight: Option<Flight>,
    /// The next end belongs to an answer that came late.
    skips_end: bool,
    /// Said before anything else, in order.
    script: VecDeque<Step>,
    pause_until: u64,
    busy_count: u8,
    pin_note: Option<PinNote>,
    /// How often in a row the card was looked at in vain.
    card_fails: u8,
    pin_word: String,
    pin_tries_left: Option<u8>,
    store_tries: u8,
    notify: Option<[u16; 5]>,
    acknowledges: bool,
    poll_at: u64,
    sweep_at: u64,
    clock_at: u64,
    started_at: u64,
    /// It has restarted in the middle of being set up, which is to be done again then.
    restart_at: Option<u64>,
    escaped_at: u64,
    wants_room: bool,
    /// Orders and housekeeping take turns, so that neither starves the other.
    is_turn_of_orders: bool,
    orders: VecDeque<Outgoing>,
    sending: Option<Sending>,
    /// Reports that wait until no text is on its way.
    reports: Vec<Event>,
    faults_in_a_row: u8,
    reads: BTreeSet<u16>,
    deletes: BTreeSet<u16>,
    shelf: Shelf,
    talk: Talk,
    standing: Standing,
    ladder: Ladder,
    told: Option<Trouble>,
}

impl Machine {
    /// One that has done nothing yet: the first tick has it open the port.
    pub fn new(settings: Settings) -> Machine {
        let profile = settings.profile.unwrap_or_else(|| profile::recognise("", ""));
        let pin_note = settings.pin_note.clone();
        Machine {
            settings,
            profile,
            identity: Identity::default(),
            now: 0,
            out: Vec::new(),
            framer: Framer::new(),
            quotes_until: None,
            phase: Phase::New,
            flight: None,
            skips_end: false,
            script: VecDeque::new(),
            pause_until: 0,
            busy_count: 0,
            pin_note,
            card_fails: 0,
            pin_word: String::new(),
            pin_tries_left: None,
            store_tries: 0,
            notify: None,
            acknowledges: false,
            poll_at: 0,
            sweep_at: 0,
            clock_at: 0,
            started_at: 0,
            restart_at: None,
            escaped_at: 0,
            wants_room: false,
            is_turn_of_orders: false,
            orders: VecDeque::new(),
            sending: None,
            reports: Vec::new(),
            faults_in_a_row: 0,
            reads: BTreeSet::new(),
            deletes: BTreeSet::new(),
            shelf: Shelf::default(),
            talk: Talk::default(),
            standing: Standing::default(),
            ladder: Ladder::default(),
            told: None,
        }
    }

    /// Takes an input at a moment of a clock that never runs backwards, in milliseconds.
    pub fn handle(&mut self, now_ms: u64, input: Input<'_>) -> Vec<Effect> {
        self.now = self.now.max(now_ms);
        match input {
            Input::Opened => self.opened(),
            Input::Bytes(bytes) => self.bytes(bytes),
            Input::Closed(trouble) => self.closed(trouble),
            Input::Tick => {}
            Input::Order(order) => self.order(order),
        }
        self.time_passed();
        self.pump();
        std::mem::take(&mut self.out)
    }

    /// When the next tick is wanted; it is harmless at any other time.
    pub fn deadline_ms(&self) -> Option<u64> {
        let phase = match self.phase {
            Phase::New => Some(self.now),
            Phase::Closed => return None,
            Phase::Waiting { until } => Some(until),
            Phase::Starting => (self.flight.is_none()).then_some(self.pause_until),
            Phase::Ready if self.flight.is_none() => {
                let next = self.poll_at.min(self.sweep_at).min(self.clock_at);
                Some(next.max(self.pause_until))
            }
            Phase::Ready => None,
        };
        let flight = self.flight.as_ref().map(|flight| flight.deadline);
        let all = [phase, flight, self.quotes_until, self.talk.deadline(), self.restart_at];
        all.into_iter().flatten().min()
    }

    fn tell(&mut self, event: Event) {
        self.out.push(Effect::Tell(event));
    }

    fn write(&mut self, bytes: impl Into<Vec<u8>>) {
        self.out.push(Effect::Write(bytes.into()));
    }

    fn order(&mut self, order: Order) {
        if let Order::Forget(slots) = order {
            return self.forget(&slots);
        }
        let is_ready = self.phase == Phase::Ready;
        match order {
            Order::Send(outgoing) if !is_ready => self.not_sent(&outgoing, "the modem is not ready"),
            Order::Send(outgoing) if self.orders.len() >= ORDERS_MAX => {
                self.not_sent(&outgoing, "too many texts are waiting");
            }
            Order::Send(outgoing) => self.orders.push_back(outgoing),
            Order::Dial { id, .. } | Order::Say { id, .. } if !is_ready => {
                self.tell(Event::UssdEnded { id, why: UssdEnd::Down });
            }
            Order::Dial { id, code } => self.dial(id, &code),
            Order::Say { id, text } => self.say(id, &text),
            Order::HangUp { id } => self.hang_up(id),
            Order::Forget(_) => {}
        }
    }

    fn not_sent(&mut self, outgoing: &Outgoing, word: &str) {
        let why = Refused {
            word: word.to_owned(),
            then: Then::TryLater,
        };
        self.tell(Event::NotSent { id: outgoing.id, why });
    }

    fn time_passed(&mut self) {
        if self.phase == Phase::New {
            self.phase = Phase::Closed;
            self.out.push(Effect::Open { after_ms: 0 });
        }
        if self.quotes_until.is_some_and(|until| until <= self.now) {
            self.quotes_until = None;
            let items = self.framer.give_up_quotes();
            self.items(items);
        }
        self.flight_time();
        self.talk_time();
        if self.restart_at.is_some_and(|at| at <= self.now) {
            self.has_restarted();
        }
        if let Phase::Waiting { until } = self.phase
            && until <= self.now
        {
            self.look_at_sim();
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if matches!(self.phase, Phase::New | Phase::Closed) {
            return;
        }
        let items = self.framer.push(bytes);
        self.items(items);
        self.quotes_until = match self.framer.is_in_quotes() {
            true => self.quotes_until.or(Some(self.now + QUOTES_MS)),
            false => None,
        };
    }

    /// Begins the next step, unless one is under way.
    fn pump(&mut self) {
        self.tell_reports();
        while self.flight.is_none() && self.pause_until <= self.now {
            if !matches!(self.phase, Phase::Starting | Phase::Ready) {
                return;
            }
            let Some(step) = self.script.pop_front().or_else(|| self.choose()) else {
                return;
            };
            self.begin(step);
        }
    }

    /// What to do when nothing is begun: a person's session first, then texts and housekeeping in turns.
    fn choose(&mut self) -> Option<Step> {
        if self.phase != Phase::Ready {
            return None;
        }
        if let Some(step) = self.next_word() {
            return Some(step);
        }
        self.is_turn_of_orders = !self.is_turn_of_orders;
        match self.is_turn_of_orders {
            true => self.next_part().or_else(|| self.housekeeping()),
            false => self.housekeeping().or_else(|| self.next_part()),
        }
    }

    fn housekeeping(&mut self) -> Option<Step> {
        if let Some(slot) = self.deletes.pop_first() {
            return Some(Step::Delete(slot));
        }
        if let Some(slot) = self.reads.pop_first() {
            return Some(Step::Read(slot));
        }
        if let Some(step) = self.next_sweep() {
            return Some(step);
        }
        if self.sweep_at <= self.now {
            self.sweep_at = self.now + SWEEP_MS;
            return Some(Step::Sweep);
        }
        if std::mem::take(&mut self.wants_room) {
            return Some(Step::Room);
        }
        if self.poll_at <= self.now {
            self.poll_at = self.now + POLL_MS;
            if self.is_adrift() {
                return None;
            }
            self.script
                .extend([Step::Registered(0), Step::Registered(1), Step::Registered(2)]);
            return Some(Step::Signal);
        }
        if self.clock_at <= self.now {
            self.clock_at = self.now + CLOCK_MS;
            self.script.extend(step::OPERATOR);
            return Some(Step::Clock);
        }
        None
    }
}
