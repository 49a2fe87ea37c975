//! A seeded storm over two ends: losses, cuts at any frame, frames of dead sockets, restarts, and disks set back to an
//! earlier day, the box's and the hub's. When it is over, one quiet connection must make them equal.
//!
//! `KISIMA_STORMS=10000` runs more of them, `KISIMA_STORM=7` begins with that one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "support/ends.rs"]
mod support;

use kiosk::ids::Writer;
use kisima_sync::{doubt, session::Action, session::Event};
use support::{BOX, End, Memory, Pair};

/// Numbers from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }
}

struct Storm {
    pair: Pair,
    dice: Dice,
    runs: u64,
    /// The hub's generation as its side log has it: apart from the database and never set back.
    side_log: u32,
    site_backup: Memory,
    hub_backup: Memory,
    /// A frame of some earlier socket.
    stale: Option<Vec<u8>>,
}

impl Storm {
    fn new(seed: u64) -> Storm {
        Storm {
            pair: Pair::new(seed),
            dice: Dice(seed),
            runs: 0x100,
            side_log: 0,
            site_backup: Memory::default(),
            hub_backup: Memory::default(),
            stale: None,
        }
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..25 => self.write(),
            25..70 => self.deliver(),
            70..80 => self.pair.connect(),
            80..84 => self.pair.cut(),
            84..87 => self.stale_frame(),
            87..91 => self.tick(),
            91..93 => self.restart(Writer::Site),
            93..95 => self.restart(Writer::Hub),
            95 => self.site_backup = self.pair.site.disk.clone(),
            96 => self.hub_backup = self.pair.hub.disk.clone(),
            97 | 98 => {
                self.restart(Writer::Site);
                self.pair.site.disk = self.site_backup.clone();
            }
            _ => self.restore_hub(),
        }
        self.side_log = self.side_log.max(doubt::generation(&self.pair.hub.disk).unwrap());
    }

    fn end(&mut self) -> &mut End {
        if self.dice.below(2) == 0 {
            &mut self.pair.site
        } else {
            &mut self.pair.hub
        }
    }

    fn write(&mut self) {
        let moment = self.pair.moment();
        let count = 1 + self.dice.below(30);
        let end = self.end();
        // A box in doubt sells nothing (rule 14).
        if end.side == Writer::Site && doubt::site_in_doubt(&end.disk).unwrap() {
            return;
        }
        for _ in 0..count {
            end.write_quietly();
        }
        end.handle(&moment, Event::Written);
    }

    fn deliver(&mut self) {
        for _ in 0..self.dice.below(12) {
            let to = if self.dice.below(2) == 0 {
                Writer::Site
            } else {
                Writer::Hub
            };
            self.pair.deliver(to);
        }
    }

    /// A frame of a socket that is gone, or a damaged one, ends the connection and nothing else.
    fn stale_frame(&mut self) {
        let moment = self.pair.moment();
        let stale = self.stale.take();
        let end = self.end();
        let before = end.disk.records();
        if let Some(frame) = stale {
            end.handle(&moment, Event::Frame(&frame));
            assert_eq!(end.disk.records(), before, "a stale frame changed a disk");
            self.pair.cut();
        } else {
            self.stale = end.wire.front().cloned();
            self.pair.cut();
        }
    }

    fn tick(&mut self) {
        self.pair.now_ms += self.dice.below(400_000);
        let moment = self.pair.moment();
        self.pair.site.handle(&moment, Event::Tick);
        self.pair.hub.handle(&moment, Event::Tick);
    }

    fn restart(&mut self, side: Writer) {
        self.runs += 1;
        self.pair.restart(side, self.runs);
    }

    fn restore_hub(&mut self) {
        self.restart(Writer::Hub);
        self.pair.hub.disk = self.hub_backup.clone();
        self.side_log = doubt::hub_raise(&mut self.pair.hub.disk, self.side_log + 1).unwrap();
    }

    fn heal(&mut self) {
        self.pair.connect();
        self.pair.settle();
        // What completes a first HELLO is of the missing past itself; the record after it is not (rule 18).
        let moment = self.pair.moment();
        self.pair.site.write(&moment);
        self.pair.settle();
        self.pair.assert_same();
        assert!(self.pair.site.session.is_some() && self.pair.hub.session.is_some());
        assert!(
            !doubt::site_in_doubt(&self.pair.site.disk).unwrap(),
            "the box waits for what nobody has"
        );
        let (site, hub) = (&self.pair.site.disk, &self.pair.hub.disk);
        assert_eq!(doubt::generation(site).unwrap(), doubt::generation(hub).unwrap());
        assert!(doubt::hub_heard(hub, BOX).unwrap(), "the hub does not hear the box");
        assert!(doubt::hub_effects_allowed(hub, BOX).unwrap());
        for end in [&self.pair.site, &self.pair.hub] {
            let alarm = |action: &&Action| matches!(action, Action::Fork { .. } | Action::Refused { .. });
            assert_eq!(
                end.seen.iter().find(alarm),
                None,
                "an alarm without a reason at {:?}",
                end.side
            );
        }
        // What is settled stays so, and says nothing more.
        self.pair.connect();
        self.pair.settle();
        self.pair.assert_same();
    }
}

#[test]
fn after_any_storm_one_quiet_connection_makes_both_ends_equal() {
    let storms = std::env::var("KISIMA_STORMS")
        .ok()
        .and_then(|count| count.parse().ok())
        .unwrap_or(400);
    let first = std::env::var("KISIMA_STORM")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(0);
    for seed in first..first + storms {
        println!("storm {seed}");
        let mut storm = Storm::new(seed);
        for _ in 0..120 {
            storm.step();
        }
        storm.heal();
    }
}

/// The storm sends whole frames; this one sends a byte less each time. A cut frame is no frame, and costs nothing but
/// itself.
#[test]
fn a_cut_at_every_byte_of_a_connection_loses_at_most_what_was_not_acknowledged() {
    let mut whole = Pair::new(5);
    for _ in 0..20 {
        whole.site.write_quietly();
        whole.hub.write_quietly();
    }
    let mut total = 0;
    let frames = |pair: &mut Pair, until: usize| {
        pair.connect();
        let mut left = until;
        loop {
            let to = if pair.site.wire.is_empty() {
                Writer::Site
            } else {
                Writer::Hub
            };
            let wire = if to == Writer::Hub {
                &pair.site.wire
            } else {
                &pair.hub.wire
            };
            let Some(next) = wire.front() else { return until - left };
            if next.len() > left {
                let part = next[..left].to_vec();
                assert!(
                    kisima_sync::frame::split(&part).unwrap().is_none(),
                    "a cut frame looked whole"
                );
                pair.cut();
                return until;
            }
            left -= next.len();
            pair.deliver(to);
        }
    };
    total += frames(&mut Pair { ..clone(&whole) }, usize::MAX);
    assert!(total > 500, "{total}");
    for cut in 0..total {
        let mut pair = clone(&whole);
        frames(&mut pair, cut);
        pair.site.disk.assert_sound(false);
        pair.hub.disk.assert_sound(false);
        pair.connect();
        pair.settle();
        pair.assert_same();
        let folded = pair.hub.folded() + pair.site.folded();
        assert_eq!(folded, 42, "cut at {cut}: each record is folded exactly once");
    }
}

fn clone(pair: &Pair) -> Pair {
    let mut copy = Pair::new(pair.seed);
    copy.site.disk = pair.site.disk.clone();
    copy.hub.disk = pair.hub.disk.clone();
    copy
}
