//! What an operator does with the books by the API and on the pages.

use hub::hub::{input::Request, money::Arrival, operator::Role, store::read};
use kiosk::{
    moment::Wall,
    provider::Provider,
    units::{Currency, Money},
};
use serde_json::json;

use crate::{house::House, http::Answer, program::run};

async fn csv(house: &House, path: &str) -> String {
    let answer = house.ask(Role::Viewer, "GET", path, None).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.body
}

/// Litres given to one customer: 20 litres of 4000 cents, then half a litre of 100 cents taken.
async fn given(house: &House) -> String {
    let id = house.customer("0700000102", "4071").await;
    for ml in [20_000, -500] {
        let credit = json!({"volume_ml": ml, "reason": "a gift"});
        house.post(&format!("/api/v1/customers/{id}/credit"), credit).await;
    }
    id
}

#[tokio::test]
async fn a_statement_is_read_by_page_by_day_and_as_csv() {
    let house = House::open().await;
    let id = given(&house).await;
    let path = format!("/api/v1/ledger/accounts/water:{id}");
    let whole = house.get(&path).await;
    assert_eq!(
        (&whole["account"], &whole["currency"]),
        (&json!(format!("water:{id}")), &json!("KES"))
    );
    let items = whole["items"].as_array().unwrap();
    let shown: Vec<_> = items
        .iter()
        .map(|line| (line["amount_minor"].clone(), line["balance_minor"].clone()))
        .collect();
    assert_eq!(shown, [(json!(-4_000), json!(-4_000)), (json!(100), json!(-3_900))]);
    assert!(items[0]["event"].as_str().unwrap().starts_with("credit:"), "{whole}");
    let first = house.get(&format!("{path}?limit=1")).await;
    assert_eq!(first["items"], json!([items[0]]));
    let next = first["next"].as_str().unwrap();
    assert_eq!(
        house.get(&format!("{path}?limit=1&after={next}")).await["items"],
        json!([items[1]])
    );
    assert_eq!(house.get(&format!("{path}?to=2020-01-01")).await["items"], json!([]));
    assert_eq!(house.get(&format!("{path}?currency=UGX")).await["items"], json!([]));
    let text = csv(&house, &format!("{path}?format=csv")).await;
    let rows: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(
        rows[0],
        "account,currency,time,entry,event,what,amount_minor,balance_minor"
    );
    assert!(
        rows[2].starts_with(&format!("water:{id},KES,")) && rows[2].ends_with(",water given,100,-3900"),
        "{text}"
    );
    let kinds = house.get("/api/v1/ledger/accounts?kind=water").await;
    let expected = json!([{"account": format!("water:{id}"), "currency": "KES", "balance_minor": -3_900}]);
    assert_eq!(kinds["items"], expected);
    let file = csv(&house, "/api/v1/ledger/accounts?kind=water&format=csv").await;
    assert_eq!(
        file,
        format!("account,currency,balance_minor\r\nwater:{id},KES,-3900\r\n")
    );
    for (query, field) in [
        ("currency=USD", "currency"),
        ("from=yesterday", "from"),
        ("format=pdf", "format"),
        ("limit=0", "limit"),
    ] {
        let answer = house.ask(Role::Admin, "GET", &format!("{path}?{query}"), None).await;
        assert_eq!(
            (answer.status, answer.json()["error"]["field"].as_str()),
            (400, Some(field)),
            "{query}"
        );
    }
    let nobody = house
        .ask(Role::Admin, "GET", "/api/v1/ledger/accounts/gold", None)
        .await;
    assert_eq!(nobody.status, 404);
    let technician = house.ask(Role::Technician, "GET", &path, None).await;
    assert_eq!(technician.status, 403);
    house.close().await;
}

