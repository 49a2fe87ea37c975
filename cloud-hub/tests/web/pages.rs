//! Pages: what a person sees and does, without scripts.

use hub::hub::operator::Role;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{
    house::House,
    http::{Answer, LIMIT, send},
};

async fn form(house: &House, path: &str, form: &str) -> Answer {
    house.send(Role::Admin, "POST", path, &[], form.as_bytes()).await
}

async fn page(house: &House, path: &str) -> String {
    let answer = house.ask(Role::Admin, "GET", path, None).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(
        !answer.body.contains("<script>") && !answer.body.contains("style="),
        "{path} holds what the policy forbids"
    );
    answer.body
}

#[tokio::test]
async fn an_operator_registers_credits_and_blocks_a_customer() {
    let house = House::open().await;
    let made = form(
        &house,
        "/customers",
        "phone=0700000102&name=Jane+%3Cb%3E&pin=4071&site=kibera&city=&key=k1",
    )
    .await;
    assert_eq!(made.status, 303, "{made:?}");
    let path = made.header("location").unwrap().split('?').next().unwrap().to_owned();
    let twice = form(
        &house,
        "/customers",
        "phone=0700000102&name=Jane+%3Cb%3E&pin=4071&site=kibera&city=&key=k1",
    )
    .await;
    assert_eq!(
        twice.header("location"),
        made.header("location"),
        "a second click changes nothing"
    );
    let again = form(&house, "/customers", "phone=0700000102&name=Other&pin=4071&site=kibera").await;
    assert_eq!(again.status, 409);
    assert!(again.body.contains("To that customer"), "{}", again.body);
    let credited = form(&house, &format!("{path}/credit"), "litres=2%2C5&reason=gift").await;
    assert_eq!(credited.status, 303, "{credited:?}");
    let shown = page(&house, &path).await;
    assert!(
        shown.contains("2.5 L") && shown.contains("Jane &lt;b&gt;") && !shown.contains("<b>"),
        "{shown}"
    );
    let wrong = form(&house, &format!("{path}/credit"), "litres=lots&reason=gift").await;
    assert_eq!(wrong.status, 400);
    assert!(wrong.body.contains("such as 20 or 2.5"), "{}", wrong.body);
    assert_eq!(form(&house, &format!("{path}/active"), "active=no").await.status, 303);
    assert!(page(&house, &path).await.contains("blocked"));
    for search in ["0700000102", "AQP000001", "jane"] {
        assert!(
            page(&house, &format!("/customers?q={search}"))
                .await
                .contains("AQP000001"),
            "{search}"
        );
    }
    assert!(page(&house, "/customers?q=zawadi").await.contains("Nobody found"));
    house.close().await;
}

#[tokio::test]
async fn every_page_of_the_menu_is_there_from_the_first_day() {
    let house = House::open().await;
    for path in [
        "/",
        "/sites",
        "/sites/kibera",
        "/customers",
        "/purchases",
        "/payouts",
        "/purchases?state=pending",
        "/bills",
        "/bills?state=overdue",
        "/ledger",
        "/outbox",
        "/alarms",
        "/loans",
        "/doubt",
        "/people",
    ] {
        page(&house, path).await;
    }
    let nowhere = house.ask(Role::Admin, "GET", "/sites/nowhere", None).await;
    assert_eq!(nowhere.status, 404);
    assert!(
        nowhere.body.contains("no such site") && nowhere.body.contains("<nav>"),
        "{}",
        nowhere.body
    );
    for asset in ["/assets/hub.css", "/assets/hub.js"] {
        assert_eq!(send(house.web, "GET", asset, &[], b"").await.status, 200);
    }
    house.close().await;
}

#[tokio::test]
async fn a_join_code_is_shown_once_and_works() {
    let house = House::open().await;
    let shown = form(&house, "/sites", "name=mathare&title=Mathare+North").await;
    assert_eq!(shown.status, 200, "{shown:?}");
    let (_, rest) = shown.body.split_once("<p class=\"code card\">").unwrap();
    let code = rest.split('<').next().unwrap().to_owned();
    assert!(!page(&house, "/sites/mathare").await.contains(&code));
    let join = |code: &str| {
        serde_json::json!({"code": code, "public_key": "11".repeat(32), "medium": "03".repeat(8)}).to_string()
    };
    let wrong = send(house.web, "POST", "/join", &[], join("mathare-0000000000").as_bytes()).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (403, "bad_code"));
    let bad = send(
        house.web,
        "POST",
        "/join",
        &[],
        br#"{"code":"x","public_key":"zz","medium":"00"}"#,
    )
    .await;
    assert_eq!(
        (bad.status, &bad.json()["error"]["field"]),
        (400, &serde_json::json!("public_key"))
    );
    let joined = send(house.web, "POST", "/join", &[], join(&code).as_bytes()).await;
    assert_eq!(
        (joined.status, &joined.json()["title"]),
        (200, &serde_json::json!("Mathare North"))
    );
    assert_eq!(joined.json()["pair_key"].as_str().unwrap().len(), 64);
    let used = send(house.web, "POST", "/join", &[], join(&code).as_bytes()).await;
    assert_eq!(used.status, 403);
    let not_sure = form(&house, "/sites/mathare/revoke", "sure=yes").await;
    assert_eq!(not_sure.status, 400);
    assert_eq!(form(&house, "/sites/mathare/revoke", "sure=mathare").await.status, 303);
    house.close().await;
}

#[tokio::test]
async fn somebody_who_tries_codes_has_to_wait() {
    let house = House::open().await;
    let body =
        serde_json::json!({"code": "nowhere-0000000000", "public_key": "11".repeat(32), "medium": "03".repeat(8)});
    let mut last = None;
    for _ in 0..40 {
        last = Some(send(house.web, "POST", "/join", &[], body.to_string().as_bytes()).await);
    }
    let last = last.unwrap();
    assert_eq!((last.status, last.header("retry-after")), (429, Some("60")));
    house.close().await;
}

#[tokio::test]
async fn an_open_page_hears_what_happens() {
    let house = House::open().await;
    let id = house.customer("0700000102", "4071").await;
    let mut stream = TcpStream::connect(house.web).await.unwrap();
    let head = format!(
        "GET /events HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
        house.web,
        house.token(Role::Viewer)
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut heard = String::new();
    read_until(&mut stream, &mut heard, "text/event-stream").await;
    form(&house, &format!("/customers/{id}/credit"), "litres=20&reason=gift").await;
    read_until(&mut stream, &mut heard, "event: customer").await;
    read_until(&mut stream, &mut heard, &format!("data: {{\"customer\":\"{id}\"}}")).await;
    // An open stream does not hold up the end.
    house.close().await;
}

async fn read_until(stream: &mut TcpStream, heard: &mut String, what: &str) {
    let reading = async {
        while !heard.contains(what) {
            let mut bytes = [0; 1_024];
            let count = stream.read(&mut bytes).await.unwrap();
            assert_ne!(count, 0, "the stream ended: {heard}");
            heard.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    };
    timeout(LIMIT, reading)
        .await
        .unwrap_or_else(|_| panic!("{what} was not heard"));
}
