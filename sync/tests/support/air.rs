//! Two ends and the air between them: texts that are lost, doubled, late and out of order.
#![allow(dead_code, missing_docs, reason = "each test binary uses its part")]

use kiosk::{
    ids::{Epoch, Lane, Writer},
    moment::Moment,
};
use kisima_sync::{
    record::Record,
    seal::Carrier,
    session::{Action, Setup},
    thin::{self, Event, Outcome},
};

use crate::support::{self, BOX, End, moment};

/// Numbers from a seed (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    pub fn is_one_in(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A text on its way.
#[derive(Clone, Debug)]
pub struct Flying {
    pub at_ms: u64,
    pub to: Writer,
    pub text: String,
}

/// A site, a hub and the air.
pub struct Air {
    pub site: End,
    pub hub: End,
    pub site_setup: Setup,
    pub hub_setup: Setup,
    pub now_ms: u64,
    /// How far the hub's wall clock is off.
    pub wall_ms: i64,
    /// When each end's run began: its monotonic clock counts from there.
    pub began_ms: [u64; 2],
    pub flying: Vec<Flying>,
    pub dice: Dice,
    pub loss_percent: u64,
    pub double_percent: u64,
    pub delay_ms_max: u64,
    /// SMS that left, the parts of a long one counted: by the site, by the hub.
    pub sent: [u32; 2],
    /// Every text that left, in order.
    pub said: Vec<(Writer, String)>,
    /// What came of the last text that arrived at each end.
    pub outcomes: [Outcome; 2],
    pub carrier: Carrier,
}

impl Air {
    pub fn new(seed: u64) -> Air {
        Air {
            site: End::new(Writer::Site, 0xa1a1_0000_0000_00a1),
            hub: End::new(Writer::Hub, 0x4141_0000_0000_0041),
            site_setup: support::setup(Writer::Site, 0xa1a1_0000_0000_00a1),
            hub_setup: support::setup(Writer::Hub, 0x4141_0000_0000_0041),
            now_ms: 1_000,
            wall_ms: 0,
            began_ms: [0, 0],
            flying: Vec::new(),
            dice: Dice(seed),
            loss_percent: 0,
            double_percent: 0,
            delay_ms_max: 8_000,
            sent: [0; 2],
            said: Vec::new(),
            outcomes: Default::default(),
            carrier: Carrier::Sms,
        }
    }

    pub fn parts(&mut self, side: Writer) -> (&mut End, &Setup, u64) {
        let now = self.now_ms - self.began_ms[usize::from(side.number())];
        match side {
            Writer::Site => (&mut self.site, &self.site_setup, now),
            Writer::Hub => (&mut self.hub, &self.hub_setup, now),
        }
    }

    /// This moment at an end: its monotonic clock began with its run, the wall clock did not.
    fn moment(&mut self, side: Writer, seed: u64) -> Moment {
        let off_ms = if side == Writer::Hub { self.wall_ms } else { 0 };
        let wall = moment(self.now_ms, 0).wall.plus_ms(off_ms);
        let (_, _, now) = self.parts(side);
        Moment {
            wall,
            ..moment(now, seed)
        }
    }

    pub fn handle(&mut self, side: Writer, event: Event<'_>) -> Outcome {
        let seed = self.dice.roll();
        let moment = self.moment(side, seed);
        let (end, setup, _) = self.parts(side);
        let outcome = thin::handle(setup, &moment, event, &mut end.disk).unwrap();
        end.seen.extend(outcome.actions.iter().cloned());
        for text in &outcome.texts {
            assert!(
                text.text.len() <= 160 || (text.parts > 1 && text.text.len() <= 612),
                "{text:?}"
            );
            assert!(thin::looks_like_frame(&text.text));
            self.sent[usize::from(side.number())] += text.parts;
            self.said.push((side, text.text.clone()));
            self.fly(side.other(), &text.text);
        }
        outcome
    }

    fn fly(&mut self, to: Writer, text: &str) {
        if self.dice.is_one_in(self.loss_percent) {
            return;
        }
        let copies = if self.dice.is_one_in(self.double_percent) { 2 } else { 1 };
        for _ in 0..copies {
            let at_ms = self.now_ms + 1_000 + self.dice.below(self.delay_ms_max);
            let text = text.to_owned();
            self.flying.push(Flying { at_ms, to, text });
        }
    }

    pub fn hear(&mut self, to: Writer, text: &str) -> Outcome {
        let carrier = self.carrier;
        let outcome = self.handle(to, Event::Text { carrier, text });
        self.outcomes[usize::from(to.number())] = outcome.clone();
        outcome
    }

