//! What holds for every sequence of events, in any order and with repeats.

use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::{
    moment::{Draw, Moment, Trust},
    units::Currency,
};

const AMOUNT: Money = Money::new(100, Currency::Kes);
const PAYER: Msisdn = Msisdn(254_700_000_102);

fn verdicts() -> impl Strategy<Value = ProviderVerdict> {
    prop_oneof![
        3 => Just(ProviderVerdict::Paid),
        1 => Just(ProviderVerdict::Pending),
        1 => Just(ProviderVerdict::Cancelled),
        1 => Just(ProviderVerdict::Expired),
        1 => Just(ProviderVerdict::Failed(Failure::Configuration)),
        1 => Just(ProviderVerdict::Unknown),
    ]
}

fn references() -> impl Strategy<Value = Option<ProviderReference>> {
    option::weighted(
        0.9,
        prop_oneof![9 => Just("ws_CO_1"), 1 => Just("ws_CO_2")].prop_map(|text| text.parse().expect("fixed")),
    )
}

fn reports() -> impl Strategy<Value = Report> {
    (
        references(),
        verdicts(),
        option::of("[A-B]{1}".prop_map(|text| text.parse().expect("fixed"))),
        option::of(prop_oneof![19 => Just(AMOUNT), 1 => Just(Money::new(1, Currency::Kes))]),
        option::of(prop_oneof![19 => Just(PAYER), 1 => Just(Msisdn(1))]),
    )
        .prop_map(|(reference, verdict, receipt, amount, payer)| Report {
            reference,
            verdict,
            receipt,
            amount,
            payer,
        })
}

fn events() -> impl Strategy<Value = PaymentEvent> {
    prop_oneof![
        2 => Just(PaymentEvent::Start),
        2 => references().prop_map(|reference| PaymentEvent::PushAnswered(PushAnswer::Accepted { reference })),
        1 => Just(PaymentEvent::PushAnswered(PushAnswer::Refused(Failure::Busy))),
        1 => Just(PaymentEvent::PushAnswered(PushAnswer::NoAnswer)),
        4 => reports().prop_map(PaymentEvent::CalledBack),
        4 => reports().prop_map(|report| PaymentEvent::QueryAnswered(QueryAnswer::Report(report))),
        2 => Just(PaymentEvent::QueryAnswered(QueryAnswer::NoAnswer)),
        6 => Just(PaymentEvent::Tick),
    ]
}

fn orders() -> impl Strategy<Value = PaymentEvent> {
    prop_oneof![
        Just(PaymentOrder::Credit { receipt: None }),
        Just(PaymentOrder::Close),
        Just(PaymentOrder::AskAgain)
    ]
    .prop_map(PaymentEvent::Ordered)
}

/// Events with the time that passes before each: from nothing to past a whole back-off wait.
fn scripts(event: impl Strategy<Value = PaymentEvent>) -> impl Strategy<Value = Vec<(i64, PaymentEvent)>> {
    let wait = prop_oneof![Just(0), 1..120_000_i64, 1..30_000_000_i64];
    vec((wait, event), 0..40)
}

fn moment(wall: Wall) -> Moment {
    Moment {
        wall,
        trust: Trust::Ntp,
        monotonic_ms: 0,
        draw: Draw::new([0; 32]),
    }
}

fn is_settle(effect: &PaymentEffect) -> bool {
    matches!(effect, PaymentEffect::Settle { .. })
}

