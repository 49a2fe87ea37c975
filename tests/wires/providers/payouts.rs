//! Money that goes out by pretend MTN, Airtel and IntaSend: sent once, and never taken for more or less than was said.

use hub::hub::payout::{PayoutCall, PayoutQuestion, PayoutWay};
use kiosk::{
    ids::PayoutId,
    payment::Failure,
    payout::{PayoutAnswer, PayoutVerdict},
    provider::Provider,
};
use world::sandbox::wallets::{Behaviour, Fault, Outcome};

use crate::{ALL, PATIENCE, WITH_TOKEN, desk::Desk, manual, patience};

fn call(desk: &Desk, provider: Provider, number: u64) -> PayoutCall {
    let key = match provider {
        Provider::Mtn => format!("4b0f6a1e-6b1c-4a43-a5f0-{number:012x}"),
        _ => format!("{number:032x}"),
    };
    PayoutCall {
        payout: PayoutId(number),
        provider,
        way: PayoutWay::Transfer,
        amount: desk.amount(),
        payee: desk.payer(),
        key: key.parse().expect("a name"),
        token: "77ff".to_owned(),
        send_before: kiosk::moment::Wall(i64::MAX),
    }
}

fn question(call: &PayoutCall, reference: Option<&str>) -> PayoutQuestion {
    PayoutQuestion {
        payout: call.payout,
        provider: call.provider,
        way: call.way.clone(),
        key: call.key.clone(),
        reference: reference.map(|reference| reference.parse().expect("a name")),
        token: "88ff".to_owned(),
    }
}

#[tokio::test]
async fn what_goes_wrong_with_a_payout_is_never_taken_for_more_than_it_says() {
    let table = [
        (Fault::Silent, PayoutAnswer::NoAnswer, 1),
        (Fault::Lost, PayoutAnswer::NoAnswer, 0),
        (Fault::Html, PayoutAnswer::NoAnswer, 1),
        (Fault::Unavailable, PayoutAnswer::NoAnswer, 0),
        (Fault::Busy, PayoutAnswer::Refused(Failure::Busy), 0),
    ];
    for provider in ALL {
        for (payout_fault, expected, sent) in &table {
            let (payout_fault, behaviour) = (*payout_fault, manual());
            let desk = Desk::open(
                provider,
                Behaviour {
                    payout_fault,
                    ..behaviour
                },
            )
            .await;
            let word = desk
                .client(patience(payout_fault))
                .pay_out(&call(&desk, provider, 1))
                .await;
            assert_eq!(word.answer.as_ref(), Some(expected), "{provider} {payout_fault:?}");
            assert_eq!(word.report, None, "{provider} {payout_fault:?}");
            let seen = desk.wallets(|wallets| wallets.payouts().len());
            assert_eq!(seen, *sent, "{provider} {payout_fault:?}: sent once and not again");
            desk.close().await;
        }
    }
}

#[tokio::test]
async fn a_payout_that_comes_again_under_its_name_pays_once() {
    for provider in WITH_TOKEN {
        let desk = Desk::open(provider, manual()).await;
        let client = desk.client(PATIENCE);
        let call = call(&desk, provider, 1);
        client.pay_out(&call).await;
        let again = client.pay_out(&call).await;
        assert_eq!(again.answer, Some(PayoutAnswer::Duplicate), "{provider}");
        assert_eq!(desk.wallets(|wallets| wallets.payouts().len()), 1, "{provider}");
        desk.close().await;
    }
}

#[tokio::test]
async fn the_token_of_payouts_is_its_own_and_is_replaced_when_turned_away() {
    for (provider, tokens) in [(Provider::Mtn, [1, 2, 3]), (Provider::Airtel, [1, 1, 2])] {
        let desk = Desk::open(provider, manual()).await;
        let client = desk.client(PATIENCE);
        desk.accepted(&client).await;
        let given = || desk.wallets(|wallets| wallets.tokens_given());
        let mut seen = vec![given()];
        client.pay_out(&call(&desk, provider, 1)).await;
        seen.push(given());
        desk.wallets(|wallets| wallets.forget_token());
        let word = client.pay_out(&call(&desk, provider, 2)).await;
        assert_eq!(
            word.answer,
            Some(PayoutAnswer::Accepted { reference: None }),
            "{provider}"
        );
        seen.push(given());
        assert_eq!(seen, tokens, "{provider}");
        assert_eq!(
            desk.wallets(|wallets| wallets.payouts().len()),
            2,
            "{provider}: each once"
        );
        desk.close().await;
    }
}

#[tokio::test]
async fn what_became_of_a_payout_is_said_by_a_status_or_by_the_answer_itself() {
    for (outcome, mtn, intasend) in [
        (Outcome::Paid, PayoutVerdict::Made, PayoutVerdict::Made),
        (
            Outcome::Failed,
            PayoutVerdict::Failed(Failure::Refused),
            PayoutVerdict::Failed(Failure::Refused),
        ),
    ] {
        for provider in ALL {
            let behaviour = Behaviour {
                payout_outcome: outcome,
                ..manual()
            };
            let desk = Desk::open(provider, behaviour).await;
            let client = desk.client(PATIENCE);
            let call = call(&desk, provider, 1);
            let word = client.pay_out(&call).await;
            let reference = match &word.answer {
                Some(PayoutAnswer::Accepted { reference }) => reference.clone(),
                _ => None,
            };
            let asked = question(&call, reference.as_ref().map(|reference| reference.as_str()));
            let told = client.ask_payout(&asked).await.report.map(|report| report.verdict);
            match provider {
                Provider::Mtn => assert_eq!(told, Some(mtn)),
                Provider::Intasend => assert_eq!(told, Some(intasend)),
                // Airtel says it at once or leaves it open; there is nothing to ask.
                _ => {
                    let at_once = word.report.map(|report| report.verdict);
                    let made = (outcome == Outcome::Paid).then_some(PayoutVerdict::Made);
                    assert_eq!((at_once, told), (made, None));
                }
            }
            desk.close().await;
        }
    }
}

#[tokio::test]
async fn airtel_gives_a_whole_payment_back_once() {
    let desk = Desk::open(Provider::Airtel, manual()).await;
    let client = desk.client(PATIENCE);
    desk.accepted(&client).await;
    desk.end(Outcome::Paid);
    let receipt = desk.wallets(|wallets| wallets.ledger()[0].receipt.clone());
    let refund = PayoutCall {
        way: PayoutWay::Reversal(receipt.parse().unwrap()),
        ..call(&desk, Provider::Airtel, 1)
    };
    let taken = client.pay_out(&refund).await;
    assert_eq!(
        (taken.answer, taken.report),
        (Some(PayoutAnswer::Accepted { reference: None }), None)
    );
    assert_eq!(client.pay_out(&refund).await.answer, Some(PayoutAnswer::Duplicate));
    let unknown = PayoutCall {
        way: PayoutWay::Reversal("nobodys".parse().unwrap()),
        ..refund
    };
    assert_eq!(
        client.pay_out(&unknown).await.answer,
        Some(PayoutAnswer::NoAnswer),
        "none found is not described"
    );
    assert_eq!(desk.wallets(|wallets| wallets.payouts().len()), 1);
    desk.close().await;
}
