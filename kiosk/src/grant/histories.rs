//! The invariants of DESIGN section 4 over random histories: one customer, a hub, two sites whose link comes and goes,
//! facts that arrive late and twice. Variants with one rule broken must be caught, or the property proves nothing.

use super::*;
use crate::ids::Epoch;
use proptest::{
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use std::collections::BTreeMap;

const CAP: Volume = Volume::from_ml(500);
const SITES: usize = 2;

/// What may be wrong with a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    /// The hub frees a right when it asks for it back.
    FreesAtRecall,
    /// The site closes a right with a hold open.
    ClosesWithOpenHold,
    /// The site forgets what open holds have set aside.
    ForgetsHolds,
    /// The site charges more than the hold.
    ChargesBeyondHold,
    /// Each arrival of a spend counts.
    CountsTwice,
    /// A booking by rule stands for ever.
    RuleStands,
    /// The hub grants without looking at what is free.
    GrantsFreely,
}

#[derive(Clone, Debug)]
enum Step {
    Credit(u64),
    Grant { site: usize, ml: u64 },
    Recall { nth: usize },
    Ask { site: usize, ml: u64 },
    Report { site: usize, nth: usize, ml: u64 },
    Limit { site: usize, nth: usize },
    Close { site: usize },
    Down { site: usize, again: usize },
    Up { site: usize, again: usize },
}

#[derive(Clone, Debug)]
enum Fact {
    Granted(GrantId, Volume),
    Recalled(GrantId),
    Poured(u64, How, Charge),
    Closed(GrantId),
}

/// What one end knows: grants, and spends by hold.
#[derive(Clone, Debug, Default, PartialEq)]
struct Replica {
    grants: BTreeMap<GrantId, GrantState>,
    holds: BTreeMap<u64, Settlement>,
}

impl Replica {
    fn fold(&mut self, fact: &Fact, flaw: Flaw) {
        match fact {
            Fact::Granted(grant, volume) => self.grants.entry(*grant).or_default().volume = Some(*volume),
            Fact::Recalled(grant) => self.grants.entry(*grant).or_default().recalled = true,
            Fact::Closed(grant) => self.grants.entry(*grant).or_default().closed = true,
            Fact::Poured(hold, how, charge) => {
                let arrival = (flaw == Flaw::CountsTwice).then_some(self.holds.len() as u64 * 1_000);
                let how = if flaw == Flaw::RuleStands { How::Rule } else { *how };
                let settlement = self.holds.entry(arrival.unwrap_or_default() + hold).or_default();
                settlement.fold(how, charge.clone());
            }
        }
    }

    fn spent(&self, grant: GrantId) -> Volume {
        self.holds.values().map(|hold| hold.spent_on(grant)).sum()
    }
}

#[derive(Debug, Default)]
struct Site {
    replica: Replica,
    log: Vec<Fact>,
    open: BTreeMap<u64, Vec<Part>>,
    by_rule: BTreeMap<u64, Vec<Part>>,
    /// What the hub has written for this site, and how much of it has arrived.
    inbox: Vec<Fact>,
    inbox_mark: usize,
    /// How much of this site's log the hub has.
    hub_mark: usize,
    /// What was spent on a grant when it was closed.
    at_close: BTreeMap<GrantId, Volume>,
}

impl Site {
    fn held(&self, grant: GrantId) -> Volume {
        let parts = self.open.values().flatten().filter(|(id, _)| *id == grant);
        parts.map(|(_, held)| *held).sum()
    }

    fn write(&mut self, fact: Fact, flaw: Flaw) {
        self.replica.fold(&fact, flaw);
        self.log.push(fact);
    }

    fn hold(&mut self, number: u64, mut missing: Volume, flaw: Flaw) {
        let mut parts = Vec::new();
        for (grant, state) in &self.replica.grants {
            let held = if flaw == Flaw::ForgetsHolds {
                Volume::ZERO
            } else {
                self.held(*grant)
            };
            let taken = state.free(self.replica.spent(*grant), held).min(missing);
            missing = missing.less(taken);
            if !taken.is_zero() {
                parts.push((*grant, taken));
            }
        }
        if missing.is_zero() {
            self.open.insert(number, parts);
        }
    }

