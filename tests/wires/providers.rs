//! The clients of MTN, Airtel and IntaSend against the pretend ones over real sockets.

#[path = "providers/desk.rs"]
mod desk;
#[path = "providers/payouts.rs"]
mod payouts;

use std::time::Duration;

use desk::{Desk, ledger};
use kiosk::{
    payment::{Failure, ProviderVerdict, PushAnswer, QueryAnswer},
    provider::Provider,
};
use world::sandbox::wallets::{Behaviour, Fault, Outcome};

const PATIENCE: Duration = Duration::from_secs(20);
/// Those of which this is about.
const ALL: [Provider; 3] = [Provider::Mtn, Provider::Airtel, Provider::Intasend];
/// Those with a token to fetch.
const WITH_TOKEN: [Provider; 2] = [Provider::Mtn, Provider::Airtel];

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
async fn a_payment_is_prompted_paid_and_confirmed() {
    for provider in ALL {
        let desk = Desk::open(provider, manual()).await;
        let client = desk.client(PATIENCE);
        let reference = desk.accepted(&client).await;
        assert_eq!(
            verdict(&client.query(&reference).await),
            Some(ProviderVerdict::Pending),
            "{provider}"
        );
        assert!(desk.approve(), "{provider}");
        let QueryAnswer::Report(report) = client.query(&reference).await else {
            panic!("{provider}")
        };
        assert_eq!(report.verdict, ProviderVerdict::Paid, "{provider}");
        let lines = ledger(&desk);
        assert_eq!(
            (lines.len(), lines[0].amount, lines[0].phone),
            (1, 300, desk.payer().0),
            "{provider}"
        );
        match provider {
            // Airtel tells neither amount nor payer.
            Provider::Airtel => assert_eq!((report.amount, report.payer), (None, None)),
            _ => assert_eq!((report.amount, report.payer), (Some(desk.amount()), Some(desk.payer()))),
        }
        match (provider, report.receipt) {
            (Provider::Intasend, receipt) => assert_eq!(receipt, None),
            (_, receipt) => assert_eq!(
                receipt.map(|receipt| receipt.to_string()),
                Some(lines[0].receipt.clone())
            ),
        }
        desk.close().await;
    }
}

#[tokio::test]
async fn each_end_is_told() {
    let table = [
        (Provider::Mtn, Outcome::Rejected, ProviderVerdict::Cancelled),
        (Provider::Mtn, Outcome::Expired, ProviderVerdict::Expired),
        (
            Provider::Mtn,
            Outcome::Failed,
            ProviderVerdict::Failed(Failure::Refused),
        ),
        (
            Provider::Airtel,
            Outcome::Rejected,
            ProviderVerdict::Failed(Failure::Refused),
        ),
        (Provider::Airtel, Outcome::Expired, ProviderVerdict::Expired),
        (
            Provider::Airtel,
            Outcome::Failed,
            ProviderVerdict::Failed(Failure::Refused),
        ),
        (
            Provider::Intasend,
            Outcome::Failed,
            ProviderVerdict::Failed(Failure::Refused),
        ),
    ];
    for (provider, outcome, expected) in table {
        let desk = Desk::open(provider, manual()).await;
        let client = desk.client(PATIENCE);
        let reference = desk.accepted(&client).await;
        desk.end(outcome);
        assert_eq!(
            verdict(&client.query(&reference).await),
            Some(expected),
            "{provider} {outcome:?}"
        );
        assert_eq!(ledger(&desk), []);
        desk.close().await;
    }
}

#[tokio::test]
async fn a_token_that_is_turned_away_is_replaced_once_and_the_call_repeated_once() {
    for provider in WITH_TOKEN {
        let desk = Desk::open(provider, manual()).await;
        let client = desk.client(PATIENCE);
        desk.accepted(&client).await;
        desk.wallets(|wallets| wallets.forget_token());
        let again = client.push(&desk.prompt(2)).await;
        assert_eq!(again, PushAnswer::Accepted { reference: None }, "{provider}");
        let seen = desk.wallets(|wallets| (wallets.tokens_given(), wallets.prompts().len()));
        assert_eq!(seen, (2, 2), "{provider}");
        desk.close().await;

        let desk = Desk::open(
            provider,
            Behaviour {
                token_life_s: 0,
                ..manual()
            },
        )
        .await;
        let answer = desk.client(PATIENCE).push(&desk.prompt(1)).await;
        assert_eq!(
            answer,
            PushAnswer::Refused(Failure::Configuration),
            "{provider}: never good"
        );
        let seen = desk.wallets(|wallets| (wallets.tokens_given(), wallets.prompts().len()));
        assert_eq!(seen, (2, 0), "{provider}: one fresh token, one repeat, no prompt");
        desk.close().await;
    }
}

