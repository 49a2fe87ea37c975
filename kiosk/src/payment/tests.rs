//! The rules one by one. Times are seconds after the start; the numbers are those of the module's schedule.

mod nameless;
mod receipts;

use super::{PaymentAudit as Audit, PaymentEffect as Effect, PaymentEvent as Event, PaymentNotice as Notice, *};
use crate::{
    moment::{Draw, Moment, Trust},
    units::Currency,
};

const PAYER: Msisdn = Msisdn(254_700_000_102);
const AMOUNT: Money = Money::new(30_000, Currency::Kes);

/// One payment and the clock it lives under; keeps every effect it ever had.
struct Story {
    payment: Payment,
    history: Vec<Effect>,
    second: i64,
}

impl Story {
    fn new() -> Story {
        Story {
            payment: Payment::new(AMOUNT, PAYER, None, Wall(0)),
            history: Vec::new(),
            second: 0,
        }
    }

    fn pending() -> Story {
        let mut story = Story::new();
        story.at(0, Event::Start);
        story.at(0, accepted());
        story
    }

    fn at(&mut self, second: i64, event: Event) -> Vec<Effect> {
        self.second = second;
        let moment = Moment {
            wall: Wall::from_seconds(second),
            trust: Trust::Ntp,
            monotonic_ms: 0,
            draw: Draw::new([0; 32]),
        };
        let (payment, effects) = step(&PaymentPolicy::default(), &self.payment, &moment, event);
        self.payment = payment;
        self.history.extend(effects.clone());
        effects
    }

    /// Ticks whenever a tick is due until `second`, answering every query with `answer`. Returns when it asked.
    fn run_until(&mut self, second: i64, answer: &Event) -> Vec<i64> {
        let mut asked = Vec::new();
        while let Some(due) = self.payment.due.map(Wall::seconds).filter(|due| *due <= second) {
            let effects = self.at(due, Event::Tick);
            if effects.iter().any(|effect| matches!(effect, Effect::Query(_))) {
                asked.push(due);
                self.at(due, answer.clone());
            }
        }
        asked
    }

    fn count(&self, wanted: &Effect) -> usize {
        self.history.iter().filter(|effect| *effect == wanted).count()
    }

    fn settlements(&self) -> usize {
        self.history
            .iter()
            .filter(|effect| matches!(effect, Effect::Settle { .. }))
            .count()
    }
}

fn reference(text: &str) -> ProviderReference {
    text.parse().unwrap()
}

fn receipt(text: &str) -> ProviderReceipt {
    text.parse().unwrap()
}

fn ours() -> ProviderReference {
    reference("ws_CO_1")
}

fn accepted() -> Event {
    Event::PushAnswered(PushAnswer::Accepted {
        reference: Some(ours()),
    })
}

fn report(verdict: ProviderVerdict) -> Report {
    Report {
        reference: Some(ours()),
        verdict,
        receipt: None,
        amount: None,
        payer: None,
    }
}

fn queried(verdict: ProviderVerdict) -> Event {
    Event::QueryAnswered(QueryAnswer::Report(report(verdict)))
}

fn called_back(verdict: ProviderVerdict) -> Event {
    Event::CalledBack(report(verdict))
}

fn paid_callback() -> Event {
    Event::CalledBack(Report {
        receipt: Some(receipt("NLJ7RT61SV")),
        amount: Some(AMOUNT),
        payer: Some(PAYER),
        ..report(ProviderVerdict::Paid)
    })
}

const NO_ANSWER: Event = Event::QueryAnswered(QueryAnswer::NoAnswer);
const FAILED: ProviderVerdict = ProviderVerdict::Failed(Failure::BalanceTooLow);

#[test]
fn the_prompt_is_sent_once() {
    let mut story = Story::new();
    assert_eq!(
        story.at(0, Event::Start),
        [Effect::Submit, Effect::WakeAt(Wall::from_seconds(60))]
    );
    assert_eq!(story.payment.state, PaymentState::Submitting);
    assert_eq!(story.at(1, Event::Start), []);
    story.at(60, Event::Tick);
    assert_eq!(story.payment.state, PaymentState::Unknown);
    story.run_until(8 * 86_400, &NO_ANSWER);
    story.at(8 * 86_400, Event::Start);
    assert_eq!(story.count(&Effect::Submit), 1);
}

