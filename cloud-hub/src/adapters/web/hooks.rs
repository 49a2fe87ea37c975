//! Callbacks of payment providers (CONTRACTS section 5). A callback is a claim: the machine asks the provider before
//! any value moves (RELIABILITY row 31), so an answer tells a stranger nothing and wins them nothing. Bytes that are no
//! callback are refused and stand in the audit, and so does whoever calls without the webhooks' secret.

use std::{net::IpAddr, pin::Pin, time::Duration};

use ::kiosk::provider::Provider;
use axum::{
    extract::{ConnectInfo, Path, Request, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::{
    App,
    answer::{Api, Json, forbidden},
    body,
    door::Peer,
    limits,
};
use crate::{
    doors::Place,
    hub::{
        effect::{Refusal, RefusalKind},
        input::{CallbackName, Service},
    },
    provider::callback::{Callback, CallbackError},
};

/// The longest token that is looked at.
const TOKEN_BYTES_MAX: usize = 128;

/// So many calls without the secret become rows of the audit, of each address and window; the rest is refused like them. A
/// stranger is not to fill the disk.
pub const STRANGERS_NOTED_MAX: u32 = 60;
/// In this time.
pub const STRANGERS_WINDOW: Duration = Duration::from_secs(60);

/// What a handler made by [`named`] or [`named_unsigned`] returns.
type Answering = Pin<Box<dyn Future<Output = Api> + Send>>;

/// `POST /payments/daraja/SECRET/stk/TOKEN`
pub async fn daraja(State(app): State<App>, Path((secret, token)): Path<(String, String)>, request: Request) -> Api {
    let request = signed(&app, Provider::Mpesa, &secret, request).await?;
    take_daraja(&app, token, request).await
}

/// `POST /payments/daraja/stk/TOKEN`, where unsigned callbacks are allowed.
pub async fn daraja_unsigned(State(app): State<App>, Path(token): Path<String>, request: Request) -> Api {
    let request = unsigned(&app, Provider::Mpesa, request).await?;
    take_daraja(&app, token, request).await
}

/// `POST|PUT /payments/PROVIDER/SECRET`, whose body names the payment.
pub fn named(
    provider: Provider,
) -> impl Fn(State<App>, Path<String>, Request) -> Answering + Clone + Send + Sync + 'static {
    move |State(app), Path(secret), request| {
        Box::pin(async move {
            let request = signed(&app, provider, &secret, request).await?;
            take(&app, provider, None, request, json!({})).await
        })
    }
}

/// `POST|PUT /payments/PROVIDER`, where unsigned callbacks are allowed.
pub fn named_unsigned(provider: Provider) -> impl Fn(State<App>, Request) -> Answering + Clone + Send + Sync + 'static {
    move |State(app), request| {
        Box::pin(async move {
            let request = unsigned(&app, provider, request).await?;
            take(&app, provider, None, request, json!({})).await
        })
    }
}

/// Lets in whoever has the secret.
pub(super) async fn signed(
    app: &App,
    service: impl Into<Service>,
    secret: &str,
    request: Request,
) -> Result<Request, Refusal> {
    match has_secret(app, secret, &request) {
        true => Ok(request),
        false => Err(stranger(app, service, request).await?),
    }
}

fn has_secret(app: &App, secret: &str, request: &Request) -> bool {
    let own = app.parts.settings.webhook_secret.as_ref();
    if !own.is_some_and(|own| own.is(secret)) {
        return false;
    }
    // Providers call back from few addresses, many payments at once.
    if let Some(place) = request.extensions().get::<Place>() {
        place.known();
    }
    true
}