#[tokio::test]
async fn the_trial_balance_of_a_day_balances_on_the_page_in_json_and_in_csv() {
    let house = House::open().await;
    let id = given(&house).await;
    let trial = house.get("/api/v1/ledger/trial").await;
    let expected = json!({
        "accounts": {
            "given": {"opening_minor": 0, "debit_minor": 4_000, "credit_minor": 100, "closing_minor": 3_900},
            "water": {"opening_minor": 0, "debit_minor": 100, "credit_minor": 4_000, "closing_minor": -3_900},
        },
        "total": {"opening_minor": 0, "debit_minor": 4_100, "credit_minor": 4_100, "closing_minor": 0},
    });
    assert_eq!(trial["currencies"]["KES"], expected);
    let day = trial["day"].as_str().unwrap();
    let text = csv(&house, &format!("/api/v1/ledger/trial?day={day}&format=csv")).await;
    assert_eq!(
        text,
        format!(
            "day,currency,account,opening_minor,debit_minor,credit_minor,closing_minor\r\n\
             {day},KES,given,0,4000,100,3900\r\n{day},KES,water,0,100,4000,-3900\r\n"
        )
    );
    let text = csv(&house, "/api/v1/ledger/balance?format=csv").await;
    assert_eq!(
        text,
        "currency,account,balance_minor\r\nKES,given,3900\r\nKES,water,-3900\r\n"
    );
    let earlier = house.get("/api/v1/ledger/trial?day=2020-01-01").await;
    assert_eq!(earlier["currencies"], json!({}));
    // From the trial balance to the accounts of a kind, to one account, to its customer.
    for (path, words) in [
        ("/ledger".to_owned(), "href=\"/ledger/water?currency=KES\""),
        ("/ledger/water".to_owned(), "KES -39.00"),
        (format!("/ledger/water:{id}"), "water given"),
        (format!("/ledger/water:{id}"), "To the customer"),
        ("/ledger?day=2020-01-01".to_owned(), "No money had moved"),
    ] {
        let answer = house.ask(Role::Viewer, "GET", &path, None).await;
        assert!(
            answer.status == 200 && answer.body.contains(words),
            "{path}: {}",
            answer.body
        );
    }
    let nowhere = house.ask(Role::Viewer, "GET", "/ledger/gold", None).await;
    assert_eq!(nowhere.status, 404);
    house.close().await;
}

#[tokio::test]
async fn x15_the_last_five_purchases_are_listed_with_their_state() {
    let (house, _secrets) = crate::words::house().await;
    let id = house.customer("0700000102", "4071").await;
    for litres in 1..=6 {
        let body = json!({"customer": id, "kind": "topup", "volume_ml": litres * 1_000, "pay": "prompt"});
        assert_eq!(house.post("/api/v1/purchases", body).await.status, 202);
    }
    let listed = house.get(&format!("/api/v1/purchases?customer={id}")).await;
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 5, "{listed}");
    assert!(
        items
            .iter()
            .all(|item| item["state"].is_string() && item["customer"] == json!(id))
    );
    let all = house.get(&format!("/api/v1/purchases?customer={id}&limit=25")).await;
    assert_eq!(all["items"].as_array().unwrap().len(), 6);
    let nobody = house
        .ask(Role::Admin, "GET", "/api/v1/purchases?customer=00000000000000aa", None)
        .await;
    assert_eq!(nobody.status, 404);
    let whose = house.ask(Role::Admin, "GET", "/api/v1/purchases", None).await;
    assert_eq!(
        (whose.status, whose.json()["error"]["field"].as_str()),
        (400, Some("customer"))
    );
    house.close().await;
}