#[tokio::test]
async fn many_callers_share_one_token_and_it_is_replaced_early() {
    // The margins: a minute of MTN's hour, half a minute of Airtel's three.
    for (provider, life_s) in [(Provider::Mtn, 60), (Provider::Airtel, 30)] {
        let desk = Desk::open(provider, manual()).await;
        let client = desk.client(PATIENCE);
        let reference = "4b0f6a1e-6b1c-4a43-a5f0-9c7e5d1f2b3a".parse().unwrap();
        let asked = (0..16).map(|_| client.query(&reference));
        futures_util::future::join_all(asked).await;
        assert_eq!(desk.wallets(|wallets| wallets.tokens_given()), 1, "{provider}");
        desk.wallets(|wallets| {
            wallets.forget_token();
            wallets.set_behaviour(Behaviour {
                token_life_s: life_s,
                ..manual()
            });
        });
        // The first is turned away and takes the second token; what is left of it is the margin, so the next takes another.
        client.query(&reference).await;
        client.query(&reference).await;
        assert_eq!(desk.wallets(|wallets| wallets.tokens_given()), 3, "{provider}");
        desk.close().await;
    }
}

#[tokio::test]
async fn what_goes_wrong_with_a_push_is_never_taken_for_more_than_it_says() {
    let table = [
        (Fault::Silent, PushAnswer::NoAnswer, 1),
        (Fault::Lost, PushAnswer::NoAnswer, 0),
        (Fault::Html, PushAnswer::NoAnswer, 1),
        (Fault::Unavailable, PushAnswer::NoAnswer, 0),
        (Fault::Busy, PushAnswer::Refused(Failure::Busy), 0),
    ];
    for provider in ALL {
        for (push_fault, expected, prompts) in &table {
            let push_fault = *push_fault;
            let desk = Desk::open(provider, Behaviour { push_fault, ..manual() }).await;
            let answer = desk.client(patience(push_fault)).push(&desk.prompt(1)).await;
            assert_eq!(answer, *expected, "{provider} {push_fault:?}");
            let seen = desk.wallets(|wallets| wallets.prompts().len());
            assert_eq!(seen, *prompts, "{provider} {push_fault:?}: sent once and not again");
            desk.close().await;
        }
    }
}

#[tokio::test]
async fn a_push_that_has_arrived_before_is_taken() {
    for provider in WITH_TOKEN {
        let desk = Desk::open(provider, manual()).await;
        let client = desk.client(PATIENCE);
        desk.accepted(&client).await;
        let again = client.push(&desk.prompt(1)).await;
        assert_eq!(again, PushAnswer::Accepted { reference: None }, "{provider}");
        assert_eq!(
            desk.wallets(|wallets| wallets.prompts().len()),
            1,
            "{provider}: one prompt"
        );
        desk.close().await;
    }
}

#[tokio::test]
async fn a_query_without_a_readable_answer_means_ask_again() {
    for provider in ALL {
        let desk = Desk::open(provider, manual()).await;
        let reference = desk.accepted(&desk.client(PATIENCE)).await;
        assert!(desk.approve());
        for query_fault in [Fault::Silent, Fault::Html, Fault::Unavailable, Fault::Busy] {
            desk.wallets(|wallets| {
                wallets.set_behaviour(Behaviour {
                    query_fault,
                    ..manual()
                })
            });
            let answer = desk.client(patience(query_fault)).query(&reference).await;
            assert_eq!(answer, QueryAnswer::NoAnswer, "{provider} {query_fault:?}");
        }
        desk.close().await;
    }
    // MTN shows a request a little later.
    let desk = Desk::open(
        Provider::Mtn,
        Behaviour {
            hidden_ms: 60_000,
            ..manual()
        },
    )
    .await;
    let client = desk.client(PATIENCE);
    let reference = desk.accepted(&client).await;
    assert_eq!(client.query(&reference).await, QueryAnswer::NoAnswer);
    desk.close().await;
}

