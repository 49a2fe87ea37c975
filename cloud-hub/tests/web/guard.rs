//! Who may do what: every route for every role, sessions, forged requests, guessing.

use hub::{
    adapters::web::table::{Access, Shape, TABLE},
    hub::operator::Role,
};
use serde_json::json;

use crate::{
    house::House,
    http::{Answer, send},
};

/// A path of the table with something in place of what varies.
fn filled(path: &str) -> String {
    let mut filled = path.replace("{name}", "kibera").replace("{file}", "hub.css");
    for name in ["{id}", "{secret}", "{token}"] {
        filled = filled.replace(name, "00000000000000aa");
    }
    filled
}

#[tokio::test]
async fn every_route_admits_the_roles_of_the_table_and_nobody_else() {
    let house = House::open().await;
    let guarded = TABLE
        .iter()
        .filter(|route| route.path != "/sync" && route.path != "/events");
    for route in guarded {
        let path = filled(route.path);
        let stranger = send(house.web, route.method, &path, &[], b"").await;
        let wrong = send(house.web, route.method, &path, &[("authorization", "Bearer abc")], b"").await;
        for answer in [stranger, wrong] {
            match (route.access, route.shape) {
                (Access::Open, _) => assert_ne!(answer.status, 401, "{} {path}", route.method),
                (_, Shape::Api) => assert_eq!(answer.status, 401, "{} {path}", route.method),
                (_, Shape::Page) => assert_eq!(answer.header("location"), Some("/login"), "{} {path}", route.method),
            }
        }
        let Access::Roles(roles) = route.access else { continue };
        for role in Role::ALL {
            // A body that is wrong everywhere: who is admitted gets another answer than who is not.
            let answer = house.send(role, route.method, &path, &[], b"{").await;
            let admitted = answer.status != 403 && answer.status != 401;
            assert_eq!(
                admitted,
                roles.contains(&role),
                "{} {path} {}: {answer:?}",
                route.method,
                role.name()
            );
        }
    }
    house.close().await;
}

/// Logs in; the session's cookie.
async fn login(house: &House, name: &str, password: &str) -> Answer {
    let origin = format!("http://{}", house.web);
    let form = format!("name={name}&password={}", password.replace(' ', "+"));
    send(house.web, "POST", "/login", &[("origin", &origin)], form.as_bytes()).await
}

