//! `POST /api/v1/…`: what managers' programs change. With an `Idempotency-Key` a repeat gets the first answer, in the
//! same bytes, for 24 hours.

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use kiosk::{
    day::{Day, Zone},
    fact::PurchaseItem,
    float::Wish,
    ids::{CustomerId, DispenserId},
    moment::Wall,
    units::Volume,
};
use sha2::{Digest as _, Sha256};

use crate::site::{
    effect::Rendered,
    input::{Command, Once},
};

use super::{Web, api, fields::Fields, guard, guard::Caller, problem::Problem, wire};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/api/v1/customers", get(api::customers).post(register))
        .route("/api/v1/customers/{id}/clear-lock", post(clear_lock))
        .route("/api/v1/purchases", post(purchase))
        .route("/api/v1/loans", post(loan))
        .route("/api/v1/cash-sales", post(cash_sale))
        .route("/api/v1/dispensers/{id}", post(dispenser))
        .route("/api/v1/clock", post(clock))
        .route("/api/v1/airtime", post(airtime))
        .route("/api/v1/broadcasts", get(api::broadcasts).post(broadcast))
        .route("/api/v1/broadcasts/preview", post(broadcast_preview))
        .route("/api/v1/broadcasts/{id}/stop", post(broadcast_stop))
}

/// A change as it came.
struct Change {
    caller: Caller,
    once: Option<Once>,
    body: Bytes,
}

impl Change {
    async fn read(caller: Caller, uri: &Uri, headers: &HeaderMap, body: Body) -> Result<Change, Problem> {
        let body = guard::whole(body).await?;
        let key = headers.get("idempotency-key").map(|key| key.to_str());
        let key = key
            .transpose()
            .map_err(|_| Problem::field("Idempotency-Key", "must be plain letters"))?;
        let content = Sha256::new()
            .chain_update(uri.path())
            .chain_update([0])
            .chain_update(&body);
        let once = key.map(|key| Once {
            key: key.to_owned(),
            content: content.finalize().into(),
        });
        Ok(Change { caller, once, body })
    }

    /// Refuses a change without a key, for what would be done twice when it is sent again.
    fn must_have_key(&self, why: &'static str) -> Result<(), Problem> {
        match self.once {
            Some(_) => Ok(()),
            None => Err(Problem::field("Idempotency-Key", why)),
        }
    }

    async fn tell(self, web: &Web, command: Command) -> Result<Response, Problem> {
        let told = web.tell_as(&self.caller, self.once, command).await?;
        Ok(response(wire::told(&Ok(told))))
    }
}

fn response(rendered: Rendered) -> Response {
    let status = StatusCode::from_u16(rendered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "application/json")], rendered.body).into_response()
}

async fn register(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let change = Change::read(caller, &uri, &headers, body).await?;
    let fields = Fields::read(&change.body)?;
    let command = Command::Register {
        phone: fields.text("phone")?,
        name: fields.text("name")?,
        pin: fields.text("pin")?,
    };
    change.tell(&web, command).await
}

async fn clear_lock(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let change = Change::read(caller, &uri, &headers, body).await?;
    let customer: CustomerId = id.parse().map_err(|_| Problem::not_found("this customer"))?;
    change.tell(&web, Command::ClearLock(customer)).await
}

async fn purchase(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let change = Change::read(caller, &uri, &headers, body).await?;
    let fields = Fields::read(&change.body)?;
    let item = match fields.text("kind")?.as_str() {
        "topup" if fields.has("volume_ml") => {
            let volume = Volume::try_from_ml(fields.integer("volume_ml")?);
            PurchaseItem::Litres(volume.ok_or_else(|| Problem::field("volume_ml", "must be more than nothing"))?)
        }
        "topup" => PurchaseItem::Deposit(fields.integer("amount_minor")?),
        "subscription" => PurchaseItem::Plan(fields.text("plan")?),
        "bill" => PurchaseItem::Bill,
        _ => return Err(Problem::field("kind", "must be topup, subscription or bill")),
    };
    let customer = fields.parsed("customer")?;
    change.tell(&web, Command::Purchase { customer, item }).await
}

async fn loan(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let change = Change::read(caller, &uri, &headers, body).await?;
    let fields = Fields::read(&change.body)?;
    let command = Command::Loan {
        borrower: fields.parsed("borrower")?,
        lender: fields.text("lender")?,
        amount_minor: fields.integer("amount_minor")?,
        repayment_minor: fields.integer("repayment_minor")?,
    };
    change.tell(&web, command).await
}

