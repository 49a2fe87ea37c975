//! Logging in, forms of our own, and those of others.

use crate::site::input::Role;

use super::bench::Bench;

#[tokio::test]
async fn a_first_password_is_changed_before_anything_else() {
    let bench = Bench::new("first").await;
    let (first, hash) = crate::adapters::web::password::first_password().unwrap();
    let command = crate::site::input::Command::ResetManager {
        name: "asha".to_owned(),
        role: Role::Manager,
        hash,
    };
    bench.tell(command).await.unwrap();
    assert_eq!(bench.get("/", &[]).await.header("location"), "/login");
    let login = bench.post("/login", &[], &format!("name=Asha&password={first}")).await;
    let set = login.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
        assert!(set.contains(part), "{set}");
    }
    let cookie = login.cookie();
    let own = [("cookie", cookie.as_str())];
    assert_eq!(bench.get("/", &own).await.header("location"), "/password");
    assert_eq!(bench.get("/api/v1/status", &own).await.status, 403);
    let page = bench.get("/password", &own).await;
    let token = page.hidden("token");
    for (old, new, again) in [
        (first.as_str(), "short", "short"),
        (first.as_str(), "better-water", "other-water"),
        ("wrong", "better-water", "better-water"),
        (first.as_str(), first.as_str(), first.as_str()),
    ] {
        let form = format!("token={token}&old={old}&new={new}&again={again}");
        let refused = bench.post("/password", &own, &form).await;
        assert!([400, 401].contains(&refused.status), "{refused:?}");
        assert!(refused.body.contains("notice bad"));
    }
    let form = format!("token={token}&old={first}&new=better-water&again=better-water");
    assert_eq!(
        bench.post("/password", &own, &form).await.header("location"),
        "/?said=password"
    );
    let page = bench.get("/", &own).await;
    assert!(page.status == 200 && page.body.contains("Kibera 3"), "{page:?}");
    assert_eq!(
        bench
            .post("/login", &[], &format!("name=asha&password={first}"))
            .await
            .status,
        401
    );
    bench.stop().await;
}

#[tokio::test]
async fn five_wrong_passwords_close_an_account_and_no_other() {
    let bench = Bench::new("tries").await;
    bench.manager("asha", Role::Manager).await;
    bench.manager("juma", Role::Viewer).await;
    for _ in 0..5 {
        assert_eq!(
            bench.post("/login", &[], "name=asha&password=wrong-water").await.status,
            401
        );
    }
    let closed = bench.post("/login", &[], "name=asha&password=better-water").await;
    assert_eq!(closed.status, 429, "also for the right one");
    let wait_s: u64 = closed.header("retry-after").parse().unwrap();
    assert!((800..=900).contains(&wait_s), "{wait_s}");
    assert_eq!(
        bench
            .post("/login", &[], "name=juma&password=better-water")
            .await
            .status,
        303
    );
    for _ in 0..5 {
        assert_eq!(
            bench
                .post("/login", &[], "name=nobody&password=wrong-water")
                .await
                .status,
            401
        );
    }
    let unknown = bench.post("/login", &[], "name=nobody&password=wrong-water").await;
    assert_eq!(unknown.status, 429, "a name that does not exist answers alike");
    bench.manager("asha", Role::Manager).await;
    bench.stop().await;
}

