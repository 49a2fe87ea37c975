//! The pump with a provider that answers nothing until it is let.

use std::sync::atomic::{AtomicUsize, Ordering};

use kiosk::{ids::AccountId, payment::Msisdn, provider::Provider, units::Money};
use runtime::stop::Stopper;

use super::*;
use crate::hub::payout::PayoutWay;

/// A provider that holds every call until it is let go, and counts prompts.
#[derive(Default)]
struct Slow {
    prompts: AtomicUsize,
    gate: Option<Semaphore>,
    question_gate: Option<Semaphore>,
}

async fn pass(gate: Option<&Semaphore>) {
    if let Some(gate) = gate {
        drop(gate.acquire().await);
    }
}

impl Collect for Slow {
    async fn push(&self, _: &Prompt, _: Wall) -> PushAnswer {
        self.prompts.fetch_add(1, Ordering::SeqCst);
        pass(self.gate.as_ref()).await;
        PushAnswer::NoAnswer
    }

    async fn query(&self, _: &ProviderReference, _: Wall) -> QueryAnswer {
        pass(self.question_gate.as_ref()).await;
        QueryAnswer::NoAnswer
    }
}

impl Collect for Arc<Slow> {
    async fn push(&self, prompt: &Prompt, now: Wall) -> PushAnswer {
        self.as_ref().push(prompt, now).await
    }

    async fn query(&self, reference: &ProviderReference, now: Wall) -> QueryAnswer {
        self.as_ref().query(reference, now).await
    }
}

struct Desk {
    calls: Calls,
    answers: mpsc::Receiver<Input>,
    slow: Arc<Slow>,
    clock: Clock,
    _stopper: Stopper,
}

fn desk(slow: Slow) -> Desk {
    let (calls, waiting) = queue();
    let (inbox, answers) = runtime::decide::queue();
    let (clock, slow) = (Clock::of_server(), Arc::new(slow));
    let pump = Pump {
        collector: Arc::clone(&slow),
        clock: clock.clone(),
        inbox,
    };
    let (stopper, stop) = runtime::stop::token();
    tokio::spawn(run(pump, waiting, stop));
    Desk {
        _stopper: stopper,
        calls,
        answers,
        slow,
        clock,
    }
}

impl Desk {
    /// A prompt that may be sent for so long.
    fn prompt(&self, number: u64, for_ms: i64) -> Call {
        let (now, _) = self.clock.now();
        Call::Push(Prompt {
            purchase: PurchaseId(number),
            provider: Provider::Mpesa,
            amount: Money::new(4_000, kiosk::units::Currency::Kes),
            payer: Msisdn(254_700_000_102),
            reference: None,
            token: "77ff".to_owned(),
            account: AccountId::new(1).unwrap(),
            send_before: now.plus_ms(for_ms),
        })
    }

    async fn answer(&mut self) -> (PurchaseId, PaymentEvent) {
        let answer = tokio::time::timeout(Duration::from_secs(20), self.answers.recv());
        said(answer.await.expect("in time").expect("an answer"))
    }
}

fn said(answer: Input) -> (PurchaseId, PaymentEvent) {
    match answer {
        Input::Provider { purchase, event } => (purchase, event),
        other => panic!("{other:?}"),
    }
}

fn refused(number: u64) -> (PurchaseId, PaymentEvent) {
    (
        PurchaseId(number),
        PaymentEvent::PushAnswered(PushAnswer::Refused(Failure::Busy)),
    )
}

const LONG_MS: i64 = 60_000;

#[tokio::test]
async fn a_prompt_does_not_wait_for_questions() {
    let mut desk = desk(Slow {
        question_gate: Some(Semaphore::new(0)),
        ..Slow::default()
    });
    for number in 0..WAITING_MAX as u64 {
        let purchase = PurchaseId(number);
        let reference = "ws_CO_1".parse().unwrap();
        desk.calls.hand_in(Call::Query { purchase, reference }).unwrap();
    }
    desk.calls.hand_in(desk.prompt(7, LONG_MS)).unwrap();
    assert_eq!(
        desk.answer().await,
        (PurchaseId(7), PaymentEvent::PushAnswered(PushAnswer::NoAnswer))
    );
}

#[tokio::test]
async fn a_prompt_that_is_late_is_refused_and_never_sent() {
    let mut desk = desk(Slow::default());
    desk.calls.hand_in(desk.prompt(7, 0)).unwrap();
    assert_eq!(desk.answer().await, refused(7));
    assert_eq!(desk.slow.prompts.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_prompt_without_a_caller_is_refused_when_its_time_is_over() {
    let mut desk = desk(Slow {
        gate: Some(Semaphore::new(0)),
        ..Slow::default()
    });
    for number in 0..CALLS_MAX as u64 {
        desk.calls.hand_in(desk.prompt(number, LONG_MS)).unwrap();
    }
    for number in [100, 101] {
        desk.calls.hand_in(desk.prompt(number, 100)).unwrap();
    }
    let first_two = [desk.answer().await, desk.answer().await];
    assert_eq!(first_two, [refused(100), refused(101)]);
    desk.slow.gate.as_ref().unwrap().add_permits(CALLS_MAX);
    for _ in 0..CALLS_MAX {
        assert_eq!(desk.answer().await.1, PaymentEvent::PushAnswered(PushAnswer::NoAnswer));
    }
    assert_eq!(desk.slow.prompts.load(Ordering::SeqCst), CALLS_MAX);
}

#[tokio::test]
async fn a_payout_that_is_late_is_refused_and_never_sent() {
    let mut desk = desk(Slow::default());
    let (now, _) = desk.clock.now();
    let call = PayoutCall {
        payout: PayoutId(7),
        provider: Provider::Mpesa,
        way: PayoutWay::Transfer,
        amount: Money::new(4_000, kiosk::units::Currency::Kes),
        payee: Msisdn(254_700_000_102),
        key: "0a1b2c".parse().unwrap(),
        token: "77ff".to_owned(),
        send_before: now,
    };
    desk.calls.hand_in(Call::PayOut(call)).unwrap();
    let answer = tokio::time::timeout(Duration::from_secs(20), desk.answers.recv());
    match answer.await.expect("in time").expect("an answer") {
        // A call that is made is refused here for another reason: this provider pays nothing out.
        Input::PaidOut { payout, word } => assert_eq!(
            (payout, word.answer),
            (PayoutId(7), Some(PayoutAnswer::Refused(Failure::Busy)))
        ),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_without_room_comes_back() {
    let (calls, waiting) = queue();
    drop(waiting);
    let reference = "ws_CO_1".parse().unwrap();
    let purchase = PurchaseId(1);
    let back = calls.hand_in(Call::Query { purchase, reference }).unwrap_err();
    assert_eq!(
        said(back.unmade()),
        (purchase, PaymentEvent::QueryAnswered(QueryAnswer::NoAnswer))
    );
}
