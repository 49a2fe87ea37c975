//! The API described, for programs (OpenAPI 3.1) and for people. A test compares it with the table of routes.

mod broadcasts;
mod lines;
mod people;
mod staff;

use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, html};
use serde_json::{Map, Value, json};

use super::{
    answer::{Api, Json},
    table::{Access, Route, Shape, TABLE},
};

/// Method, path, what for, fields of the body or filters.
type Line = (&'static str, &'static str, &'static str, &'static str);

/// `GET /api/openapi.json`
pub async fn json() -> Api {
    Json::ok(description())
}

fn description() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for (route, line) in described() {
        let (_, path, what, fields) = line;
        let mut operation = json!({
            "summary": what,
            "responses": { "default": { "description": "See CONTRACTS section 6 for answers and errors." } },
        });
        if let Access::Roles(roles) = route.access {
            operation["security"] = json!([{ "token": [] }]);
            operation["x-roles"] = json!(roles.iter().map(|role| role.name()).collect::<Vec<_>>());
        }
        let parameters = parameters(path, fields);
        if !parameters.is_empty() {
            operation["parameters"] = Value::Array(parameters);
        }
        if let Some(schema) = schema(fields) {
            operation["requestBody"] = json!({ "content": { "application/json": { "schema": schema } } });
        }
        let methods = paths.entry((*path).to_owned()).or_insert_with(|| json!({}));
        methods[route.method.to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Kisima hub", "version": "1" },
        "paths": paths,
        "components": { "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
    })
}

fn parameters(path: &str, fields: &str) -> Vec<Value> {
    let in_path = path.split(['{', '}']).skip(1).step_by(2);
    let in_path =
        in_path.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = fields.split(' ').filter_map(|field| field.strip_prefix('?'));
    let in_query = in_query.map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } }));
    in_path.chain(in_query).collect()
}

fn schema(line: &str) -> Option<Value> {
    let fields: Vec<&str> = line.split([' ', '|']).filter(|field| !field.is_empty()).collect();
    if fields.is_empty() || fields.iter().any(|field| field.starts_with('?')) {
        return None;
    }
    let mut properties = Map::new();
    for field in &fields {
        let name = field.trim_end_matches('?');
        let kind = match name {
            "volume_ml" | "amount_minor" | "repayment_minor" | "cost_minor_max" | "cap_ml" | "meter_ml"
            | "usage_ml" => "integer",
            "active" | "all_sites" | "may_repeat" | "replace" | "metered" | "new_meter" | "corrects" => "boolean",
            _ => "string",
        };
        properties.insert(name.to_owned(), json!({ "type": kind }));
    }
    // Of fields joined by a bar one is enough.
    let required: Vec<&str> = line.split(' ').filter(|field| !field.contains(['?', '|'])).collect();
    Some(json!({ "type": "object", "properties": properties, "required": required }))
}

/// All lines, in the order of the table.
fn lines() -> impl Iterator<Item = &'static Line> {
    lines::LINES
        .iter()
        .chain(people::LINES)
        .chain(broadcasts::LINES)
        .chain(staff::STAFF)
}

/// The routes that programs use, each with its line.
fn described() -> Vec<(&'static Route, &'static Line)> {
    let routes = TABLE.iter().filter(|route| route.shape == Shape::Api);
    let line = |route: &Route| lines().find(|line| line.0 == route.method && line.1 == route.path);
    routes.filter_map(|route| Some((route, line(route)?))).collect()
}

/// `GET /api/docs`
pub async fn page() -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "API · Kisima" }
                link rel="stylesheet" href="/assets/hub.css";
            }
            body {
                main {
                    h1 { "The hub's API" }
                    p { "Send " code { "Authorization: Bearer TOKEN" } "; " code { "kisima-hub token NAME --role ROLE" }
                        " makes a token. Errors are " code { "{\"error\":{\"code\",\"message\",\"field\"?}}" }
                        ". With an " code { "Idempotency-Key" } " a repeated POST gets the first answer again for a day. "
                        a href="/api/openapi.json" { "The same for programs." } }
                    @for (route, (method, path, what, fields)) in described() {
                        section.card {
                            h2 { code { (method) " " (path) } }
                            p { (what) }
                            @if !fields.is_empty() { p { "Fields: " code { (fields) } } }
                            @if let Access::Roles(roles) = route.access {
                                p.quiet { "Roles: " (roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ")) }
                            }
                        }
                    }
                }
            }
        }
    };
    Html(page.into_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_programs_is_described_and_nothing_else() {
        let routes: Vec<_> = TABLE
            .iter()
            .filter(|route| route.shape == Shape::Api)
            .map(|route| (route.method, route.path))
            .collect();
        let lines: Vec<_> = lines().map(|line| (line.0, line.1)).collect();
        assert_eq!(lines, routes, "in the order of the table");
        let buy = &description()["paths"]["/api/v1/purchases"]["post"];
        let required = &buy["requestBody"]["content"]["application/json"]["schema"]["required"];
        assert_eq!(*required, json!(["customer", "kind"]));
    }
}
