//! Who asks, and whether they may. Everything that is not open passes here before its handler.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use ::kiosk::ids::SiteName;
use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::{
    ANSWER_WITHIN, App,
    answer::{Refused, forbidden, unauthenticated},
    body::BODY_BYTES_MAX,
    page,
    table::{self, Access, Route, Shape},
    ussd,
};
use crate::{
    doors::Place,
    hub::{
        effect::{Refusal, RefusalKind},
        input::{Actor, Request as Ask},
        operator::{Role, secret_hash},
        store::read,
    },
};

/// The cookie of page sessions.
pub const COOKIE: &str = "kisima_session";
/// The cookie of a browser that has logged in before: its wrong passwords are counted apart from those of strangers.
pub const DEVICE_COOKIE: &str = "kisima_device";
/// The header in which a script sends the token against forged requests; forms have a field `token`.
pub const TOKEN_HEADER: &str = "x-csrf-token";
/// How often the machine is told that a session is in use.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// How many sessions are remembered for that.
const SESSIONS_MAX: usize = 10_000;

/// Who asks.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The name of the login or token.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The site that a kiosk's token is bound to.
    pub site: Option<SiteName>,
    /// Of a page session.
    pub session: Option<Session>,
}

/// A page session.
#[derive(Clone, Debug)]
pub struct Session {
    /// What the machine knows it by.
    pub hash: [u8; 32],
    /// What every form of it holds, so that no other site can send one.
    pub token: String,
    /// A new password must be chosen first.
    pub change_password: bool,
}

impl Caller {
    /// As the machine wants it.
    pub fn actor(&self) -> Actor {
        match self.session {
            Some(_) => Actor::User {
                name: self.name.clone(),
                role: self.role,
            },
            None => Actor::Token {
                name: self.name.clone(),
                role: self.role,
                site: self.site.clone(),
            },
        }
    }

    /// Whether a page should offer what stands behind this method and path.
    pub fn may(&self, method: &str, path: &str) -> bool {
        table::may(self.role, method, path)
    }

    /// What a form holds in its field `token`.
    pub fn token(&self) -> &str {
        self.session.as_ref().map_or("", |session| &session.token)
    }
}

/// When the machine was last told that a session is in use.
#[derive(Default)]
pub struct Used(Mutex<BTreeMap<[u8; 32], Instant>>);

impl Used {
    fn is_due(&self, session: [u8; 32]) -> bool {
        // Plain entries: a panic elsewhere cannot leave them half-written.
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= SESSIONS_MAX {
            used.retain(|_, told| told.elapsed() < TELL_EVERY);
        }
        let due = used.get(&session).is_none_or(|told| told.elapsed() >= TELL_EVERY);
        if due {
            used.insert(session, Instant::now());
        }
        due
    }
}

/// The door of every route of the table.
pub async fn guard(State(app): State<App>, path: MatchedPath, request: Request, next: Next) -> Response {
    let Some(route) = table::find(request.method().as_str(), path.as_str()) else {
        return no_such_method(path.as_str());
    };
    let is_for_tests = app.parts.settings.ussd.test && ussd::TEST_PATHS.contains(&route.path);
    if route.access == Access::Open || is_for_tests {
        return next.run(request).await;
    }
    match admitted(&app, route, request).await {
        Ok(request) => {
            let caller = request.extensions().get::<Caller>().cloned();
            let mut response = next.run(request).await;
            match response.extensions_mut().remove::<Refusal>() {
                Some(refusal) => page::refusal(caller.as_ref(), &refusal),
                None => response,
            }
        }
        Err(response) => *response,
    }
}

/// A path of the table with another method.
fn no_such_method(path: &str) -> Response {
    let allowed: Vec<&str> = table::TABLE
        .iter()
        .filter(|route| route.path == path)
        .map(|route| route.method)
        .collect();
    let refusal = Refusal::new(
        RefusalKind::Forbidden,
        "method_not_allowed",
        format!("this address takes {}", allowed.join(" and ")),
    );
    let mut response = Refused(refusal).into_response();
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

async fn admitted(app: &App, route: &Route, mut request: Request) -> Result<Request, Box<Response>> {
    let refused = |refusal: Refusal, caller: Option<&Caller>| Box::new(refusal_for(route, refusal, caller));
    let caller = match identify(app, request.headers()).await {
        Ok(Some(caller)) => caller,
        Ok(None) if route.shape == Shape::Page => return Err(Box::new(Redirect::to("/login").into_response())),
        Ok(None) => return Err(refused(unauthenticated(), None)),
        Err(refusal) => return Err(refused(refusal, None)),
    };
    if let Some(place) = request.extensions().get::<Place>() {
        place.known();
    }
    let own = ["/password", "/logout"].contains(&route.path);
    if let Some(session) = &caller.session {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            request = own_form(session, request, ANSWER_WITHIN)
                .await
                .map_err(|refusal| refused(refusal, Some(&caller)))?;
        }
        if session.change_password && !own {
            let message = "choose a password of your own first";
            return Err(match route.shape {
                Shape::Page => Box::new(Redirect::to("/password").into_response()),
                Shape::Api => refused(
                    Refusal::new(RefusalKind::Forbidden, "change_password", message),
                    Some(&caller),
                ),
            });
        }
    }
    if !route.access.allows(caller.role) {
        return Err(refused(forbidden(), Some(&caller)));
    }
    if let Some(session) = &caller.session
        && app.used.is_due(session.hash)
    {
        let used = Ask::UseSession { session: session.hash };
        if let Err(refusal) = app.parts.desk.ask(caller.actor(), None, used).await {
            tracing::warn!(code = %refusal.code, "the machine did not hear that a session is in use");
        }
    }
    request.extensions_mut().insert(caller);
    Ok(request)
}

