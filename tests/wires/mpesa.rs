//! The Daraja client against the pretend Daraja over real sockets, and whole payments through the rules.

#[path = "mpesa/desk.rs"]
mod desk;
#[path = "mpesa/payouts.rs"]
mod payouts;
#[path = "mpesa/program.rs"]
mod program;

use std::time::Duration;

use desk::{Desk, Hub, NOW, amount, client, eventually, order};
use kiosk::payment::{Failure, PaymentState, ProviderVerdict, PushAnswer, QueryAnswer};
use world::sandbox::mpesa::{Behaviour, Fault, InFlight};

const PATIENCE: Duration = Duration::from_secs(20);

fn quick() -> Behaviour {
    Behaviour {
        auto_after_ms: 1,
        ..Behaviour::default()
    }
}

fn manual() -> Behaviour {
    Behaviour {
        auto: false,
        ..Behaviour::default()
    }
}

/// Where nothing will come, little is enough; where an answer is due, a busy machine must not make it late.
fn patience(fault: Fault) -> Duration {
    match fault {
        Fault::Silent | Fault::Lost => Duration::from_secs(1),
        _ => PATIENCE,
    }
}

fn verdict(answer: &QueryAnswer) -> Option<ProviderVerdict> {
    match answer {
        QueryAnswer::Report(report) => Some(report.verdict),
        QueryAnswer::NoAnswer => None,
    }
}

#[tokio::test]
async fn a_payment_is_prompted_paid_called_back_and_confirmed() {
    let mut desk = Desk::open(quick()).await;
    let client = client(&desk.sandbox, PATIENCE);
    let reference = desk.accepted(&client).await;
    let callback = desk.callback().await;
    assert_eq!(callback.report.reference.as_ref(), Some(&reference));
    assert_eq!(callback.report.verdict, ProviderVerdict::Paid);
    assert_eq!(callback.report.amount, Some(amount()));
    assert_eq!(callback.report.payer, Some(desk::PAYER));
    let ledger = desk.ledger();
    assert_eq!(ledger.len(), 1);
    assert_eq!(
        callback.report.receipt.map(|receipt| receipt.to_string()),
        Some(ledger[0].receipt.clone())
    );
    assert_eq!((ledger[0].amount, ledger[0].party_b.as_str()), (300, "174379"));
    assert_eq!(
        verdict(&client.query(&reference, NOW).await),
        Some(ProviderVerdict::Paid)
    );
    desk.close().await;
}

#[tokio::test]
async fn a_till_is_paid_by_its_own_number() {
    let mut desk = Desk::open(quick()).await;
    let client = desk::till_client(&desk.sandbox, "5123456");
    desk.accepted(&client).await;
    assert_eq!(desk.callback().await.report.verdict, ProviderVerdict::Paid);
    assert_eq!(desk.ledger()[0].party_b, "5123456");
    desk.close().await;
}

#[tokio::test]
async fn a_customer_who_says_no_is_heard() {
    let mut desk = Desk::open(manual()).await;
    let client = client(&desk.sandbox, PATIENCE);
    let reference = desk.accepted(&client).await;
    assert!(desk.sandbox.cancel(reference.as_str()));
    assert_eq!(desk.callback().await.report.verdict, ProviderVerdict::Cancelled);
    assert_eq!(
        verdict(&client.query(&reference, NOW).await),
        Some(ProviderVerdict::Cancelled)
    );
    assert_eq!(desk.ledger(), []);
    desk.close().await;
}

#[tokio::test]
async fn a_token_that_is_turned_away_is_replaced_once_and_the_call_repeated_once() {
    let desk = Desk::open(manual()).await;
    let client = client(&desk.sandbox, PATIENCE);
    desk.accepted(&client).await;
    for (calls, code) in ["404.001.03", "400.003.01", "401.002.01"].into_iter().enumerate() {
        desk.sandbox.with_mpesa(|mpesa| {
            mpesa.forget_token();
            mpesa.set_behaviour(Behaviour {
                invalid_token_code: code.to_owned(),
                ..manual()
            });
        });
        desk.accepted(&client).await;
        let (tokens, prompts) = desk
            .sandbox
            .with_mpesa(|mpesa| (mpesa.tokens_given(), mpesa.prompts().len()));
        assert_eq!((tokens, prompts), (calls as u64 + 2, calls + 2), "{code}");
    }
    desk.close().await;
}

