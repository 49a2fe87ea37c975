//! The role table: every route, every caller; and the description of the API beside it.

use std::collections::BTreeSet;

use crate::{
    adapters::web::{
        docs::OPENAPI,
        roles::{Access, Audience, ROUTES},
    },
    site::input::Role,
};

use super::bench::{Bench, SECRET};

/// A caller, the role it has, and what it shows.
struct Caller {
    name: &'static str,
    role: Option<Role>,
    headers: Vec<(&'static str, String)>,
}

async fn callers(bench: &Bench) -> Vec<Caller> {
    let mut callers = vec![
        Caller {
            name: "nobody",
            role: None,
            headers: Vec::new(),
        },
        Caller {
            name: "a wrong token",
            role: None,
            headers: vec![("authorization", "Bearer 00000000000000000000000000000000".to_owned())],
        },
        Caller {
            name: "a dispenser",
            role: None,
            headers: vec![("authorization", format!("Bearer {SECRET}"))],
        },
    ];
    for role in Role::ALL {
        callers.push(Caller {
            name: role.name(),
            role: Some(role),
            headers: vec![("authorization", format!("Bearer {}", bench.token(role).await))],
        });
    }
    callers
}

#[tokio::test]
async fn every_route_does_to_every_caller_what_the_table_says() {
    let bench = Bench::new("table").await;
    for caller in callers(&bench).await {
        let headers: Vec<_> = caller
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        for route in ROUTES {
            let path = route
                .path
                .replace("{id}", "0000000000000007")
                .replace("{phone}", "0700000102");
            if path == "/events" && caller.role.is_some() {
                continue;
            }
            let status = bench.request(route.method, &path, &headers, "").await.status;
            let what = format!("{} {} for {}: {status}", route.method, route.path, caller.name);
            let is_dispenser = caller.name == "a dispenser";
            let may = match route.access {
                Access::Anyone => true,
                Access::Dispenser => is_dispenser,
                Access::Roles(_) => caller.role.is_some_and(|role| route.allows(role)),
            };
            let is_login = (route.method, route.path) == ("POST", "/login");
            match (may, route.access, caller.role) {
                (true, ..) if is_login => assert!(status == 401 || status == 422 || status == 415, "{what}"),
                (true, ..) => assert!(![401, 403, 405].contains(&status) && status < 500, "{what}"),
                (false, Access::Dispenser, _) => assert_eq!(status, 401, "{what}"),
                (false, _, Some(_)) => assert_eq!(status, 403, "{what}"),
                (false, _, None) if route.audience == Audience::Person => assert_eq!(status, 303, "{what}"),
                (false, _, None) => assert_eq!(status, 401, "{what}"),
            }
        }
    }
    bench.stop().await;
}

#[tokio::test]
async fn what_is_not_in_the_table_is_refused() {
    let bench = Bench::new("unlisted").await;
    let token = format!("Bearer {}", bench.token(Role::Manager).await);
    let manager = [("authorization", token.as_str())];
    for (method, path) in [
        ("POST", "/api/v1/status"),
        ("DELETE", "/api/v1/customers"),
        ("PUT", "/"),
        ("TRACE", "/sales"),
    ] {
        assert_eq!(
            bench.request(method, path, &manager, "").await.status,
            403,
            "{method} {path}"
        );
    }
    for path in [
        "/api/v2/status",
        "/etc/passwd",
        "/assets/../site.db",
        "/assets/x",
        "//",
        "/login/",
    ] {
        let answer = bench.get(path, &manager).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
    }
    bench.stop().await;
}

#[test]
fn the_description_and_the_table_say_the_same() {
    let api: serde_json::Value = serde_json::from_str(OPENAPI).unwrap();
    let mut described = BTreeSet::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let access = operation["x-access"].as_str().unwrap().to_owned();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let in_path = parameters.filter(|parameter| parameter["in"] == "path").count();
            assert_eq!(path.matches('{').count(), in_path, "{path}");
            described.insert((method.to_uppercase(), path.clone(), access));
        }
    }
    let for_programs = ROUTES
        .iter()
        .filter(|route| route.audience == Audience::Program && !route.path.starts_with("/assets/"));
    let listed: BTreeSet<_> = for_programs
        .map(|route| {
            let access = match route.access {
                Access::Anyone => "anyone".to_owned(),
                Access::Dispenser => "dispenser".to_owned(),
                Access::Roles(roles) => roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", "),
            };
            (route.method.to_owned(), route.path.to_owned(), access)
        })
        .collect();
    assert_eq!(described, listed);
}
