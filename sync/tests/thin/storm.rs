//! Storms: texts lost, doubled, late and out of order, budgets, restarts, sockets in between, disks set back to an earlier
//! day. When the air is good again both ends hold the same logs, byte for byte, as a socket would have left them.
//!
//! `KISIMA_STORMS=1000` runs more of them, `KISIMA_STORM=7` begins with that one.

use super::*;
use crate::support::Memory;

struct Storm {
    air: Air,
    runs: u64,
    side_log: u32,
    site_backup: Memory,
    hub_backup: Memory,
    old: Vec<(Writer, String)>,
}

impl Storm {
    fn new(seed: u64) -> Storm {
        let mut air = Air::new(seed);
        air.loss_percent = air.dice.below(40);
        air.double_percent = air.dice.below(30);
        air.delay_ms_max = 1 + air.dice.below(1_800_000);
        Storm {
            air,
            runs: 0x1000_0000_0000,
            side_log: 0,
            site_backup: Memory::default(),
            hub_backup: Memory::default(),
            old: Vec::new(),
        }
    }

    fn step(&mut self) {
        match self.air.dice.below(100) {
            0..30 => {
                // A box in doubt sells nothing (rule 14).
                let is_doubt = doubt::site_in_doubt(&self.air.site.disk).unwrap();
                let count = 1 + self.air.dice.below(40);
                self.air.sell(if is_doubt { 0 } else { count });
            }
            30..45 => {
                let count = 1 + self.air.dice.below(6);
                self.air.grant(count);
            }
            45..75 => {
                let ms = self.air.dice.below(7_200_000);
                self.air.pass(ms);
            }
            75..80 => {
                let side = if self.air.dice.is_one_in(50) {
                    Writer::Site
                } else {
                    Writer::Hub
                };
                let budget = self.air.dice.below(3) as u32;
                self.air.tick(side, budget);
            }
            80..84 => self.old_text(),
            84..88 => self.restart(Writer::Site),
            88..91 => self.restart(Writer::Hub),
            91..93 => self.air.settle_by_socket(),
            93 => self.site_backup = self.air.site.disk.clone(),
            94 => self.hub_backup = self.air.hub.disk.clone(),
            95 => {
                self.restart(Writer::Site);
                self.air.site.disk = self.site_backup.clone();
            }
            96 => {
                self.restart(Writer::Hub);
                self.air.hub.disk = self.hub_backup.clone();
                self.side_log = doubt::hub_raise(&mut self.air.hub.disk, self.side_log + 1).unwrap();
            }
            _ => {}
        }
        self.side_log = self.side_log.max(doubt::generation(&self.air.hub.disk).unwrap());
        let said = std::mem::take(&mut self.air.said);
        self.old.extend(said);
    }

    /// Any text of the past comes once more.
    fn old_text(&mut self) {
        if self.old.is_empty() {
            return;
        }
        let place = self.air.dice.below(self.old.len() as u64) as usize;
        let (from, text) = self.old[place].clone();
        self.air.hear(from.other(), &text);
    }

    fn restart(&mut self, side: Writer) {
        self.runs += 0x0001_0001_0000_0001;
        self.air.restart(side, self.runs);
    }

    fn heal(&mut self, seed: u64) {
        (self.air.loss_percent, self.air.double_percent) = (0, 0);
        self.air.delay_ms_max = 5_000;
        // A box says by its next sale that it is there.
        for _ in 0..40 {
            self.air.pass(12 * 3_600_000);
            if self.air.site.disk.records() == self.air.hub.disk.records()
                && !doubt::site_in_doubt(&self.air.site.disk).unwrap()
            {
                break;
            }
            if !doubt::site_in_doubt(&self.air.site.disk).unwrap() {
                self.air.sell(1);
            }
        }
        let same = self.air.site.disk.records() == self.air.hub.disk.records();
        assert!(same, "storm {seed}: the two ends differ");
        self.air.pass(48 * 3_600_000);
        self.air.assert_same();
        self.air.assert_no_alarm();
        assert!(!doubt::site_in_doubt(&self.air.site.disk).unwrap(), "storm {seed}");
        // What texts made is what a socket would have made: it finds nothing to do.
        let before = self.air.hub.disk.records();
        self.air.settle_by_socket();
        assert_eq!(self.air.hub.disk.records(), before, "storm {seed}");
        self.air.assert_no_alarm();
    }
}

#[test]
fn after_any_storm_texts_alone_make_both_ends_equal() {
    let number = |name: &str, otherwise: u64| {
        let value = std::env::var(name).ok();
        value.and_then(|value| value.parse().ok()).unwrap_or(otherwise)
    };
    let first = number("KISIMA_STORM", 0);
    for seed in first..first + number("KISIMA_STORMS", 12) {
        println!("storm {seed}");
        let mut storm = Storm::new(seed);
        storm.air.grant(2);
        storm.air.settle_by_socket();
        for _ in 0..60 {
            storm.step();
        }
        storm.heal(seed);
    }
}
