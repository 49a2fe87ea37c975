//! PINs: four digits, checked by a keyed verifier, guarded by lock-outs (FEATURES X2, DESIGN section 6).
//!
//! Four digits fall to any search over 10,000 values, however slow the hash. So the verifier is keyed with a key that
//! is kept outside the database, and guessing at the keypad is stopped by [`PinTries`].

use crate::{
    ids::CustomerId,
    moment::{Present, Stamp, Uptime},
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{collections::VecDeque, fmt, str::FromStr};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// Wrong tries until the first lock (FEATURES X2).
pub const TRIES_BEFORE_LOCK: u32 = 5;
/// How long the first lock lasts.
pub const LOCK_MS_MIN: u64 = 15 * MINUTE_MS;
/// How long a lock lasts at most.
pub const LOCK_MS_MAX: u64 = 24 * HOUR_MS;
/// Wrong tries within [`SLOW_WINDOW_MS`] that slow a dispenser (FEATURES X2).
pub const SLOW_AFTER: usize = 30;
/// The stretch of time in which wrong tries at a dispenser are counted.
pub const SLOW_WINDOW_MS: u64 = HOUR_MS;
/// How much later a slowed dispenser is answered.
pub const SLOW_DELAY_MS: u64 = 10_000;

/// The 20 most common of 3.4 million four-digit PINs, the most common first: 27 % of all people chose one of these.
/// Source: DataGenetics, "PIN analysis", September 2012.
const COMMON: [&[u8; 4]; 20] = [
    b"1234", b"1111", b"0000", b"1212", b"7777", b"1004", b"2000", b"4444", b"2222", b"6969", b"9999", b"3333",
    b"5555", b"6666", b"1122", b"1313", b"8888", b"4321", b"2001", b"1010",
];

/// A PIN as a person keys it in. It is never stored, and never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin([u8; 4]);

/// Why a PIN cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// Not four digits.
    #[error("a PIN must be four digits")]
    Form,
    /// One of those that anybody would try first.
    #[error("this PIN is too common: choose another")]
    TooCommon,
}

impl Pin {
    /// A PIN that a person chooses now: four digits, none of the 20 most common.
    pub fn chosen(text: &str) -> Result<Pin, PinError> {
        let pin: Pin = text.parse()?;
        if pin.is_common() {
            Err(PinError::TooCommon)
        } else {
            Ok(pin)
        }
    }

    /// Whether it is one of the 20 most common. An import takes such a PIN and asks for a new one (FEATURES X2).
    pub fn is_common(&self) -> bool {
        COMMON.iter().any(|common| **common == self.0)
    }

    /// Its four ASCII digits, for sealing to the hub's key.
    pub fn digits(&self) -> [u8; 4] {
        self.0
    }
}

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Pin, PinError> {
        let digits: [u8; 4] = text.as_bytes().try_into().map_err(|_| PinError::Form)?;
        if digits.iter().all(u8::is_ascii_digit) {
            Ok(Pin(digits))
        } else {
            Err(PinError::Form)
        }
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(****)")
    }
}

/// A site's key for PIN verifiers, kept outside the database (PROTOCOL rule 1).
#[derive(Clone)]
pub struct PinKey([u8; 32]);

impl PinKey {
    /// The key with these bytes.
    pub const fn new(bytes: [u8; 32]) -> PinKey {
        PinKey(bytes)
    }

    /// What the site keeps of a customer's PIN: the first 16 bytes of HMAC-SHA-256(key, customer id ‖ PIN), the id as 8
    /// bytes, the highest first, the PIN as 4 ASCII digits.
    pub fn verifier(&self, customer: CustomerId, pin: &Pin) -> [u8; 16] {
        let tag: [u8; 32] = self.mac(customer, pin).finalize().into_bytes().into();
        let mut verifier = [0; 16];
        verifier.copy_from_slice(&tag[..16]);
        verifier
    }

    /// Whether `pin` is the one that `verifier` was made of, compared in constant time.
    pub fn is_right(&self, verifier: &[u8; 16], customer: CustomerId, pin: &Pin) -> bool {
        self.mac(customer, pin).verify_truncated_left(verifier).is_ok()
    }

    fn mac(&self, customer: CustomerId, pin: &Pin) -> Hmac<Sha256> {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.chain_update(customer.0.to_be_bytes()).chain_update(pin.0)
    }
}

impl fmt::Debug for PinKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinKey(…)")
    }
}

/// A lock that wrong tries have brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lock {
    /// When it began.
    pub since: Stamp,
    /// How long it lasts.
    pub for_ms: u64,
}

/// The wrong tries of one customer at one site, kept on disk in the same commit as the verdict.
///
/// A lock ends when the time that surely passed ([`Present::since_ms`]) has reached its length. So neither pulling the
/// plug nor moving an untrusted clock ends it early: at most 40 tries fit into 30 days, 5 before the first lock, 7 more
/// while locks double from 15 minutes to 16 hours (31.75 hours), then one a day for the 28.7 days left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PinTries {
    /// Wrong tries since the last right one.
    pub wrong: u32,
    /// The newest lock, over or not.
    pub lock: Option<Lock>,
}

impl PinTries {
    /// Milliseconds until the next try is taken; zero when one is taken now.
    pub fn locked_ms(&self, now: &Present) -> u64 {
        self.lock
            .map_or(0, |lock| lock.for_ms.saturating_sub(now.since_ms(&lock.since)))
    }

    /// Whether no try is taken now. A try in this time is not checked and not counted.
    pub fn is_locked(&self, now: &Present) -> bool {
        self.locked_ms(now) > 0
    }

    /// After a wrong try: the fifth locks for 15 minutes, each one after it for twice as long, at most 24 hours.
    #[must_use]
    pub fn after_wrong(self, now: &Present) -> PinTries {
        let wrong = self.wrong.saturating_add(1);
        let lock = wrong.checked_sub(TRIES_BEFORE_LOCK).map(|doublings| Lock {
            since: now.stamp,
            for_ms: LOCK_MS_MIN.saturating_mul(1 << doublings.min(16)).min(LOCK_MS_MAX),
        });
        PinTries { wrong, lock }
    }

    /// After a right try, or when a manager clears it with the customer present.
    #[must_use]
    pub fn cleared() -> PinTries {
        PinTries::default()
    }
}

/// The wrong tries at one dispenser: spraying over many phones slows it, and never locks it (FEATURES X2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DispenserTries {
    newest: VecDeque<Uptime>,
}

impl DispenserTries {
    /// As read back from disk, the oldest first.
    pub fn restored(wrong: impl IntoIterator<Item = Uptime>) -> DispenserTries {
        let mut tries = DispenserTries::default();
        wrong.into_iter().for_each(|at| tries.note_wrong(at));
        tries
    }

    /// A wrong PIN was keyed in; those that no longer matter are forgotten.
    pub fn note_wrong(&mut self, at: Uptime) {
        if self.newest.len() == SLOW_AFTER {
            self.newest.pop_front();
        }
        self.newest.push_back(at);
    }

    /// The wrong tries that still matter, the oldest first, to be kept on disk.
    pub fn wrong(&self) -> impl Iterator<Item = Uptime> {
        self.newest.iter().copied()
    }

    /// How much later the next try is answered: 10 s after 30 wrong ones within the last hour, else not at all.
    pub fn delay_ms(&self, now: Uptime) -> u64 {
        let full = self.newest.len() == SLOW_AFTER;
        let within = |first: &Uptime| now.since_ms(*first) < SLOW_WINDOW_MS;
        if full && self.newest.front().is_some_and(within) {
            SLOW_DELAY_MS
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests;
