//! What whoever runs the hub does by subcommand and on the pages: logins, tokens, a doubt, the configuration.

use std::{io::Write, process::Stdio};

use hub::hub::operator::Role;
use serde_json::{Value, json};

use crate::{
    house::{Folder, House},
    http::{Answer, send},
    program::{last_word, program, run, start, stop},
};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn logins_and_tokens_are_listed_reset_and_taken_away() {
    let folder = Folder::new();
    let (running, web) = start(&folder).await;
    let first = last_word(&run(&folder, &["user", "add", "amina", "--role", "viewer"]).await);
    let second = last_word(&run(&folder, &["user", "reset", "amina"]).await);
    assert!(second.len() == 16 && second != first);
    let listed = text(&run(&folder, &["user", "list"]).await.stdout);
    assert!(
        listed.contains("amina") && listed.contains("viewer") && listed.contains("not changed"),
        "{listed}"
    );
    let origin = format!("http://{web}");
    for (password, status) in [(&first, 401), (&second, 303)] {
        let form = format!("name=amina&password={password}");
        let login = send(web, "POST", "/login", &[("origin", &origin)], form.as_bytes()).await;
        assert_eq!(login.status, status, "{login:?}");
    }
    let removed = run(&folder, &["user", "remove", "amina"]).await;
    assert!(removed.status.success() && run(&folder, &["user", "list"]).await.stdout.is_empty());
    let nobody = run(&folder, &["user", "remove", "amina"]).await;
    assert_eq!(nobody.status.code(), Some(1));
    let token = last_word(&run(&folder, &["token", "checks", "--role", "viewer"]).await);
    let listed = text(&run(&folder, &["token", "list"]).await.stdout);
    assert!(
        listed.contains("checks") && listed.contains("viewer") && !listed.contains(&token),
        "{listed}"
    );
    let bearer = format!("Bearer {token}");
    let status = |answer: Answer| answer.status;
    let headers = [("authorization", bearer.as_str())];
    assert_eq!(status(send(web, "GET", "/kiosks", &headers, b"").await), 200);
    assert!(run(&folder, &["token", "revoke", "checks"]).await.status.success());
    assert_eq!(status(send(web, "GET", "/kiosks", &headers, b"").await), 401);
    for missing in [
        vec!["token"],
        vec!["token", "checks"],
        vec!["token", "--role", "viewer"],
    ] {
        assert_eq!(run(&folder, &missing).await.status.code(), Some(64), "{missing:?}");
    }
    assert!(text(&run(&folder, &["audit", "verify"]).await.stdout).contains("the audit is whole"));
    stop(running).await;
}

/// A restored hub that waits for a box, with 20 litres that look free; the address and an admin's token.
async fn in_doubt(folder: &Folder) -> (crate::program::Running, std::net::SocketAddr, String) {
    let (running, web) = start(folder).await;
    let code = last_word(&run(folder, &["site", "add", "kibera"]).await);
    let join = json!({"code": code, "public_key": "11".repeat(32), "medium": "03".repeat(8)}).to_string();
    assert_eq!(send(web, "POST", "/join", &[], join.as_bytes()).await.status, 200);
    let bearer = format!(
        "Bearer {}",
        last_word(&run(folder, &["token", "t", "--role", "admin"]).await)
    );
    let headers = [("authorization", bearer.as_str())];
    let body = json!({"phone": "0700000102", "name": "Jane", "pin": "4071"}).to_string();
    let made = send(web, "POST", "/api/v1/customers", &headers, body.as_bytes()).await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let credit = json!({"volume_ml": 20_000, "reason": "a gift"}).to_string();
    let path = format!("/api/v1/customers/{id}/credit");
    assert_eq!(send(web, "POST", &path, &headers, credit.as_bytes()).await.status, 201);
    let backup = folder.0.join("backup.db");
    assert!(
        run(folder, &["backup", backup.to_str().unwrap()])
            .await
            .status
            .success()
    );
    stop(running).await;
    assert!(
        run(folder, &["restore", backup.to_str().unwrap()])
            .await
            .status
            .success()
    );
    let (running, web) = start(folder).await;
    (running, web, bearer)
}