#[tokio::test]
async fn the_report_of_a_day_is_a_page_a_list_and_a_file() {
    let house = House::open().await;
    let rows = "INSERT INTO report VALUES ('2026-03-05', '', 1795165200000, 1, 0, 0, 0, 0, 0, 1, 2),
            ('2026-03-05', 'kibera', 1795165200000, 0, 3, 45500, 500, 2000, 4, 0, 0);
        INSERT INTO report_money VALUES ('2026-03-05', 'kibera', 'mpesa', 2, 30000)";
    rusqlite::Connection::open(house.database())
        .unwrap()
        .execute_batch(rows)
        .unwrap();
    let report = house.get("/api/v1/reports?day=2026-03-05").await;
    assert_eq!(report["unheard"], json!(["kibera"]));
    let expected = json!({
        "site": "kibera", "made": "2026-11-20T09:00:00Z", "heard": false, "pours": 3, "drawn_ml": 45_500,
        "lost_ml": 500, "money": {"mpesa": {"payments": 2, "amount_minor": 30_000}}, "cash_minor": 2_000,
        "currency": "KES", "denied": 4, "unpaid": 0, "alarms": 0,
    });
    assert_eq!(report["items"][1], expected);
    assert_eq!(report["items"][0]["site"], json!(null));
    let text = csv(&house, "/api/v1/reports?day=2026-03-05&format=csv").await;
    assert_eq!(
        text,
        "day,site,heard,pours,drawn_ml,lost_ml,currency,mpesa_minor,mtn_minor,airtel_minor,intasend_minor,cash_minor,\
         denied,unpaid,alarms\r\n2026-03-05,,yes,0,0,0,KES,0,0,0,0,0,0,1,2\r\n\
         2026-03-05,kibera,no,3,45500,500,KES,30000,0,0,0,2000,4,0,0\r\n"
    );
    let page = house.ask(Role::Viewer, "GET", "/reports?day=2026-03-05", None).await;
    for words in [
        "Not heard since that day",
        "45.5 L in 3",
        "mpesa KES 300.00 in 2",
        "KES 20.00",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let nothing = house.ask(Role::Viewer, "GET", "/reports?day=2020-01-01", None).await;
    assert!(
        nothing.body.contains("There is no report of this day"),
        "{}",
        nothing.body
    );
    let wrong = house
        .ask(Role::Viewer, "GET", "/api/v1/reports?day=tomorrow", None)
        .await;
    assert_eq!(
        (wrong.status, wrong.json()["error"]["field"].as_str()),
        (400, Some("day"))
    );
    let technician = house.ask(Role::Technician, "GET", "/api/v1/reports", None).await;
    assert_eq!(technician.status, 403);
    house.close().await;
}

async fn in_suspense(house: &House, receipt: &str) {
    let arrival = Arrival {
        provider: Provider::Mpesa,
        receipt: receipt.parse().unwrap(),
        amount: Money::new(4_000, Currency::Kes),
        payer: None,
        reference: None,
        short_code: "174379".to_owned(),
        at_till: false,
        time: Wall(1_795_165_200_000),
    };
    house.owner(Request::BookLine(arrival)).await;
}

#[tokio::test]
async fn money_in_suspense_is_listed_and_allocated_by_the_api() {
    let (house, _secrets) = crate::words::house().await;
    let id = house.customer("0700000102", "4071").await;
    in_suspense(&house, "RKT1").await;
    in_suspense(&house, "RKT2").await;
    let first = house.get("/api/v1/suspense?limit=1").await;
    let expected = json!([{
        "provider": "mpesa", "receipt": "RKT1", "amount_minor": 4_000, "currency": "KES", "payer": null,
        "reference": null, "short_code": "174379", "time": "2026-11-20T09:00:00Z", "source": "statement",
        "proven": true, "place": "suspense", "why": "no_reference",
    }]);
    assert_eq!(first["items"], expected);
    let next = first["next"].as_str().unwrap();
    let second = house.get(&format!("/api/v1/suspense?limit=1&after={next}")).await;
    assert_eq!(
        (&second["items"][0]["receipt"], &second["next"]),
        (&json!("RKT2"), &json!(null))
    );
    assert_eq!(house.get("/api/v1/suspense?place=waits").await["items"], json!([]));
    let allocate = |receipt: &str| format!("/api/v1/suspense/mpesa/{receipt}/allocate");
    for (body, status, code) in [
        (json!({}), 400, "bad_field"),
        (json!({"customer": id, "returned": "by hand"}), 400, "bad_field"),
        (json!({"customer": "0700000199"}), 400, "unknown_customer"),
        (json!({"purchase": "00000000000000aa"}), 404, "not_found"),
        (json!({"returned": " "}), 400, "bad_field"),
    ] {
        let answer = house.post(&allocate("RKT1"), body.clone()).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{body}");
    }
    let body = || Some(json!({"customer": "0700 000 102"}));
    let viewer = house.ask(Role::Viewer, "POST", &allocate("RKT1"), body()).await;
    assert_eq!(viewer.status, 403);
    let done = house
        .ask(Role::CustomerService, "POST", &allocate("RKT1"), body())
        .await;
    assert_eq!((done.status, done.json()), (200, json!({"place": "wallet"})));
    let again = house
        .ask(Role::CustomerService, "POST", &allocate("RKT1"), body())
        .await;
    assert_eq!((again.status, again.code().as_str()), (409, "not_in_suspense"));
    let shown = house.get(&format!("/api/v1/customers/{id}")).await;
    assert_eq!(shown["wallet_minor"], 4_000);
    let returned: Answer = house
        .post(&allocate("RKT2"), json!({"returned": "reversed at the portal"}))
        .await;
    assert_eq!(returned.json(), json!({"place": "returned"}));
    assert_eq!(house.get("/api/v1/suspense").await["items"], json!([]));
    let unknown = house.post(&allocate("RKT3"), json!({"customer": id})).await;
    assert_eq!(unknown.status, 404);
    house.close().await;
}

#[tokio::test]
async fn the_ledger_and_the_suspense_are_at_the_command_line_and_a_fault_is_an_exit_status() {
    let (house, _secrets) = crate::words::house().await;
    let id = house.customer("0700000102", "4071").await;
    in_suspense(&house, "RKT1").await;
    in_suspense(&house, "RKT2").await;
    let said = |output: &std::process::Output| String::from_utf8(output.stdout.clone()).unwrap();
    let folder = &house.folder;
    let listed = run(folder, &["suspense", "list"]).await;
    assert!(
        said(&listed).contains("RKT1") && said(&listed).contains("KES 40.00"),
        "{listed:?}"
    );
    // Through the running hub, by its socket; the account is the first that was given out.
    let done = run(
        folder,
        &["suspense", "allocate", "mpesa", "RKT1", "--customer", "AQP000001"],
    )
    .await;
    assert!(done.status.success(), "{done:?}");
    assert_eq!(
        read::customer_by_account(&house.books(), "AQP000001".parse().unwrap())
            .unwrap()
            .unwrap()
            .wallet_minor,
        4_000
    );
    let twice = [
        "suspense",
        "allocate",
        "mpesa",
        "RKT2",
        "--customer",
        "AQP000001",
        "--returned",
        "x",
    ];
    assert_eq!(run(folder, &twice).await.status.code(), Some(64));
    let balance = run(folder, &["ledger", "balance"]).await;
    let rows: Vec<Vec<String>> = said(&balance)
        .lines()
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect();
    let expected = [
        ["suspense", "KES", "-40.00"],
        ["till:mpesa", "KES", "80.00"],
        ["wallet", "KES", "-40.00"],
        ["together", "KES", "0.00"],
    ];
    assert_eq!(rows, expected);
    let wallet = format!("wallet:{id}");
    let statement = run(folder, &["ledger", "statement", &wallet]).await;
    assert!(
        said(&statement).ends_with("deposit  receipt:mpesa:RKT1\n"),
        "{statement:?}"
    );
    let day = ["ledger", "statement", &wallet, "--to", "2020-01-01"];
    assert_eq!(said(&run(folder, &day).await), "");
    assert!(run(folder, &["ledger", "check"]).await.status.success());
    assert_eq!(
        run(folder, &["ledger", "statement", "gold"]).await.status.code(),
        Some(1)
    );
    let edit = "UPDATE posting SET minor = minor + 1 WHERE entry = 1 AND line = 0";
    rusqlite::Connection::open(house.database())
        .unwrap()
        .execute(edit, [])
        .unwrap();
    let fault = run(folder, &["ledger", "check"]).await;
    assert_eq!(fault.status.code(), Some(1));
    assert!(
        said(&fault).contains("entry 1 is off by 1 minor units of KES"),
        "{fault:?}"
    );
    house.close().await;
}
