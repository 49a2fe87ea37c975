//! What callers are told when it does not work: `{"error":{"code","message","field"?}}` (CONTRACTS section 6).

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use kiosk::float::NoQuote;
use serde_json::{Map, Value, json};

use crate::site::effect::Refusal;

use super::replies::Unanswered;

/// A refusal or a failure, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    pub field: Option<String>,
    /// What exists already.
    pub id: Option<String>,
    pub retry_after_s: Option<u64>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Problem {
        Problem {
            status,
            code,
            message: message.into(),
            field: None,
            id: None,
            retry_after_s: None,
        }
    }

    /// A field that cannot be used; never repeats its value, which may be a PIN.
    pub(super) fn field(field: &str, message: impl Into<String>) -> Problem {
        Problem {
            field: Some(field.to_owned()),
            ..Problem::new(StatusCode::BAD_REQUEST, "bad_field", message)
        }
    }

    pub(super) fn bad_json(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad_json", message)
    }

    pub(super) fn unauthorized() -> Problem {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "send Authorization: Bearer with a token that is known here",
        )
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    pub(super) fn not_found(what: &str) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not_found", format!("{what} is not known here"))
    }

    pub(super) fn too_large() -> Problem {
        let message = format!("a body may have {} bytes", super::BODY_BYTES_MAX);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    pub(super) fn too_fast() -> Problem {
        Problem {
            retry_after_s: Some(1),
            ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "slower, please")
        }
    }

    pub(super) fn busy() -> Problem {
        Problem::from(Unanswered::Busy)
    }

    pub(super) fn stopping() -> Problem {
        Problem::from(Unanswered::Stopping)
    }

    pub(super) fn unreadable() -> Problem {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the gateway failed at this; its log says why",
        )
    }

    pub(super) fn body(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".to_owned(), json!(self.code));
        error.insert("message".to_owned(), json!(self.message));
        let extra = [("field", &self.field), ("id", &self.id)];
        for (key, value) in extra {
            if let Some(value) = value {
                error.insert(key.to_owned(), json!(value));
            }
        }
        json!({ "error": error })
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after_s {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Unanswered> for Problem {
    fn from(unanswered: Unanswered) -> Problem {
        Problem {
            retry_after_s: Some(5),
            ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", unanswered.to_string())
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        let message = refusal.to_string();
        let (status, code) = match &refusal {
            Refusal::Field { .. } => (StatusCode::BAD_REQUEST, "bad_field"),
            Refusal::Unknown(_) => (StatusCode::NOT_FOUND, "not_found"),
            Refusal::PhoneTaken(_) => (StatusCode::CONFLICT, "phone_taken"),
            Refusal::NotJoined => (StatusCode::CONFLICT, "not_joined"),
            Refusal::TooManyTries { .. } => (StatusCode::TOO_MANY_REQUESTS, "too_many_tries"),
            Refusal::Outdated => (StatusCode::CONFLICT, "outdated"),
            Refusal::Clock(_) => (StatusCode::CONFLICT, "clock_refused"),
            Refusal::KeyReused => (StatusCode::CONFLICT, "key_reused"),
            Refusal::DiskLow => (StatusCode::INSUFFICIENT_STORAGE, "disk_low"),
            Refusal::Degraded => (StatusCode::SERVICE_UNAVAILABLE, "gateway_degraded"),
            Refusal::SellsNothing => (StatusCode::CONFLICT, "sells_nothing"),
            Refusal::NoSim => (StatusCode::CONFLICT, "no_modem"),
            Refusal::CannotAsk(_) => (StatusCode::CONFLICT, "cannot_ask"),
            Refusal::BroadcastRuns => (StatusCode::CONFLICT, "broadcast_runs"),
            Refusal::Nobody => (StatusCode::CONFLICT, "nobody"),
            Refusal::CannotDraw => (StatusCode::CONFLICT, "cannot_draw"),
            Refusal::NoFloat => (StatusCode::CONFLICT, "no_float"),
            Refusal::Float(NoQuote::Empty) => (StatusCode::CONFLICT, "float_empty"),
            Refusal::Float(_) => (StatusCode::CONFLICT, "float_short"),
            Refusal::PriceChanged(_) => (StatusCode::CONFLICT, "price_changed"),
        };
        let mut problem = Problem::new(status, code, message);
        match refusal {
            Refusal::Field { field, message } => {
                problem.message = message;
                problem.field = Some(field.to_owned());
            }
            Refusal::PhoneTaken(customer) => problem.id = Some(customer.to_string()),
            Refusal::TooManyTries { retry_after_s } => problem.retry_after_s = Some(retry_after_s),
            Refusal::Degraded => problem.retry_after_s = Some(5),
            Refusal::Unknown(_)
            | Refusal::NotJoined
            | Refusal::Outdated
            | Refusal::Clock(_)
            | Refusal::KeyReused
            | Refusal::DiskLow
            | Refusal::NoSim
            | Refusal::CannotAsk(_)
            | Refusal::BroadcastRuns
            | Refusal::Nobody
            | Refusal::SellsNothing
            | Refusal::CannotDraw
            | Refusal::NoFloat
            | Refusal::Float(_)
            | Refusal::PriceChanged(_) => {}
        }
        problem
    }
}