/// Cash that the caller has taken: for a customer by id, or by what they type, and so much water or water for so much. It
/// must have a key: one that is sent again without it would take the cash twice.
async fn cash_sale(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let change = Change::read(caller, &uri, &headers, body).await?;
    change.must_have_key("give one for each sale, so that it is not made twice when it is sent again")?;
    let fields = Fields::read(&change.body)?;
    let customer = match (fields.has("customer"), fields.has("phone")) {
        (true, false) => fields.parsed("customer")?,
        (false, true) => {
            let here = wire::Here::of(&web.status().await?)?;
            let found = api::find(&web, &here, &fields.text("phone")?).await?;
            found.ok_or_else(|| Problem::not_found("this customer"))?.id
        }
        _ => return Err(Problem::field("customer", "give customer or phone, and one of them")),
    };
    let wish = match (fields.has("volume_ml"), fields.has("amount_minor")) {
        (true, false) => {
            let volume = Volume::try_from_ml(fields.integer("volume_ml")?);
            Wish::Litres(volume.ok_or_else(|| Problem::field("volume_ml", "must be more than nothing"))?)
        }
        (false, true) => Wish::Money(fields.integer("amount_minor")?),
        _ => {
            return Err(Problem::field(
                "amount_minor",
                "give volume_ml or amount_minor, and one of them",
            ));
        }
    };
    let shown_minor = match fields.has("price_minor") {
        true => Some(fields.integer("price_minor")?),
        false => None,
    };
    let command = Command::SellForCash {
        customer,
        wish,
        shown_minor,
    };
    change.tell(&web, command).await
}

async fn dispenser(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let change = Change::read(caller, &uri, &headers, body).await?;
    let dispenser: DispenserId = id.parse().map_err(|_| Problem::not_found("this dispenser"))?;
    let fields = Fields::read(&change.body)?;
    let command = match (fields.names("enabled"), fields.names("pulses_per_litre")) {
        (true, false) => Command::EnableDispenser {
            dispenser,
            enabled: fields.truth("enabled")?,
        },
        (false, true) => Command::SetPulses {
            dispenser,
            pulses_per_litre: match fields.has("pulses_per_litre") {
                true => Some(fields.integer("pulses_per_litre")?),
                false => None,
            },
        },
        _ => {
            return Err(Problem::field(
                "enabled",
                "give enabled or pulses_per_litre, and one at a time",
            ));
        }
    };
    change.tell(&web, command).await
}

async fn airtime(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let change = Change::read(caller, &uri, &headers, body).await?;
    change.tell(&web, Command::AskAirtime).await
}

async fn broadcast_preview(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let change = Change::read(caller, &uri, &headers, body).await?;
    let new = Fields::read(&change.body)?.broadcast()?;
    change.tell(&web, Command::PlanBroadcast(new)).await
}

/// Must have a key as a cash sale must: sent again without one, everybody would get it twice.
async fn broadcast(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let change = Change::read(caller, &uri, &headers, body).await?;
    change.must_have_key("give one for each text, so that nobody gets it twice when it is sent again")?;
    let new = Fields::read(&change.body)?.broadcast()?;
    change.tell(&web, Command::Broadcast(new)).await
}

async fn broadcast_stop(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let change = Change::read(caller, &uri, &headers, body).await?;
    let id = id.parse().map_err(|_| Problem::not_found("this text to everybody"))?;
    change.tell(&web, Command::StopBroadcast(id)).await
}

async fn clock(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let change = Change::read(caller, &uri, &headers, body).await?;
    let text = Fields::read(&change.body)?.text("time")?;
    let utc = Zone::named("UTC").map_err(|_| Problem::unreadable())?;
    let time = text.strip_suffix('Z').and_then(|text| wall(text, &utc));
    let time = time.ok_or_else(|| Problem::field("time", "must look like 2026-12-20T08:30:00Z"))?;
    change.tell(&web, Command::SetClock(time)).await
}

/// Reads `2026-12-20T08:30` or `2026-12-20T08:30:00` in a zone without changes of the clock around that time.
pub(super) fn wall(text: &str, zone: &Zone) -> Option<Wall> {
    let (day, time) = text.split_once('T')?;
    let mut parts = time
        .split(':')
        .map(|part| part.parse::<u8>().ok().filter(|_| part.len() == 2));
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = parts.next().unwrap_or(Some(0))?;
    if hours > 23 || minutes > 59 || seconds > 59 || parts.next().is_some() {
        return None;
    }
    let since_midnight_s = i64::from(hours) * 3_600 + i64::from(minutes) * 60 + i64::from(seconds);
    Some(zone.begin(day.parse::<Day>().ok()?).plus_ms(since_midnight_s * 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_their_zone() {
        let utc = Zone::named("UTC").unwrap();
        let nairobi = Zone::named("Africa/Nairobi").unwrap();
        let read = |text, zone| wall(text, zone).map(Wall::rfc3339);
        assert_eq!(
            read("2026-12-20T08:30:05", &utc).as_deref(),
            Some("2026-12-20T08:30:05Z")
        );
        assert_eq!(
            read("2026-12-20T08:30", &nairobi).as_deref(),
            Some("2026-12-20T05:30:00Z")
        );
        for bad in [
            "2026-12-20",
            "2026-12-20T24:00",
            "2026-12-20T8:30",
            "2026-13-20T08:30",
            "2026-12-20T08:30:00:00",
        ] {
            assert_eq!(read(bad, &utc), None, "{bad}");
        }
    }
}
