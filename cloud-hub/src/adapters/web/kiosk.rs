//! Dispensers that speak to the hub (CONTRACTS section 4). Fields that nobody knows are passed over here: a dispenser's
//! program is older than the hub, and nobody at the tap can mend it.

use ::kiosk::{
    dispense::Reason,
    fact::Outcome,
    ids::{RequestId, SiteName},
};
use axum::{Extension, extract::State, http::HeaderMap};
use serde_json::{Value, json};

use super::{
    App,
    answer::{Api, Json, forbidden, unexpected},
    body::{Body, idempotency_key},
    guard::Caller,
};
use crate::hub::{
    effect::{DispenseCustomer, Refusal, Response},
    input::{DispenseAsk, Request, Secret},
};

/// `POST /dispense-verification`
pub async fn verify(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let site: SiteName = body.parsed("kiosk_id")?;
    if caller.site.as_ref() != Some(&site) {
        return Err(forbidden().into());
    }
    let ask = DispenseAsk {
        site,
        user: body.text("user_id")?,
        pin: Secret(body.text("pin")?),
        volume_ml: body.integer("volume_ml")?,
        request: body.maybe_parsed::<RequestId>("request")?,
    };
    let key = idempotency_key(&headers)?;
    let answer = app
        .parts
        .desk
        .ask(caller.actor(), key, Request::VerifyDispense(ask))
        .await?;
    let Response::Dispense(answer) = answer else {
        return Err(unexpected().into());
    };
    Json::ok(json!({
        "request": answer.request.as_str(),
        "approved": answer.denied.is_none(),
        "reason": answer.denied.map_or(Reason::VERIFIED, Reason::name),
        "user_data": answer.customer.as_ref().map(user_data),
    }))
}

fn user_data(customer: &DispenseCustomer) -> Value {
    json!({
        "name": customer.name,
        "account_id": customer.account.to_string(),
        "balance_ml": customer.balance_ml,
        "jerrycans_left": customer.jerrycans_left,
    })
}

/// `POST /dispense-report`
pub async fn report(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let request: RequestId = body.parsed("request")?;
    let volume_ml = body.integer("volume_ml")?;
    let outcome = body.text("outcome")?;
    let outcome = Outcome::from_name(&outcome).ok_or_else(|| {
        let names = Outcome::ALL.map(Outcome::name).join(", ");
        Refusal::invalid("outcome", "bad_field", format!("outcome must be one of {names}"))
    })?;
    let Some(site) = caller.site.clone() else {
        return Err(forbidden().into());
    };
    let asked = Request::ReportDispense {
        site,
        request,
        volume_ml,
        outcome,
    };
    let key = idempotency_key(&headers)?;
    match app.parts.desk.ask(caller.actor(), key, asked).await? {
        Response::Reported {
            request,
            charged,
            balance_ml,
        } => Json::ok(json!({
            "request": request.as_str(),
            "volume_ml": charged.ml(),
            "balance_ml": balance_ml,
        })),
        _ => Err(unexpected().into()),
    }
}