#[tokio::test]
async fn guesses_side_by_side_are_no_more_than_one_after_the_other() {
    let bench = Bench::new("parallel").await;
    bench.manager("asha", Role::Manager).await;
    let guesses = (0..60).map(|_| bench.post("/login", &[], "name=asha&password=wrong-water"));
    let answers = futures_util::future::join_all(guesses).await;
    let compared = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!(compared, 5);
    bench.stop().await;
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let bench = Bench::new("csrf").await;
    let cookie = bench.manager("asha", Role::Manager).await;
    let own = ("cookie", cookie.as_str());
    let page = bench.get("/dispensers", &[own]).await;
    let (token, once) = (page.hidden("token"), page.hidden("once"));
    let form = |token: &str| format!("token={token}&once={once}&dispenser=tap-1&to=off");
    let here = format!("http://{}", bench.address);
    let refused = [
        (vec![own], form("")),
        (vec![own], form("0000")),
        (vec![own], "dispenser=tap-1&to=off".to_owned()),
        (vec![own, ("origin", "http://evil.example")], form(&token)),
        (vec![own, ("origin", "null")], form(&token)),
        (vec![own, ("referer", "http://evil.example/x")], form(&token)),
        (vec![own, ("sec-fetch-site", "cross-site")], form(&token)),
    ];
    for (headers, form) in refused {
        assert_eq!(
            bench.post("/dispensers/switch", &headers, &form).await.status,
            403,
            "{headers:?} {form}"
        );
    }
    let login = bench
        .post(
            "/login",
            &[("origin", "http://evil.example")],
            "name=asha&password=better-water",
        )
        .await;
    assert_eq!(login.status, 403);
    assert!(!bench.get("/dispensers", &[own]).await.body.contains("switched off"));

    let headers = [own, ("origin", here.as_str()), ("sec-fetch-site", "same-origin")];
    let done = bench.post("/dispensers/switch", &headers, &form(&token)).await;
    assert_eq!(done.header("location"), "/dispensers?said=switched", "{done:?}");
    assert!(bench.get("/dispensers", &[own]).await.body.contains("switched off"));
    let api = [
        own,
        ("x-form-token", token.as_str()),
        ("content-type", "application/json"),
    ];
    let on = bench
        .request("POST", "/api/v1/dispensers/tap-1", &api, r#"{"enabled":true}"#)
        .await;
    assert_eq!(on.status, 200, "{on:?}");
    bench.stop().await;
}

#[tokio::test]
async fn a_login_opens_a_new_session_and_closes_the_old_one() {
    let bench = Bench::new("fixation").await;
    bench.manager("asha", Role::Manager).await;
    let planted = ("cookie", "kisima_gateway=00000000000000000000000000000000");
    let login = bench
        .post("/login", &[planted], "name=asha&password=better-water")
        .await;
    let first = login.cookie();
    assert_ne!(first, planted.1);
    assert_eq!(bench.get("/", &[planted]).await.status, 303);
    let second = bench
        .post("/login", &[("cookie", &first)], "name=asha&password=better-water")
        .await
        .cookie();
    assert_eq!(
        bench.get("/", &[("cookie", &first)]).await.status,
        303,
        "the old one is over"
    );
    let page = bench.get("/", &[("cookie", &second)]).await;
    assert_eq!(page.status, 200);
    let out = bench
        .post(
            "/logout",
            &[("cookie", &second)],
            &format!("token={}", page.hidden("token")),
        )
        .await;
    assert_eq!(out.header("location"), "/login?said=out");
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(bench.get("/", &[("cookie", &second)]).await.status, 303);
    bench.stop().await;
}

#[tokio::test]
async fn who_has_logged_in_here_before_is_not_locked_out_by_a_stranger() {
    let bench = Bench::new("device").await;
    bench.manager("asha", Role::Manager).await;
    let right = "name=asha&password=better-water";
    let mut stream = bench
        .send(
            "POST",
            "/login",
            &[("content-type", "application/x-www-form-urlencoded")],
            right,
        )
        .await;
    let mut login = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut login)
        .await
        .unwrap();
    let device = login
        .split("kisima_gateway_device=")
        .nth(1)
        .expect("a cookie for the device");
    let device = format!("kisima_gateway_device={}", device.split(';').next().unwrap());
    for _ in 0..5 {
        let wrong = bench.post("/login", &[], "name=asha&password=wrong-water").await;
        assert_eq!(wrong.status, 401);
    }
    assert_eq!(bench.post("/login", &[], right).await.status, 429);
    assert_eq!(bench.post("/login", &[("cookie", &device)], right).await.status, 303);
    bench.stop().await;
}

#[tokio::test]
async fn a_clock_that_stays_is_not_said_to_be_set() {
    let bench = Bench::new("clock-page").await;
    let cookie = bench.manager("asha", Role::Manager).await;
    let own = [("cookie", cookie.as_str())];
    let page = bench.get("/dispensers", &own).await;
    let form = format!(
        "token={}&once={}&time=2026-12-20T08:30",
        page.hidden("token"),
        page.hidden("once")
    );
    let refused = bench.post("/clock", &own, &form).await;
    assert_eq!(refused.status, 409);
    assert!(
        refused.body.contains("The clock is set by the hub already"),
        "{refused:?}"
    );
    assert!(refused.body.contains("<nav>"), "and the way on is there");
    bench.stop().await;
}

#[tokio::test]
async fn a_person_at_a_wrong_address_finds_the_way_back() {
    let bench = Bench::new("lost").await;
    let page = bench.get("/nowhere", &[("accept", "text/html,*/*;q=0.8")]).await;
    assert_eq!(page.status, 404);
    assert!(page.body.contains("href=\"/\""), "{page:?}");
    assert_eq!(bench.get("/nowhere", &[]).await.code(), "not_found");
    bench.stop().await;
}
