//! Dispensers without MQTT (CONTRACTS section 4): verification and report, each kiosk with its own secret.
//!
//! Without `request` in the body the request is the caller's `Idempotency-Key` if there is one, digested; else a fresh
//! one, under which the machine first looks for an equal ask of the same kiosk within a minute.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Extension, Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use kiosk::ids::{DispenserId, RequestId};
use tokio::time::Instant;

use crate::site::{
    effect::{Delivery, Rejection},
    input::{Door, Input, ReplyId},
    store::dispensers as rows,
};

use super::{
    Web,
    fields::Fields,
    gate::Place,
    guard,
    password::{self, digest, is_equal},
    problem::Problem,
    replies::Reply,
};

/// Requests a second of one kiosk (CONTRACTS section 4); as many may come at once.
pub(super) const PER_SECOND_MAX: f64 = 20.0;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/dispense-verification", post(verification))
        .route("/dispense-report", post(report))
}

async fn verification(
    State(web): State<Web>,
    Extension(place): Extension<Arc<Place>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let kiosk = kiosk(&web, &headers).await?;
    place.mark_known();
    let fields = Fields::read(&guard::whole(body).await?)?;
    is_this_kiosk(&fields, &kiosk, true)?;
    let key = headers.get("idempotency-key").map(|key| key.as_bytes());
    let (ask, is_named) = fields.ask(request(key)?)?;
    let input = |id| {
        let door = Door::Http(kiosk, id);
        if is_named || key.is_some() {
            Input::Asked(door, ask)
        } else {
            Input::AskedUnnamed(door, ask)
        }
    };
    answered(&web, input).await
}

async fn report(
    State(web): State<Web>,
    Extension(place): Extension<Arc<Place>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let kiosk = kiosk(&web, &headers).await?;
    place.mark_known();
    let fields = Fields::read(&guard::whole(body).await?)?;
    is_this_kiosk(&fields, &kiosk, false)?;
    let report = fields.report()?;
    answered(&web, |id| Input::Poured(Door::Http(kiosk, id), report)).await
}

async fn answered(web: &Web, input: impl FnOnce(ReplyId) -> Input) -> Result<Response, Problem> {
    let degraded = |message: &str| Problem {
        retry_after_s: Some(5),
        ..Problem::new(StatusCode::SERVICE_UNAVAILABLE, "gateway_degraded", message)
    };
    match web.0.replies.wait(&web.0.inbox, input).await? {
        Reply::Delivered(Delivery::Answer(bytes) | Delivery::Receipt(bytes)) => {
            Ok(([(header::CONTENT_TYPE, "application/json")], bytes).into_response())
        }
        Reply::Rejected(Rejection::RequestConflict) => Err(Problem::new(
            StatusCode::CONFLICT,
            "request_conflict",
            "this request came before with other content",
        )),
        Reply::Rejected(Rejection::NotJoined) => Err(degraded("this box has not joined a hub: keep the report")),
        Reply::Rejected(Rejection::NotSaved) => Err(degraded("this could not be saved: keep the report")),
        Reply::Told(_) => Err(Problem::unreadable()),
    }
}

/// The dispenser whose secret the caller shows, if it is not too fast. Every row is compared, each in constant time.
async fn kiosk(web: &Web, headers: &HeaderMap) -> Result<DispenserId, Problem> {
    let shown = digest(guard::bearer(headers).ok_or_else(Problem::unauthorized)?);
    let secrets = web.read(rows::secrets).await?;
    let mut found = None;
    for (id, secret) in secrets {
        if is_equal(&secret, &shown) {
            found = Some(id);
        }
    }
    let kiosk = found.ok_or_else(Problem::unauthorized)?;
    if !web.0.pace.take(&kiosk, Instant::now()) {
        return Err(Problem::too_fast());
    }
    Ok(kiosk)
}

fn is_this_kiosk(fields: &Fields, kiosk: &DispenserId, is_needed: bool) -> Result<(), Problem> {
    if !is_needed && !fields.has("kiosk_id") {
        return Ok(());
    }
    let named: DispenserId = fields.parsed("kiosk_id")?;
    if named == *kiosk {
        return Ok(());
    }
    Err(Problem::unauthorized())
}

/// The request of an ask that has none.
fn request(key: Option<&[u8]>) -> Result<RequestId, Problem> {
    let text = match key {
        Some(key) => format!("k-{}", &hex::encode(digest(&String::from_utf8_lossy(key)))[..32]),
        None => {
            let (random, _) = password::token().map_err(|_| Problem::busy())?;
            format!("h-{random}")
        }
    };
    text.parse().map_err(|_| Problem::unreadable())
}

/// How fast each kiosk asks. Only ids of this site get a place here.
#[derive(Default)]
pub(super) struct Pace(Mutex<BTreeMap<DispenserId, (f64, Instant)>>);

impl Pace {
    /// Takes one of what this kiosk may still ask now.
    fn take(&self, kiosk: &DispenserId, now: Instant) -> bool {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (left, at) = places.entry(kiosk.clone()).or_insert((PER_SECOND_MAX, now));
        let passed_s = now.saturating_duration_since(*at).as_secs_f64();
        *left = (*left + passed_s * PER_SECOND_MAX).min(PER_SECOND_MAX);
        *at = now;
        if *left < 1.0 {
            return false;
        }
        *left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_kiosk_too_fast_leaves_the_others_alone() {
        let (pace, start) = (Pace::default(), Instant::now());
        let (one, other): (DispenserId, DispenserId) = ("one".parse().unwrap(), "other".parse().unwrap());
        assert_eq!((0..50).filter(|_| pace.take(&one, start)).count(), 20);
        assert!(pace.take(&other, start));
        let later = start + Duration::from_millis(501);
        assert_eq!((0..50).filter(|_| pace.take(&one, later)).count(), 10);
    }
}
