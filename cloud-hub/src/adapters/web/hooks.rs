//! Callbacks of payment providers (CONTRACTS section 5). A callback is a claim: the machine asks the provider before
//! any value moves (RELIABILITY row 31), so an answer tells a stranger nothing and wins them nothing.

use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
};
use serde_json::json;

use super::{
    App,
    answer::{Api, Json, forbidden},
    body,
};
use crate::{
    doors::Place,
    hub::{
        effect::{Refusal, RefusalKind},
        input::CallbackName,
    },
};

/// The longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 128;

/// `POST /payments/daraja/SECRET/stk/TOKEN`
pub async fn daraja(State(app): State<App>, Path((secret, token)): Path<(String, String)>, request: Request) -> Api {
    let own = app.parts.settings.webhook_secret.as_ref();
    match own.is_some_and(|own| own.is(&secret)) {
        true => {
            // Providers call back from few addresses, many payments at once.
            if let Some(place) = request.extensions().get::<Place>() {
                place.known();
            }
            take(&app, token, request).await
        }
        false => Err(forbidden().into()),
    }
}

/// `POST /payments/daraja/stk/TOKEN`, where unsigned callbacks are allowed.
pub async fn daraja_unsigned(State(app): State<App>, Path(token): Path<String>, request: Request) -> Api {
    match app.parts.settings.allow_unsigned {
        true => take(&app, token, request).await,
        false => Err(forbidden().into()),
    }
}

async fn take(app: &App, token: String, request: Request) -> Api {
    let bytes = body::read(request, &()).await?;
    let bad = |message: String| Refusal::new(RefusalKind::Invalid, "bad_callback", message);
    let report = (app.parts.daraja)(&bytes).map_err(bad)?;
    if token.len() > TOKEN_BYTES_MAX {
        return Err(Refusal::not_found("payment").into());
    }
    // The provider forgets it once we say 200, so that is said after the commit.
    app.parts.desk.call_back(CallbackName::Token(token), report).await?;
    Ok(Json(
        StatusCode::OK,
        json!({ "ResultCode": 0, "ResultDesc": "Accepted" }),
    ))
}