    fn report(&mut self, nth: usize, ml: u64, flaw: Flaw) -> Result<(), TestCaseError> {
        let waiting: Vec<u64> = self.open.keys().chain(self.by_rule.keys()).copied().collect();
        let Some(&number) = waiting.get(nth % waiting.len().max(1)) else {
            return Ok(());
        };
        let booked = self.by_rule.remove(&number);
        let hold = self.open.remove(&number).or(booked).unwrap_or_default();
        let mut charge = Charge::reported(&hold, Volume::from_ml(ml));
        if let (Flaw::ChargesBeyondHold, Some(first)) = (flaw, charge.parts.first_mut()) {
            first.1 = first.1.plus(charge.over);
        }
        self.write(Fact::Poured(number, How::Report, charge), flaw);
        let held: Volume = hold.iter().map(|(_, held)| *held).sum();
        if let Some((_, standing)) = self.replica.holds.get(&number).and_then(Settlement::standing) {
            prop_assert_eq!(
                standing.paid(),
                held.min(Volume::from_ml(ml)),
                "what flowed is what stands"
            );
        }
        Ok(())
    }

    fn limit(&mut self, nth: usize, flaw: Flaw) {
        let Some(number) = self.open.keys().nth(nth % self.open.len().max(1)).copied() else {
            return;
        };
        let hold = self.open.remove(&number).unwrap_or_default();
        self.write(Fact::Poured(number, How::Rule, Charge::by_rule(&hold)), flaw);
        self.by_rule.insert(number, hold);
    }

    fn close(&mut self, flaw: Flaw) {
        for (grant, state) in self.replica.grants.clone() {
            let held = if flaw == Flaw::ClosesWithOpenHold {
                Volume::ZERO
            } else {
                self.held(grant)
            };
            if state.may_close(held) {
                self.at_close.insert(grant, self.replica.spent(grant));
                self.write(Fact::Closed(grant), flaw);
            }
        }
    }
}

#[derive(Debug)]
struct World {
    flaw: Flaw,
    credits_ml: i64,
    hub: Replica,
    numbers: u64,
    homes: Vec<(GrantId, usize)>,
    sites: [Site; SITES],
}

impl World {
    fn new(flaw: Flaw) -> World {
        World {
            flaw,
            credits_ml: 0,
            hub: Replica::default(),
            numbers: 0,
            homes: Vec::new(),
            sites: Default::default(),
        }
    }

    fn free_ml(&self) -> i64 {
        let cost = |(grant, state): (&GrantId, &GrantState)| {
            let freed = GrantState {
                closed: state.closed || (self.flaw == Flaw::FreesAtRecall && state.recalled),
                ..*state
            };
            freed.cost(self.hub.spent(*grant))
        };
        free_ml(self.credits_ml, CAP, self.hub.grants.iter().map(cost))
    }

    fn tell(&mut self, site: usize, fact: Fact) {
        self.hub.fold(&fact, self.flaw);
        self.sites[site].inbox.push(fact);
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        let flaw = self.flaw;
        self.numbers += 1;
        match *step {
            Step::Credit(ml) => self.credits_ml += ml as i64,
            Step::Grant { site, ml } => {
                let most = if flaw == Flaw::GrantsFreely {
                    Volume::MAX
                } else {
                    grantable(self.free_ml(), None)
                };
                let grant = GrantId {
                    epoch: Epoch(3),
                    number: self.numbers,
                };
                self.homes.push((grant, site));
                self.tell(site, Fact::Granted(grant, Volume::from_ml(ml).min(most)));
            }
            Step::Recall { nth } => {
                if let Some(&(grant, site)) = self.homes.get(nth % self.homes.len().max(1)) {
                    self.tell(site, Fact::Recalled(grant));
                }
            }
            Step::Ask { site, ml } => self.sites[site].hold(self.numbers, Volume::from_ml(ml), flaw),
            Step::Report { site, nth, ml } => self.sites[site].report(nth, ml, flaw)?,
            Step::Limit { site, nth } => self.sites[site].limit(nth, flaw),
            Step::Close { site } => self.sites[site].close(flaw),
            Step::Down { site, again } => self.down(site, again),
            Step::Up { site, again } => self.up(site, again),
        }
        self.check()
    }

    /// The next fact of the hub arrives at the site, and `again` many before it once more.
    fn down(&mut self, site: usize, again: usize) {
        let site = &mut self.sites[site];
        let next = (site.inbox_mark + 1).min(site.inbox.len());
        for fact in &site.inbox[site.inbox_mark.saturating_sub(again)..next] {
            site.replica.fold(fact, self.flaw);
        }
        site.inbox_mark = next;
    }

