//! Orders to pay out and to undo, and questions about them, over real sockets.

use hub::{
    adapters::mpesa::{
        Mpesa,
        outgoing::Outgoing,
        wire::result::{order_result, parse_result},
    },
    hub::{
        money::{OrderEnd, OrderResult},
        payout::{PayoutCall, PayoutQuestion, PayoutWay},
    },
    provider::pump::Collect,
    secret::Secret,
};
use kiosk::{
    ids::{PayoutId, ProviderReference},
    payment::Failure,
    payout::PayoutAnswer,
    provider::Provider,
};
use world::sandbox::mpesa::{Behaviour, Fault};

use crate::{
    desk::{Desk, PAYER, amount, client, eventually},
    manual, patience,
};

/// Addresses lead nowhere: what is posted is looked at in the sandbox.
fn mpesa(desk: &Desk, fault: Fault) -> Mpesa {
    Mpesa {
        client: client(&desk.sandbox, patience(fault)),
        callback_base: "http://127.0.0.1:9".to_owned(),
        webhook_secret: Some(Secret::new("0a1b")),
        outgoing: Some(Outgoing {
            initiator: "kisima".to_owned(),
            credential: Secret::new("sealed"),
            shortcode: "600000".to_owned(),
        }),
    }
}

fn call(number: u64, way: PayoutWay) -> PayoutCall {
    PayoutCall {
        payout: PayoutId(number),
        provider: Provider::Mpesa,
        way,
        amount: amount(),
        payee: PAYER,
        key: format!("{number:032x}").parse().expect("a name"),
        token: "77ff".to_owned(),
        send_before: kiosk::moment::Wall(i64::MAX),
    }
}

fn question(call: &PayoutCall, reference: Option<ProviderReference>) -> PayoutQuestion {
    PayoutQuestion {
        payout: call.payout,
        provider: Provider::Mpesa,
        way: call.way.clone(),
        key: call.key.clone(),
        reference,
        token: "88ff".to_owned(),
    }
}

/// The posts so far: the end of their addresses, and what they say.
fn posted(desk: &Desk) -> Vec<(String, OrderResult)> {
    let deliveries = desk.sandbox.deliveries();
    let read = |delivery: &world::sandbox::Delivery| {
        let body = delivery.callback.body.as_bytes();
        let word = order_result(parse_result(body).expect("a result"));
        let address = delivery.callback.url.clone();
        let end = address.strip_prefix("http://127.0.0.1:9/payments/daraja/0a1b/");
        (end.expect("our address").to_owned(), word)
    };
    deliveries.iter().map(read).collect()
}

#[tokio::test]
async fn an_order_is_sent_once_whatever_goes_wrong() {
    for (payout_fault, expected, sent) in [
        (Fault::Silent, PayoutAnswer::NoAnswer, 1),
        (Fault::Lost, PayoutAnswer::NoAnswer, 0),
        (Fault::Html, PayoutAnswer::NoAnswer, 1),
        (Fault::Internal, PayoutAnswer::NoAnswer, 0),
        (Fault::Busy, PayoutAnswer::Refused(Failure::Busy), 0),
        (Fault::InvalidField, PayoutAnswer::Refused(Failure::Configuration), 0),
    ] {
        let desk = Desk::open(Behaviour {
            payout_fault,
            ..manual()
        })
        .await;
        let word = mpesa(&desk, payout_fault).pay_out(&call(1, PayoutWay::Transfer)).await;
        assert_eq!((word.answer, word.report), (Some(expected), None), "{payout_fault:?}");
        let seen = desk.sandbox.with_mpesa(|mpesa| mpesa.payouts().len());
        assert_eq!(seen, sent, "{payout_fault:?}");
        desk.close().await;
    }
}

