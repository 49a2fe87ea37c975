//! Accounts that are to go along to another number, by the API and on the page.

use hub::hub::{
    effect::Response,
    input::{Actor, Aggregator, Request, Secret, UssdName, UssdStep, UssdText},
    operator::Role,
};
use kiosk::{
    phone::{Country, Phone},
    talk::ussd::Service,
};
use serde_json::json;

use crate::house::House;

/// Jane calls from another number and gives name and PIN.
async fn asks(house: &House, session: &str, phone: &str) {
    let desk = &house.running.as_ref().unwrap().desk;
    for text in [
        "",
        "1",
        "1*0700000102",
        "1*0700000102*Jane Wanjiru",
        "1*0700000102*Jane Wanjiru*4071",
    ] {
        let step = UssdStep {
            name: UssdName {
                aggregator: Aggregator::AfricasTalking,
                session: session.to_owned(),
            },
            phone: Phone::parse(phone, Country::Kenya).unwrap(),
            service: Service::Water,
            text: Secret(text.to_owned()),
            form: UssdText::Joined,
        };
        let shown = desk.ask(Actor::Ussd, None, Request::Ussd(step)).await.unwrap();
        assert!(matches!(shown, Response::Ussd(_)), "{shown:?}");
    }
}

#[tokio::test]
async fn a_request_is_listed_and_decided() {
    let house = House::open().await;
    let customer = house.customer("0700000102", "4071").await;
    asks(&house, "s1", "0733000001").await;
    let listed = house.get("/api/v1/numbers?state=open").await;
    let request = &listed["items"][0];
    for (field, value) in [
        ("id", json!(1)),
        ("customer", json!(customer)),
        ("old_phone", json!("+254700000102")),
        ("new_phone", json!("+254733000001")),
        ("state", json!("open")),
        ("decided", json!(null)),
    ] {
        assert_eq!(request[field], value, "{field}");
    }
    for (path, body, expected) in [
        ("/api/v1/numbers/1", json!({"decision": "maybe"}), (400, "bad_field")),
        ("/api/v1/numbers/1", json!({}), (400, "missing_field")),
        ("/api/v1/numbers/9", json!({"decision": "yes"}), (404, "not_found")),
        ("/api/v1/numbers/x", json!({"decision": "yes"}), (404, "not_found")),
    ] {
        let refused = house.post(path, body.clone()).await;
        assert_eq!((refused.status, refused.code().as_str()), expected, "{path} {body}");
    }
    let body = Some(json!({"decision": "yes"}));
    for role in [Role::Technician, Role::Viewer] {
        let refused = house.ask(role, "POST", "/api/v1/numbers/1", body.clone()).await;
        assert_eq!(refused.status, 403, "{role:?}");
    }
    let page = house.ask(Role::Viewer, "GET", "/numbers", None).await.body;
    assert!(page.contains("+254733000001") && !page.contains("Yes, move"), "{page}");
    let decided = house
        .ask(Role::CustomerService, "POST", "/api/v1/numbers/1", body)
        .await;
    assert_eq!((decided.status, &decided.json()["state"]), (200, &json!("yes")));
    assert_eq!(decided.json()["decided_by"], json!("token customer_service"));
    let moved = house.get(&format!("/api/v1/customers/{customer}")).await;
    assert_eq!(moved["phone"], json!("+254733000001"));
    assert_eq!(house.get("/api/v1/numbers?state=open").await["items"], json!([]));
    house.close().await;
}

#[tokio::test]
async fn the_page_asks_yes_or_no() {
    let house = House::open().await;
    house.customer("0700000102", "4071").await;
    let empty = house.ask(Role::Admin, "GET", "/numbers", None).await.body;
    assert!(empty.contains("Nobody waits."), "{empty}");
    asks(&house, "s1", "0733000001").await;
    let page = house.ask(Role::Admin, "GET", "/numbers", None).await.body;
    for words in [
        "Jane Wanjiru",
        "+254700000102",
        "+254733000001",
        "Yes, move the account",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let form = |text: &'static str| house.send(Role::Admin, "POST", "/numbers/1", &[], text.as_bytes());
    assert_eq!(form("decision=maybe").await.status, 400);
    let refused = form("decision=no").await;
    assert_eq!(
        (refused.status, refused.header("location")),
        (303, Some("/numbers?done=number"))
    );
    assert_eq!(form("decision=yes").await.status, 404);
    let page = house.ask(Role::Admin, "GET", "/numbers", None).await.body;
    assert!(page.contains("no, by token admin"), "{page}");
    house.close().await;
}
