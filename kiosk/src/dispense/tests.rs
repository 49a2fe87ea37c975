//! Expected values come from CONTRACTS section 3 and hand arithmetic.

use super::*;
use crate::ids::Epoch;
use proptest::prelude::*;

const NOW: Wall = Wall(1_000_000);
const SOON: Wall = Wall(2_000_000);
const LATER: Wall = Wall(3_000_000);
const PAST: Wall = Wall(999_999);

fn grant(number: u64) -> GrantId {
    GrantId {
        epoch: Epoch(1),
        number,
    }
}

fn right(number: u64, purse: Purse, ml: u64, valid_until: Option<Wall>) -> Right {
    Right {
        grant: grant(number),
        purse,
        free: Volume::from_ml(ml),
        valid_until,
    }
}

fn jane() -> CustomerView {
    CustomerView {
        at_this_site: true,
        locked: false,
        pin: PinVerdict::Right,
        token: TokenVerdict::Absent,
        active: true,
        bill_overdue: false,
        daily_limit: None,
        drawn_today: Volume::ZERO,
        subscription_until: None,
        rights: vec![right(1, Purse::Prepaid, 20_000, None)],
    }
}

fn at_tap(customer: Option<CustomerView>) -> Situation {
    Situation {
        degraded: false,
        dispenser: DispenserView {
            enabled: true,
            volume_max: Volume::from_ml(20_000),
        },
        customer,
        now: NOW,
        trust: Trust::Ntp,
    }
}

fn ask(volume_ml: i64) -> Ask {
    Ask::Water { volume_ml }
}

#[test]
fn reasons_are_the_words_of_the_contract_in_its_order() {
    let words = "bad_request gateway_degraded dispenser_disabled volume_out_of_range unknown_customer \
                 not_at_this_site locked wrong_pin token_invalid token_used inactive bill_overdue daily_limit \
                 subscription_expired jerrycans_used insufficient_credit";
    let names: Vec<_> = Reason::ALL.map(Reason::name).into();
    assert_eq!(names.join(" "), words);
    assert!(Reason::ALL.is_sorted());
    for reason in Reason::ALL {
        assert_eq!(Reason::from_name(reason.name()), Some(reason));
    }
    assert_eq!(Reason::from_name("verified"), None);
}

#[test]
fn only_reasons_after_the_proof_tell_of_the_customer() {
    let telling: Vec<_> = Reason::ALL
        .into_iter()
        .filter(|reason| reason.tells_customer())
        .collect();
    assert_eq!(
        telling,
        [
            Reason::Inactive,
            Reason::BillOverdue,
            Reason::DailyLimit,
            Reason::SubscriptionExpired,
            Reason::JerrycansUsed,
            Reason::InsufficientCredit,
        ]
    );
}

/// Sets one thing wrong in an ask that would be approved.
fn spoil(reason: Reason, ask: &mut Ask, situation: &mut Situation) {
    let mut volume_ml = match *ask {
        Ask::Water { volume_ml } => volume_ml,
        Ask::Malformed => return,
    };
    let customer = situation.customer.as_mut();
    match (reason, customer) {
        (Reason::BadRequest, _) => return *ask = Ask::Malformed,
        (Reason::GatewayDegraded, _) => situation.degraded = true,
        (Reason::DispenserDisabled, _) => situation.dispenser.enabled = false,
        (Reason::VolumeOutOfRange, _) => volume_ml = 20_001,
        (Reason::UnknownCustomer, _) => situation.customer = None,
        (_, None) => {}
        (Reason::NotAtThisSite, Some(customer)) => customer.at_this_site = false,
        (Reason::Locked, Some(customer)) => customer.locked = true,
        (Reason::WrongPin, Some(customer)) => customer.pin = PinVerdict::Wrong,
        (Reason::TokenInvalid, Some(customer)) => customer.token = TokenVerdict::Invalid,
        (Reason::TokenUsed, Some(customer)) => customer.token = TokenVerdict::Used,
        (Reason::Inactive, Some(customer)) => customer.active = false,
        (Reason::BillOverdue, Some(customer)) => customer.bill_overdue = true,
        (Reason::DailyLimit, Some(customer)) => customer.daily_limit = Some(Volume::from_ml(19_999)),
        (Reason::SubscriptionExpired, Some(customer)) => {
            customer.subscription_until = Some(PAST);
            customer.rights.clear();
        }
        (Reason::JerrycansUsed, Some(customer)) => {
            customer.subscription_until = Some(SOON);
            customer.rights.clear();
        }
        (Reason::InsufficientCredit, Some(customer)) => customer.rights[0].free = Volume::from_ml(19_999),
    }
    *ask = Ask::Water { volume_ml };
}

