//! The `kisima-sandbox` program as tests, the demo and a newcomer meet it.

use std::{
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    Desk, client,
    desk::{self, PAYER, eventually},
    manual, quick,
};

fn data_dir(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()))
}

fn sandbox(data_dir: &PathBuf) -> Child {
    Command::new(env!("CARGO_BIN_EXE_kisima-sandbox"))
        .args(["--listen", "127.0.0.1:0", "--data-dir"])
        .arg(data_dir)
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts")
}

async fn ended(child: &mut Child) -> ExitStatus {
    let mut status = None;
    eventually("the program ends", || {
        status = child.try_wait().expect("a child");
        status.is_some()
    })
    .await;
    status.expect("it has ended")
}

#[tokio::test]
async fn the_program_tells_its_address_serves_and_stops_on_sigterm() {
    let data_dir = data_dir("sandbox");
    std::fs::create_dir_all(&data_dir).expect("a directory");
    let addresses = data_dir.join("addresses.json");
    std::fs::write(&addresses, "left over").expect("a file");
    let mut child = sandbox(&data_dir);
    let mut web = None;
    eventually("addresses.json is written", || {
        let text = std::fs::read(&addresses).unwrap_or_default();
        web = serde_json::from_slice::<Value>(&text).ok();
        web.is_some()
    })
    .await;
    let web = web.expect("it was read");
    let base = format!("http://{}", web["web"].as_str().expect("an address"));
    let http = http();
    let page = http
        .get(&base)
        .send()
        .await
        .expect("a page")
        .text()
        .await
        .expect("text");
    assert!(page.contains("Kisima sandbox"), "{page}");
    let ledger = get(&http, &format!("{base}/control/ledger")).await;
    assert_eq!(ledger, json!({"items": [], "total": 0}));
    let told = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .expect("kill");
    assert!(told.success());
    assert_eq!(ended(&mut child).await.code(), Some(0));
    std::fs::remove_dir_all(&data_dir).expect("cleaned up");
}

#[tokio::test]
async fn a_command_line_that_is_not_understood_exits_64() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kisima-sandbox"))
        .arg("--what")
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    assert_eq!(ended(&mut child).await.code(), Some(64));
}

#[tokio::test]
async fn a_person_pays_on_the_phone_page() {
    let mut desk = Desk::open(manual()).await;
    let client = client(&desk.sandbox, Duration::from_secs(20));
    let reference = desk.accepted(&client).await;
    let http = http();
    let phone = format!("http://{}/phone/{}", desk.sandbox.address(), PAYER.0);
    let page = http
        .get(format!("{phone}/inbox"))
        .send()
        .await
        .expect("a page")
        .text()
        .await
        .expect("text");
    assert!(
        page.contains("Do you want to pay KES 300 to 174379, account AQP123456?"),
        "{page}"
    );
    let sent = http
        .post(format!("{phone}/{reference}/approve"))
        .form(&[("pin", "4071")])
        .send()
        .await
        .expect("an answer");
    assert!(sent.status().is_success(), "{}", sent.status());
    let callback = desk.callback().await;
    assert_eq!(callback.result_code, "0");
    let page = http
        .get(format!("{phone}/inbox"))
        .send()
        .await
        .expect("a page")
        .text()
        .await
        .expect("text");
    assert!(page.contains("M-PESA balance: KES 99700"), "{page}");
    desk.close().await;
}

#[tokio::test]
async fn the_control_api_changes_what_happens_and_shows_the_books() {
    let mut desk = Desk::open(quick()).await;
    let client = client(&desk.sandbox, Duration::from_secs(20));
    let http = http();
    let control = format!("http://{}/control", desk.sandbox.address());
    let set = |path: &str, body: Value| http.post(format!("{control}{path}")).json(&body).send();

    let answer = set("", json!({"mpesa": {"callbacks": 2, "push_fault": "none"}}))
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    for bad in [
        json!({"mpesa": {"callback": 2}}),
        json!({"mpesa": {"callbacks": -1}}),
        json!({"mpesa": {"push_fault": "odd"}}),
        json!({}),
    ] {
        let answer = set("", bad.clone()).await.expect("an answer");
        assert_eq!(answer.status(), 400, "{bad}");
    }
    desk.accepted(&client).await;
    desk.callback().await;
    desk.callback().await;
    eventually("both deliveries are noted", || desk.sandbox.deliveries().len() == 2).await;
    assert!(
        desk.sandbox
            .deliveries()
            .iter()
            .all(|delivery| delivery.status == Some(200))
    );

    let poor = set(
        &format!("/mpesa/phones/{}", desk::PAYER.0),
        json!({"balance": 10, "auto": false}),
    )
    .await;
    assert_eq!(poor.expect("an answer").status(), 200);
    let reference = desk.accepted(&client).await;
    let approve = format!("/mpesa/prompts/{reference}/approve");
    assert_eq!(set(&approve, json!({})).await.expect("an answer").status(), 200);
    assert_eq!(desk.callback().await.result_code, "1");
    assert_eq!(set(&approve, json!({})).await.expect("an answer").status(), 404);

    let ledger = get(&http, &format!("{control}/ledger")).await;
    assert_eq!(
        (&ledger["total"], ledger["items"].as_array().map(Vec::len)),
        (&json!(300), Some(1))
    );
    assert_eq!(ledger["items"][0]["phone"], json!(PAYER.0));
    let shown = get(&http, &control).await;
    assert_eq!(shown["mpesa"]["behaviour"]["callbacks"], 2);
    assert_eq!(shown["mpesa"]["prompts"].as_array().map(Vec::len), Some(2));
    desk.close().await;
}

#[tokio::test]
async fn the_control_page_sets_what_its_form_says() {
    let desk = Desk::open(quick()).await;
    let http = http();
    let home = format!("http://{}/", desk.sandbox.address());
    let form = [
        ("auto", "false"),
        ("result_code", "1032"),
        ("callback_delay_ms", "70"),
        ("in_flight", "error500"),
    ];
    let sent = http.post(&home).form(&form).send().await.expect("an answer");
    assert!(sent.status().is_success(), "{}", sent.status());
    let behaviour = desk.sandbox.with_mpesa(|mpesa| mpesa.behaviour().clone());
    assert_eq!(
        (
            behaviour.auto,
            behaviour.result_code.as_str(),
            behaviour.callback_delay_ms
        ),
        (false, "1032", 70)
    );
    let odd = http
        .post(&home)
        .form(&[("callbacks", "many")])
        .send()
        .await
        .expect("an answer");
    assert_eq!(odd.status(), 400);
    desk.close().await;
}

fn http() -> reqwest::Client {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        assert!(rustls::crypto::CryptoProvider::get_default().is_some());
    }
    reqwest::Client::builder().no_proxy().build().expect("a client")
}

async fn get(http: &reqwest::Client, url: &str) -> Value {
    let body = http
        .get(url)
        .send()
        .await
        .expect("an answer")
        .bytes()
        .await
        .expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}
