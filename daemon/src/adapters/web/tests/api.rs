//! What programs read and change, and what pages show.

use serde_json::json;
use tokio::io::AsyncBufReadExt as _;

use crate::site::{
    effect::Effect,
    input::{Input, Role},
    room::Room,
};

use super::bench::{Bench, JANE, LIMIT, PHONE, SECRET};

/// Sells `count` times, one millilitre more each time.
async fn sell(bench: &Bench, count: u32) {
    for number in 1..=count {
        let ask = json!({ "request": format!("s{number}"), "kiosk_id": "tap-1", "user_id": PHONE, "pin": "4071", "volume_ml": 500 });
        let answer = bench
            .json("/dispense-verification", SECRET, &[], &ask.to_string())
            .await;
        assert_eq!(answer.json()["approved"], true, "{answer:?}");
        let report = json!({ "request": format!("s{number}"), "volume_ml": number, "outcome": "stopped" });
        assert_eq!(
            bench
                .json("/dispense-report", SECRET, &[], &report.to_string())
                .await
                .status,
            200
        );
    }
}

#[tokio::test]
async fn lists_are_read_page_by_page_and_as_a_table() {
    let bench = Bench::new("lists").await;
    sell(&bench, 7).await;
    let token = bench.token(Role::Viewer).await;
    let (mut path, mut seen, mut pages) = ("/api/v1/transactions?limit=3".to_owned(), Vec::new(), 0);
    loop {
        let page = bench.get_as(&token, &path).await.json();
        let items = page["items"].as_array().unwrap();
        seen.extend(items.iter().map(|item| item["volume_ml"].as_i64().unwrap()));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => path = format!("/api/v1/transactions?limit=3&after={next}"),
            None => break,
        }
    }
    assert_eq!((seen, pages), (vec![7, 6, 5, 4, 3, 2, 1], 3));
    let first = bench.get_as(&token, "/api/v1/transactions?limit=1").await.json()["items"][0].clone();
    assert_eq!(
        (&first["request"], &first["outcome"]),
        (&json!("s7"), &json!("stopped"))
    );
    assert!(first["id"].as_str().unwrap().starts_with("kibera-3:"), "{first}");
    for bad in [
        "limit=0",
        "limit=201",
        "limit=x",
        "after=x",
        "customer=x",
        "from=yesterday",
    ] {
        let answer = bench.get_as(&token, &format!("/api/v1/transactions?{bad}")).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_field"), "{bad}");
    }
    let csv = bench.get_as(&token, "/api/v1/journal.csv?from=2000-01-01").await;
    let lines: Vec<_> = csv.body.lines().collect();
    assert_eq!(
        lines[0],
        "site,epoch,seq,time,clock_trusted,kind,request,customer,dispenser,volume_ml,amount_minor,currency,outcome,receipt"
    );
    assert_eq!(lines.len(), 8);
    assert!(
        lines[1].contains(",true,dispense,s1,0000000000000007,tap-1,1,,KES,stopped,"),
        "{}",
        lines[1]
    );
    let none = bench.get_as(&token, "/api/v1/journal.csv?to=2000-01-01").await;
    assert_eq!(none.body.lines().count(), 1);
    let metrics = bench.get("/metrics", &[]).await.body;
    for line in [
        "kisima_asks_total{reason=\"verified\"} 7",
        "kisima_sales_total{kind=\"dispense\"} 7",
        "kisima_link_up 0",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_keyed_change_is_made_once() {
    let bench = Bench::new("once").await;
    let token = bench.token(Role::Manager).await;
    let key = [("idempotency-key", "till-4/17")];
    let body = json!({ "phone": "0711222333", "name": "Ali", "pin": "8265" }).to_string();
    let first = bench.json("/api/v1/customers", &token, &key, &body).await;
    assert_eq!(first.status, 201, "{first:?}");
    let again = bench.json("/api/v1/customers", &token, &key, &body).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    let anew = bench.json("/api/v1/customers", &token, &[], &body).await;
    assert_eq!(
        (anew.status, anew.code().as_str()),
        (409, "phone_taken"),
        "{first:?} {anew:?}"
    );
    assert_eq!(anew.json()["error"]["id"], first.json()["id"]);
    let other = bench
        .json("/api/v1/customers", &token, &key, &body.replace("Ali", "Eve"))
        .await;
    assert_eq!((other.status, other.code().as_str()), (409, "key_reused"));
    let common = body.replace("8265", "1234").replace("0711222333", "0711222334");
    let refused = bench.json("/api/v1/customers", &token, &[], &common).await;
    assert_eq!(
        (refused.status, refused.json()["error"]["field"].as_str()),
        (400, Some("pin"))
    );
    let found = bench
        .get_as(&token, "/api/v1/customers?phone=%2B254711222333")
        .await
        .json();
    assert_eq!(found["items"][0]["name"], "Ali");
    bench.stop().await;
}

#[tokio::test]
async fn what_is_asked_of_the_hub_waits_in_the_queue() {
    let bench = Bench::new("queue").await;
    let token = bench.token(Role::Manager).await;
    let buy = json!({ "customer": JANE.to_string(), "kind": "topup", "volume_ml": 20_000 }).to_string();
    assert_eq!(bench.json("/api/v1/purchases", &token, &[], &buy).await.status, 202);
    let loan = json!({ "borrower": JANE.to_string(), "lender": "0702345678", "amount_minor": 500_000, "repayment_minor": 50_000 });
    assert_eq!(
        bench.json("/api/v1/loans", &token, &[], &loan.to_string()).await.status,
        202
    );
    let queue = bench.get_as(&token, "/api/v1/queue").await.json();
    assert_eq!(
        (&queue["total_items"], &queue["unsynced_items"]),
        (&json!(2), &json!(2))
    );
    let types: Vec<_> = queue["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["LOAN_REQUEST", "PURCHASE"]);
    let old = bench.get_as(&token, &format!("/api/ussd/queue/{PHONE}")).await.json();
    assert_eq!(
        (&old["totalItems"], &old["items"][0]["synced"]),
        (&json!(2), &json!(false))
    );
    let status = bench.get_as(&token, "/api/v1/status").await.json();
    assert_eq!(status["link"], "down");
    assert!(status["queue"]["money"].as_u64().unwrap() >= 2, "{status}");
    assert_eq!(status["queue"].as_object().unwrap().len(), 5);
    for (path, body, field) in [
        (
            "/api/v1/purchases",
            json!({ "customer": JANE.to_string(), "kind": "gift" }),
            "kind",
        ),
        (
            "/api/v1/purchases",
            json!({ "customer": "x", "kind": "bill" }),
            "customer",
        ),
        (
            "/api/v1/loans",
            json!({ "borrower": JANE.to_string(), "lender": "1", "amount_minor": 1, "repayment_minor": 1 }),
            "lender",
        ),
        ("/api/v1/dispensers/tap-1", json!({ "enabled": "yes" }), "enabled"),
        ("/api/v1/clock", json!({ "time": "noon" }), "time"),
    ] {
        let answer = bench.json(path, &token, &[], &body.to_string()).await;
        assert_eq!(
            (answer.status, answer.json()["error"]["field"].as_str()),
            (400, Some(field)),
            "{path}"
        );
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_page_hears_of_a_change_and_lets_the_program_stop() {
    let bench = Bench::new("events").await;
    let bearer = format!("Bearer {}", bench.token(Role::Viewer).await);
    let mut stream = bench.send("GET", "/events", &[("authorization", &bearer)], "").await;
    let replies = bench.replies.clone();
    let heard = async {
        let (mut line, mut events) = (String::new(), Vec::new());
        while events.len() < 2 {
            line.clear();
            assert!(stream.read_line(&mut line).await.unwrap() > 0, "{events:?}");
            if let Some(event) = line.strip_prefix("event: ") {
                events.push(event.trim().to_owned());
                for _ in 0..100 {
                    assert!(replies.take(Effect::Live).is_none());
                }
            }
        }
        events
    };
    let events = tokio::time::timeout(LIMIT, heard).await.unwrap();
    assert_eq!(events, ["hello", "change"]);
    assert!(bench.stop().await < LIMIT / 2, "an open page does not hold the program");
    drop(stream);
}

#[tokio::test]
async fn pages_say_what_is_and_what_to_do() {
    let bench = Bench::new("pages").await;
    let cookie = bench.manager("asha", Role::Manager).await;
    let own = [("cookie", cookie.as_str())];
    sell(&bench, 2).await;
    let wrong = json!({ "kiosk_id": "tap-1", "user_id": PHONE, "pin": "9999", "volume_ml": 500 }).to_string();
    bench.json("/dispense-verification", SECRET, &[], &wrong).await;
    let status = bench.get("/", &own).await;
    for words in [
        "No link yet",
        "0.003 L",
        "tap-1",
        "Not yet at the hub: ",
        "by HTTP",
        "SMS today: 0",
        "<svg",
    ] {
        assert!(status.body.contains(words), "{words}: {}", status.body);
    }
    let policy = status.header("content-security-policy");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    assert!(!status.body.contains("<script>") && !status.body.contains(" style=") && !status.body.contains(" onclick"));
    let jane = bench.get(&format!("/customers?phone={PHONE}"), &own).await;
    for words in ["Jane Smith", "AQP123456", "19.997 L", "Clear lock"] {
        assert!(jane.body.contains(words), "{words}: {}", jane.body);
    }
    let form = |name: &str| {
        let (token, once) = (jane.hidden("token"), jane.hidden("once"));
        format!("token={token}&once={once}{name}&customer={JANE}&phone={PHONE}")
    };
    let cleared = bench.post("/customers/clear-lock", &own, &form("a")).await;
    assert_eq!(
        cleared.header("location"),
        format!("/customers?phone={PHONE}&said=unlocked")
    );
    assert!(
        !bench
            .get(&format!("/customers?phone={PHONE}"), &own)
            .await
            .body
            .contains("Clear lock")
    );
    for _ in 0..2 {
        let asked = bench
            .post("/customers/buy", &own, &format!("{}&litres=20", form("b")))
            .await;
        assert_eq!(asked.status, 303, "{asked:?}");
    }
    let queue = bench.get("/queue", &own).await.body;
    assert_eq!(
        queue.matches("waits for the link").count(),
        1,
        "a second press asks once: {queue}"
    );
    let refused = bench
        .post("/customers/buy", &own, &format!("{}&litres=much", form("c")))
        .await;
    assert!(refused.status == 400 && refused.body.contains("must be a whole number") && refused.body.contains("Jane"));
    let nobody = bench.get("/customers?phone=0799999999", &own).await;
    assert!(nobody.body.contains("Register this phone"));
    let hostile = bench
        .get("/customers?phone=%3Cscript%3Ealert(1)%3C%2Fscript%3E", &own)
        .await;
    assert!(hostile.status == 400 && !hostile.body.contains("<script>alert"));
    let register = bench.get("/register", &own).await;
    let form = format!(
        "token={}&once={}&phone=0711222333&name=Ali&pin=1111",
        register.hidden("token"),
        register.hidden("once")
    );
    let common = bench.post("/register", &own, &form).await;
    assert!(
        common.status == 400 && common.body.contains("Ali") && !common.body.contains("1111"),
        "{common:?}"
    );
    bench.stop().await;
}

#[tokio::test]
async fn before_joining_the_page_says_how() {
    let bench = Bench::open("unjoined", None).await;
    assert!(
        bench
            .get("/login", &[])
            .await
            .body
            .contains("kisima-gateway manager reset NAME")
    );
    let cookie = bench.manager("asha", Role::Manager).await;
    let page = bench.get("/", &[("cookie", &cookie)]).await;
    assert!(page.body.contains("kisima-gateway join HUB_URL CODE"), "{page:?}");
    assert_eq!(bench.get("/ready", &[]).await.status, 200);
    assert_eq!(bench.get("/health", &[]).await.status, 200);
    let docs = bench.get("/api/docs", &[]).await.body;
    assert!(docs.contains("/dispense-verification") && docs.contains("May call"));
    bench.stop().await;
}

#[tokio::test]
async fn a_disk_that_is_nearly_full_is_shown_everywhere() {
    let bench = Bench::new("disk-low").await;
    let cookie = bench.manager("asha", Role::Manager).await;
    let token = bench.token(Role::Manager).await;
    for (free_bytes, low, shown) in [(100 << 20, false, false), (3 << 20, true, true)] {
        let room = Room {
            free_bytes,
            has_ballast: true,
        };
        bench.inbox.send(Input::Room(room)).await.unwrap();
        let status = bench.get_as(&token, "/api/v1/status").await.json();
        let wanted = json!({ "free_bytes": free_bytes, "ballast": true, "low": low });
        assert_eq!(status["disk"], wanted);
        let metrics = bench.get_as(&token, "/metrics").await.body;
        assert!(
            metrics.contains(&format!("kisima_disk_low {}\n", u8::from(low))),
            "{metrics}"
        );
        let page = bench.get("/", &[("cookie", &cookie)]).await.body;
        assert_eq!(page.contains("The disk is nearly full (3 MiB left)"), shown, "{page}");
    }
    let body = json!({ "customer": JANE.to_string(), "kind": "topup", "volume_ml": 20_000 }).to_string();
    let answer = bench.json("/api/v1/purchases", &token, &[], &body).await;
    assert_eq!((answer.status, answer.code().as_str()), (507, "disk_low"));
}
