//! Rights to draw: what a pour costs them, what they cost the hub, and when one may be closed (PROTOCOL section 6).
//!
//! Everything here is a fold: the same facts in any order, and any of them twice, give the same result.

use crate::{
    fact::{How, Poured},
    ids::GrantId,
    units::Volume,
};

/// What one grant sets aside or pays.
pub type Part = (GrantId, Volume);

/// What a pour came to: what each grant of the hold pays and what the site loses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Charge {
    /// What each grant pays, in the hold's order, none of them zero.
    pub parts: Vec<Part>,
    /// What flowed beyond the hold: the site's loss.
    pub over: Volume,
}

impl Charge {
    /// Splits a reported volume over a hold, in the hold's order, so the allowance pays first as it was held. What
    /// does not fit is the site's loss (CONTRACTS section 3, odd pours).
    pub fn reported(hold: &[Part], volume: Volume) -> Charge {
        let mut rest = volume;
        let parts = hold.iter().filter_map(|&(grant, held)| {
            let paid = held.min(rest);
            rest = rest.less(paid);
            (!paid.is_zero()).then_some((grant, paid))
        });
        let parts = parts.collect();
        Charge { parts, over: rest }
    }

    /// The whole hold, booked when no report came in time (PROTOCOL rule 23).
    pub fn by_rule(hold: &[Part]) -> Charge {
        Charge {
            parts: hold.iter().copied().filter(|(_, held)| !held.is_zero()).collect(),
            over: Volume::ZERO,
        }
    }

    /// What all grants pay together.
    pub fn paid(&self) -> Volume {
        self.parts.iter().map(|(_, paid)| *paid).sum()
    }

    /// What flowed, or is counted as if it had.
    pub fn poured(&self) -> Volume {
        self.paid().plus(self.over)
    }

    /// What this charge takes from `grant`.
    pub fn from_grant(&self, grant: GrantId) -> Volume {
        self.parts
            .iter()
            .filter(|(id, _)| *id == grant)
            .map(|(_, paid)| *paid)
            .sum()
    }

    /// This charge cut down to what `hold` set aside; the excess becomes the site's loss.
    fn within(&self, hold: &[Part]) -> Charge {
        let mut over = self.over;
        let mut parts = Vec::with_capacity(self.parts.len());
        for &(grant, paid) in &self.parts {
            let held = hold.iter().filter(|(id, _)| *id == grant).map(|(_, held)| *held).sum();
            let kept = paid.min(held);
            over = over.plus(paid.less(kept));
            if !kept.is_zero() {
                parts.push((grant, kept));
            }
        }
        Charge { parts, over }
    }

    /// The larger of two charges, by what flowed. Equal ones are told apart by their content, so that the choice does
    /// not depend on which came first.
    fn larger(self, other: Charge) -> Charge {
        let key = |charge: &Charge| (charge.poured(), charge.paid(), charge.parts.clone());
        if key(&other) > key(&self) { other } else { self }
    }
}

/// All spends seen on one hold, folded (PROTOCOL rule 23): a report beats a rule, of two reports the larger counts, and
/// never more than the hold.
///
/// The hub does not know a hold, for holds are rows of the site and no facts. It needs none: the site wrote each
/// charge within the hold, and a booking by rule names the hold in full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// The booking by rule: the hold in full.
    pub rule: Option<Charge>,
    /// The largest report.
    pub report: Option<Charge>,
}

impl Settlement {
    /// Takes one more spend into account.
    pub fn fold(&mut self, how: How, charge: Charge) {
        let slot = match how {
            How::Rule => &mut self.rule,
            How::Report => &mut self.report,
        };
        *slot = Some(match slot.take() {
            Some(known) => known.larger(charge),
            None => charge,
        });
    }

    /// Takes one more spend, as it stands in a fact, into account.
    pub fn fold_fact(&mut self, poured: &Poured) {
        let charge = Charge {
            parts: poured.parts.clone(),
            over: poured.over,
        };
        self.fold(poured.how, charge);
    }