fn is_unhappy_word(effect: &PaymentEffect) -> bool {
    matches!(effect, PaymentEffect::Tell(notice) if *notice != PaymentNotice::Succeeded)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_024))]

    #[test]
    fn value_moves_at_most_once_and_only_on_a_confirmation(
        script in scripts(prop_oneof![9 => events(), 1 => orders()]),
    ) {
        let policy = PaymentPolicy::default();
        let mut payment = Payment::new(AMOUNT, PAYER, None, Wall(0));
        let mut now = Wall(0);
        let mut history = Vec::new();
        for (wait, event) in script {
            now = now.plus_ms(wait);
            let (next, effects) = step(&policy, &payment, &moment(now), event.clone());
            if effects.iter().any(is_settle) {
                let confirmed = match &event {
                    PaymentEvent::QueryAnswered(QueryAnswer::Report(report)) => {
                        report.verdict == ProviderVerdict::Paid
                            && report.reference.is_some()
                            && report.reference == payment.reference
                            && !payment.mismatched
                            && report.amount.unwrap_or(AMOUNT) == AMOUNT
                            && report.payer.unwrap_or(PAYER) == PAYER
                    }
                    PaymentEvent::Ordered(PaymentOrder::Credit { .. }) => true,
                    _ => false,
                };
                prop_assert!(confirmed, "{event:?} settled {payment:?}");
                prop_assert_eq!(next.state, PaymentState::Succeeded);
            }
            if payment.state == PaymentState::Succeeded {
                prop_assert_eq!(next.state, PaymentState::Succeeded);
                prop_assert_eq!(next.due, None);
            }
            for effect in &effects {
                if let PaymentEffect::WakeAt(due) = effect {
                    prop_assert!(next.due == Some(*due) && *due > now);
                }
            }
            history.extend(effects);
            payment = next;
        }
        let settled = history.iter().filter(|effect| is_settle(effect)).count();
        prop_assert_eq!(settled, usize::from(payment.state == PaymentState::Succeeded));
        prop_assert!(history.iter().filter(|effect| **effect == PaymentEffect::Submit).count() <= 1);
        prop_assert!(history.iter().filter(|effect| is_unhappy_word(effect)).count() <= 1);
    }

    #[test]
    fn a_repeated_event_never_settles_again(script in scripts(events()), event in events()) {
        let policy = PaymentPolicy::default();
        let mut payment = Payment::new(AMOUNT, PAYER, None, Wall(0));
        let mut now = Wall(0);
        for (wait, event) in script {
            now = now.plus_ms(wait);
            payment = step(&policy, &payment, &moment(now), event).0;
        }
        let (once, first) = step(&policy, &payment, &moment(now), event.clone());
        let (twice, second) = step(&policy, &once, &moment(now), event);
        prop_assert!(!(first.iter().any(is_settle) && second.iter().any(is_settle)));
        prop_assert_eq!(once.state == PaymentState::Succeeded, twice.state == PaymentState::Succeeded);
    }

    /// A provider that has the money and answers queries, if not every time, is enough: whatever came before on the way,
    /// the reconciler gets there by itself. Set aside: another amount or phone (an operator's matter) and a push whose
    /// answer and callback were both lost (nothing to ask by).
    #[test]
    fn a_success_that_queries_confirm_always_settles(
        noise in scripts(prop_oneof![
            Just(PaymentEvent::PushAnswered(PushAnswer::NoAnswer)),
            Just(PaymentEvent::QueryAnswered(QueryAnswer::NoAnswer)),
            Just(PaymentEvent::Tick),
            prop_oneof![
                Just(ProviderVerdict::Cancelled), Just(ProviderVerdict::Expired), Just(ProviderVerdict::Unknown),
                Just(ProviderVerdict::Failed(Failure::Busy)), Just(ProviderVerdict::Paid)
            ].prop_map(|verdict| PaymentEvent::CalledBack(Report {
                reference: "ws_CO_1".parse().ok(), verdict, receipt: None, amount: None, payer: None,
            })),
        ]).prop_map(|script| script.into_iter().map(|(wait, event)| (wait % 60_000, event)).take(10).collect::<Vec<_>>()),
        deaf in 0..6_u32,
    ) {
        let policy = PaymentPolicy::default();
        let reference: Option<ProviderReference> = "ws_CO_1".parse().ok();
        let mut now = Wall(0);
        let start = Payment::new(AMOUNT, PAYER, None, now);
        let (mut payment, _) = step(&policy, &start, &moment(now), PaymentEvent::Start);
        let accepted = PaymentEvent::PushAnswered(PushAnswer::Accepted { reference: reference.clone() });
        payment = step(&policy, &payment, &moment(now), accepted).0;
        for (wait, event) in noise {
            now = now.plus_ms(wait);
            payment = step(&policy, &payment, &moment(now), event).0;
        }
        let mut asked = 0;
        while let Some(due) = payment.due {
            now = now.max(due);
            let (next, effects) = step(&policy, &payment, &moment(now), PaymentEvent::Tick);
            payment = next;
            if effects.iter().any(|effect| matches!(effect, PaymentEffect::Query(_))) {
                asked += 1;
                let answer = if asked <= deaf {
                    QueryAnswer::NoAnswer
                } else {
                    QueryAnswer::Report(Report {
                        reference: reference.clone(),
                        verdict: ProviderVerdict::Paid,
                        receipt: None,
                        amount: None,
                        payer: None,
                    })
                };
                payment = step(&policy, &payment, &moment(now), PaymentEvent::QueryAnswered(answer)).0;
            }
        }
        prop_assert_eq!(payment.state, PaymentState::Succeeded);
    }
}
