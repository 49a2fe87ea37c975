//! A payout's life, told step by step.

use super::*;
use crate::{
    moment::{Draw, Moment, Trust},
    units::Currency,
};

const AMOUNT: Money = Money::new(50_000, Currency::Kes);

/// A payout under way and everything that came of it.
struct Story {
    payout: Payout,
    now: Wall,
    trust: Trust,
}

impl Story {
    fn begin() -> Story {
        Story {
            payout: Payout::new(AMOUNT, Msisdn(254_700_000_102), "K1".parse().unwrap(), Wall(0)),
            now: Wall(0),
            trust: Trust::Ntp,
        }
    }

    fn started() -> Story {
        let mut story = Story::begin();
        story.on(PayoutEvent::Start);
        story
    }

    fn accepted() -> Story {
        let mut story = Story::started();
        story.on(PayoutEvent::Answered(PayoutAnswer::Accepted { reference: None }));
        story
    }

    fn on(&mut self, event: PayoutEvent) -> Vec<PayoutEffect> {
        let moment = Moment {
            wall: self.now,
            trust: self.trust,
            monotonic_ms: 0,
            draw: Draw::new([0; 32]),
        };
        let (payout, effects) = step(&PayoutPolicy::default(), &self.payout, &moment, event);
        self.payout = payout;
        let told = effects
            .into_iter()
            .filter(|effect| !matches!(effect, PayoutEffect::WakeAt(_)));
        told.collect()
    }

    /// Lets the time come at which it wants to be woken.
    fn wake(&mut self) -> Vec<PayoutEffect> {
        self.now = self.payout.due.expect("it waits for something");
        self.on(PayoutEvent::Tick)
    }
}

fn report(verdict: PayoutVerdict) -> PayoutReport {
    PayoutReport {
        key: "K1".parse().unwrap(),
        verdict,
        receipt: (verdict == PayoutVerdict::Made).then(|| "SKL7".parse().unwrap()),
        amount: None,
        payee: None,
    }
}

fn status(verdict: PayoutVerdict) -> PayoutEvent {
    PayoutEvent::StatusAnswered(Some(report(verdict)))
}

fn settled() -> [PayoutEffect; 2] {
    let receipt = Some("SKL7".parse().unwrap());
    [PayoutEffect::Settle { receipt }, PayoutEffect::Tell(PayoutNotice::Made)]
}

fn given_back(failure: Failure) -> [PayoutEffect; 2] {
    [
        PayoutEffect::GiveBack,
        PayoutEffect::Tell(PayoutNotice::Failed(failure)),
    ]
}

#[test]
fn money_is_reserved_before_the_call_and_gone_when_a_status_says_so() {
    let mut story = Story::begin();
    assert_eq!(
        story.on(PayoutEvent::Start),
        [PayoutEffect::Reserve, PayoutEffect::Submit]
    );
    assert_eq!(story.on(PayoutEvent::Start), []);
    let accepted = PayoutAnswer::Accepted {
        reference: Some("AG_1".parse().unwrap()),
    };
    assert_eq!(
        story.on(PayoutEvent::Answered(accepted)),
        [PayoutEffect::Tell(PayoutNotice::Started)]
    );
    assert_eq!(
        story.on(PayoutEvent::CalledBack(report(PayoutVerdict::Made))),
        [PayoutEffect::AskStatus]
    );
    assert_eq!(story.on(PayoutEvent::CalledBack(report(PayoutVerdict::Made))), []);
    assert_eq!(story.on(status(PayoutVerdict::Made)), settled());
    assert_eq!(story.on(status(PayoutVerdict::Made)), []);
    let contradiction = [PayoutEffect::Audit(PayoutAudit::Contradiction)];
    assert_eq!(story.on(status(PayoutVerdict::Failed(Failure::Refused))), contradiction);
    assert_eq!(
        (story.payout.state, story.payout.reserved),
        (PayoutState::Succeeded, false)
    );
}

