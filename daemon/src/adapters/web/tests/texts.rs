//! The SIM on the page, in the API and in the metrics, and a text to everybody by both.

use serde_json::json;

use crate::site::{
    input::Role,
    sim::{CallId, Received, SimEvent, SimNetwork, SimOrder},
};

use super::bench::{Bench, LIMIT};

/// The session in which the operator is asked, once it is open.
async fn dialled(bench: &Bench) -> CallId {
    let found = async {
        loop {
            // The machine answers in turn: whatever it was told before is done.
            bench.get("/api/v1/status", &[]).await;
            for order in bench.orders() {
                if let SimOrder::Dial { id, code } = order {
                    assert_eq!(code, "*144#");
                    return id;
                }
            }
        }
    };
    tokio::time::timeout(LIMIT, found).await.expect("the operator is asked")
}

#[tokio::test]
async fn the_page_tells_how_the_sim_stands_and_asks_for_the_airtime() {
    let bench = Bench::with_modem("texts-page").await;
    let cookie = bench.manager("musa", Role::Manager).await;
    let own = [("cookie", cookie.as_str())];
    let page = bench.get("/texts", &own).await;
    for words in [
        "In Safaricom (63902), LTE: home.",
        "-97 dBm",
        "2 of 4 bars",
        "Airtime is not known yet",
        "SIMCOM SIM7600",
        "Answered here: BALANCE, STATUS, USAGE,",
        "Left to the hub: BUY, PAY,",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let form = format!("token={}&once={}", page.hidden("token"), page.hidden("once"));
    let asked = bench.post("/texts/airtime", &own, &form).await;
    assert_eq!(
        (asked.status, asked.header("location")),
        (303, "/texts?said=airtime"),
        "{asked:?}"
    );
    let id = dialled(&bench).await;
    bench
        .sim(SimEvent::Said {
            id: Some(id),
            text: "Airtime Bal: 12.50KSH".to_owned(),
            is_open: false,
        })
        .await;
    let page = bench.get("/", &own).await;
    for words in [
        "SIM card",
        "Airtime KES 12.50: please top it up.",
        "Texts today: 0 of 200.",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let token = bench.token(Role::Viewer).await;
    let status = bench.get_as(&token, "/api/v1/status").await.json();
    assert_eq!(status["modem"]["network"]["operator"], "Safaricom");
    assert_eq!(status["modem"]["network"]["signal_dbm"], -97);
    assert_eq!(status["modem"]["airtime"]["left_minor"], 1_250);
    assert_eq!(status["modem"]["airtime"]["low"], true);
    assert_eq!(
        (
            &status["sms"]["sent_today"],
            &status["sms"]["budget"],
            &status["spent_today"]["sms"]
        ),
        (&json!(0), &json!(200), &json!(0))
    );
    let metrics = bench.get("/metrics", &[]).await.body;
    for line in [
        "kisima_airtime_minor 1250",
        "kisima_modem_signal_dbm -97",
        "kisima_modem_registered 1",
        "kisima_sms_budget 200",
    ] {
        assert!(metrics.lines().any(|shown| shown == line), "{line}: {metrics}");
    }
    bench
        .sim(SimEvent::Down {
            why: "there is no SIM card in the modem".to_owned(),
            needs_person: true,
        })
        .await;
    let page = bench.get("/texts", &own).await;
    assert!(
        page.body.contains("No texts: there is no SIM card in the modem."),
        "{}",
        page.body
    );
    let status = bench.get_as(&token, "/api/v1/status").await.json();
    assert_eq!(
        (
            &status["modem"]["airtime"]["can_ask"],
            &status["modem"]["airtime"]["cannot_ask"],
            &status["sms"]["answers"]
        ),
        (&json!(false), &json!("modem_away"), &json!("yes"))
    );
    bench.stop().await;
}

#[tokio::test]
async fn why_the_airtime_is_not_known_is_told_apart() {
    let bench = Bench::with_modem("texts-airtime").await;
    let cookie = bench.manager("musa", Role::Manager).await;
    let page = async || bench.get("/texts", &[("cookie", &cookie)]).await.body;
    let network = |is_registered, operator_code: &str| {
        SimEvent::Network(SimNetwork {
            is_registered,
            operator_code: operator_code.to_owned(),
            ..SimNetwork::default()
        })
    };
    for (event, words) in [
        (
            network(false, ""),
            "Airtime is not known: the modem is in no network now.",
        ),
        (
            network(true, ""),
            "Airtime is not known: the modem does not tell whose network it is in.",
        ),
        (network(true, "63903"), "(airtime.operators.63903)."),
        (
            SimEvent::Down {
                why: "the modem's port is gone".to_owned(),
                needs_person: false,
            },
            "Airtime is not known: the modem or its SIM cannot be used now.",
        ),
    ] {
        bench.sim(event).await;
        let page = page().await;
        assert!(
            page.contains(words) && !page.contains("Ask for the airtime"),
            "{words}: {page}"
        );
    }
    bench.stop().await;
}

#[tokio::test]
async fn texts_to_a_box_that_has_not_joined_are_shown_as_not_answered() {
    let bench = Bench::open_with_modem("texts-unjoined", None).await;
    let text = Received {
        slots: vec![1],
        from: "+254722000123".to_owned(),
        body: Ok("BALANCE".to_owned()),
        stamp_ms: Some(1_790_000_000_000),
        is_incomplete: false,
    };
    bench.sim(SimEvent::Received(text)).await;
    let cookie = bench.manager("musa", Role::Manager).await;
    let own = [("cookie", cookie.as_str())];
    let page = bench.get("/texts", &own).await.body;
    for words in [
        "kept and not answered: this box has not joined its hub",
        "not answered: this box had not joined",
        "Airtime is not known: this box has not joined its hub yet.",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("no phone of a customer"), "{page}");
    assert!(bench.get("/", &own).await.body.contains("kept and not answered"));
    bench.stop().await;
}

#[tokio::test]
async fn a_site_without_a_modem_says_so() {
    let bench = Bench::new("texts-none").await;
    let cookie = bench.manager("musa", Role::Manager).await;
    let own = [("cookie", cookie.as_str())];
    assert!(bench.get("/texts", &own).await.body.contains("has no modem"));
    assert!(!bench.get("/", &own).await.body.contains("SIM card"));
    let token = bench.token(Role::Manager).await;
    let status = bench.get_as(&token, "/api/v1/status").await.json();
    assert!(status["modem"].is_null() && status["sms"].is_null());
    assert!(!bench.get("/metrics", &[]).await.body.contains("kisima_modem"));
    let asked = bench.json("/api/v1/airtime", &token, &[], "").await;
    assert_eq!((asked.status, asked.code().as_str()), (409, "no_modem"));
    bench.stop().await;
}

#[tokio::test]
async fn texts_are_listed_with_masked_numbers_and_starred_secrets() {
    let bench = Bench::with_modem("texts-lists").await;
    let text = Received {
        slots: vec![1],
        from: "+254722000123".to_owned(),
        body: Ok("my pin is 4071 <b>".to_owned()),
        stamp_ms: Some(1_790_000_000_000),
        is_incomplete: false,
    };
    let report = Received {
        body: Ok("REPORT no water".to_owned()),
        ..text.clone()
    };
    bench.sim(SimEvent::Received(text)).await;
    let cookie = bench.manager("musa", Role::Viewer).await;
    let own = [("cookie", cookie.as_str())];
    let page = bench.get("/texts", &own).await.body;
    assert!(
        page.contains("+254******123") && page.contains("my pin is **** &lt;b&gt;"),
        "{page}"
    );
    assert!(!page.contains(">left to the hub<"), "it was answered: {page}");
    bench.sim(SimEvent::Received(report)).await;
    let listed = bench.get("/texts", &own).await.body;
    assert!(listed.contains(">left to the hub<"), "{listed}");
    assert!(!page.contains("722000123") && !page.contains("4071"), "{page}");
    assert!(
        !page.contains("Write to everybody") && !page.contains("Ask for the airtime"),
        "a viewer changes nothing"
    );
    let token = bench.token(Role::Viewer).await;
    let listed = bench.get_as(&token, "/api/v1/texts").await;
    assert_eq!(listed.json()["received"][0]["from"], "+254******123");
    assert!(
        !listed.body.contains("722000123") && !listed.body.contains("4071"),
        "{listed:?}"
    );
    bench.stop().await;
}

#[tokio::test]
async fn a_manager_sees_what_a_text_to_everybody_would_be_and_sends_it_once() {
    let bench = Bench::with_modem("texts-broadcast").await;
    let cookie = bench.manager("musa", Role::Manager).await;
    let own = [("cookie", cookie.as_str())];
    let empty = bench.get("/broadcast", &own).await;
    let words = "No+water+tomorrow";
    let typed = |page: &super::bench::Answer, text: &str| {
        format!(
            "token={}&once={}&text_en={text}&text_sw=&hours=24",
            page.hidden("token"),
            page.hidden("once")
        )
    };
    let preview = bench.post("/broadcast/preview", &own, &typed(&empty, words)).await;
    assert_eq!(preview.status, 200, "{preview:?}");
    for words in [
        "No water tomorrow Stop: reply STOP",
        "Send it to 1 person",
        "left for it today",
        "between 8:00 and 20:00",
        "name=\"hours\" value=\"24\"",
    ] {
        assert!(preview.body.contains(words), "{words}: {}", preview.body);
    }
    let again = bench.post("/broadcast/change", &own, &typed(&preview, words)).await;
    let kept = format!("{words}</textarea>").replace('+', " ");
    assert!(again.status == 200 && again.body.contains(&kept), "{again:?}");
    let refused = bench
        .post("/broadcast/preview", &own, &typed(&empty, &"x".repeat(500)))
        .await;
    assert!(
        refused.status == 400 && refused.body.contains("4 parts") && refused.body.contains("xxxx"),
        "{refused:?}"
    );
    let nothing = bench.post("/broadcast/preview", &own, &typed(&empty, "+")).await;
    assert!(
        nothing.status == 400 && nothing.body.contains("at least one language"),
        "{nothing:?}"
    );
    let token = bench.token(Role::Manager).await;
    let before = bench.get_as(&token, "/api/v1/broadcasts").await.json();
    assert_eq!(before["items"], json!([]), "a preview sends nothing");

    let form = typed(&preview, words);
    for _ in 0..2 {
        let sent = bench.post("/broadcast", &own, &form).await;
        assert_eq!(
            (sent.status, sent.header("location")),
            (303, "/texts?said=broadcast"),
            "{sent:?}"
        );
    }
    let items = bench.get_as(&token, "/api/v1/broadcasts").await.json();
    assert_eq!(
        items["items"].as_array().map(Vec::len),
        Some(1),
        "pressed twice, sent once"
    );
    assert_eq!(
        (&items["items"][0]["people"], &items["items"][0]["by"]),
        (&json!(1), &json!("musa"))
    );
    let page = bench.get("/texts", &own).await;
    assert!(
        page.body.contains("A text to everybody is on its way") && page.body.contains("Stop it"),
        "{}",
        page.body
    );
    let stop = format!("{}&id={}", typed(&page, ""), items["items"][0]["id"]);
    let stopped = bench.post("/broadcast/stop", &own, &stop).await;
    assert_eq!(stopped.header("location"), "/texts?said=stopped", "{stopped:?}");
    assert!(bench.get("/texts", &own).await.body.contains("was stopped"));
    bench.stop().await;
}

#[tokio::test]
async fn a_program_sends_a_text_to_everybody_under_a_key() {
    let bench = Bench::with_modem("texts-api").await;
    let token = bench.token(Role::Manager).await;
    let body = json!({ "text": "Hello" }).to_string();
    // Three texts of the network have more letters than other fields may.
    let long = json!({ "text": "x".repeat(459), "text_sw": "Habari", "hours": 3 }).to_string();
    let preview = bench
        .json("/api/v1/broadcasts/preview", &token, &[], &long)
        .await
        .json();
    assert_eq!(
        (&preview["parts"], &preview["texts"][1]["text"]),
        (&json!(3), &json!("Habari Kuacha: jibu STOP"))
    );
    for (bad, field) in [
        (json!({}), "text"),
        (json!({ "text": "Hello", "text_en": "Hello" }), "text_en"),
        (json!({ "text": "Hello", "hours": 0 }), "hours"),
        (json!({ "text": "Hello", "hours": "3" }), "hours"),
    ] {
        let answer = bench
            .json("/api/v1/broadcasts/preview", &token, &[], &bad.to_string())
            .await;
        assert!(
            answer.status == 400 && answer.body.contains(&format!("\"{field}\"")),
            "{bad}: {answer:?}"
        );
    }
    let keyless = bench.json("/api/v1/broadcasts", &token, &[], &body).await;
    assert!(
        keyless.status == 400 && keyless.body.contains("Idempotency-Key"),
        "{keyless:?}"
    );
    let preview = bench
        .json("/api/v1/broadcasts/preview", &token, &[], &body)
        .await
        .json();
    assert_eq!(
        (&preview["people"], &preview["parts"], &preview["left_out"]),
        (&json!(1), &json!(1), &json!({}))
    );
    let key = [("idempotency-key", "k1")];
    let sent = bench.json("/api/v1/broadcasts", &token, &key, &body).await;
    assert_eq!((sent.status, &sent.json()["people"]), (201, &json!(1)), "{sent:?}");
    let again = bench.json("/api/v1/broadcasts", &token, &key, &body).await;
    assert_eq!(again.body, sent.body);
    let other = bench
        .json("/api/v1/broadcasts", &token, &[("idempotency-key", "k2")], &body)
        .await;
    assert_eq!((other.status, other.code().as_str()), (409, "broadcast_runs"));
    let id = &sent.json()["id"];
    let stopped = bench
        .json(&format!("/api/v1/broadcasts/{id}/stop"), &token, &[], "")
        .await;
    assert_eq!(stopped.status, 200, "{stopped:?}");
    for path in ["/api/v1/broadcasts/99/stop", "/api/v1/broadcasts/x/stop"] {
        assert_eq!(bench.json(path, &token, &[], "").await.status, 404, "{path}");
    }
    bench.stop().await;
}