#[test]
fn what_the_push_is_answered_decides_the_state() {
    let table = [
        (accepted(), PaymentState::Pending),
        (Event::PushAnswered(PushAnswer::NoAnswer), PaymentState::Unknown),
        (
            Event::PushAnswered(PushAnswer::Refused(Failure::Busy)),
            PaymentState::Failed,
        ),
        (
            Event::PushAnswered(PushAnswer::Refused(Failure::Configuration)),
            PaymentState::Failed,
        ),
    ];
    for (event, expected) in table {
        let mut story = Story::new();
        story.at(0, Event::Start);
        story.at(1, event.clone());
        assert_eq!(story.payment.state, expected, "{event:?}");
        let refused = usize::from(expected == PaymentState::Failed);
        assert_eq!(story.count(&Effect::Tell(Notice::Retry)), refused, "{event:?}");
        assert_eq!(
            story.count(&Effect::Audit(Audit::OurConfiguration)),
            usize::from(event == Event::PushAnswered(PushAnswer::Refused(Failure::Configuration)))
        );
    }
}

#[test]
fn four_queries_thirty_seconds_apart_and_then_the_customer_is_told_once() {
    for answer in [NO_ANSWER, queried(ProviderVerdict::Pending)] {
        let mut story = Story::pending();
        assert_eq!(story.run_until(120, &answer), [30, 60, 90, 120]);
        assert_eq!(story.payment.state, PaymentState::Unknown);
        assert_eq!(story.count(&Effect::Tell(Notice::Retry)), 1);
        // The reconciler: 60 s after the fourth, then 2, 4 and 8 minutes.
        assert_eq!(story.run_until(1_020, &answer), [180, 300, 540, 1_020]);
        assert_eq!(story.count(&Effect::Tell(Notice::Retry)), 1);
    }
}

#[test]
fn a_query_that_is_never_answered_counts_as_not_successful() {
    let mut story = Story::pending();
    for second in [30, 60, 90, 120] {
        assert!(story.at(second, Event::Tick).contains(&Effect::Query(ours())));
    }
    assert_eq!(story.count(&Effect::Tell(Notice::Retry)), 0);
    story.at(150, Event::Tick);
    assert_eq!(story.count(&Effect::Tell(Notice::Retry)), 1);
    assert_eq!(story.payment.due, Some(Wall::from_seconds(210)));
}

#[test]
fn after_seven_days_of_silence_an_operator_is_asked() {
    let mut story = Story::pending();
    let asked = story.run_until(30 * 86_400, &NO_ANSWER);
    assert_eq!(story.payment.state, PaymentState::NeedsOperator);
    assert_eq!(story.payment.due, None);
    assert_eq!(story.count(&Effect::Audit(Audit::GaveUp)), 1);
    let last = asked.last().copied().unwrap();
    assert!((6 * 86_400..7 * 86_400).contains(&last), "{last}");
    assert!(
        asked.windows(2).all(|pair| pair[1] - pair[0] <= 6 * 3_600),
        "never longer than six hours apart"
    );
    story.at(30 * 86_400, paid_callback());
    story.at(30 * 86_400, queried(ProviderVerdict::Paid));
    assert_eq!(story.settlements(), 1, "a success confirmed even then settles");
}

#[test]
fn a_callback_of_success_only_asks_and_the_answer_settles_once() {
    let mut story = Story::pending();
    let effects = story.at(17, paid_callback());
    assert_eq!(
        effects,
        [Effect::Query(ours()), Effect::WakeAt(Wall::from_seconds(27))],
        "nothing moves yet"
    );
    assert_eq!(story.payment.queries, 0, "not one of the four");
    assert_eq!(story.at(17, paid_callback()), [], "a repeat does not ask again");
    assert_eq!(
        story.at(18, queried(ProviderVerdict::Paid)),
        [
            Effect::Settle {
                receipt: Some(receipt("NLJ7RT61SV"))
            },
            Effect::Tell(Notice::Succeeded)
        ]
    );
    assert_eq!(story.at(19, queried(ProviderVerdict::Paid)), []);
    assert_eq!(story.at(20, paid_callback()), []);
    assert_eq!(story.payment.due, None);
}

