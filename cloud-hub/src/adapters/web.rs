//! One port for everything: operators' pages, the API, kiosks without MQTT, providers' callbacks, and `/sync`.
//!
//! | module | what it holds |
//! |---|---|
//! | [`table`] | every route with who may use it; the router is built from it |
//! | [`guard`] | who asks: tokens, sessions, roles, forged requests |
//! | [`password`] | argon2id, one at a time |
//! | [`door`] | the listener, with a limit on strangers and on slow connections |
//! | [`limits`] | how often one address may try |
//! | [`body`], [`answer`] | JSON in and out |
//! | [`csv`] | the same for spreadsheets |
//! | [`books`] | read-only connections |
//! | [`join`], [`kiosk`], [`hooks`], [`daraja`], [`texts`], [`health`] | gateways that join, dispensers, providers, monitoring |
//! | [`ussd`] | people who call by USSD, as aggregators carry them |
//! | [`api`] | `/api/v1` and its description |
//! | [`page`] | what people see |
//! | [`live`] | what pages hear while they are open |

pub mod answer;
pub mod api;
pub mod body;
pub mod books;
pub mod csv;
pub mod daraja;
pub mod door;
pub mod guard;
pub mod health;
pub mod hooks;
pub mod join;
pub mod kiosk;
pub mod limits;
pub mod live;
pub mod openapi;
pub mod page;
pub mod password;
pub mod table;
pub mod texts;
pub mod ussd;

use std::{sync::Arc, time::Duration};

use ::kiosk::{
    day::Zone,
    phone::Country,
    provider::Provider,
    talk::{
        Language, Talk,
        ussd::{apology, too_slow},
    },
    tariff::{Plan, Tariff},
    units::Currency,
    units::Volume,
};
use axum::{
    Router,
    extract::{ConnectInfo, DefaultBodyLimit},
    http::{HeaderValue, StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::MethodRouter,
};
use config::{Network, Secret};
use runtime::{clock::Clock, stop::Stop};
use tokio::sync::broadcast;

use self::{
    answer::Refused,
    body::BODY_BYTES_MAX,
    books::Books,
    door::{Door, Peer},
    limits::Limits,
    password::Passwords,
    table::TABLE,
};
use crate::{
    desk::Desk,
    hub::{
        effect::{LiveEvent, Refusal},
        settings::TextsVia,
    },
    provider::{callback::Readers, circuit::Circuits},
};

/// How long a request may take in all; `/sync` and `/events` last longer and are left out.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// What an operator decides about the web.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// `webhooks.secret`
    pub webhook_secret: Option<Secret>,
    /// `webhooks.allow_unsigned`
    pub allow_unsigned: bool,
    /// `web.trusted_proxies`
    pub trusted_proxies: Vec<Network>,
    /// `messaging.africastalking.callbacks_from`, where it is configured: who may call the webhooks for texts, anybody
    /// with the secret when empty.
    pub texts_from: Option<Vec<Network>>,
    /// `sms.via` and `sms.sites`: whose texts go through the SIM of their home site.
    pub texts_via: TextsVia,
    /// `[ussd]`
    pub ussd: config::hub::Ussd,
    /// The language of whoever has chosen none.
    pub language: Language,
    /// Phones without a country code are this country's.
    pub country: Country,
    /// The currency of wallets.
    pub currency: Currency,
    /// Where the days of pages begin.
    pub zone: Zone,
    /// What a jerrycan holds.
    pub jerrycan: Volume,
    /// What litres are worth.
    pub tariff: Tariff,
    /// Plans that can be bought.
    pub plans: Vec<Plan>,
    /// The names of what bills charge.
    pub bill_tariffs: Vec<String>,
}

/// What the web is given by the program.
pub struct Parts {
    /// Where it asks the machine.
    pub desk: Desk,
    /// What it reads.
    pub books: Books,
    /// What happens, for pages.
    pub live: broadcast::Sender<LiveEvent>,
    /// The time, for sessions and today's totals.
    pub clock: Clock,
    /// Ends what would last.
    pub stop: Stop,
    /// Compares passwords.
    pub passwords: Passwords,
    /// What the operator decided.
    pub settings: WebSettings,
    /// Read the callbacks of payment providers.
    pub callbacks: Readers,
    /// Reads what else Daraja says.
    pub daraja_words: daraja::Reader,
    /// Reads what the messaging provider says.
    pub text_words: texts::Reader,
    /// Which providers can be called.
    pub circuits: Circuits,
}