fn refusal_for(route: &Route, refusal: Refusal, caller: Option<&Caller>) -> Response {
    match route.shape {
        Shape::Api => Refused(refusal).into_response(),
        Shape::Page => page::refusal(caller, &refusal),
    }
}

/// Finds out who asks: by token, else by session. A token that nobody has is nobody, whatever cookie comes with it.
async fn identify(app: &App, headers: &HeaderMap) -> Result<Option<Caller>, Refusal> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let text = value.to_str().unwrap_or_default();
        let Some((scheme, token)) = text.split_once(' ') else {
            return Ok(None);
        };
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Ok(None);
        }
        let hash = secret_hash(token.trim());
        let bearer = app
            .parts
            .books
            .read_at_the_door(move |books| read::token(books, hash))
            .await?;
        return Ok(bearer.map(|bearer| Caller {
            name: bearer.name,
            role: bearer.role,
            site: bearer.site,
            session: None,
        }));
    }
    let Some(secret) = cookie(headers) else {
        return Ok(None);
    };
    let (hash, token) = (secret_hash(secret), form_token(secret));
    let (now, _) = app.parts.clock.now();
    let bearer = app
        .parts
        .books
        .read_at_the_door(move |books| read::session(books, hash, now))
        .await?;
    Ok(bearer.map(|bearer| Caller {
        name: bearer.name,
        role: bearer.role,
        site: None,
        session: Some(Session {
            hash,
            token,
            change_password: bearer.change_password,
        }),
    }))
}

/// The session's secret out of the cookies.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, COOKIE)
}

/// What the browser is known by.
pub fn device(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, DEVICE_COOKIE)
}

fn cookie_named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).into_iter();
    let pairs = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    let mut own = pairs.filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='));
    own.next()
}

/// What every form of a session holds. It tells nothing of the secret it is made from.
fn form_token(secret: &str) -> String {
    let hash = Sha256::new()
        .chain_update("kisima form ")
        .chain_update(secret)
        .finalize();
    hex::encode(hash.get(..16).unwrap_or_default())
}

/// Whether the request comes from a page of this address: browsers name the origin of every change.
pub fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &header::HeaderValue| value.to_str().ok())
    };
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://"));
    match (origin, text(header::HOST)) {
        (Some((_, host)), Some(own)) => host.eq_ignore_ascii_case(own),
        _ => false,
    }
}

/// Checks that a change comes from a form of this session, and gives the request back whole. It is read before its
/// handler, so the time of answers does not run yet: the form has its own.
async fn own_form(session: &Session, request: Request, within: Duration) -> Result<Request, Refusal> {
    let forged = || {
        Refusal::new(
            RefusalKind::Forbidden,
            "forged",
            "This form is not from a page of your session. Open the page again and repeat what you did.",
        )
    };
    if !is_same_origin(request.headers()) {
        return Err(forged());
    }
    let (parts, body) = request.into_parts();
    let too_large = |_| Refusal::new(RefusalKind::Invalid, "too_large", "The form is too large.");
    let too_slow = |_| {
        Refusal::new(
            RefusalKind::Invalid,
            "too_slow",
            "The form did not come in time. Send it again.",
        )
    };
    let read = timeout(within, axum::body::to_bytes(body, BODY_BYTES_MAX));
    let bytes = read.await.map_err(too_slow)?.map_err(too_large)?;
    let sent = match parts.headers.get(TOKEN_HEADER) {
        Some(value) => value.to_str().ok().map(str::to_owned),
        None => page::form::Fields::parse(&bytes).take("token"),
    };
    let own = config::Secret::new(&session.token);
    match sent.is_some_and(|sent| own.is(&sent)) {
        true => Ok(Request::from_parts(parts, Body::from(bytes))),
        false => Err(forged()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name: header::HeaderName = name.parse().unwrap();
            (name, value.parse().unwrap())
        });
        pairs.collect()
    }

    #[test]
    fn the_origin_must_be_this_host() {
        for (origin, host, same) in [
            ("https://hub.example", "hub.example", true),
            ("http://127.0.0.1:8000", "127.0.0.1:8000", true),
            ("https://evil.example", "hub.example", false),
            ("https://hub.example.evil.example", "hub.example", false),
            ("null", "hub.example", false),
        ] {
            let headers = headers(&[("origin", origin), ("host", host)]);
            assert_eq!(is_same_origin(&headers), same, "{origin}");
        }
        assert!(!is_same_origin(&headers(&[("host", "hub.example")])));
    }

    #[tokio::test]
    async fn a_form_that_does_not_come_is_not_waited_for() {
        let session = Session {
            hash: [0; 32],
            token: "t".to_owned(),
            change_password: false,
        };
        let request = Request::post("/sites")
            .header("origin", "http://hub.example")
            .header("host", "hub.example");
        let silent = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
        let own = own_form(&session, request.body(silent).unwrap(), Duration::from_millis(20));
        // The limit of the test itself, should the form's be gone.
        let refusal = timeout(Duration::from_secs(20), own)
            .await
            .expect("an end")
            .unwrap_err();
        assert_eq!(refusal.code, "too_slow");
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let found = headers(&[("cookie", "a=1; kisima_session=abc; b=2")]);
        assert_eq!(cookie(&found), Some("abc"));
        assert_eq!(cookie(&headers(&[("cookie", "kisima_sessions=abc")])), None);
    }
}