#[test]
fn no_answer_to_a_confirming_query_means_ask_again_and_never_tells_to_pay_twice() {
    let mut story = Story::pending();
    story.at(17, paid_callback());
    story.at(17, NO_ANSWER);
    // 10 s, 20 s, 40 s and 80 s after one another.
    assert_eq!(story.run_until(170, &NO_ANSWER), [27, 47, 87, 167]);
    assert_eq!(story.payment.state, PaymentState::Unknown);
    assert_eq!(story.count(&Effect::Tell(Notice::Retry)), 0);
    assert_eq!(story.run_until(327, &queried(ProviderVerdict::Paid)), [327]);
    assert_eq!(story.settlements(), 1);
}

#[test]
fn a_query_settles_without_a_receipt_and_the_callback_brings_it_later() {
    let mut story = Story::pending();
    assert_eq!(story.run_until(30, &queried(ProviderVerdict::Paid)), [30]);
    assert_eq!(story.count(&Effect::Settle { receipt: None }), 1);
    assert_eq!(
        story.at(40, paid_callback()),
        [Effect::ReceiptKnown(receipt("NLJ7RT61SV"))]
    );
    assert_eq!(story.at(41, paid_callback()), []);
}

#[test]
fn a_late_success_settles_after_every_other_end_but_only_when_confirmed() {
    let ends = [
        (FAILED, PaymentState::Failed, Notice::Failed(Failure::BalanceTooLow)),
        (ProviderVerdict::Cancelled, PaymentState::Cancelled, Notice::Cancelled),
        (ProviderVerdict::Expired, PaymentState::Expired, Notice::Expired),
    ];
    for (verdict, state, notice) in ends {
        for end in [called_back(verdict), queried(verdict)] {
            let mut story = Story::pending();
            story.at(20, end);
            assert_eq!(story.payment.state, state);
            assert_eq!(story.count(&Effect::Tell(notice)), 1);
            story.at(300, paid_callback());
            assert_eq!((story.payment.state, story.settlements()), (state, 0));
            story.at(301, queried(ProviderVerdict::Paid));
            assert_eq!(story.payment.state, PaymentState::Succeeded);
            assert_eq!(story.settlements(), 1);
        }
    }
}

#[test]
fn an_unhappy_end_is_asked_about_once_more() {
    let mut story = Story::pending();
    story.at(26, called_back(ProviderVerdict::Expired));
    assert_eq!(story.run_until(86_400, &queried(ProviderVerdict::Cancelled)), [626]);
    assert_eq!(
        story.payment.state,
        PaymentState::Cancelled,
        "the query has the last word"
    );
    assert_eq!(story.count(&Effect::Tell(Notice::Cancelled)), 0, "they heard it once");

    let mut story = Story::pending();
    story.at(26, called_back(ProviderVerdict::Expired));
    // 10 minutes, and 20 more because the first was not answered.
    assert_eq!(story.run_until(700, &NO_ANSWER), [626]);
    assert_eq!(story.run_until(86_400, &queried(ProviderVerdict::Paid)), [1_826]);
    assert_eq!(story.settlements(), 1);
}

#[test]
fn another_amount_or_phone_is_never_credited() {
    let paid = || report(ProviderVerdict::Paid);
    let table = [
        Report {
            amount: Some(Money::new(29_900, Currency::Kes)),
            ..paid()
        },
        Report {
            amount: Some(Money::new(30_000, Currency::Ugx)),
            ..paid()
        },
        Report {
            payer: Some(Msisdn(254_700_000_103)),
            ..paid()
        },
    ];
    for odd in table {
        for event in [
            Event::CalledBack(odd.clone()),
            Event::QueryAnswered(QueryAnswer::Report(odd.clone())),
        ] {
            let mut story = Story::pending();
            assert_eq!(story.at(17, event), [Effect::Audit(Audit::Mismatch)]);
            assert_eq!(story.payment.state, PaymentState::NeedsOperator);
            story.at(18, queried(ProviderVerdict::Paid));
            story.at(19, paid_callback());
            story.at(20, queried(FAILED));
            assert_eq!(
                (story.payment.state, story.settlements()),
                (PaymentState::NeedsOperator, 0)
            );
            story.at(21, Event::Ordered(PaymentOrder::Credit { receipt: None }));
            assert_eq!(story.settlements(), 1);
        }
    }
}

