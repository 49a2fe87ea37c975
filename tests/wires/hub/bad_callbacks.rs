//! Everything that can come to the addresses of payment providers, at the real door: no credit without a payment, and each
//! leaves a row of the audit.

#[path = "bad_callbacks/forms.rs"]
mod forms;
#[path = "bad_callbacks/scene.rs"]
mod scene;

use std::time::Duration;

use kiosk::provider::Provider;
use serde_json::{Value, json};
use world::processes::wait_for;

use forms::{Case, cases, right, word, words};
use scene::Scene;

/// How long anything may take here.
const WITHIN: Duration = Duration::from_secs(30);

/// Sends a body and holds the door to its promise: an answer of these, and a row of the audit.
async fn refused_or_noted(scene: &Scene, path: &str, case: &Case, body: &str) {
    let before = scene.audit_rows();
    let status = scene.post(path, body).await;
    assert!(matches!(status, 200 | 400 | 403 | 413), "{case}: {status}");
    assert!(scene.audit_rows() > before, "{case}: no row of the audit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_callback_with_a_field_changed_is_worth_anything() {
    let mut scene = Scene::open().await;
    for provider in Provider::ALL {
        // The customer has a prompt and has not paid, so no form of the word can be true.
        scene.behave(provider, json!({"auto": false})).await;
        let purchase = scene.buy(provider).await;
        let mut of = (String::new(), purchase);
        for case in cases(&right(provider, &of.1)) {
            // One purchase a field: a word that an operator must look at shuts out those after it.
            if of.0 != case.pointer {
                of = (case.pointer.clone(), scene.buy(provider).await);
            }
            let body = word(provider, &case.apply(right(provider, &of.1)));
            refused_or_noted(&scene, &of.1.path(), &case, &body).await;
        }
        assert_eq!(
            scene.number("SELECT count(*) FROM purchase WHERE state = 'succeeded'"),
            0,
            "{provider}"
        );
    }
    for (name, whole) in words(&scene.account()) {
        for case in cases(&whole) {
            let path = format!("/payments/daraja/{}/{name}", world::programme::WEBHOOK_SECRET);
            let before = scene.audit_rows();
            let body = case.apply(whole.clone()).to_string();
            let status = scene.post(&path, &body).await;
            assert!(matches!(status, 200 | 400), "{name} {case}: {status}");
            // A question that is answered with yes moves nothing and is not written down.
            let is_yes = name == "validation" && status == 200;
            assert!(
                is_yes || scene.audit_rows() > before,
                "{name} {case}: no row of the audit"
            );
        }
    }
    assert_eq!(scene.number("SELECT count(*) FROM credit"), 0);
    assert_eq!(scene.number("SELECT count(*) FROM posting"), 0);
    // The door was open all the time: the same words, once they are true, are worth what was bought.
    for provider in Provider::ALL {
        scene.pays_by_itself(provider, json!({})).await;
        let purchase = scene.buy(provider).await;
        scene.credited_once(&purchase).await;
    }
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_names_another_payment_or_comes_at_another_time_credits_at_most_once() {
    let mut scene = Scene::open().await;
    for provider in Provider::ALL {
        scene.behave(provider, json!({"auto": false})).await;
        let open = scene.buy(provider).await;
        for (what, body, path) in forms::foreign(provider, &open) {
            let before = scene.audit_rows();
            let status = scene.post(&path, &body).await;
            let expected = if what.contains("secret") { 403 } else { 200 };
            assert_eq!(status, expected, "{provider}: {what}");
            assert!(
                scene.audit_rows() > before,
                "{provider}: {what} left no row of the audit"
            );
            assert_ne!(scene.state(&open), "succeeded", "{provider}: {what}");
        }
        // Before the push's own answer, which never comes.
        scene.pays_by_itself(provider, json!({"push_fault": "silent"})).await;
        let unanswered = scene.start(provider).await;
        scene.credited_once(&unanswered).await;
        // Many at once, and the same ones again.
        scene.pays_by_itself(provider, json!({"callbacks": 0})).await;
        let silent = scene.buy(provider).await;
        scene.paid(&silent).await;
        let (path, body) = (silent.path(), word(provider, &right(provider, &silent)));
        for _ in 0..2 {
            let before = scene.audit_rows();
            let sent = (0..8).map(|_| scene.post(&path, &body));
            let answers = futures_util::future::join_all(sent).await;
            assert_eq!(answers, [200; 8], "{provider}");
            assert!(scene.audit_rows() >= before + 8, "{provider}");
            scene.credited_once(&silent).await;
        }
    }
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_answers_nonsense_is_asked_again() {
    let mut scene = Scene::open().await;
    let mut waiting = Vec::new();
    for provider in Provider::ALL {
        let faults: &[&str] = match provider {
            Provider::Mpesa => &["html", "internal", "busy", "invalid_field"],
            _ => &["html", "unavailable", "busy"],
        };
        for fault in faults {
            scene
                .pays_by_itself(provider, json!({"callbacks": 0, "query_fault": fault}))
                .await;
            let purchase = scene.buy(provider).await;
            scene.paid(&purchase).await;
            let body = word(provider, &right(provider, &purchase));
            assert_eq!(scene.post(&purchase.path(), &body).await, 200);
            let row = format!(
                "SELECT count(*) FROM audit WHERE action = 'no answer to a question' AND subject = '{}'",
                purchase.id
            );
            wait_for("the answer is noted", WITHIN, async || {
                (scene.number(&row) > 0).then_some(())
            })
            .await
            .unwrap_or_else(|error| panic!("{provider} {fault}: {error}"));
            assert_ne!(scene.state(&purchase), "succeeded", "{provider} {fault}");
            waiting.push(purchase);
        }
        scene.pays_by_itself(provider, json!({"query_fault": "none"})).await;
    }
    for purchase in &waiting {
        scene.credited_once(purchase).await;
    }
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_megabytes_are_refused_early() {
    const HUGE: usize = 200_000_000;
    let mut scene = Scene::open().await;
    let purchase = scene.buy(Provider::Mpesa).await;
    let confirmation = format!("/payments/daraja/{}/confirmation", world::programme::WEBHOOK_SECRET);
    let of = |provider| format!("/payments/{provider}/{}", world::programme::WEBHOOK_SECRET);
    let paths = [purchase.path(), confirmation, of("mtn"), of("airtel"), of("intasend")];
    let before_kb = scene.memory_most_kb();
    for path in &paths {
        for is_told in [true, false] {
            let rows = scene.audit_rows();
            let (status, sent) = scene.flood(path, HUGE, is_told).await;
            assert_eq!(status, 413, "{path}");
            // What the sockets between hold is under way by then.
            assert!(sent < HUGE / 10, "{path}: {sent} bytes were taken");
            assert!(scene.audit_rows() > rows, "{path}");
        }
    }
    let grown_kb = scene.memory_most_kb() - before_kb;
    assert!(grown_kb < 20_000, "{grown_kb} kB for bodies that were refused");
    scene.close().await;
}

/// For [`forms`]: a value as it stands under a name.
fn put(mut whole: Value, pointer: &str, value: Value) -> Value {
    if let Some(place) = whole.pointer_mut(pointer) {
        *place = value;
    }
    whole
}