#[test]
fn each_reason_alone_is_told() {
    for reason in Reason::ALL {
        let (mut asked, mut situation) = (ask(20_000), at_tap(Some(jane())));
        spoil(reason, &mut asked, &mut situation);
        assert_eq!(decide(&asked, &situation), Verdict::Denied(reason));
    }
}

#[test]
fn of_two_reasons_the_earlier_is_told() {
    for (first, reason) in Reason::ALL.into_iter().enumerate() {
        for later in Reason::ALL.into_iter().skip(first + 1) {
            let expected = match (reason, later) {
                // One token has one fault, one person one shortage: the later spoiling takes the earlier one's place.
                (Reason::TokenInvalid, Reason::TokenUsed) => later,
                (Reason::SubscriptionExpired, Reason::JerrycansUsed) => later,
                // A thing prepaid would be needed, and the earlier spoiling took it away.
                (Reason::SubscriptionExpired | Reason::JerrycansUsed, Reason::InsufficientCredit) => continue,
                _ => reason,
            };
            let (mut asked, mut situation) = (ask(20_000), at_tap(Some(jane())));
            // The later one first, for no spoiling reaches a customer who is gone or an ask that cannot be read.
            let order = if expected == later {
                [reason, later]
            } else {
                [later, reason]
            };
            for spoiling in order {
                spoil(spoiling, &mut asked, &mut situation);
            }
            assert_eq!(
                decide(&asked, &situation),
                Verdict::Denied(expected),
                "{reason:?} {later:?}"
            );
        }
    }
}

#[test]
fn volumes_from_one_to_the_maximum_are_in_range() {
    for (volume_ml, approved) in [
        (1, true),
        (20_000, true),
        (0, false),
        (20_001, false),
        (-1, false),
        (i64::MAX, false),
        (i64::MIN, false),
    ] {
        let verdict = decide(&ask(volume_ml), &at_tap(Some(jane())));
        if approved {
            assert!(matches!(verdict, Verdict::Approved { .. }), "{volume_ml}");
        } else {
            assert_eq!(verdict, Verdict::Denied(Reason::VolumeOutOfRange), "{volume_ml}");
        }
    }
}

#[test]
fn a_customer_without_a_pin_is_inactive() {
    let mut customer = jane();
    customer.pin = PinVerdict::NotSet;
    assert_eq!(
        decide(&ask(1), &at_tap(Some(customer))),
        Verdict::Denied(Reason::Inactive)
    );
}

#[test]
fn the_daily_limit_counts_this_ask_too_and_zero_is_none() {
    for (limit, drawn, approved) in [
        (None, 500_000, true),
        (Some(0), 500_000, true),
        (Some(40_000), 20_000, true),
        (Some(40_000), 20_001, false),
    ] {
        let mut customer = jane();
        customer.daily_limit = limit.map(Volume::from_ml);
        customer.drawn_today = Volume::from_ml(drawn);
        let verdict = decide(&ask(20_000), &at_tap(Some(customer)));
        let expected = if approved { "verified" } else { "daily_limit" };
        assert_eq!(verdict.reason_name(), expected, "{limit:?} {drawn}");
    }
}

#[test]
fn the_allowance_that_ends_first_is_taken_first_then_the_oldest_prepaid_litres() {
    let mut customer = jane();
    customer.subscription_until = Some(LATER);
    customer.rights = vec![
        right(1, Purse::Prepaid, 3_000, None),
        right(2, Purse::Allowance, 5_000, Some(LATER)),
        right(3, Purse::Prepaid, 50_000, None),
        right(4, Purse::Allowance, 2_000, Some(SOON)),
        right(5, Purse::Allowance, 9_000, Some(PAST)),
        right(6, Purse::Allowance, 0, Some(SOON)),
    ];
    // 2 l of the grant that ends soon, 5 l of the later one, then 3 l of the older prepaid and 1 l of the newer.
    let expected = [(4, 2_000), (2, 5_000), (1, 3_000), (3, 1_000)];
    assert_eq!(
        decide(&ask(11_000), &at_tap(Some(customer))),
        Verdict::Approved {
            parts: expected.map(|(number, ml)| (grant(number), Volume::from_ml(ml))).into()
        }
    );
}