#[test]
fn the_reference_is_learned_from_the_callback_when_the_push_went_unanswered() {
    let mut story = Story::new();
    story.at(0, Event::Start);
    story.at(30, Event::PushAnswered(PushAnswer::NoAnswer));
    assert_eq!(story.run_until(60, &NO_ANSWER), [] as [i64; 0], "nothing to ask by");
    assert!(story.at(70, paid_callback()).contains(&Effect::Query(ours())));
    story.at(71, queried(ProviderVerdict::Paid));
    assert_eq!(story.settlements(), 1);
}

#[test]
fn a_report_about_another_payment_changes_nothing() {
    let foreign = Report {
        reference: Some(reference("ws_CO_2")),
        ..report(ProviderVerdict::Paid)
    };
    for event in [
        Event::CalledBack(foreign.clone()),
        Event::QueryAnswered(QueryAnswer::Report(foreign.clone())),
    ] {
        let mut story = Story::pending();
        let before = story.payment.clone();
        assert_eq!(story.at(5, event), [Effect::Audit(Audit::ForeignReference)]);
        assert_eq!(story.payment, before);
    }
}

#[test]
fn the_pushs_own_answer_outranks_a_reference_from_a_callback() {
    let mut story = Story::new();
    story.at(0, Event::Start);
    story.at(
        1,
        Event::CalledBack(Report {
            reference: Some(reference("ws_CO_2")),
            ..report(ProviderVerdict::Paid)
        }),
    );
    story.at(2, accepted());
    assert_eq!(story.payment.reference, Some(ours()));
    assert!(!story.payment.claimed);
    assert_eq!(story.count(&Effect::Audit(Audit::ReferenceReplaced)), 1);
}

#[test]
fn an_unknown_code_is_never_a_failure() {
    for event in [called_back(ProviderVerdict::Unknown), queried(ProviderVerdict::Unknown)] {
        let mut story = Story::pending();
        story.at(10, event);
        assert_eq!(story.payment.state, PaymentState::Unknown);
        assert_eq!(story.run_until(30, &queried(ProviderVerdict::Paid)), [30]);
        assert_eq!(story.settlements(), 1);
    }
}

#[test]
fn a_claim_that_the_provider_denies_ends_and_is_looked_at() {
    let mut story = Story::pending();
    story.at(17, paid_callback());
    story.at(18, queried(FAILED));
    assert_eq!(story.payment.state, PaymentState::Failed);
    assert_eq!(story.payment.receipt, None);
    assert_eq!(story.count(&Effect::Audit(Audit::Contradiction)), 1);
}

#[test]
fn nothing_is_believed_before_the_start() {
    for event in [paid_callback(), queried(ProviderVerdict::Paid), accepted(), NO_ANSWER] {
        let mut story = Story::new();
        assert_eq!(story.at(0, event), [Effect::Audit(Audit::Unexpected)]);
        assert_eq!(story.payment.state, PaymentState::Created);
    }
}

#[test]
fn an_operator_can_close_ask_again_and_credit_but_not_undo() {
    let mut story = Story::pending();
    story.at(1, Event::Ordered(PaymentOrder::Close));
    assert_eq!(story.payment.state, PaymentState::Failed);
    assert_eq!(story.payment.failure, Some(Failure::ClosedByOperator));
    assert!(
        story
            .at(2, Event::Ordered(PaymentOrder::AskAgain))
            .contains(&Effect::Query(ours()))
    );
    story.at(3, queried(ProviderVerdict::Paid));
    assert_eq!(story.settlements(), 1);
    for order in [
        PaymentOrder::Close,
        PaymentOrder::AskAgain,
        PaymentOrder::Credit { receipt: None },
    ] {
        assert_eq!(story.at(4, Event::Ordered(order)), [Effect::Audit(Audit::OrderRefused)]);
        assert_eq!(story.payment.state, PaymentState::Succeeded);
    }
}

#[test]
fn names_read_back() {
    for state in PaymentState::ALL {
        assert_eq!(PaymentState::from_name(state.name()), Some(state));
    }
    for failure in Failure::ALL {
        assert_eq!(Failure::from_name(failure.name()), Some(failure));
    }
}
