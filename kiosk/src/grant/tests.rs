//! Expected values come from PROTOCOL rules 20 to 25 and hand arithmetic.

use super::*;
use crate::ids::Epoch;
use proptest::{prelude::*, sample::Index};

fn grant(number: u64) -> GrantId {
    GrantId {
        epoch: Epoch(1),
        number,
    }
}

fn parts<const N: usize>(parts: [(u64, u64); N]) -> Vec<Part> {
    parts.map(|(number, ml)| (grant(number), Volume::from_ml(ml))).into()
}

/// What stands after these spends.
fn standing(spends: impl IntoIterator<Item = (How, Charge)>) -> Option<(How, Charge)> {
    let mut settlement = Settlement::default();
    for (how, charge) in spends {
        settlement.fold(how, charge);
    }
    settlement.standing()
}

fn open(ml: u64) -> GrantState {
    GrantState {
        volume: Some(Volume::from_ml(ml)),
        ..GrantState::default()
    }
}

#[test]
fn a_report_is_paid_in_the_holds_order_and_the_rest_is_the_sites_loss() {
    let hold = parts([(4, 5_000), (1, 15_000)]);
    for (reported, paid, over) in [
        (0, vec![], 0),
        (500, parts([(4, 500)]), 0),
        (5_000, parts([(4, 5_000)]), 0),
        (5_001, parts([(4, 5_000), (1, 1)]), 0),
        (20_000, hold.clone(), 0),
        (20_500, hold.clone(), 500),
    ] {
        let charge = Charge::reported(&hold, Volume::from_ml(reported));
        assert_eq!(charge.parts, paid, "{reported}");
        assert_eq!(charge.over, Volume::from_ml(over), "{reported}");
        assert_eq!(charge.poured(), Volume::from_ml(reported));
    }
    assert_eq!(Charge::reported(&[], Volume::from_ml(7)).over, Volume::from_ml(7));
}

#[test]
fn a_report_beats_the_rule_and_corrects_it_only_downwards() {
    let hold = parts([(1, 20_000)]);
    let rule = (How::Rule, Charge::by_rule(&hold));
    let report = |ml| (How::Report, Charge::reported(&hold, Volume::from_ml(ml)));
    assert_eq!(Settlement::default().standing(), None);
    for (spends, how, paid, over) in [
        (vec![rule.clone()], How::Rule, 20_000, 0),
        (vec![rule.clone(), report(500)], How::Report, 500, 0),
        (vec![report(500), rule.clone()], How::Report, 500, 0),
        (vec![rule.clone(), report(25_000)], How::Report, 20_000, 5_000),
        (vec![report(500), report(700)], How::Report, 700, 0),
        (vec![report(700), report(500), rule], How::Report, 700, 0),
    ] {
        let (settled, charge) = standing(spends.clone()).unwrap();
        assert_eq!(settled, how, "{spends:?}");
        assert_eq!(charge.paid(), Volume::from_ml(paid), "{spends:?}");
        assert_eq!(charge.over, Volume::from_ml(over), "{spends:?}");
    }
}

#[test]
fn a_charge_beyond_the_hold_is_cut_and_the_excess_is_the_sites_loss() {
    let hold = parts([(1, 1_000)]);
    let forged = Charge {
        parts: parts([(1, 1_500), (2, 70)]),
        over: Volume::from_ml(3),
    };
    let (_, charge) = standing([(How::Rule, Charge::by_rule(&hold)), (How::Report, forged)]).unwrap();
    assert_eq!(charge.parts, hold);
    assert_eq!(charge.over, Volume::from_ml(500 + 70 + 3));
}

#[test]
fn a_grant_costs_what_rule_21_says() {
    let (known, unknown) = (open(1_000), GrantState::default());
    let closed = GrantState { closed: true, ..known };
    let recalled = GrantState {
        recalled: true,
        ..known
    };
    let written_off = GrantState {
        written_off: Some(Volume::from_ml(300)),
        ..known
    };
    for (name, state, spent, cost, suspense) in [
        ("open", known, 400, 1_000, 0),
        ("open and overspent", known, 1_200, 1_200, 0),
        ("recalled is still open", recalled, 400, 1_000, 0),
        ("closed", closed, 400, 400, 0),
        ("written off at 300", written_off, 300, 300, 0),
        ("written off, late spend", written_off, 450, 300, 150),
        ("not known yet", unknown, 400, 400, 0),
    ] {
        let spent = Volume::from_ml(spent);
        assert_eq!(state.cost(spent), Volume::from_ml(cost), "{name}");
        assert_eq!(state.suspense(spent), Volume::from_ml(suspense), "{name}");
    }
}

