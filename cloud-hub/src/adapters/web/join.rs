//! `POST /join`: a gateway trades its code for an enrolment. The code proves it, so the route is open, and slow.

use std::time::Duration;

use axum::{
    extract::{ConnectInfo, State},
    http::HeaderMap,
};
use serde_json::json;

use super::{
    App,
    answer::{Api, Json, unexpected},
    body::Body,
    door::Peer,
    limits,
};
use crate::hub::{
    effect::{Refusal, RefusalKind, Response},
    input::{Actor, JoinRequest, Request, Secret},
};

/// Tries of one address within [`WINDOW`]; the code itself is void after six wrong ones.
pub const TRIES_MAX: u32 = 30;
/// The stretch of time in which tries are counted.
pub const WINDOW: Duration = Duration::from_secs(60);

/// `{"code","public_key","medium","replace"?}`, keys and medium in hexadecimal → 200 with all that the gateway keeps.
pub async fn join(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let asker = limits::asker(peer.address, &headers, &app.parts.settings.trusted_proxies);
    if !app.joins.try_now(asker) {
        let message = "too many joins from this address; try again in a minute";
        return Err(Refusal::new(RefusalKind::TooMany, "too_many", message).into());
    }
    let asked = JoinRequest {
        code: Secret(body.text("code")?),
        public_key: bytes(&mut body, "public_key")?,
        medium: bytes(&mut body, "medium")?,
        replace: body.maybe_boolean("replace")?.unwrap_or(false),
    };
    body.finish()?;
    let answer = app.parts.desk.ask(Actor::Gateway, None, Request::Join(asked)).await?;
    let Response::Joined(enrolment) = answer else {
        return Err(unexpected().into());
    };
    Json::ok(json!({
        "site": enrolment.site.as_str(),
        "title": enrolment.title,
        "box": enrolment.box_id.to_string(),
        "time_zone": enrolment.time_zone,
        "currency": enrolment.currency.code(),
        "language": enrolment.language,
        "pair_key": hex::encode(enrolment.pair_key),
        "pin_key": hex::encode(enrolment.pin_key),
        "receipt_key": hex::encode(enrolment.receipt_key),
        "hub_signing_key": hex::encode(enrolment.hub_signing_key),
        "hub_sealing_key": hex::encode(enrolment.hub_sealing_key),
        "generation": enrolment.generation,
        "wall": enrolment.wall.0,
    }))
}

fn bytes<const N: usize>(body: &mut Body, field: &'static str) -> Result<[u8; N], Refusal> {
    let text = body.text(field)?;
    hex::decode(text)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| {
            let message = format!("{field} must be {} hexadecimal digits", 2 * N);
            Refusal::invalid(field, "bad_field", message)
        })
}
