//! Floats of managers, by the API and on the page.

use hub::hub::operator::Role;
use serde_json::json;

use crate::{
    house::{Folder, House},
    program::run,
};

#[tokio::test]
async fn a_float_is_given_listed_and_withdrawn() {
    let house = House::open().await;
    let given = house
        .post(
            "/api/v1/sites/kibera/floats",
            json!({"manager": "musa", "limit_minor": 500_000}),
        )
        .await;
    assert_eq!(given.status, 200, "{given:?}");
    let shown = given.json();
    for (field, minor) in [
        ("limit_minor", 500_000),
        ("left_minor", 0),
        ("owed_minor", 0),
        ("difference_minor", 0),
    ] {
        assert_eq!(shown[field], minor, "{field}: no gateway has joined, so nothing is out");
    }
    let listed = house.get("/api/v1/floats?site=kibera").await;
    assert_eq!(listed, json!({"items": [shown], "next": null}));
    for (path, body, expected) in [
        (
            "/api/v1/sites/nowhere/floats",
            json!({"manager": "musa", "limit_minor": 1}),
            (404, "not_found"),
        ),
        (
            "/api/v1/sites/kibera/floats",
            json!({"manager": "Musa M", "limit_minor": 1}),
            (400, "bad_name"),
        ),
        (
            "/api/v1/sites/kibera/floats",
            json!({"manager": "musa", "limit_minor": -1}),
            (400, "out_of_range"),
        ),
        (
            "/api/v1/sites/kibera/floats",
            json!({"manager": "musa"}),
            (400, "missing_field"),
        ),
        (
            "/api/v1/sites/kibera/floats/musa/hand-in",
            json!({"counted_minor": 1}),
            (409, "nothing_owed"),
        ),
        (
            "/api/v1/sites/kibera/floats/musa/difference-paid",
            json!({"amount_minor": 1}),
            (400, "out_of_range"),
        ),
        (
            "/api/v1/sites/kibera/floats/amina/hand-in",
            json!({"counted_minor": 1}),
            (404, "not_found"),
        ),
    ] {
        let refused = house.post(path, body.clone()).await;
        assert_eq!((refused.status, refused.code().as_str()), expected, "{path} {body}");
    }
    let path = "/api/v1/sites/kibera/floats";
    let body = json!({"manager": "musa", "limit_minor": 1});
    let refused = house.ask(Role::CustomerService, "POST", path, Some(body)).await;
    assert_eq!(refused.status, 403);

    let page = house.ask(Role::Admin, "GET", "/floats", None).await;
    for words in ["musa", "KES 5000.00", "To be handed in"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let form = |text: &'static str| house.send(Role::Admin, "POST", "/floats", &[], text.as_bytes());
    let wrong = form("site=kibera&manager=musa&limit=1%2C500").await;
    assert!(
        wrong.status == 400 && wrong.body.contains("such as 1500 or 1500.50"),
        "{}",
        wrong.body
    );
    let withdrawn = form("site=kibera&manager=musa&limit=0").await;
    assert_eq!(
        (withdrawn.status, withdrawn.header("location")),
        (303, Some("/floats?done=float"))
    );
    assert_eq!(house.get("/api/v1/floats").await["items"][0]["limit_minor"], 0);
    house.close().await;
}

#[tokio::test]
async fn the_command_line_gives_lists_and_takes_floats() {
    let folder = Folder::new();
    let said = async |arguments: &[&str]| {
        let output = run(&folder, arguments).await;
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    };
    assert!(said(&["site", "add", "kibera"]).await.0);
    assert_eq!(
        said(&["float", "give", "kibera", "musa", "5000.50"]).await,
        (true, "done\n".to_owned())
    );
    let line =
        |limit: &str| format!("kibera/musa  limit KES {limit}  may still take KES 0.00  to be handed in KES 0.00\n");
    assert_eq!(said(&["float", "list"]).await, (true, line("5000.50")));
    for (arguments, why) in [
        (
            &["float", "give", "kibera", "musa", "1,500"][..],
            "write it as 5000 or 5000.50",
        ),
        (&["float", "give", "nowhere", "musa", "1"], "there is no such site"),
        (
            &["float", "give", "kibera", "Musa M", "1"],
            "the manager's account at the site",
        ),
        (&["float", "hand-in", "kibera", "musa", "10"], "owes nothing"),
        (&["float", "take", "kibera", "amina"], "no such manager"),
    ] {
        let (is_done, text) = said(arguments).await;
        assert!(!is_done && text.contains(why), "{arguments:?}: {text}");
    }
    assert_eq!(
        said(&["float", "take", "kibera", "musa"]).await,
        (true, "done\n".to_owned())
    );
    assert_eq!(said(&["float", "list"]).await, (true, line("0.00")));
}