#[tokio::test]
async fn a_token_that_is_never_good_is_a_matter_of_configuration() {
    let desk = Desk::open(Behaviour {
        token_life_s: 0,
        ..manual()
    })
    .await;
    let client = client(&desk.sandbox, PATIENCE);
    let answer = client.push(&order(&desk.callback_url), NOW).await;
    assert_eq!(answer, PushAnswer::Refused(Failure::Configuration));
    let (tokens, prompts) = desk
        .sandbox
        .with_mpesa(|mpesa| (mpesa.tokens_given(), mpesa.prompts().len()));
    assert_eq!((tokens, prompts), (2, 0), "one fresh token, one repeat, no prompt");
    desk.close().await;
}

#[tokio::test]
async fn many_callers_share_one_token_and_it_is_replaced_a_minute_early() {
    let desk = Desk::open(manual()).await;
    let client = client(&desk.sandbox, PATIENCE);
    let reference = "ws_CO_none".parse().unwrap();
    let asked = (0..16).map(|_| client.query(&reference, NOW));
    futures_util::future::join_all(asked).await;
    assert_eq!(desk.sandbox.with_mpesa(|mpesa| mpesa.tokens_given()), 1);

    desk.sandbox.with_mpesa(|mpesa| {
        mpesa.forget_token();
        mpesa.set_behaviour(Behaviour {
            token_life_s: 60,
            ..manual()
        });
    });
    // The first is turned away and takes the second token; it has 60 s left, which is the margin, so the next takes another.
    client.query(&reference, NOW).await;
    client.query(&reference, NOW).await;
    assert_eq!(desk.sandbox.with_mpesa(|mpesa| mpesa.tokens_given()), 3);
    desk.close().await;
}

