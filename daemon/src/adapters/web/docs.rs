//! What this API offers: `openapi.json` is written by hand, a test compares it with the role table, and the readable
//! page is made from it.

use axum::{
    Router,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use maud::{Markup, html};
use serde_json::Value;

use super::{Web, pages, problem::Problem};

/// OpenAPI 3.1.
pub(super) const OPENAPI: &str = include_str!("openapi.json");
const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/live.js");
const ICON: &str = include_str!("assets/icon.svg");

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/api/openapi.json", get(async || asset("application/json", OPENAPI)))
        .route(
            "/assets/style.css",
            get(async || asset("text/css; charset=utf-8", STYLE)),
        )
        .route(
            "/assets/live.js",
            get(async || asset("text/javascript; charset=utf-8", SCRIPT)),
        )
        .route("/assets/icon.svg", get(async || asset("image/svg+xml", ICON)))
        .route("/api/docs", get(docs))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")];
    (headers, text).into_response()
}

async fn docs() -> Result<Markup, Problem> {
    let api: Value = serde_json::from_str(OPENAPI).map_err(|_| Problem::unreadable())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let paths = api["paths"].as_object().into_iter().flatten();
    let body = html! {
        h1 { (text(&api["info"]["title"])) }
        @for line in text(&api["info"]["description"]).lines() { p { (line) } }
        p { a href="/api/openapi.json" { "The same for programs: openapi.json" } }
        @for (path, methods) in paths {
            @for (method, operation) in methods.as_object().into_iter().flatten() {
                section class="card" {
                    h2 { code { (method.to_uppercase()) " " (path) } }
                    p { (text(&operation["summary"])) }
                    @if let Some(words) = operation["description"].as_str() { p class="small" { (words) } }
                    p class="small" { "May call: " (text(&operation["x-access"])) }
                }
            }
        }
    };
    Ok(pages::plain("API", &body))
}
