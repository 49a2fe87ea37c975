//! What people and networks hand in by mistake or on purpose, over HTTP, and that a PIN shows nowhere afterwards.

use hub::hub::operator::Role;
use rusqlite::types::ValueRef;

use crate::{
    house::{House, WEBHOOK_SECRET},
    http::{Answer, send},
};

const SORRY: &str = "END This did not work. Please dial again.";
const MENU: &str =
    "Hello Jane\n1. Buy water\n2. My water\n3. Pay bill\n4. My orders\n5. Loans\n6. Help\n7. My account\n0. Exit";
/// Jane's.
const PIN: &str = "8351";

/// A step of a session; every byte but letters and digits is escaped.
async fn step(house: &House, session: &str, phone: &str, text: &str) -> Answer {
    let escaped = |text: &str| -> String {
        let escape = |byte: u8| match byte.is_ascii_alphanumeric() {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        };
        text.bytes().map(escape).collect()
    };
    let form = format!(
        "sessionId={}&phoneNumber={}&networkCode=63902&serviceCode=%2A384%2A303%23&text={}",
        escaped(session),
        escaped(phone),
        escaped(text)
    );
    let path = format!("/ussd/callback/{WEBHOOK_SECRET}");
    let content = [("content-type", "application/x-www-form-urlencoded")];
    send(house.web, "POST", &path, &content, form.as_bytes()).await
}

async fn jane(house: &House, session: &str, text: &str) -> String {
    let answer = step(house, session, "+254700000102", text).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

/// Every text of every table that holds the PIN as a word.
fn texts_with_pin(house: &House) -> Vec<String> {
    let books = house.books();
    let names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut names = books.prepare(names).unwrap();
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut found = Vec::new();
    for table in names {
        let mut read = books.prepare(&format!("SELECT * FROM \"{table}\"")).unwrap();
        let columns = read.column_count();
        let mut rows = read.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                let ValueRef::Text(bytes) = row.get_ref(column).unwrap() else {
                    continue;
                };
                let mut words = bytes.split(|byte| !byte.is_ascii_alphanumeric());
                if words.any(|word| word == PIN.as_bytes()) {
                    found.push(format!("{table}: {}", String::from_utf8_lossy(bytes)));
                }
            }
        }
    }
    found
}

#[tokio::test]
async fn odd_inputs_show_the_same_screen_again_with_a_short_line() {
    let house = House::open().await;
    house.customer("0700000102", PIN).await;
    let long = "9".repeat(500);
    let odd = [
        "",
        "*",
        "**",
        "#",
        "##",
        &long,
        "вода",
        "水",
        "💧💧",
        "\u{202e}1",
        "\u{0}",
        "-1",
        "1.0",
        "' OR 1=1 --",
        PIN,
    ];
    for (place, typed) in odd.iter().enumerate() {
        // One number may begin ten sessions a minute.
        let phone = format!("+2547330000{place:02}");
        house.customer(&phone, "4071").await;
        let session = format!("odd-{place}");
        let dialled = step(&house, &session, &phone, "").await;
        assert_eq!(dialled.body, format!("CON {MENU}"));
        let text = format!("1*{typed}");
        let buy = step(&house, &session, &phone, "1").await.body;
        let shown = step(&house, &session, &phone, &text).await.body;
        let (_, buy) = buy.split_once(' ').unwrap();
        assert_eq!(shown, format!("CON Invalid choice\n{buy}"), "{typed:?}");
    }
    house.close().await;
}

#[tokio::test]
async fn a_session_is_nobody_elses_and_a_step_is_taken_once_and_in_turn() {
    let house = House::open().await;
    house.customer("0700000102", PIN).await;
    assert_eq!(jane(&house, "s1", "").await, format!("CON {MENU}"));
    let buy = jane(&house, "s1", "1").await;
    for text in ["", "1", "1*2"] {
        let other = step(&house, "s1", "+254700000103", text).await;
        assert_eq!(other.body, SORRY, "another phone: {text}");
    }
    assert_eq!(jane(&house, "s1", "1").await, buy, "the same step twice");
    for text in ["", "2", "2*1", "11"] {
        assert_eq!(jane(&house, "s1", text).await, SORRY, "out of turn: {text}");
    }
    let litres = jane(&house, "s1", "1*2").await;
    assert_eq!(litres, "CON How many litres?\n20 l cost KES 40.\n0. Back");
    house.close().await;
}

#[tokio::test]
async fn a_flood_from_one_number_is_not_let_in_and_another_number_is() {
    let house = House::open().await;
    house.customer("0700000102", PIN).await;
    for place in 0..10 {
        assert_eq!(jane(&house, &format!("s{place}"), "").await, format!("CON {MENU}"));
    }
    for place in 10..40 {
        assert_eq!(jane(&house, &format!("s{place}"), "").await, SORRY);
    }
    let other = step(&house, "other", "+254733000001", "").await;
    assert!(other.body.starts_with("CON Enter your name"), "{other:?}");
    house.close().await;
}

#[tokio::test]
async fn a_pin_shows_on_no_page_in_no_list_and_in_no_table() {
    let house = House::open().await;
    house.customer("0700000102", PIN).await;
    jane(&house, "s1", "").await;
    // In the menu, where it is asked for, and after that.
    jane(&house, "s1", PIN).await;
    let mut text = PIN.to_owned();
    for typed in ["1", "2", "20", "2", PIN, PIN, "0"] {
        text = format!("{text}*{typed}");
        jane(&house, "s1", &text).await;
    }
    // Somebody registers with it.
    step(&house, "s2", "+254733000001", "").await;
    let mut text = String::new();
    for typed in ["Amina Odhiambo", "Kisumu", PIN, PIN, "1"] {
        text = [text.as_str(), typed].join(if text.is_empty() { "" } else { "*" });
        let answer = step(&house, "s2", "+254733000001", &text).await;
        assert!(!answer.body.contains(PIN), "{answer:?}");
    }
    for path in [
        "/api/ussd/sessions",
        "/api/v1/audit",
        "/api/v1/customers",
        "/api/v1/alarms",
    ] {
        let listed = house.ask(Role::Admin, "GET", path, None).await;
        assert!(!listed.body.contains(PIN), "{path}: {listed:?}");
    }
    assert_eq!(texts_with_pin(&house), [""; 0]);
    house.close().await;
}
