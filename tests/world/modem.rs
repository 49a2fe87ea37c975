//! A pretend modem. Its core is bytes in, bytes out, without a clock, a port or chance: [`Modem`]. Around it stand a pty
//! ([`port`]) and a network ([`network`]), and scripts ([`script`]) tell what happens to it.
//!
//! | module | what it holds |
//! |---|---|
//! | [`profile`] | the models it can be, and how they differ |
//! | [`script`] | the language of scripts |
//! | [`happening`] | all that can happen to it |
//! | `typed` | what a terminal types: command lines, and PDUs behind a prompt |
//! | `answers`, `texts`, `ussd` | what it answers: in general, about texts, about USSD |
//! | [`port`] | the pty and its symlink |
//! | [`network`] | the sandbox as the network behind it |
//!
//! What is pretended follows 3GPP TS 27.007, 27.005 and 23.040. It is kept honest by gammu, which uses it as it would
//! use any modem (`tests/wires/modem.rs`).

mod answers;
pub mod happening;
pub mod network;
pub mod port;
pub mod profile;
pub mod script;
#[cfg(test)]
mod tests;
mod texts;
mod typed;
mod ussd;

use std::{collections::BTreeMap, time::Duration};

use self::{
    answers::Setting,
    profile::Profile,
    texts::Texts,
    typed::{Typed, Typing},
    ussd::Ussd,
};

/// What a modem does, at its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// It writes to its port.
    Bytes(Vec<u8>),
    /// Its port is gone: what was open hears no more.
    Vanish,
    /// Its port is back, under another name.
    Appear,
    /// It says something to the network.
    Tell(Told),
    /// It goes on with what was typed meanwhile.
    Wake,
    /// It is switched off, to start again.
    Off,
    /// It starts again from scratch.
    Boot,
    /// The network tries again with texts that found no place.
    Deliver,
    /// It says by itself what its kind says all day.
    Chatter,
}

/// What a modem says to the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A whole text.
    Text {
        /// The receiver, as it was typed.
        to: String,
        /// What it says.
        text: String,
    },
    /// A code is dialled that the script does not know.
    Dial(String),
    /// The person answers in the session.
    Type(String),
    /// The person ends the session.
    HangUp,
}

/// A pretend modem.
#[derive(Debug)]
pub struct Modem {
    profile: &'static Profile,
    now: Duration,
    out: BTreeMap<(Duration, u64), Out>,
    count: u64,
    dice: u64,
    is_there: bool,
    is_mute: bool,
    busy_until: Duration,
    typed: Typed,
    setting: Setting,
    sim: Sim,
    air: Air,
    texts: Texts,
    ussd: Ussd,
    chatter: Option<Duration>,
    answers: BTreeMap<String, String>,
}

/// The card in it.
#[derive(Debug)]
struct Sim {
    is_in: bool,
    number: String,
    pin: Option<String>,
    tries_left: u8,
    is_open: bool,
}

/// What it hears of the network.
#[derive(Debug)]
struct Air {
    /// As `+CREG` numbers it.
    registration: u8,
    operator: String,
    operator_code: String,
    signal_dbm: Option<i16>,
    /// Milliseconds since 1970 at its beginning.
    start_ms: i64,
    is_on: bool,
}

impl Modem {
    /// A modem with a SIM of this number, without PIN, at home in a network, and with room for 20 texts. The moment of
    /// its beginning is in milliseconds since 1970; every `now` afterwards counts from it.
    pub fn new(profile: &'static Profile, number: &str, start_ms: i64) -> Modem {
        let mut modem = Modem {
            profile,
            now: Duration::ZERO,
            out: BTreeMap::new(),
            count: 0,
            dice: 0x9e37_79b9_7f4a_7c15,
            is_there: true,
            is_mute: false,
            busy_until: Duration::ZERO,
            typed: Typed::default(),
            setting: Setting::default(),
            sim: Sim {
                is_in: true,
                number: number.to_owned(),
                pin: None,
                tries_left: 3,
                is_open: true,
            },
            air: Air {
                registration: 1,
                operator: "Safaricom".to_owned(),
                operator_code: "63902".to_owned(),
                signal_dbm: Some(-73),
                start_ms,
                is_on: true,
            },
            texts: Texts::default(),
            ussd: Ussd::default(),
            chatter: profile.chatter,
            answers: BTreeMap::new(),
        };
        modem.greet();
        modem
    }

