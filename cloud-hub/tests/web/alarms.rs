//! What needs a look: nothing is put away that nobody was shown.

use hub::hub::operator::Role;
use serde_json::json;

use crate::{house::House, http::Answer};

/// A night with 44 alarms: every fourth of the site, the others of the hub itself.
async fn after_a_night() -> House {
    let house = House::open().await;
    let rows = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 44)
        INSERT INTO alarm (site, severity, code, detail, time_ms)
        SELECT iif(n % 4 = 0, 'kibera', NULL), 'critical', 'odd', 'alarm no. ' || n || ' rang', 1795165200000 + n * 60000 FROM number";
    let books = rusqlite::Connection::open(house.database()).unwrap();
    books.execute_batch(rows).unwrap();
    house
}

/// The numbers of the alarms on a page.
fn rang(page: &str) -> Vec<u32> {
    let after = page.split("Alarm no. ").skip(1);
    after
        .map(|text| text.split(' ').next().unwrap().parse().unwrap())
        .collect()
}

/// The form's field with the alarms that were shown.
fn shown(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"alarms\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

async fn look(house: &House, path: &str) -> String {
    let answer = house.send(Role::Technician, "GET", path, &[], b"").await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.body
}

async fn press(house: &House, role: Role, form: &str) -> Answer {
    house.send(role, "POST", "/alarms/seen", &[], form.as_bytes()).await
}

#[tokio::test]
async fn the_button_puts_away_the_alarms_that_were_shown_and_no_other() {
    let house = after_a_night().await;
    let first = look(&house, "/").await;
    assert_eq!(rang(&first), [44, 43, 42, 41, 40, 39]);
    assert!(first.contains("38 more that nobody has seen"), "{first}");
    let form = format!("alarms={}", shown(&first).replace(' ', "+"));
    assert_eq!(press(&house, Role::Viewer, &form).await.status, 403);
    assert_eq!(press(&house, Role::Technician, &form).await.status, 303);
    let next = look(&house, "/").await;
    assert_eq!(rang(&next), [38, 37, 36, 35, 34, 33]);
    assert!(next.contains("32 more that nobody has seen"), "{next}");
    // The second click of the same form puts away nothing else.
    assert_eq!(press(&house, Role::Technician, &form).await.status, 303);
    assert_eq!(rang(&look(&house, "/").await), [38, 37, 36, 35, 34, 33]);
    for form in ["", "alarms=", "alarms=all", "alarms=1+x", "until=44"] {
        let refused = press(&house, Role::Technician, form).await;
        assert!([400, 404].contains(&refused.status), "{form}: {refused:?}");
    }
    assert_eq!(rang(&look(&house, "/").await), [38, 37, 36, 35, 34, 33]);
    let audit: String = house
        .books()
        .query_row(
            "SELECT group_concat(subject) FROM audit WHERE action = 'alarms seen'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(audit, "44 43 42 41 40 39", "the audit says which");
    house.close().await;
}

#[tokio::test]
async fn every_alarm_is_on_a_page_and_in_the_api_for_good() {
    let house = after_a_night().await;
    let first = look(&house, "/alarms").await;
    assert_eq!(rang(&first), (5..=44).rev().collect::<Vec<_>>());
    let (before, _) = first.split_once("\">Older").unwrap();
    let older = before.rsplit("href=\"").next().unwrap().replace("&amp;", "&");
    assert_eq!(rang(&look(&house, &older).await), [4, 3, 2, 1]);
    let form = format!("alarms={}&back=%2Falarms", shown(&first).replace(' ', "+"));
    let pressed = press(&house, Role::Technician, &form).await;
    assert_eq!(pressed.header("location"), Some("/alarms?done=seen"));
    assert_eq!(rang(&look(&house, "/").await), [4, 3, 2, 1]);
    assert_eq!(rang(&look(&house, "/alarms?seen=no").await), [4, 3, 2, 1]);
    assert_eq!(rang(&look(&house, "/alarms?seen=yes").await).len(), 40);
    assert_eq!(rang(&look(&house, "/alarms").await).len(), 40, "they stay");

    let listed = house.get("/api/v1/alarms?seen=false&limit=3").await;
    let numbers = |listed: &serde_json::Value| {
        let items = listed["items"].as_array().unwrap().iter();
        items.map(|item| item["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&listed), [4, 3, 2]);
    let next = listed["next"].as_str().unwrap();
    let rest = house
        .get(&format!("/api/v1/alarms?seen=false&limit=3&after={next}"))
        .await;
    assert_eq!((numbers(&rest), &rest["next"]), (vec![1], &json!(null)));
    assert_eq!(
        rest["items"][0],
        json!({"id": 1, "site": null, "severity": "critical", "code": "odd", "detail": "alarm no. 1 rang",
               "time": "2026-11-20T09:01:00Z", "seen": null})
    );
    let of_site = house.get("/api/v1/alarms?site=kibera&limit=200").await;
    assert_eq!(numbers(&of_site), [44, 40, 36, 32, 28, 24, 20, 16, 12, 8, 4]);
    assert!(of_site["items"][0]["seen"].is_string(), "{of_site}");
    let wrong = house.ask(Role::Viewer, "GET", "/api/v1/alarms?seen=maybe", None).await;
    assert_eq!(
        (wrong.status, wrong.json()["error"]["field"].as_str()),
        (400, Some("seen"))
    );
    house.close().await;
}