    /// What stands, and how it came to stand; `None` before the first spend.
    pub fn standing(&self) -> Option<(How, Charge)> {
        match (&self.report, &self.rule) {
            (Some(report), Some(rule)) => Some((How::Report, report.within(&rule.parts))),
            (Some(report), None) => Some((How::Report, report.clone())),
            (None, Some(rule)) => Some((How::Rule, rule.clone())),
            (None, None) => None,
        }
    }

    /// What the hold took from `grant` in the end.
    pub fn spent_on(&self, grant: GrantId) -> Volume {
        self.standing()
            .map_or(Volume::ZERO, |(_, charge)| charge.from_grant(grant))
    }
}

/// What an end knows of a grant, folded from `Granted`, `Closed` and write-offs in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GrantState {
    /// Its volume, once its `Granted` is known. A spend may be known before it.
    pub volume: Option<Volume>,
    /// It is asked back: no new holds.
    pub recalled: bool,
    /// Its site will not spend on it any more.
    pub closed: bool,
    /// The spend known when its box was written off; what comes later goes to suspense (PROTOCOL rule 25).
    pub written_off: Option<Volume>,
}

impl GrantState {
    /// What it takes from the customer's credit, with `spent` known on it (PROTOCOL rule 21): an open one the larger of
    /// its volume and its spend, a closed one its spend, a written-off one the spend known then, one not yet
    /// known its spend in full.
    pub fn cost(self, spent: Volume) -> Volume {
        match (self.written_off, self.closed, self.volume) {
            (Some(known), _, _) => known,
            (None, true, _) | (None, false, None) => spent,
            (None, false, Some(volume)) => volume.max(spent),
        }
    }

    /// What went beyond the write-off and belongs into suspense.
    pub fn suspense(self, spent: Volume) -> Volume {
        self.written_off.map_or(Volume::ZERO, |known| spent.less(known))
    }

    /// What the site may set aside: nothing of one that is recalled or closed, else its volume less what is spent and
    /// less what open holds have set aside (PROTOCOL rule 22).
    pub fn free(self, spent: Volume, held: Volume) -> Volume {
        match self.volume {
            Some(volume) if !self.recalled && !self.closed && self.written_off.is_none() => {
                volume.less(spent).less(held)
            }
            _ => Volume::ZERO,
        }
    }

    /// Whether the site may write `Closed` now: it is known, was asked back, is not closed yet, and no hold on it is open
    /// (PROTOCOL rule 24). Then the log's order puts every spend before the closing.
    pub fn may_close(self, held: Volume) -> bool {
        self.volume.is_some() && self.recalled && !self.closed && held.is_zero()
    }
}

/// What the hub may still grant or spend of one purse of one customer: `credits + cap − Σ cost` (PROTOCOL rule 21).
/// Below zero it grants nothing and raises an alarm.
pub fn free_ml(credits_ml: i64, cap: Volume, costs: impl IntoIterator<Item = Volume>) -> i64 {
    let costs = costs
        .into_iter()
        .fold(0_i64, |sum, cost| sum.saturating_add(cost.signed_ml()));
    credits_ml.saturating_add(cap.signed_ml()).saturating_sub(costs)
}

/// What a restored hub has seen since the restore (PROTOCOL rule 17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// Credits of this customer and purse paid since.
    pub credited_since: Volume,
    /// Granted of them since.
    pub granted_since: Volume,
}

/// The most the hub may grant out of what is free. While it is in doubt it may not touch what was credited before the
/// restore, since a grant it has forgotten may have spent it.
pub fn grantable(free_ml: i64, doubt: Option<Doubt>) -> Volume {
    let free = Volume::try_from_ml(free_ml.clamp(0, Volume::MAX.signed_ml())).unwrap_or(Volume::ZERO);
    match doubt {
        Some(doubt) => free.min(doubt.credited_since.less(doubt.granted_since)),
        None => free,
    }
}

#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;
