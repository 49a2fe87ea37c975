//! Managers of sites who work by phone: by the API, on the site's page, and by the command line.

use hub::hub::operator::Role;
use serde_json::json;

use crate::{
    house::{Folder, House},
    program::run,
};

const PATH: &str = "/api/v1/sites/kibera/managers";

#[tokio::test]
async fn a_manager_is_added_listed_and_taken_away() {
    let house = House::open().await;
    let body = json!({"phone": "0733 000 009", "name": "Musa Otieno", "language": "sw"});
    let added = house.post(PATH, body.clone()).await;
    assert_eq!(added.status, 201, "{added:?}");
    let shown = added.json();
    let pin = shown["first_pin"].as_str().unwrap().to_owned();
    assert!(pin.len() == 4 && pin.bytes().all(|byte| byte.is_ascii_digit()), "{pin}");
    for (field, value) in [
        ("phone", json!("+254733000009")),
        ("name", json!("Musa Otieno")),
        ("language", json!("sw")),
        ("account", json!(null)),
        ("must_change_pin", json!(true)),
        ("until", json!(null)),
    ] {
        assert_eq!(shown[field], value, "{field}");
    }
    // The PIN is told once.
    let listed = house.get(PATH).await;
    assert_eq!(listed["items"][0]["id"], shown["id"]);
    assert_eq!(listed["items"][0]["first_pin"], json!(null));
    for (path, body, expected) in [
        (PATH, body.clone(), (409, "manages_already")),
        (PATH, json!({"phone": "12", "name": "Musa"}), (400, "bad_phone")),
        (PATH, json!({"phone": "0733000008", "name": " "}), (400, "missing")),
        (
            PATH,
            json!({"phone": "0733000008", "name": "Musa", "account": "musa"}),
            (400, "no_float"),
        ),
        (
            PATH,
            json!({"phone": "0733000008", "name": "Musa", "language": "xx"}),
            (400, "bad_language"),
        ),
        (
            "/api/v1/sites/nowhere/managers",
            json!({"phone": "0733000008", "name": "Musa"}),
            (404, "not_found"),
        ),
        ("/api/v1/sites/kibera/managers/99/pin", json!({}), (404, "not_found")),
        ("/api/v1/sites/kibera/managers/99/remove", json!({}), (404, "not_found")),
    ] {
        let refused = house.post(path, body.clone()).await;
        assert_eq!((refused.status, refused.code().as_str()), expected, "{path} {body}");
    }
    for role in [Role::CustomerService, Role::Technician, Role::Viewer] {
        let refused = house.ask(role, "POST", PATH, Some(body.clone())).await;
        assert_eq!(refused.status, 403, "{role:?}");
        let page = house.ask(role, "GET", "/sites/kibera", None).await.body;
        assert!(
            page.contains("Musa Otieno") && !page.contains("Add a manager"),
            "{role:?}"
        );
    }
    let page = house.ask(Role::Admin, "GET", "/sites/kibera", None).await.body;
    for words in [
        "Managers by phone",
        "+254733000009",
        "has to choose a PIN",
        "Add a manager",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let removed = house.post(&format!("{PATH}/{}/remove", shown["id"]), json!({})).await;
    assert!(
        removed.status == 200 && removed.json()["until"].is_string(),
        "{removed:?}"
    );
    house.close().await;
}

#[tokio::test]
async fn the_page_shows_a_first_pin_once_and_says_where_a_customers_counts() {
    let house = House::open().await;
    let form = |path: &'static str, text: &'static str| house.send(Role::Admin, "POST", path, &[], text.as_bytes());
    let told = form("/sites/kibera/managers", "phone=0733000009&name=Musa").await;
    assert!(
        told.status == 200 && told.body.contains("First PIN of Musa"),
        "{}",
        told.body
    );
    let again = form("/sites/kibera/managers/pin", "manager=1").await;
    assert!(
        again.status == 200 && again.body.contains("First PIN of"),
        "{}",
        again.body
    );
    let gone = form("/sites/kibera/managers/remove", "manager=1").await;
    assert_eq!(
        (gone.status, gone.header("location")),
        (303, Some("/sites/kibera?done=changed"))
    );
    house.customer("0700000102", "4071").await;
    let customer = form("/sites/kibera/managers", "phone=0700000102&name=Jane").await;
    assert_eq!(
        (customer.status, customer.header("location")),
        (303, Some("/sites/kibera?done=manager"))
    );
    let wrong = form("/sites/kibera/managers", "phone=12&name=Musa").await;
    assert_eq!(wrong.status, 400);
    house.close().await;
}

#[tokio::test]
async fn the_command_line_adds_lists_and_takes_away_managers() {
    let folder = Folder::new();
    let said = async |arguments: &[&str]| {
        let output = run(&folder, arguments).await;
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    assert!(said(&["site", "add", "kibera"]).await.0);
    let (is_done, pin) = said(&["manager", "add", "kibera", "0733000009", "Musa"]).await;
    assert!(is_done && pin.trim().len() == 4, "{pin}");
    let (_, listed) = said(&["manager", "list"]).await;
    assert!(
        listed.starts_with("kibera  1  +254733000009  Musa  takes no cash, since ")
            && listed.contains("has to choose a PIN"),
        "{listed}"
    );
    assert!(said(&["manager", "pin", "kibera", "1"]).await.0);
    assert_eq!(
        said(&["manager", "remove", "kibera", "1"]).await,
        (true, "done\n".to_owned())
    );
    let (is_done, text) = said(&["manager", "remove", "kibera", "1"]).await;
    assert!(
        !is_done && text.contains("there is no such manager of this site"),
        "{text}"
    );
    assert_eq!(said(&["manager", "list"]).await, (true, String::new()));
}
