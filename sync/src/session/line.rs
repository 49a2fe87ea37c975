//! The line under a session: seals, counters, and the timers of PROTOCOL rule 13.

use kiosk::{
    ids::{BoxId, Epoch},
    moment::Moment,
};

use super::Setup;
use crate::seal::{Carrier, Seal, session_id};

/// How long data may wait for its ACK before a PING (PROTOCOL rule 13).
const UNACKED_MS_MAX: u64 = 20_000;
/// How long the line may be silent before a PING (PROTOCOL rule 13).
const SILENCE_MS_MAX: u64 = 600_000;
/// How long to wait for anything after a PING, or for the first HELLO (PROTOCOL section 4).
const ANSWER_MS_MAX: u64 = 60_000;

/// What the timers ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Ping(u32),
    Silent,
}

/// Counters and clocks of one socket.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// The generation that this end's last HELLO named; its frames are sealed with it.
    pub(super) generation: u32,
    /// The generation that the peer's last HELLO named.
    pub(super) peer_generation: u32,
    pub(super) nonce: [u8; 16],
    session: Option<[u8; 32]>,
    frames_out: u64,
    frames_in: u64,
    heard_ms: u64,
    /// Since when data has been waiting for an ACK, or since it last moved.
    waiting_ms: u64,
    pinged_ms: Option<u64>,
    pings: u32,
    over: bool,
}

impl Line {
    pub(super) fn open(&mut self, moment: &Moment, box_id: BoxId) {
        let drawn = moment.draw.bytes(&format!("sync nonce {box_id}"));
        self.nonce.copy_from_slice(&drawn[..16]);
        self.heard_ms = moment.monotonic_ms;
        self.pinged_ms = Some(moment.monotonic_ms);
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn end(&mut self) {
        self.over = true;
    }

    /// Whether anything but the first HELLO may be sent: both nonces are known.
    pub(super) fn may_speak(&self) -> bool {
        self.session.is_some()
    }

    /// Both nonces are known now.
    pub(super) fn join(&mut self, setup: &Setup, peer_nonce: &[u8; 16]) {
        self.session = Some(match setup.side {
            kiosk::ids::Writer::Site => session_id(&self.nonce, peer_nonce),
            kiosk::ids::Writer::Hub => session_id(peer_nonce, &self.nonce),
        });
    }

    /// The seal of the next frame out. The first is a HELLO, sealed without a session.
    pub(super) fn seal_out(&self, setup: &Setup) -> Seal {
        Seal {
            carrier: Carrier::Socket,
            from: setup.side,
            session: self.session.filter(|_| self.frames_out > 0).unwrap_or_default(),
            counter: self.frames_out,
            box_id: setup.box_id,
            generation: self.generation,
            epoch: Epoch(0),
        }
    }

    pub(super) fn sent(&mut self) {
        self.frames_out += 1;
    }

    /// The seal that the next frame in must have; a HELLO names its own generation.
    pub(super) fn seal_in(&self, setup: &Setup, hello_generation: Option<u32>) -> Seal {
        Seal {
            carrier: Carrier::Socket,
            from: setup.side.other(),
            session: self.session.filter(|_| self.frames_in > 0).unwrap_or_default(),
            counter: self.frames_in,
            box_id: setup.box_id,
            generation: hello_generation.unwrap_or(self.peer_generation),
            epoch: Epoch(0),
        }
    }

    /// A frame with the right seal came.
    pub(super) fn heard(&mut self, now_ms: u64) {
        self.frames_in += 1;
        self.heard_ms = now_ms;
        self.waiting_ms = now_ms;
        self.pinged_ms = None;
    }

    /// Data began to wait for its ACK.
    pub(super) fn began_waiting(&mut self, now_ms: u64) {
        self.waiting_ms = now_ms;
    }

    /// A PING goes out.
    pub(super) fn next_ping(&mut self) -> u32 {
        self.pings = self.pings.wrapping_add(1);
        self.pings
    }

    pub(super) fn deadline_ms(&self, is_waiting: bool) -> u64 {
        if let Some(pinged) = self.pinged_ms {
            return pinged + ANSWER_MS_MAX;
        }
        let silent = self.heard_ms + SILENCE_MS_MAX;
        if is_waiting {
            silent.min(self.waiting_ms + UNACKED_MS_MAX)
        } else {
            silent
        }
    }

    pub(super) fn tick(&mut self, now_ms: u64, is_waiting: bool) -> Due {
        if now_ms < self.deadline_ms(is_waiting) {
            return Due::Nothing;
        }
        if self.pinged_ms.is_some() {
            return Due::Silent;
        }
        self.pinged_ms = Some(now_ms);
        Due::Ping(self.next_ping())
    }
}