#[tokio::test]
async fn each_of_the_three_words_for_a_bad_token_takes_one_new_token_and_pays_once() {
    for code in ["404.001.03", "400.003.01", "401.002.01"] {
        let desk = Desk::open(Behaviour {
            invalid_token_code: code.to_owned(),
            ..manual()
        })
        .await;
        let mpesa = mpesa(&desk, Fault::None);
        desk.accepted(&mpesa.client).await;
        desk.sandbox.with_mpesa(|mpesa| mpesa.forget_token());
        // Several at once are turned away together: one of them takes the new token for all.
        let calls: Vec<PayoutCall> = (1..=8).map(|number| call(number, PayoutWay::Transfer)).collect();
        let paid = futures_util::future::join_all(calls.iter().map(|call| mpesa.pay_out(call))).await;
        assert!(
            paid.iter()
                .all(|word| matches!(word.answer, Some(PayoutAnswer::Accepted { .. }))),
            "{code}: {paid:?}"
        );
        let seen = desk
            .sandbox
            .with_mpesa(|mpesa| (mpesa.tokens_given(), mpesa.payouts().len()));
        assert_eq!(seen, (2, 8), "{code}");
        desk.close().await;
    }
}

#[tokio::test]
async fn a_result_comes_to_its_payout_and_an_answer_to_its_question() {
    let desk = Desk::open(Behaviour::default()).await;
    let mpesa = mpesa(&desk, Fault::None);
    let call = call(1, PayoutWay::Transfer);
    mpesa.pay_out(&call).await;
    assert_eq!(
        mpesa.pay_out(&call).await.answer,
        Some(PayoutAnswer::Duplicate),
        "its name pays once"
    );
    mpesa.ask_payout(&question(&call, None)).await;
    eventually("both are posted", || desk.sandbox.deliveries().len() == 2).await;
    let mut posts = posted(&desk);
    posts.sort_by(|one, other| one.0.cmp(&other.0));
    let [(result_at, result), (answer_at, answer)] = posts.try_into().unwrap();
    assert_eq!((result_at.as_str(), answer_at.as_str()), ("result/77ff", "result/88ff"));
    assert_eq!(
        (result.end, result.is_status, result.order),
        (OrderEnd::Done, false, Some(call.key))
    );
    assert_eq!(
        (answer.end, answer.is_status, answer.amount),
        (OrderEnd::Done, true, Some(amount()))
    );
    assert_eq!(answer.receipt, result.receipt);
    desk.close().await;
}

#[tokio::test]
async fn a_payment_is_undone_once_and_asked_about_by_darajas_name_of_it() {
    let mut desk = Desk::open(Behaviour {
        auto_after_ms: 1,
        ..Behaviour::default()
    })
    .await;
    let mpesa = mpesa(&desk, Fault::None);
    desk.accepted(&mpesa.client).await;
    let receipt = desk.callback().await.report.receipt.expect("a receipt");
    let reversal = call(1, PayoutWay::Reversal(receipt));
    let word = mpesa.pay_out(&reversal).await;
    let Some(PayoutAnswer::Accepted { reference: Some(name) }) = word.answer else {
        panic!("{word:?}")
    };
    mpesa.ask_payout(&question(&reversal, Some(name))).await;
    mpesa.pay_out(&call(2, reversal.way.clone())).await;
    eventually("all are posted", || desk.sandbox.deliveries().len() == 4).await;
    let posts: Vec<_> = desk
        .sandbox
        .deliveries()
        .into_iter()
        .filter(|sent| sent.callback.url.contains("/result/"))
        .collect();
    assert!(
        posts.iter().any(|sent| sent.callback.body.contains("R000001")),
        "undone before"
    );
    // What the phone paid is there again: 100,000 less 300 and 300.
    assert_eq!(desk.sandbox.with_mpesa(|mpesa| mpesa.balance(PAYER.0)), 100_000);
    assert_eq!(
        desk.sandbox
            .with_mpesa(|mpesa| mpesa.payouts().iter().filter(|payout| payout.code == "0").count()),
        1
    );
    let nameless = mpesa.ask_payout(&question(&reversal, None)).await;
    assert_eq!(nameless.report, None);
    desk.close().await;
}