/// Whether whoever carries messages, and no money, may come in: with the secret, or without it where that is allowed, and
/// from these addresses if any are listed, for what they say of the caller's number is believed. A stranger is logged.
pub(super) fn lets_in(app: &App, secret: Option<&str>, from: &[config::Network], request: &Request) -> bool {
    let is_listed = is_from(app, from, request);
    let may = is_listed
        && match secret {
            Some(secret) => has_secret(app, secret, request),
            None => app.parts.settings.allow_unsigned,
        };
    if !may && let Some(address) = stranger_to_note(app, request) {
        match is_listed {
            true => tracing::warn!(%address, "a call without the webhooks' secret"),
            false => tracing::warn!(%address, "a call from an address that callbacks_from does not list"),
        }
    }
    may
}

/// Whether a call comes from one of these addresses; from any when none is listed.
pub(super) fn is_from(app: &App, from: &[config::Network], request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    let asker = |ConnectInfo(peer): &ConnectInfo<Peer>| {
        limits::asker(peer.address, request.headers(), &app.parts.settings.trusted_proxies)
    };
    from.is_empty()
        || peer
            .map(asker)
            .is_some_and(|address| from.iter().any(|network| network.contains(address)))
}

/// The address of a stranger, unless enough of its calls have been noted. Ask it of strangers only.
fn stranger_to_note(app: &App, request: &Request) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<Peer>>()?;
    let address = limits::asker(peer.address, request.headers(), &app.parts.settings.trusted_proxies);
    app.strangers.try_now(address).then_some(address)
}

/// Lets in whoever comes without it, where that is allowed.
pub(super) async fn unsigned(app: &App, service: impl Into<Service>, request: Request) -> Result<Request, Refusal> {
    match app.parts.settings.allow_unsigned {
        true => Ok(request),
        false => Err(stranger(app, service, request).await?),
    }
}

/// What who has no secret is told, once that is written down.
pub(super) async fn stranger(app: &App, service: impl Into<Service>, request: Request) -> Result<Refusal, Refusal> {
    if let Some(address) = stranger_to_note(app, &request) {
        let why = format!("a call from {address} without the webhooks' secret");
        app.parts.desk.call_back_badly(service, why).await?;
    }
    Ok(forbidden())
}

async fn take_daraja(app: &App, token: String, request: Request) -> Api {
    let provider = Provider::Mpesa;
    if token.len() > TOKEN_BYTES_MAX {
        let why = format!("a token of {} bytes", token.len());
        app.parts.desk.call_back_badly(provider, why).await?;
        return Err(Refusal::not_found("payment").into());
    }
    let name = CallbackName::Token { provider, token };
    let accepted = json!({ "ResultCode": 0, "ResultDesc": "Accepted" });
    take(app, provider, Some(name), request, accepted).await
}

/// Takes a callback whose payment the address names, or its body.
async fn take(app: &App, provider: Provider, name: Option<CallbackName>, request: Request, accepted: Value) -> Api {
    let read = match body::read(request, &()).await {
        Ok(bytes) => match app.parts.callbacks.read(provider, &bytes) {
            Some(read) => read.map_err(bad),
            None => Err(Refusal::not_found("payment provider")),
        },
        Err(refusal) => Err(refusal),
    };
    let named = read.and_then(|Callback { name: own, report }| match name.or(own) {
        Some(name) => Ok((name, report)),
        None => Err(bad(CallbackError::Missing("the payment's name"))),
    });
    match named {
        Ok((name, report)) => {
            // The provider forgets it once we say 200, so that is said after the commit.
            app.parts.desk.call_back(name, report).await?;
            Ok(Json(StatusCode::OK, accepted))
        }
        Err(refusal) => {
            let why = refusal.message.clone();
            app.parts.desk.call_back_badly(provider, why).await?;
            Err(refusal.into())
        }
    }
}

fn bad(error: CallbackError) -> Refusal {
    let kind = match error {
        CallbackError::TooLarge => return Refusal::new(RefusalKind::Invalid, "too_large", error.to_string()),
        CallbackError::Foreign(_) => RefusalKind::Forbidden,
        CallbackError::NotJson | CallbackError::Missing(_) | CallbackError::Invalid(_) => RefusalKind::Invalid,
    };
    Refusal::new(kind, "bad_callback", error.to_string())
}
