//! What holds for every sequence of events, in any order and with repeats.

use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::{
    moment::{Draw, Moment, Trust},
    units::Currency,
};

const AMOUNT: Money = Money::new(50_000, Currency::Kes);
const PAYEE: Msisdn = Msisdn(254_700_000_102);

fn reports() -> impl Strategy<Value = PayoutReport> {
    let verdict = prop_oneof![
        3 => Just(PayoutVerdict::Made),
        2 => Just(PayoutVerdict::Failed(Failure::Refused)),
        1 => Just(PayoutVerdict::Failed(Failure::Configuration)),
        1 => Just(PayoutVerdict::Pending),
        1 => Just(PayoutVerdict::Unknown),
    ];
    let key = prop_oneof![9 => Just("K1"), 1 => Just("K2")];
    let amount = option::of(prop_oneof![19 => Just(AMOUNT), 1 => Just(Money::new(1, Currency::Kes))]);
    let payee = option::of(prop_oneof![19 => Just(PAYEE), 1 => Just(Msisdn(1))]);
    (key, verdict, option::of("[A-B]"), amount, payee).prop_map(|(key, verdict, receipt, amount, payee)| PayoutReport {
        key: key.parse().expect("fixed"),
        verdict,
        receipt: receipt.map(|text| text.parse().expect("fixed")),
        amount,
        payee,
    })
}

fn events() -> impl Strategy<Value = PayoutEvent> {
    prop_oneof![
        3 => Just(PayoutEvent::Start),
        2 => Just(PayoutEvent::Answered(PayoutAnswer::Accepted { reference: None })),
        1 => Just(PayoutEvent::Answered(PayoutAnswer::Refused(Failure::Limit))),
        1 => Just(PayoutEvent::Answered(PayoutAnswer::Duplicate)),
        1 => Just(PayoutEvent::Answered(PayoutAnswer::NoAnswer)),
        1 => Just(PayoutEvent::TimedOut),
        4 => reports().prop_map(PayoutEvent::CalledBack),
        4 => reports().prop_map(|report| PayoutEvent::StatusAnswered(Some(report))),
        1 => Just(PayoutEvent::StatusAnswered(None)),
        6 => Just(PayoutEvent::Tick),
        1 => Just(PayoutEvent::Ordered(PayoutOrder::Made { receipt: None })),
        1 => Just(PayoutEvent::Ordered(PayoutOrder::NotMade)),
        1 => Just(PayoutEvent::Ordered(PayoutOrder::AskAgain)),
    ]
}

/// Whether an event is certain about the payout's end.
fn proves(event: &PayoutEvent, made: bool) -> bool {
    match event {
        PayoutEvent::StatusAnswered(Some(report)) if report.key.as_str() == "K1" => match report.verdict {
            PayoutVerdict::Made => {
                made && report.amount.is_none_or(|amount| amount == AMOUNT)
                    && report.payee.is_none_or(|payee| payee == PAYEE)
            }
            PayoutVerdict::Failed(_) => !made,
            PayoutVerdict::Pending | PayoutVerdict::Unknown => false,
        },
        PayoutEvent::Answered(PayoutAnswer::Refused(_)) | PayoutEvent::Ordered(PayoutOrder::NotMade) => !made,
        PayoutEvent::Ordered(PayoutOrder::Made { .. }) => made,
        _ => false,
    }
}

fn count(history: &[PayoutEffect], wanted: impl Fn(&PayoutEffect) -> bool) -> usize {
    history.iter().filter(|effect| wanted(effect)).count()
}

fn is_settle(effect: &PayoutEffect) -> bool {
    matches!(effect, PayoutEffect::Settle { .. })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn money_is_in_one_place_and_moves_only_on_what_is_certain(
        script in vec((prop_oneof![Just(0), 1..120_000_i64, 1..30_000_000_i64], events()), 0..40),
    ) {
        let mut payout = Payout::new(AMOUNT, PAYEE, "K1".parse().expect("fixed"), Wall(0));
        let (mut now, mut history) = (Wall(0), Vec::new());
        for (wait, event) in script {
            now = now.plus_ms(wait);
            let moment = Moment { wall: now, trust: Trust::Ntp, monotonic_ms: 0, draw: Draw::new([0; 32]) };
            let (next, effects) = step(&PayoutPolicy::default(), &payout, &moment, event.clone());
            if effects.iter().any(is_settle) {
                prop_assert!(proves(&event, true), "{event:?} settled {payout:?}");
                prop_assert_eq!(next.state, PayoutState::Succeeded);
            }
            if effects.contains(&PayoutEffect::GiveBack) {
                prop_assert!(proves(&event, false), "{event:?} gave back {payout:?}");
                prop_assert_eq!(next.state, PayoutState::Failed);
            }
            // Nothing leaves before its money is reserved.
            let place = |wanted: PayoutEffect| effects.iter().position(|effect| *effect == wanted);
            if let Some(submit) = place(PayoutEffect::Submit) {
                prop_assert!(place(PayoutEffect::Reserve).is_some_and(|reserve| reserve < submit));
            }
            if payout.state == PayoutState::Succeeded {
                prop_assert_eq!((next.state, next.due), (PayoutState::Succeeded, None));
            }
            if matches!(next.state, PayoutState::Submitting | PayoutState::Pending | PayoutState::Unknown) {
                prop_assert!(next.due.is_some() && next.reserved, "{next:?} is forgotten");
            }
            let wakes = effects.iter().filter_map(|effect| match effect {
                PayoutEffect::WakeAt(due) => Some(*due),
                _ => None,
            });
            for due in wakes {
                prop_assert!(next.due == Some(due) && due > now);
            }
            history.extend(effects);
            // What was taken is in transit, gone, or with its owner again.
            let reserved = count(&history, |effect| *effect == PayoutEffect::Reserve);
            let given_back = count(&history, |effect| *effect == PayoutEffect::GiveBack);
            let settled = count(&history, is_settle);
            prop_assert_eq!(reserved, given_back + settled + usize::from(next.reserved));
            prop_assert_eq!(settled, usize::from(next.state == PayoutState::Succeeded));
            prop_assert!(given_back <= 1);
            payout = next;
        }
        prop_assert!(count(&history, |effect| *effect == PayoutEffect::Submit) <= 1);
    }
}