#[test]
fn the_three_shortages_are_told_apart() {
    use Purse::{Allowance, Prepaid};
    let table = [
        (
            "no subscription, nothing at all",
            None,
            vec![],
            Reason::InsufficientCredit,
        ),
        (
            "ended, nothing prepaid",
            Some(PAST),
            vec![],
            Reason::SubscriptionExpired,
        ),
        (
            "ended with water left, nothing prepaid",
            Some(PAST),
            vec![right(1, Allowance, 90_000, Some(PAST))],
            Reason::SubscriptionExpired,
        ),
        (
            "ended, but something prepaid",
            Some(PAST),
            vec![right(1, Prepaid, 1, None)],
            Reason::InsufficientCredit,
        ),
        (
            "valid and empty, nothing prepaid",
            Some(SOON),
            vec![right(1, Allowance, 0, Some(SOON)), right(2, Prepaid, 0, None)],
            Reason::JerrycansUsed,
        ),
        (
            "valid and empty, but something prepaid",
            Some(SOON),
            vec![right(2, Prepaid, 19_999, None)],
            Reason::InsufficientCredit,
        ),
        (
            "valid with too little",
            Some(SOON),
            vec![right(1, Allowance, 19_999, Some(SOON))],
            Reason::InsufficientCredit,
        ),
    ];
    for (name, subscription_until, rights, reason) in table {
        let mut customer = jane();
        customer.subscription_until = subscription_until;
        customer.rights = rights;
        assert_eq!(
            decide(&ask(20_000), &at_tap(Some(customer))),
            Verdict::Denied(reason),
            "{name}"
        );
    }
}

#[test]
fn an_end_is_the_first_moment_that_is_over_and_an_untrusted_clock_ends_nothing() {
    for (until, trust, over) in [
        (Some(NOW), Trust::Ntp, true),
        (Some(Wall(NOW.0 + 1)), Trust::Ntp, false),
        (Some(PAST), Trust::Manager, true),
        (Some(PAST), Trust::None, false),
        (None, Trust::Hub, false),
    ] {
        assert_eq!(is_over(until, NOW, trust), over, "{until:?} {trust:?}");
    }
    let mut customer = jane();
    customer.subscription_until = Some(PAST);
    customer.rights = vec![right(1, Purse::Allowance, 20_000, Some(PAST))];
    let mut situation = at_tap(Some(customer));
    situation.trust = Trust::None;
    assert_eq!(decide(&ask(20_000), &situation).reason_name(), "verified");
}

fn any_right(number: u64) -> impl Strategy<Value = Right> {
    let ends = prop_oneof![Just(None), Just(Some(PAST)), Just(Some(SOON)), Just(Some(LATER))];
    (any::<bool>(), 0..30_000_u64, ends).prop_map(move |(prepaid, ml, end)| {
        right(number, if prepaid { Purse::Prepaid } else { Purse::Allowance }, ml, end)
    })
}

proptest! {
    #[test]
    fn what_is_set_aside_is_what_was_asked_and_never_more_than_is_there(
        rights in (0..6_usize).prop_flat_map(|count| (0..count as u64).map(any_right).collect::<Vec<_>>()),
        volume_ml in 1..20_000_i64,
        trusted in any::<bool>(),
    ) {
        let mut customer = jane();
        customer.rights = rights.clone();
        let mut situation = at_tap(Some(customer));
        situation.trust = if trusted { Trust::Hub } else { Trust::None };
        let usable = |right: &&Right| !(trusted && right.valid_until == Some(PAST));
        let there: Volume = rights.iter().filter(usable).map(|right| right.free).sum();
        match decide(&ask(volume_ml), &situation) {
            Verdict::Approved { parts } => {
                prop_assert_eq!(parts.iter().map(|(_, taken)| *taken).sum::<Volume>().signed_ml(), volume_ml);
                let mut seen_prepaid = false;
                for (id, taken) in parts {
                    let right = rights.iter().filter(usable).find(|right| right.grant == id).expect("a usable right");
                    prop_assert!(!taken.is_zero() && taken <= right.free);
                    prop_assert!(!(seen_prepaid && right.purse == Purse::Allowance), "allowance after prepaid");
                    seen_prepaid |= right.purse == Purse::Prepaid;
                }
            }
            Verdict::Denied(_) => prop_assert!(there.signed_ml() < volume_ml),
        }
    }
}