    /// Says what is due at an end, within a budget.
    pub fn tick(&mut self, side: Writer, texts_max: u32) -> Outcome {
        let carrier = self.carrier;
        let outcome = self.handle(side, Event::Tick { carrier, texts_max });
        let spent: u32 = outcome.texts.iter().map(|text| text.parts).sum();
        assert!(spent <= texts_max, "{spent} texts of {texts_max}");
        outcome
    }

    /// When an end is due, in the time of the air.
    pub fn due_ms(&mut self, side: Writer) -> Option<u64> {
        let began = self.began_ms[usize::from(side.number())];
        let moment = self.moment(side, 0);
        let (end, setup, _) = self.parts(side);
        let due = thin::deadline_ms(setup, &moment, &end.disk).unwrap();
        due.map(|due| began + due)
    }

    /// Goes on to the next thing that happens, but not beyond `until_ms`; false when that is reached.
    pub fn step(&mut self, until_ms: u64) -> bool {
        let flying = self.flying.iter().map(|flying| flying.at_ms).min();
        let next = [self.due_ms(Writer::Site), self.due_ms(Writer::Hub), flying]
            .into_iter()
            .flatten()
            .min();
        let Some(next) = next.filter(|next| *next <= until_ms) else {
            self.now_ms = self.now_ms.max(until_ms);
            return false;
        };
        self.now_ms = self.now_ms.max(next);
        let now = self.now_ms;
        let (due, later) = std::mem::take(&mut self.flying)
            .into_iter()
            .partition(|flying| flying.at_ms <= now);
        self.flying = later;
        for Flying { to, text, .. } in due {
            self.hear(to, &text);
        }
        for side in [Writer::Site, Writer::Hub] {
            if self.due_ms(side).is_some_and(|due| due <= now) {
                self.tick(side, 1_000);
                let again = self.due_ms(side);
                assert!(
                    again.is_none_or(|due| due > now),
                    "{side:?} says that it is due and has nothing to say"
                );
            }
        }
        true
    }

    /// Lets time pass.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now_ms + ms;
        let mut steps = 0;
        while self.step(until) {
            steps += 1;
            assert!(steps < 20_000, "the two ends never fall silent");
        }
    }

    /// Both ends as a socket would have left them.
    pub fn settle_by_socket(&mut self) {
        let mut pair = support::Pair::new(9);
        std::mem::swap(&mut pair.site, &mut self.site);
        std::mem::swap(&mut pair.hub, &mut self.hub);
        pair.connect();
        pair.settle();
        pair.assert_same();
        pair.cut();
        std::mem::swap(&mut pair.site, &mut self.site);
        std::mem::swap(&mut pair.hub, &mut self.hub);
        for side in [Writer::Site, Writer::Hub] {
            let peer_run = Epoch(self.parts(side.other()).0.run);
            self.handle(side, Event::WideHeard { peer_run });
        }
    }

    pub fn restart(&mut self, side: Writer, run: u64) {
        self.began_ms[usize::from(side.number())] = self.now_ms;
        let setup = support::setup(side, run);
        match side {
            Writer::Site => self.site_setup = setup,
            Writer::Hub => self.hub_setup = setup,
        }
        let (end, ..) = self.parts(side);
        end.run = run;
        end.written = 0;
    }

    pub fn write(&mut self, side: Writer, record: &Record) {
        let (end, ..) = self.parts(side);
        let pen = end.pen();
        pen.write(&mut end.disk, BOX, Lane::Money, record).unwrap();
    }

    pub fn sell(&mut self, count: u64) {
        (0..count).for_each(|_| self.site.write_quietly());
    }

    pub fn grant(&mut self, count: u64) {
        (0..count).for_each(|_| self.hub.write_quietly());
    }

    pub fn mark(&mut self, at: Writer, by: Writer) -> u32 {
        let run = self.parts(by).0.run;
        self.parts(at).0.disk.mark(by, Lane::Money, run)
    }

    pub fn assert_same(&self) {
        assert_eq!(self.site.disk.records(), self.hub.disk.records());
        self.site.disk.assert_sound(true);
        self.hub.disk.assert_sound(true);
    }

    pub fn assert_no_alarm(&self) {
        for end in [&self.site, &self.hub] {
            let alarm = |action: &&Action| matches!(action, Action::Fork { .. } | Action::Refused { .. });
            assert_eq!(
                end.seen.iter().find(alarm),
                None,
                "an alarm without a reason at {:?}",
                end.side
            );
        }
    }
}