    /// When it next does something by itself.
    pub fn due(&self) -> Option<Duration> {
        self.out.first_key_value().map(|((at, _), _)| *at)
    }

    /// Lets time pass; what it does until `now`, in order.
    pub fn take(&mut self, now: Duration) -> Vec<Out> {
        let mut done = Vec::new();
        while let Some(entry) = self.out.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((at, _), out) = entry.remove_entry();
            self.now = self.now.max(at);
            match out {
                Out::Wake => self.work(),
                Out::Off => self.restart(),
                Out::Boot => self.boot(),
                Out::Deliver => self.deliver_waiting(),
                Out::Chatter => self.chatter(),
                Out::Bytes(_) if !self.is_there || self.is_mute => {}
                out => done.push(out),
            }
        }
        self.now = self.now.max(now);
        done
    }

    /// A terminal types.
    pub fn hear(&mut self, now: Duration, bytes: &[u8]) {
        self.now = self.now.max(now);
        if !self.is_there || self.is_mute {
            return;
        }
        self.typed.push(bytes);
        self.work();
    }

    /// Goes through what was typed, one command after another; what is typed while one is under way waits for its end.
    fn work(&mut self) {
        while self.now >= self.busy_until {
            let Some((echo, typing)) = self.typed.next() else {
                return;
            };
            if self.setting.echo && !echo.is_empty() {
                self.put(Duration::ZERO, Out::Bytes(echo));
            }
            match typing {
                Typing::Line(line) => self.command(&line),
                Typing::Pdu(hex) => self.pdu(&hex),
                Typing::Escaped => self.finish(Duration::ZERO, &[], answers::End::Ok),
                Typing::Nothing => {}
            }
        }
    }

    fn put(&mut self, delay: Duration, out: Out) {
        self.count += 1;
        self.out.insert((self.now + delay, self.count), out);
    }

    /// A result that nobody asked for.
    fn unsolicited(&mut self, delay: Duration, line: &str) {
        self.put(delay, Out::Bytes(format!("\r\n{line}\r\n").into_bytes()));
    }

    fn busy(&mut self, delay: Duration) {
        if !delay.is_zero() {
            self.busy_until = self.now + delay;
            self.put(delay, Out::Wake);
        }
    }

    /// A number below `end`; the same in every run.
    fn roll(&mut self, end: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        (self.dice >> 11) % end.max(1)
    }

    fn percent(&mut self, percent: u8) -> bool {
        self.roll(100) < u64::from(percent)
    }

    fn is_registered(&self) -> bool {
        self.is_there && self.air.is_on && self.sim.is_in && self.sim.is_open && matches!(self.air.registration, 1 | 5)
    }

    /// What it says by itself when it is switched on.
    fn greet(&mut self) {
        for line in self.profile.greeting {
            self.unsolicited(self.profile.boot / 2, line);
        }
        if let Some(every) = self.chatter {
            self.put(every, Out::Chatter);
        }
    }

    fn chatter(&mut self) {
        let Some(every) = self.chatter else { return };
        let lines = self.profile.chatter_lines;
        if !lines.is_empty() && self.is_there {
            let line = lines[self.roll(lines.len() as u64) as usize];
            self.unsolicited(Duration::ZERO, line);
        }
        self.put(every, Out::Chatter);
    }

    /// Switched off and on again: its port goes and comes back, and nothing that was set is kept.
    fn restart(&mut self) {
        self.vanish();
        self.put(self.profile.boot, Out::Boot);
    }

    fn vanish(&mut self) {
        self.out.retain(|_, out| matches!(out, Out::Tell(_) | Out::Vanish));
        if self.is_there {
            self.is_there = false;
            self.put(Duration::ZERO, Out::Vanish);
        }
    }

    fn boot(&mut self) {
        self.is_there = true;
        self.air.is_on = true;
        self.busy_until = self.now;
        self.typed = Typed::default();
        self.setting = Setting::default();
        self.sim.is_open = self.sim.pin.is_none();
        self.texts.forget_sessions();
        self.ussd.end();
        self.put(Duration::ZERO, Out::Appear);
        self.greet();
        self.put(self.profile.boot, Out::Deliver);
    }
}