#[test]
fn free_is_credits_and_cap_less_costs_and_may_be_below_zero() {
    let costs = [1_000, 400].map(Volume::from_ml);
    assert_eq!(free_ml(2_000, Volume::ZERO, costs), 600);
    assert_eq!(free_ml(1_000, Volume::from_ml(100), costs), -300);
    assert_eq!(free_ml(-50, Volume::ZERO, []), -50);
}

#[test]
fn nothing_is_granted_from_below_zero_or_from_before_a_restore() {
    let doubt = |credited, granted| {
        Some(Doubt {
            credited_since: Volume::from_ml(credited),
            granted_since: Volume::from_ml(granted),
        })
    };
    for (free, doubt, expected) in [
        (600, None, 600),
        (-300, None, 0),
        (600, doubt(0, 0), 0),
        (600, doubt(500, 200), 300),
        (100, doubt(500, 200), 100),
        (600, doubt(200, 500), 0),
    ] {
        assert_eq!(grantable(free, doubt), Volume::from_ml(expected), "{free} {doubt:?}");
    }
}

#[test]
fn a_grant_closes_once_when_recalled_and_without_an_open_hold() {
    let recalled = GrantState {
        recalled: true,
        ..open(10)
    };
    let closed = GrantState {
        closed: true,
        ..recalled
    };
    let unknown = GrantState {
        volume: None,
        ..recalled
    };
    for (state, held, may) in [
        (open(10), 0, false),
        (unknown, 0, false),
        (recalled, 1, false),
        (recalled, 0, true),
        (closed, 0, false),
    ] {
        assert_eq!(state.may_close(Volume::from_ml(held)), may, "{state:?} {held}");
    }
    assert_eq!(
        open(10).free(Volume::from_ml(3), Volume::from_ml(4)),
        Volume::from_ml(3)
    );
    assert_eq!(recalled.free(Volume::ZERO, Volume::ZERO), Volume::ZERO);
    assert_eq!(GrantState::default().free(Volume::ZERO, Volume::ZERO), Volume::ZERO);
}

/// A hold of up to three grants and spends on it as a site writes them, reports of two runs included.
fn hold_and_spends() -> impl Strategy<Value = (Vec<Part>, Vec<(How, Charge)>)> {
    let hold = prop::collection::vec(1..9_000_u64, 1..4);
    let spends = prop::collection::vec(prop::option::of(0..30_000_u64), 1..6);
    (hold, spends).prop_map(|(volumes, spends)| {
        let numbered = volumes.into_iter().zip(1..);
        let hold: Vec<Part> = numbered
            .map(|(ml, number)| (grant(number), Volume::from_ml(ml)))
            .collect();
        let spend = |reported: Option<u64>| match reported {
            Some(ml) => (How::Report, Charge::reported(&hold, Volume::from_ml(ml))),
            None => (How::Rule, Charge::by_rule(&hold)),
        };
        let spends = spends.into_iter().map(spend).collect();
        (hold, spends)
    })
}

proptest! {
    #[test]
    fn spends_settle_alike_in_any_order_and_however_often_they_come(
        (hold, spends) in hold_and_spends(),
        order in prop::collection::vec(any::<Index>(), 0..12),
    ) {
        let straight = standing(spends.clone());
        let repeats = order.iter().map(|index| index.get(&spends).clone());
        let mixed: Vec<_> = repeats.chain(spends.iter().rev().cloned()).collect();
        prop_assert_eq!(&standing(mixed), &straight);
        let (_, charge) = straight.expect("there is a spend");
        for (id, held) in hold {
            prop_assert!(charge.from_grant(id) <= held);
        }
    }
}