#[test]
fn a_refusal_in_the_calls_own_answer_gives_the_money_back() {
    let mut story = Story::started();
    let refused = PayoutEvent::Answered(PayoutAnswer::Refused(Failure::Limit));
    assert_eq!(story.on(refused.clone()), given_back(Failure::Limit));
    assert_eq!(story.on(refused), [PayoutEffect::Audit(PayoutAudit::Unexpected)]);
    assert_eq!(story.payout.due, None);
}

#[test]
fn what_is_not_known_is_asked_about_and_never_sent_again() {
    for lost in [
        PayoutEvent::Answered(PayoutAnswer::NoAnswer),
        PayoutEvent::Answered(PayoutAnswer::Duplicate),
        PayoutEvent::TimedOut,
    ] {
        let mut story = Story::started();
        assert_eq!(story.on(lost.clone()), [], "{lost:?}");
        assert_eq!(story.payout.state, PayoutState::Unknown);
        for _ in 0..3 {
            assert_eq!(story.wake(), [PayoutEffect::AskStatus]);
            // Not found is not a failure: it may not be visible yet.
            assert_eq!(story.on(status(PayoutVerdict::Unknown)), []);
        }
        assert_eq!(
            story.on(status(PayoutVerdict::Failed(Failure::Refused))),
            given_back(Failure::Refused)
        );
    }
    // Nobody answered the call at all, as after a restart.
    let mut story = Story::started();
    assert_eq!(story.wake(), []);
    assert_eq!(story.payout.state, PayoutState::Unknown);
    // A post at the time-out address, after the call was taken.
    let mut story = Story::accepted();
    assert_eq!(story.on(PayoutEvent::TimedOut), []);
    assert_eq!(
        (story.payout.state, story.payout.reserved),
        (PayoutState::Unknown, true)
    );
}

#[test]
fn a_posted_failure_gives_nothing_back_until_a_status_confirms_it() {
    let failed = PayoutVerdict::Failed(Failure::BalanceTooLow);
    let mut story = Story::accepted();
    assert_eq!(
        story.on(PayoutEvent::CalledBack(report(failed))),
        [PayoutEffect::AskStatus]
    );
    assert_eq!(
        (story.payout.state, story.payout.reserved),
        (PayoutState::Pending, true)
    );
    assert_eq!(story.on(status(PayoutVerdict::Pending)), []);
    assert_eq!(story.wake(), [PayoutEffect::AskStatus]);
    assert_eq!(story.on(status(PayoutVerdict::Made)), settled());
}

#[test]
fn money_that_left_after_all_is_booked_as_gone() {
    let mut story = Story::started();
    story.on(PayoutEvent::Answered(PayoutAnswer::Refused(Failure::Busy)));
    assert_eq!(
        story.on(PayoutEvent::CalledBack(report(PayoutVerdict::Made))),
        [PayoutEffect::AskStatus]
    );
    let [settle, tell] = settled();
    let late = [
        PayoutEffect::Reserve,
        PayoutEffect::Audit(PayoutAudit::MadeAfterGivenBack),
        settle,
        tell,
    ];
    assert_eq!(story.on(status(PayoutVerdict::Made)), late);
}

#[test]
fn another_amount_or_payee_and_silence_wait_for_a_person_with_the_money_reserved() {
    let other = PayoutReport {
        amount: Some(Money::new(1, Currency::Kes)),
        ..report(PayoutVerdict::Made)
    };
    let elsewhere = PayoutReport {
        payee: Some(Msisdn(1)),
        ..report(PayoutVerdict::Made)
    };
    for wrong in [other, elsewhere] {
        let mut story = Story::accepted();
        let mismatch = [PayoutEffect::Audit(PayoutAudit::Mismatch)];
        assert_eq!(story.on(PayoutEvent::StatusAnswered(Some(wrong))), mismatch);
        assert_eq!(story.on(status(PayoutVerdict::Made)), []);
        assert_eq!(
            (story.payout.state, story.payout.reserved),
            (PayoutState::NeedsOperator, true)
        );
        let refused = [PayoutEffect::Audit(PayoutAudit::OrderRefused)];
        assert_eq!(story.on(PayoutEvent::Ordered(PayoutOrder::AskAgain)), refused);
        let not_made = PayoutEvent::Ordered(PayoutOrder::NotMade);
        assert_eq!(story.on(not_made), given_back(Failure::ClosedByOperator));
    }
    let mut story = Story::accepted();
    let mut asked = 0;
    let last = loop {
        let effects = story.wake();
        if effects != [PayoutEffect::AskStatus] {
            break effects;
        }
        asked += 1;
    };
    assert_eq!(last, [PayoutEffect::Audit(PayoutAudit::GaveUp)]);
    assert_eq!(
        (story.payout.state, story.payout.reserved),
        (PayoutState::NeedsOperator, true)
    );
    // 1 + 2 + 4 + … + 256 minutes come to 511, and from there every 6 hours up to 7 days (10080 minutes): 26 more, the
    // 27th being past the end.
    assert_eq!(asked, 9 + 26);
    let made = PayoutEvent::Ordered(PayoutOrder::Made {
        receipt: Some("SKL7".parse().unwrap()),
    });
    assert_eq!(story.on(made), settled());
}