/// What every handler can reach.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// Behind [`App`].
pub struct Inner {
    /// What the program gave.
    pub parts: Parts,
    /// How often an address may try to join.
    pub joins: Limits,
    /// How often an address may try a password from a browser that is not known.
    pub logins: Limits,
    /// How many calls of one address without the webhooks' secret are written down.
    pub strangers: Limits,
    /// What a caller by USSD reads when no screen is there in time.
    pub sorry: String,
    /// The same where a step takes too long.
    pub too_slow: String,
    /// Sessions whose use the machine has been told of lately.
    pub used: guard::Used,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// The router: every row of the table, and nothing else. `sync` is the route of gateways.
pub fn router(parts: Parts, sync: MethodRouter<App>) -> Router {
    let (talk, language) = (Talk::new(), parts.settings.language);
    let sorry = apology(&talk, language).screen;
    let too_slow = too_slow(&talk, language).screen;
    let app = App(Arc::new(Inner {
        sorry,
        too_slow,
        parts,
        joins: Limits::new(join::TRIES_MAX, join::WINDOW),
        logins: Limits::new(page::login::LOGINS_MAX, page::login::LOGINS_WINDOW),
        strangers: Limits::new(hooks::STRANGERS_NOTED_MAX, hooks::STRANGERS_WINDOW),
        used: guard::Used::default(),
    }));
    let mut router = Router::new();
    for route in TABLE {
        let handler = match route.path {
            "/sync" => sync.clone(),
            _ => handler(route.method, route.path)
                .layer::<_, std::convert::Infallible>(from_fn(in_time))
                .layer(DefaultBodyLimit::max(BODY_BYTES_MAX)),
        };
        router = router.route(route.path, handler);
    }
    router
        .route_layer(from_fn_with_state(app.clone(), guard::guard))
        .fallback(nothing_here)
        .layer(from_fn(with_headers))
        .layer(from_fn(with_place))
        .with_state(app)
}

/// The handler of a row of the table.
fn handler(method: &str, path: &str) -> MethodRouter<App> {
    let found = machine_handler(method, path)
        .or_else(|| daraja::handler(method, path))
        .or_else(|| texts::handler(method, path))
        .or_else(|| ussd::routed(method, path))
        .or_else(|| api::handler(method, path))
        .or_else(|| page::handler(method, path));
    found.unwrap_or_else(|| panic!("{method} {path} stands in the table and has no handler"))
}

fn machine_handler(method: &str, path: &str) -> Option<MethodRouter<App>> {
    use axum::routing::{get, post, put};
    Some(match (method, path) {
        ("POST", "/join") => post(join::join),
        ("POST", "/payments/daraja/{secret}/stk/{token}") => post(hooks::daraja),
        ("POST", "/payments/daraja/stk/{token}") => post(hooks::daraja_unsigned),
        ("POST", "/payments/mtn/{secret}") => post(hooks::named(Provider::Mtn)),
        ("PUT", "/payments/mtn/{secret}") => put(hooks::named(Provider::Mtn)),
        ("POST", "/payments/mtn") => post(hooks::named_unsigned(Provider::Mtn)),
        ("PUT", "/payments/mtn") => put(hooks::named_unsigned(Provider::Mtn)),
        ("POST", "/payments/airtel/{secret}") => post(hooks::named(Provider::Airtel)),
        ("POST", "/payments/airtel") => post(hooks::named_unsigned(Provider::Airtel)),
        ("POST", "/payments/intasend/{secret}") => post(hooks::named(Provider::Intasend)),
        ("POST", "/payments/intasend") => post(hooks::named_unsigned(Provider::Intasend)),
        ("GET", "/health") => get(health::health),
        ("GET", "/ready") => get(health::ready),
        ("GET", "/metrics") => get(health::metrics),
        ("GET", "/api/openapi.json") => get(openapi::json),
        ("GET", "/api/docs") => get(openapi::page),
        ("POST", "/dispense-verification") => post(kiosk::verify),
        ("POST", "/dispense-report") => post(kiosk::report),
        ("GET", "/events") => get(live::events),
        _ => return None,
    })
}

async fn nothing_here() -> Response {
    Refused(Refusal::not_found("address")).into_response()
}

async fn in_time(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    if request.uri().path() == "/events" {
        return next.run(request).await;
    }
    match tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

/// Handlers find the connection's place, and no deadline runs on it while they answer.
pub async fn with_place(mut request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<Peer>>();
    let Some(place) = peer.map(|ConnectInfo(peer)| peer.place.clone()) else {
        return next.run(request).await;
    };
    let _busy = place.busy();
    request.extensions_mut().insert(place);
    next.run(request).await
}

/// What browsers are told of every answer: nothing from elsewhere, no frames, no guessing of types.
async fn with_headers(request: axum::extract::Request, next: axum::middleware::Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                  form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not "no-referrer": with it browsers send forms with the Origin "null".
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Serves until the program stops; then connections may end what they are about.
pub async fn serve(door: Door, router: Router, stop: Stop) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<Peer>();
    axum::serve(door, service)
        .with_graceful_shutdown(async move { stop.stopped().await })
        .await
}