#[tokio::test]
async fn a_slow_provider_is_waited_for_and_no_longer_than_said() {
    for provider in ALL {
        let desk = Desk::open(
            provider,
            Behaviour {
                slow_ms: 20_000,
                ..manual()
            },
        )
        .await;
        let answer = desk.client(Duration::from_millis(500)).push(&desk.prompt(1)).await;
        // Where a token comes first, it is what does not come, and nothing was sent.
        let expected = match provider {
            Provider::Intasend => PushAnswer::NoAnswer,
            _ => PushAnswer::Refused(Failure::Unreachable),
        };
        assert_eq!(answer, expected, "{provider}");
        desk.close().await;
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_not_called_any_more() {
    for provider in ALL {
        let push_fault = Fault::Unavailable;
        let desk = Desk::open(provider, Behaviour { push_fault, ..manual() }).await;
        let client = desk.client(PATIENCE);
        for number in 0..5 {
            assert_eq!(
                client.push(&desk.prompt(number)).await,
                PushAnswer::NoAnswer,
                "{provider}"
            );
        }
        // It would take them again, but nobody asks.
        desk.wallets(|wallets| wallets.set_behaviour(manual()));
        let refused = client.push(&desk.prompt(6)).await;
        assert_eq!(refused, PushAnswer::Refused(Failure::Unreachable), "{provider}");
        assert_eq!(
            desk.wallets(|wallets| wallets.prompts().len()),
            0,
            "{provider}: nothing was sent"
        );
        let reference = "4b0f6a1e-6b1c-4a43-a5f0-9c7e5d1f2b3a".parse().unwrap();
        assert_eq!(client.query(&reference).await, QueryAnswer::NoAnswer, "{provider}");
        desk.close().await;
    }
}

#[tokio::test]
async fn a_provider_that_is_not_there_was_certainly_not_asked() {
    for provider in ALL {
        let desk = Desk::open(provider, manual()).await;
        let (client, prompt) = (desk.client(PATIENCE), desk.prompt(1));
        desk.close().await;
        assert_eq!(
            client.push(&prompt).await,
            PushAnswer::Refused(Failure::Unreachable),
            "{provider}"
        );
        let reference = "4b0f6a1e-6b1c-4a43-a5f0-9c7e5d1f2b3a".parse().unwrap();
        assert_eq!(client.query(&reference).await, QueryAnswer::NoAnswer, "{provider}");
    }
}

#[tokio::test]
async fn airtel_takes_what_is_signed_where_it_must_be() {
    let signed_only = true;
    let desk = Desk::open(
        Provider::Airtel,
        Behaviour {
            signed_only,
            ..manual()
        },
    )
    .await;
    let plain = desk.client(PATIENCE).push(&desk.prompt(1)).await;
    assert_eq!(plain, PushAnswer::Refused(Failure::Configuration));
    let client = desk.signing_client();
    let reference = desk.accepted(&client).await;
    assert_eq!(verdict(&client.query(&reference).await), Some(ProviderVerdict::Pending));
    assert_eq!(desk.wallets(|wallets| wallets.prompts().len()), 1);
    desk.close().await;
}

/// A phone page takes the prompts of all of them.
#[tokio::test]
async fn a_person_pays_on_the_phone_page() {
    for provider in ALL {
        let desk = Desk::open(provider, manual()).await;
        let reference = desk.accepted(&desk.client(PATIENCE)).await;
        let phone = format!("http://{}/phone/{}", desk.sandbox.address(), desk.payer().0);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let page = http
            .get(format!("{phone}/inbox"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let question = format!("Do you want to pay {} 300?", desk.amount().currency);
        assert!(page.contains(&question), "{page}");
        let form = [("pin", "4071")];
        let sent = http
            .post(format!("{phone}/{reference}/approve"))
            .form(&form)
            .send()
            .await
            .unwrap();
        assert!(sent.status().is_success(), "{provider}");
        assert_eq!(ledger(&desk).len(), 1, "{provider}");
        let home = http
            .get(format!("http://{}/", desk.sandbox.address()))
            .send()
            .await
            .unwrap();
        assert!(home.text().await.unwrap().contains(provider.title()));
        desk.close().await;
    }
}