#[tokio::test]
async fn a_doubt_is_ended_by_whoever_has_seen_the_sum_at_risk() {
    let folder = Folder::new();
    let (running, web, bearer) = in_doubt(&folder).await;
    // 20 litres at 2000 shillings a cubic metre are 40 shillings.
    let shown = text(&run(&folder, &["doubt", "show"]).await.stdout);
    for part in ["not heard since: kibera", "20.000 litres", "KES 40.00"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let headers = [("authorization", bearer.as_str())];
    let page = send(web, "GET", "/doubt", &headers, b"").await.body;
    assert!(
        page.contains("20 L, worth KES 40.00") && page.contains("/sites/kibera"),
        "{page}"
    );
    assert!(
        send(web, "GET", "/", &headers, b"")
            .await
            .body
            .contains("href=\"/doubt\"")
    );
    let metrics = send(web, "GET", "/metrics", &[], b"").await.body;
    assert!(metrics.contains("\nkisima_hub_in_doubt 1\n"), "{metrics}");
    let not_sure = send(web, "POST", "/doubt/end", &headers, b"sure=yes").await;
    assert_eq!(not_sure.status, 400);
    let mut child = program(&folder, &["doubt", "end"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"no\n").unwrap();
    let refused = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap())
        .await
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("nothing was changed"));
    let ended = run(&folder, &["doubt", "end", "--yes"]).await;
    assert!(
        ended.status.success() && text(&ended.stdout).contains("KES 40.00"),
        "{ended:?}"
    );
    assert!(text(&run(&folder, &["doubt", "show"]).await.stdout).contains("not in doubt"));
    stop(running).await;
}

#[tokio::test]
async fn a_doubt_is_ended_on_its_page() {
    let folder = Folder::new();
    let (running, web, bearer) = in_doubt(&folder).await;
    let headers = [("authorization", bearer.as_str())];
    let ended = send(web, "POST", "/doubt/end", &headers, b"sure=end").await;
    assert_eq!(ended.header("location"), Some("/doubt?done=doubt"), "{ended:?}");
    let page = send(web, "GET", "/doubt", &headers, b"").await.body;
    assert!(page.contains("Nothing is missing"), "{page}");
    // The box that is waited for no longer can be written off; the page says what that may cost.
    assert!(
        send(web, "GET", "/sites/kibera", &headers, b"")
            .await
            .body
            .contains("0 L, worth KES 0.00")
    );
    stop(running).await;
}

#[tokio::test]
async fn a_configuration_is_checked_as_far_as_its_secrets() {
    let folder = Folder::new();
    let secret = |name: &str, content: &str| {
        let path = folder.0.join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };
    let mpesa = |name: &str, value: &str| format!("payments.mpesa.{name}={value}");
    let (good, empty) = (secret("good", "abc"), secret("empty", "\n"));
    let set = |passkey: &str, more: &str| {
        let all = [
            mpesa("shortcode", "\"174379\""),
            mpesa("passkey_file", passkey),
            mpesa("consumer_key_file", &good),
            mpesa("consumer_secret_file", &good),
            mpesa("callback_url", "https://hub.example"),
            more.to_owned(),
        ];
        all.into_iter()
            .flat_map(|set| ["--set".to_owned(), set])
            .collect::<Vec<String>>()
    };
    let missing = folder.0.join("missing").display().to_string();
    let (signed, unsigned) = ("webhooks.secret=\"0123456789abcdef\"", "log.level=info");
    for (passkey, more, code, said) in [
        (&good, signed, 0, ""),
        (&good, unsigned, 0, "webhooks.secret is not set"),
        (&empty, signed, 78, "payments.mpesa.passkey_file"),
        (&missing, signed, 78, "No such file"),
    ] {
        let mut arguments = set(passkey, more);
        arguments.push("check".to_owned());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = run(&folder, &arguments).await;
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let stderr = text(&output.stderr);
        assert!(
            stderr.contains(said) && (stderr.is_empty() == said.is_empty()),
            "{stderr}"
        );
    }
    let mut arguments = set(&empty, signed);
    arguments.push("run".to_owned());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    assert_eq!(run(&folder, &arguments).await.status.code(), Some(78));
}

