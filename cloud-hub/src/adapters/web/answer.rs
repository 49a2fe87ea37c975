//! Answers of the API: JSON, and refusals in the shape of CONTRACTS section 6.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::hub::{
    SLOWED,
    effect::{Refusal, RefusalKind},
};

/// How long somebody who asks too often should wait, in seconds.
fn retry_after_s(refusal: &Refusal) -> &'static str {
    match &*refusal.code {
        SLOWED => "10",
        _ => "60",
    }
}

/// What a handler of the API returns.
pub type Api = Result<Json, Refused>;

/// A JSON answer with its status.
#[derive(Debug)]
pub struct Json(pub StatusCode, pub Value);

impl Json {
    /// 200.
    pub fn ok(value: Value) -> Api {
        Ok(Json(StatusCode::OK, value))
    }

    /// 201.
    pub fn created(value: Value) -> Api {
        Ok(Json(StatusCode::CREATED, value))
    }

    /// 202.
    pub fn accepted(value: Value) -> Api {
        Ok(Json(StatusCode::ACCEPTED, value))
    }
}

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
        ];
        (self.0, headers, self.1.to_string()).into_response()
    }
}

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refused(pub Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Refused {
        Refused(refusal)
    }
}

/// The status of a refusal.
pub fn status(refusal: &Refusal) -> StatusCode {
    match refusal.kind {
        RefusalKind::Invalid if refusal.code == "too_large" => StatusCode::PAYLOAD_TOO_LARGE,
        RefusalKind::Invalid => StatusCode::BAD_REQUEST,
        RefusalKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        RefusalKind::Forbidden => StatusCode::FORBIDDEN,
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Conflict => StatusCode::CONFLICT,
        RefusalKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        RefusalKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let refusal = self.0;
        let mut error = json!({ "code": refusal.code, "message": refusal.message });
        if let Some(field) = &refusal.field {
            error["field"] = json!(field);
        }
        let mut body = json!({ "error": error });
        if let Some(id) = refusal.id {
            // What is in the way is named beside the error and in it, so that a client finds it in either place.
            let id = json!(format!("{id:016x}"));
            body["error"]["id"] = id.clone();
            body["id"] = id;
        }
        let mut response = Json(status(&refusal), body).into_response();
        let headers = response.headers_mut();
        match refusal.kind {
            RefusalKind::TooMany => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(retry_after_s(&refusal)));
            }
            RefusalKind::Unauthenticated => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

/// Refuses somebody who has not said who they are, or not convincingly.
pub fn unauthenticated() -> Refusal {
    Refusal::new(
        RefusalKind::Unauthenticated,
        "unauthenticated",
        "send a valid token: Authorization: Bearer …",
    )
}

/// Refuses somebody whose role does not allow it.
pub fn forbidden() -> Refusal {
    Refusal::new(RefusalKind::Forbidden, "forbidden", "your role does not allow this")
}

/// The machine answered with something else than what was asked for: a defect, shown as one.
pub fn unexpected() -> Refusal {
    tracing::error!("the machine answered with something else than what was asked for");
    Refusal::new(
        RefusalKind::Unavailable,
        "unavailable",
        "the hub did not understand itself; look whether it was done before you try again",
    )
}