#[tokio::test]
async fn what_goes_wrong_with_a_push_is_never_taken_for_more_than_it_says() {
    let table = [
        (Fault::Silent, PushAnswer::NoAnswer, 1),
        (Fault::Lost, PushAnswer::NoAnswer, 0),
        (Fault::Html, PushAnswer::NoAnswer, 1),
        (Fault::Internal, PushAnswer::NoAnswer, 0),
        (Fault::Busy, PushAnswer::Refused(Failure::Busy), 0),
        (Fault::InvalidField, PushAnswer::Refused(Failure::Configuration), 0),
        (Fault::ErrorInside, PushAnswer::Refused(Failure::Configuration), 0),
        (Fault::Locked, PushAnswer::Refused(Failure::Refused), 0),
    ];
    for (push_fault, expected, prompts) in table {
        let desk = Desk::open(Behaviour { push_fault, ..manual() }).await;
        let client = client(&desk.sandbox, patience(push_fault));
        let answer = client.push(&order(&desk.callback_url), NOW).await;
        assert_eq!(answer, expected, "{push_fault:?}");
        let seen = desk.sandbox.with_mpesa(|mpesa| mpesa.prompts().len());
        assert_eq!(seen, prompts, "{push_fault:?}: sent once and not again");
        desk.close().await;
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_was_certainly_not_asked() {
    let desk = Desk::open(manual()).await;
    let (client, order) = (client(&desk.sandbox, PATIENCE), order(&desk.callback_url));
    desk.close().await;
    assert_eq!(
        client.push(&order, NOW).await,
        PushAnswer::Refused(Failure::Unreachable)
    );
    let reference = "ws_CO_none".parse().unwrap();
    assert_eq!(client.query(&reference, NOW).await, QueryAnswer::NoAnswer);
}

#[tokio::test]
async fn both_shapes_of_in_flight_mean_ask_again() {
    let desk = Desk::open(manual()).await;
    let client = client(&desk.sandbox, PATIENCE);
    let reference = desk.accepted(&client).await;
    let table = [
        (InFlight::Code4999, Some(ProviderVerdict::Pending)),
        (InFlight::Error500, None),
        (InFlight::Error200, None),
    ];
    for (in_flight, expected) in table {
        desk.sandbox.with_mpesa(|mpesa| {
            mpesa.set_behaviour(Behaviour { in_flight, ..manual() });
        });
        assert_eq!(verdict(&client.query(&reference, NOW).await), expected, "{in_flight:?}");
    }
    desk.close().await;
}

#[tokio::test]
async fn a_query_without_a_readable_answer_means_ask_again() {
    let desk = Desk::open(quick()).await;
    let patient = client(&desk.sandbox, PATIENCE);
    let reference = desk.accepted(&patient).await;
    eventually("the payment is made", || !desk.ledger().is_empty()).await;
    for query_fault in [Fault::Silent, Fault::Html, Fault::Internal, Fault::Busy] {
        desk.sandbox.with_mpesa(|mpesa| {
            mpesa.set_behaviour(Behaviour { query_fault, ..quick() });
        });
        let asker = client(&desk.sandbox, patience(query_fault));
        let answer = asker.query(&reference, NOW).await;
        assert_eq!(answer, QueryAnswer::NoAnswer, "{query_fault:?}");
    }
    desk.close().await;
}

#[tokio::test]
async fn a_doubled_callback_settles_once() {
    let mut desk = Desk::open(Behaviour {
        callbacks: 2,
        ..quick()
    })
    .await;
    let mut hub = Hub::new(client(&desk.sandbox, PATIENCE), &desk.callback_url);
    hub.start().await;
    for _ in 0..2 {
        let callback = desk.callback().await;
        hub.called_back(callback).await;
    }
    assert_eq!(hub.payment.state, PaymentState::Succeeded);
    assert_eq!((hub.settled.len(), desk.ledger().len()), (1, 1));
    assert_eq!(
        hub.settled[0].as_ref().map(ToString::to_string),
        Some(desk.ledger()[0].receipt.clone())
    );
    desk.close().await;
}

#[tokio::test]
async fn a_push_that_was_taken_but_not_answered_settles_by_its_callback() {
    let mut desk = Desk::open(Behaviour {
        push_fault: Fault::Silent,
        ..quick()
    })
    .await;
    let mut hub = Hub::new(client(&desk.sandbox, patience(Fault::Silent)), &desk.callback_url);
    hub.start().await;
    assert_eq!(hub.payment.state, PaymentState::Unknown);
    let callback = desk.callback().await;
    hub.called_back(callback).await;
    assert_eq!(hub.payment.state, PaymentState::Succeeded);
    assert_eq!((hub.settled.len(), desk.ledger().len()), (1, 1));
    desk.close().await;
}

#[tokio::test]
async fn a_missing_callback_is_made_good_by_the_queries() {
    let desk = Desk::open(Behaviour {
        callbacks: 0,
        ..quick()
    })
    .await;
    let mut hub = Hub::new(client(&desk.sandbox, PATIENCE), &desk.callback_url);
    hub.start().await;
    eventually("the payment is made", || !desk.ledger().is_empty()).await;
    hub.tick_when_due().await;
    assert_eq!(hub.payment.state, PaymentState::Succeeded);
    assert_eq!(hub.settled, [None], "a query brings no receipt");
    desk.close().await;
}

#[tokio::test]
async fn a_late_success_settles_after_an_expiry_was_told() {
    let mut desk = Desk::open(Behaviour {
        result_code: "1037".to_owned(),
        late_success_after_ms: 500,
        ..quick()
    })
    .await;
    let mut hub = Hub::new(client(&desk.sandbox, PATIENCE), &desk.callback_url);
    hub.start().await;
    let expired = desk.callback().await;
    hub.called_back(expired).await;
    assert_eq!(hub.payment.state, PaymentState::Expired);
    let paid = desk.callback().await;
    hub.called_back(paid).await;
    assert_eq!(hub.payment.state, PaymentState::Succeeded);
    assert_eq!((hub.settled.len(), desk.ledger().len()), (1, 1));
    desk.close().await;
}

/// RELIABILITY row 31: whoever guesses the address, or replays another payment's body, moves nothing.
#[tokio::test]
async fn a_forged_success_is_asked_about_and_not_believed() {
    let desk = Desk::open(manual()).await;
    let mut hub = Hub::new(client(&desk.sandbox, PATIENCE), &desk.callback_url);
    hub.start().await;
    let own = hub.payment.reference.clone();
    for reference in [own, "ws_CO_of_another".parse().ok()] {
        hub.called_back(desk::forged(reference)).await;
        assert_eq!((hub.payment.state, hub.settled.len()), (PaymentState::Pending, 0));
    }
    let reference = hub.payment.reference.clone().expect("accepted");
    assert!(desk.sandbox.cancel(reference.as_str()));
    hub.tick_when_due().await;
    assert_eq!((hub.payment.state, hub.settled.len()), (PaymentState::Cancelled, 0));
    desk.close().await;
}