#[test]
fn without_a_trusted_clock_nobody_gives_up() {
    let mut story = Story::accepted();
    story.trust = Trust::None;
    for _ in 0..100 {
        assert_eq!(story.wake(), [PayoutEffect::AskStatus]);
    }
}

#[test]
fn foreign_keys_second_receipts_and_our_own_faults_are_written_down() {
    let mut story = Story::accepted();
    let foreign = PayoutReport {
        key: "K2".parse().unwrap(),
        ..report(PayoutVerdict::Made)
    };
    let audit = [PayoutEffect::Audit(PayoutAudit::ForeignKey)];
    assert_eq!(story.on(PayoutEvent::StatusAnswered(Some(foreign))), audit);
    let without = PayoutReport {
        receipt: None,
        ..report(PayoutVerdict::Made)
    };
    story.on(PayoutEvent::StatusAnswered(Some(without)));
    let known = [PayoutEffect::ReceiptKnown("SKL7".parse().unwrap())];
    assert_eq!(story.on(PayoutEvent::CalledBack(report(PayoutVerdict::Made))), known);
    let second = PayoutReport {
        receipt: Some("SKL8".parse().unwrap()),
        ..report(PayoutVerdict::Made)
    };
    let audit = [PayoutEffect::Audit(PayoutAudit::SecondReceipt("SKL8".parse().unwrap()))];
    assert_eq!(story.on(PayoutEvent::CalledBack(second)), audit);
    let mut story = Story::started();
    let [give_back, tell] = given_back(Failure::Configuration);
    let effects = story.on(PayoutEvent::Answered(PayoutAnswer::Refused(Failure::Configuration)));
    assert_eq!(
        effects,
        [PayoutEffect::Audit(PayoutAudit::OurConfiguration), give_back, tell]
    );
    let mut story = Story::begin();
    let early = [PayoutEffect::Audit(PayoutAudit::Unexpected)];
    assert_eq!(story.on(status(PayoutVerdict::Made)), early);
    for state in PayoutState::ALL {
        assert_eq!(PayoutState::from_name(state.name()), Some(state));
    }
}

#[test]
fn a_clock_that_ran_ahead_puts_no_payout_off() {
    let mut story = Story::begin();
    let month_ms = 30 * crate::moment::DAY_MS;
    story.now = Wall(month_ms);
    story.on(PayoutEvent::Start);
    story.now = Wall(0);
    assert_eq!(story.on(PayoutEvent::Tick), []);
    assert_eq!(story.payout.state, PayoutState::Unknown);
    assert_eq!(story.wake(), [PayoutEffect::AskStatus]);
}

#[test]
fn a_clock_that_is_behind_for_a_while_gives_no_payout_up() {
    let mut story = Story::accepted();
    let begun = story.now;
    story.now = Wall(begun.0 - 30 * crate::moment::DAY_MS);
    assert_eq!(story.on(PayoutEvent::Tick), [PayoutEffect::AskStatus]);
    story.now = begun.plus_ms(crate::moment::DAY_MS);
    assert_eq!(story.on(PayoutEvent::Tick), [PayoutEffect::AskStatus]);
    assert_eq!(story.payout.state, PayoutState::Pending);
}