fn cookie(answer: &Answer) -> String {
    let set = answer.header("set-cookie").expect("a cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    set.split(';').next().unwrap().to_owned()
}

fn form_token(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("name=\"token\" value=\"").expect("a form");
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_first_password_must_be_changed_before_anything_else() {
    let house = House::open().await;
    house.user("maria", Role::Admin, "first password").await;
    let answer = login(&house, "maria", "first password").await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/password")));
    let session = cookie(&answer);
    let home = send(house.web, "GET", "/", &[("cookie", &session)], b"").await;
    assert_eq!(home.header("location"), Some("/password"));
    let api = send(house.web, "GET", "/api/v1/sites", &[("cookie", &session)], b"").await;
    assert_eq!((api.status, api.code().as_str()), (403, "change_password"));
    let page = send(house.web, "GET", "/password", &[("cookie", &session)], b"").await;
    let token = form_token(&page);
    let origin = format!("http://{}", house.web);
    let headers = [("cookie", session.as_str()), ("origin", origin.as_str())];
    for (old, new, again, status) in [
        ("first+password", "short", "short", 400),
        ("first+password", "three+cups+of+tea", "three+cups", 400),
        ("wrong+password", "three+cups+of+tea", "three+cups+of+tea", 400),
        ("first+password", "three+cups+of+tea", "three+cups+of+tea", 303),
    ] {
        let form = format!("token={token}&old={old}&password={new}&again={again}");
        let answer = send(house.web, "POST", "/password", &headers, form.as_bytes()).await;
        assert_eq!(answer.status, status, "{form}: {answer:?}");
    }
    let over = send(house.web, "GET", "/", &[("cookie", &session)], b"").await;
    assert_eq!(
        over.header("location"),
        Some("/login"),
        "all sessions end with the old password"
    );
    let answer = login(&house, "maria", "three cups of tea").await;
    assert_eq!(answer.header("location"), Some("/"));
    house.close().await;
}

/// Somebody with a password of their own, logged in: cookie and form token.
pub async fn logged_in(house: &House, name: &str, role: Role) -> (String, String) {
    house.user(name, role, "first password").await;
    let session = cookie(&login(house, name, "first password").await);
    let page = send(house.web, "GET", "/password", &[("cookie", &session)], b"").await;
    let origin = format!("http://{}", house.web);
    let form = format!(
        "token={}&old=first+password&password=three+cups+of+tea&again=three+cups+of+tea",
        form_token(&page)
    );
    let headers = [("cookie", session.as_str()), ("origin", origin.as_str())];
    send(house.web, "POST", "/password", &headers, form.as_bytes()).await;
    let session = cookie(&login(house, name, "three cups of tea").await);
    let page = send(house.web, "GET", "/", &[("cookie", &session)], b"").await;
    assert_eq!(page.status, 200, "{page:?}");
    let token = form_token(&page);
    (session, token)
}

#[tokio::test]
async fn no_change_comes_from_another_page() {
    let house = House::open().await;
    let (session, token) = logged_in(&house, "maria", Role::Admin).await;
    let own = format!("http://{}", house.web);
    let good = format!("token={token}&name=mathare");
    let evil = "https://evil.example";
    for (origin, form, status) in [
        (Some(evil), good.as_str(), 403),
        (None, good.as_str(), 403),
        (Some("null"), good.as_str(), 403),
        (Some(own.as_str()), "name=mathare", 403),
        (
            Some(own.as_str()),
            "name=mathare&token=00000000000000000000000000000000",
            403,
        ),
        (Some(own.as_str()), good.as_str(), 200),
    ] {
        let mut headers = vec![("cookie", session.as_str())];
        headers.extend(origin.map(|origin| ("origin", origin)));
        let answer = send(house.web, "POST", "/sites", &headers, form.as_bytes()).await;
        assert_eq!(answer.status, status, "{origin:?} {form}");
    }
    let foreign_login = send(
        house.web,
        "POST",
        "/login",
        &[("origin", evil)],
        b"name=maria&password=x",
    )
    .await;
    assert_eq!(foreign_login.status, 403);
    // A session works for the API too, with the token in a header.
    let headers = [
        ("cookie", session.as_str()),
        ("origin", own.as_str()),
        ("x-csrf-token", token.as_str()),
    ];
    let body = json!({"name": "kariobangi"}).to_string();
    let answer = send(house.web, "POST", "/api/v1/sites", &headers, body.as_bytes()).await;
    assert_eq!(answer.status, 201);
    let out = send(house.web, "POST", "/logout", &headers, b"").await;
    assert_eq!(out.header("location"), Some("/login"));
    let after = send(house.web, "GET", "/", &[("cookie", &session)], b"").await;
    assert_eq!(after.header("location"), Some("/login"));
    house.close().await;
}

#[tokio::test]
async fn five_wrong_passwords_shut_the_account_for_a_while() {
    let house = House::open().await;
    house.user("maria", Role::Admin, "first password").await;
    house.user("juma", Role::Viewer, "first password").await;
    for _ in 0..5 {
        assert_eq!(login(&house, "maria", "wrong password").await.status, 401);
    }
    let shut = login(&house, "maria", "first password").await;
    assert_eq!((shut.status, shut.header("retry-after")), (429, Some("900")));
    assert_eq!(login(&house, "nobody", "first password").await.status, 401);
    assert_eq!(login(&house, "juma", "first password").await.status, 303);
    house.close().await;
}

/// Logs in with the cookies of a browser that has logged in before.
async fn login_again(house: &House, name: &str, password: &str, cookies: &str) -> Answer {
    let origin = format!("http://{}", house.web);
    let form = format!("name={name}&password={}", password.replace(' ', "+"));
    let headers = [("origin", origin.as_str()), ("cookie", cookies)];
    send(house.web, "POST", "/login", &headers, form.as_bytes()).await
}

fn device(answer: &Answer) -> String {
    let device = answer.headers.iter().find_map(|(name, value)| {
        let is_device = name.eq_ignore_ascii_case("set-cookie") && value.starts_with("kisima_device=");
        is_device.then_some(value)
    });
    let device = device.expect("a cookie of the browser");
    assert!(
        device.contains("HttpOnly") && device.contains("SameSite=Strict"),
        "{device}"
    );
    device.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_stranger_shuts_out_nobody_who_has_logged_in_here_before() {
    let house = House::open().await;
    house.user("maria", Role::Admin, "first password").await;
    let own = device(&login(&house, "maria", "first password").await);
    for _ in 0..5 {
        assert_eq!(login(&house, "maria", "wrong password").await.status, 401);
    }
    assert_eq!(login(&house, "maria", "first password").await.status, 429);
    let known = login_again(&house, "maria", "first password", &own).await;
    assert_eq!(known.status, 303, "{known:?}");
    assert_eq!(device(&known), own);
    house.close().await;
}

#[tokio::test]
async fn one_address_tries_so_many_logins_a_minute() {
    let house = House::open().await;
    for number in 0..30 {
        assert_eq!(login(&house, "nobody", "some password").await.status, 401, "{number}");
    }
    let refused = login(&house, "nobody", "some password").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("60")));
    house.close().await;
}

#[tokio::test]
async fn wrong_passwords_on_the_password_page_shut_it_for_the_right_one_too() {
    let house = House::open().await;
    house.user("maria", Role::Admin, "first password").await;
    let session = cookie(&login(&house, "maria", "first password").await);
    let page = send(house.web, "GET", "/password", &[("cookie", &session)], b"").await;
    let (token, origin) = (form_token(&page), format!("http://{}", house.web));
    let headers = [("cookie", session.as_str()), ("origin", origin.as_str())];
    let mut heard = Vec::new();
    for old in ["wrong", "wrong", "wrong", "wrong", "wrong", "first"] {
        let form = format!("token={token}&old={old}+password&password=three+cups+of+tea&again=three+cups+of+tea");
        heard.push(
            send(house.web, "POST", "/password", &headers, form.as_bytes())
                .await
                .status,
        );
    }
    assert_eq!(heard, [400, 400, 400, 400, 400, 429]);
    house.close().await;
}

#[tokio::test]
async fn a_viewer_sees_no_button_that_would_be_refused() {
    let house = House::open().await;
    let customer = house.customer("0700000102", "4071").await;
    let (session, token) = logged_in(&house, "juma", Role::Viewer).await;
    let path = format!("/customers/{customer}");
    let page = send(house.web, "GET", &path, &[("cookie", &session)], b"").await;
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("Give or take litres"));
    let origin = format!("http://{}", house.web);
    let headers = [("cookie", session.as_str()), ("origin", origin.as_str())];
    let form = format!("token={token}&litres=20&reason=gift");
    let refused = send(house.web, "POST", &format!("{path}/credit"), &headers, form.as_bytes()).await;
    assert_eq!(refused.status, 403);
    house.close().await;
}