    /// The next fact of the site arrives at the hub, and `again` many before it once more.
    fn up(&mut self, site: usize, again: usize) {
        let site = &mut self.sites[site];
        let next = (site.hub_mark + 1).min(site.log.len());
        for fact in &site.log[site.hub_mark.saturating_sub(again)..next] {
            self.hub.fold(fact, self.flaw);
        }
        site.hub_mark = next;
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let mut promised = Volume::ZERO;
        for site in &self.sites {
            for (grant, state) in &site.replica.grants {
                let taken = site.replica.spent(*grant).plus(site.held(*grant));
                prop_assert!(
                    taken <= state.volume.unwrap_or_default(),
                    "spend and holds within the grant"
                );
                promised = promised.plus(taken);
                if let Some(at_close) = site.at_close.get(grant) {
                    prop_assert!(taken <= *at_close, "nothing spent or held after the close");
                }
            }
        }
        let bought = self.credits_ml + CAP.signed_ml();
        prop_assert!(promised.signed_ml() <= bought, "dispensed within credits and cap");
        prop_assert!(self.free_ml() >= 0, "the hub never promised more than there is");
        Ok(())
    }

    /// The link is back and everything arrives: both ends know the same, and so does one that reads it all backwards.
    fn quiet(&mut self) -> Result<(), TestCaseError> {
        for site in 0..SITES {
            while self.sites[site].inbox_mark < self.sites[site].inbox.len() {
                self.down(site, 1);
            }
            while self.sites[site].hub_mark < self.sites[site].log.len() {
                self.up(site, 1);
            }
        }
        self.check()?;
        let mut backwards = Replica::default();
        for site in self.sites.iter().rev() {
            let facts = site.log.iter().rev().chain(site.inbox.iter().rev());
            for fact in facts.chain(&site.log) {
                backwards.fold(fact, self.flaw);
            }
            for (grant, state) in &site.replica.grants {
                prop_assert_eq!(self.hub.grants.get(grant), Some(state));
                prop_assert_eq!(
                    self.hub.spent(*grant),
                    site.replica.spent(*grant),
                    "after quiet, hub = site"
                );
            }
        }
        prop_assert_eq!(&backwards, &self.hub, "any order and any repeat give the same");
        Ok(())
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (site, ml, nth, again) = (|| 0..SITES, || 1..1_500_u64, || 0..8_usize, || 0..3_usize);
    let step = prop_oneof![
        2 => ml().prop_map(Step::Credit),
        3 => (site(), ml()).prop_map(|(site, ml)| Step::Grant { site, ml }),
        2 => nth().prop_map(|nth| Step::Recall { nth }),
        4 => (site(), 1..600_u64).prop_map(|(site, ml)| Step::Ask { site, ml }),
        3 => (site(), nth(), 0..900_u64).prop_map(|(site, nth, ml)| Step::Report { site, nth, ml }),
        1 => (site(), nth()).prop_map(|(site, nth)| Step::Limit { site, nth }),
        2 => site().prop_map(|site| Step::Close { site }),
        5 => (site(), again()).prop_map(|(site, again)| Step::Down { site, again }),
        4 => (site(), again()).prop_map(|(site, again)| Step::Up { site, again }),
    ];
    prop::collection::vec(step, 1..80)
}

fn run(flaw: Flaw, rng: TestRng) -> Result<(), String> {
    let config = Config {
        cases: 512,
        failure_persistence: None,
        max_shrink_iters: if flaw == Flaw::None { 4_096 } else { 0 },
        ..Config::default()
    };
    let outcome = TestRunner::new_with_rng(config, rng).run(&steps(), |steps| {
        let mut world = World::new(flaw);
        steps.iter().try_for_each(|step| world.step(step))?;
        world.quiet()
    });
    outcome.map_err(|error| error.to_string())
}

#[test]
fn water_is_never_overspent_and_both_ends_agree_after_quiet() {
    if let Err(error) = run(Flaw::None, TestRng::from_seed(RngAlgorithm::ChaCha, &[20; 32])) {
        panic!("{error}");
    }
}

#[test]
fn a_world_with_one_rule_broken_is_caught() {
    for flaw in [
        Flaw::FreesAtRecall,
        Flaw::ClosesWithOpenHold,
        Flaw::ForgetsHolds,
        Flaw::ChargesBeyondHold,
        Flaw::CountsTwice,
        Flaw::RuleStands,
        Flaw::GrantsFreely,
    ] {
        let outcome = run(flaw, TestRng::from_seed(RngAlgorithm::ChaCha, &[21; 32]));
        assert!(outcome.is_err(), "{flaw:?} went unnoticed");
    }
}