#[tokio::test]
async fn an_admin_keeps_logins_and_tokens_on_a_page() {
    let house = House::open().await;
    let post = |path: &'static str, form: String| {
        let house = &house;
        async move { house.send(Role::Admin, "POST", path, &[], form.as_bytes()).await }
    };
    let shown_once = |answer: &Answer| {
        let (_, rest) = answer.body.split_once("<p class=\"code card\">").expect("a secret");
        rest.split('<').next().unwrap().to_owned()
    };
    let added = post("/people/users", "name=amina&role=viewer".to_owned()).await;
    let first = shown_once(&added);
    let twice = post("/people/users", "name=amina&role=viewer".to_owned()).await;
    assert_eq!(twice.status, 409);
    let second = shown_once(&post("/people/users/reset", "name=amina".to_owned()).await);
    assert_ne!(first, second);
    let origin = format!("http://{}", house.web);
    let form = format!("name=amina&password={second}");
    let login = send(house.web, "POST", "/login", &[("origin", &origin)], form.as_bytes()).await;
    assert_eq!(login.header("location"), Some("/password"));
    let page = house.ask(Role::Admin, "GET", "/people", None).await.body;
    assert!(page.contains("amina") && !page.contains(&second), "{page}");
    let made = post("/people/tokens", "name=till+1&role=kiosk&site=kibera".to_owned()).await;
    let bearer = format!("Bearer {}", shown_once(&made));
    let siteless = post("/people/tokens", "name=till+2&role=kiosk&site=".to_owned()).await;
    assert_eq!(siteless.status, 400);
    let ask = || async {
        let headers = [("authorization", bearer.as_str())];
        send(house.web, "POST", "/dispense-report", &headers, b"{}")
            .await
            .status
    };
    assert_eq!(ask().await, 400, "it is known");
    let revoked = post("/people/tokens/revoke", "name=till+1".to_owned()).await;
    assert_eq!((revoked.status, ask().await), (303, 401));
    let removed = post("/people/users/remove", "name=amina".to_owned()).await;
    assert_eq!(removed.header("location"), Some("/people?done=removed"));
    house.close().await;
}

#[tokio::test]
async fn monitoring_reads_gauges_of_what_is_committed() {
    let house = House::open().await;
    house.customer("0700000102", "4071").await;
    let text = send(house.web, "GET", "/metrics", &[], b"").await.body;
    let mut names = Vec::new();
    for block in text.lines().collect::<Vec<_>>().chunks(3) {
        let [help, kind, value] = block else {
            panic!("{block:?}")
        };
        let (name, number) = value.split_once(' ').unwrap();
        assert!(help.starts_with(&format!("# HELP {name} ")) && *kind == format!("# TYPE {name} gauge"));
        number.parse::<f64>().unwrap();
        // Prometheus, "Metric and label naming": a prefix, base units, and _total for counters alone.
        assert!(name.starts_with("kisima_") && !name.ends_with("_total"), "{name}");
        assert!(!name.contains("milli"), "{name}");
        names.push(name);
    }
    assert!(names.contains(&"kisima_dispensed_today_litres"), "{names:?}");
    assert!(text.contains("\nkisima_customers 1\n"), "{text}");
    let ready = send(house.web, "GET", "/ready", &[], b"").await;
    assert_eq!((ready.status, ready.json()), (200, json!({"status": "ready"}) as Value));
    house.close().await;
}

#[tokio::test]
async fn only_a_sites_own_page_reads_all_rights_of_its_box() {
    let house = House::open().await;
    let code = house.site("mathare").await;
    let join = json!({"code": code, "public_key": "11".repeat(32), "medium": "03".repeat(8)}).to_string();
    assert_eq!(send(house.web, "POST", "/join", &[], join.as_bytes()).await.status, 200);
    // A right that cannot be read: who reads the rights notices, who does not goes on.
    let spoilt = rusqlite::Connection::open(house.folder.0.join("data/hub.db")).unwrap();
    let right =
        "INSERT INTO grants (epoch, number, box, granted_to, purse, volume_ml, granted_ms, spent_ml, recalled, closed)
                 SELECT 1, 1, box, 1, 7, 5, 0, 0, 0, 0 FROM enrolment";
    assert_eq!(spoilt.execute(right, []).unwrap(), 1);
    for (path, status) in [
        ("/", 200),
        ("/sites", 200),
        ("/customers", 200),
        ("/people", 200),
        ("/kiosks", 200),
        ("/metrics", 200),
        ("/sites/kibera", 200),
        ("/sites/mathare", 503),
        ("/api/v1/sites", 503),
    ] {
        assert_eq!(house.ask(Role::Admin, "GET", path, None).await.status, status, "{path}");
    }
    house.close().await;
}
