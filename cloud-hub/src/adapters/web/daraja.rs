//! What Daraja asks and tells by itself (CONTRACTS section 5): payments without a prompt, before and after, and what
//! became of orders. Nothing in a body is more than a claim; what a handler answers tells a stranger nothing.
//!
//! The bodies are read by functions that the program hands in, for adapters do not know one another.

use std::time::Duration;

use ::kiosk::{moment::Wall, provider::Provider};
use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    routing::{MethodRouter, post},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::{
    App,
    answer::{Api, Json, unexpected},
    body, hooks,
};
use crate::hub::{
    effect::{Refusal, RefusalKind, Response},
    money::{Arrival, MoneySource, OfferVerdict, OrderResult},
};

/// Daraja waits about eight seconds for the answer to a validation (Daraja portal, "Customer To Business"). If we cannot
/// decide in this time the payment is taken, as Daraja itself does where it is registered so: money that came can be
/// given back, a customer who was turned away has no water.
const VALIDATION_WITHIN: Duration = Duration::from_secs(6);

/// Reads Daraja's bodies, and writes the one answer that has a form of its own.
#[derive(Clone, Copy)]
pub struct Reader {
    /// A validation or a confirmation that comes now.
    pub arrival: fn(&[u8], Wall) -> Result<Arrival, String>,
    /// A result.
    pub result: fn(&[u8]) -> Result<OrderResult, String>,
    /// The word that no result came.
    pub timeout: fn(&[u8]) -> Result<OrderResult, String>,
    /// The answer to a validation.
    pub verdict: fn(OfferVerdict) -> Value,
}

/// What Daraja has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Validation,
    Confirmation,
    Result,
    Timeout,
}

impl Word {
    const ALL: [(&'static str, Word); 4] = [
        ("validation", Word::Validation),
        ("confirmation", Word::Confirmation),
        ("result", Word::Result),
        ("timeout", Word::Timeout),
    ];
}

/// The handler of a row of the table.
pub(super) fn handler(method: &str, path: &str) -> Option<MethodRouter<App>> {
    let rest = path.strip_prefix("/payments/daraja/").filter(|_| method == "POST")?;
    if let Some(rest) = rest.strip_suffix("/{token}") {
        return of_one_order(rest);
    }
    let (signed, name) = match rest.strip_prefix("{secret}/") {
        Some(name) => (true, name),
        None => (false, rest),
    };
    let (_, word) = Word::ALL.into_iter().find(|(known, _)| *known == name)?;
    Some(match signed {
        true => post(
            move |State(app): State<App>, Path(secret): Path<String>, request: Request| async move {
                let request = hooks::signed(&app, Provider::Mpesa, &secret, request).await?;
                take(&app, word, None, request).await
            },
        ),
        false => post(move |State(app): State<App>, request: Request| async move {
            let request = hooks::unsigned(&app, Provider::Mpesa, request).await?;
            take(&app, word, None, request).await
        }),
    })
}

/// The handlers of the addresses that are made for one order, or one question: `{secret}/result/{token}` and so on.
fn of_one_order(rest: &str) -> Option<MethodRouter<App>> {
    let (signed, name) = match rest.strip_prefix("{secret}/") {
        Some(name) => (true, name),
        None => (false, rest),
    };
    let (_, word) = Word::ALL.into_iter().find(|(known, _)| *known == name)?;
    let of_orders = matches!(word, Word::Result | Word::Timeout);
    of_orders.then(|| match signed {
        true => post(
            move |State(app): State<App>, Path((secret, token)): Path<(String, String)>, request: Request| async move {
                let request = hooks::signed(&app, Provider::Mpesa, &secret, request).await?;
                take(&app, word, Some(token), request).await
            },
        ),
        false => post(
            move |State(app): State<App>, Path(token): Path<String>, request: Request| async move {
                let request = hooks::unsigned(&app, Provider::Mpesa, request).await?;
                take(&app, word, Some(token), request).await
            },
        ),
    })
}

async fn take(app: &App, word: Word, token: Option<String>, request: Request) -> Api {
    let bytes = match body::read(request, &()).await {
        Ok(bytes) => bytes,
        Err(refusal) => return refuse(app, word, refusal).await,
    };
    let (reader, desk) = (&app.parts.daraja_words, &app.parts.desk);
    let (now, _) = app.parts.clock.now();
    let taken = match word {
        Word::Validation => match (reader.arrival)(&bytes, now) {
            Ok(offer) => return judged(app, offer).await,
            Err(why) => Err(why),
        },
        Word::Confirmation => match (reader.arrival)(&bytes, now) {
            Ok(arrival) => Ok(desk.see_money(arrival, MoneySource::Confirmation).await),
            Err(why) => Err(why),
        },
        Word::Result => match (reader.result)(&bytes) {
            Ok(result) => Ok(desk.end_order(token, result).await),
            Err(why) => Err(why),
        },
        Word::Timeout => match (reader.timeout)(&bytes) {
            Ok(result) => Ok(desk.end_order(token, result).await),
            Err(why) => Err(why),
        },
    };
    match taken {
        // Daraja forgets it once we say 200, so that is said after the commit.
        Ok(done) => {
            done?;
            Ok(Json(
                StatusCode::OK,
                json!({ "ResultCode": 0, "ResultDesc": "Success" }),
            ))
        }
        Err(why) => refuse(app, word, Refusal::new(RefusalKind::Invalid, "bad_callback", why)).await,
    }
}

async fn judged(app: &App, offer: Arrival) -> Api {
    let verdict = match timeout(VALIDATION_WITHIN, app.parts.desk.offer_money(offer)).await {
        Ok(Ok(Response::Offer(verdict))) => verdict,
        Ok(Ok(_)) => return Err(unexpected().into()),
        Ok(Err(_)) | Err(_) => {
            tracing::warn!("daraja: no verdict on a payment in time: it is taken");
            OfferVerdict::Accepted
        }
    };
    Ok(Json(StatusCode::OK, (app.parts.daraja_words.verdict)(verdict)))
}

/// Refuses a body, once that is written down.
async fn refuse(app: &App, word: Word, refusal: Refusal) -> Api {
    let name = Word::ALL
        .iter()
        .find(|(_, known)| *known == word)
        .map_or("", |(name, _)| name);
    let why = format!("{name}: {}", refusal.message);
    app.parts.desk.call_back_badly(Provider::Mpesa, why).await?;
    Err(refusal.into())
}
