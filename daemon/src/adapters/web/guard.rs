//! Who calls, and whether they may. Every request passes here before its handler.

use std::time::Duration;

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
};

use crate::site::{
    effect::Told,
    input::{Command, Credential, Role},
};

use super::{
    BODY_BYTES_MAX, Web, pages,
    password::{digest, is_equal},
    problem::Problem,
    roles::{self, Access, Audience, Route},
};

/// The cookie of an open page; cookies know no ports, so the hub's on the same host has another name.
const COOKIE: &str = "kisima_gateway";
/// The cookie of a browser that has logged in: it opens nothing, but its wrong passwords are counted apart.
const DEVICE_COOKIE: &str = "kisima_gateway_device";
/// How long a browser keeps it.
const DEVICE_KEPT_S: u64 = 400 * 24 * 3_600;
/// How long a handler may take to begin its answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Only our own files, no inline script, no frame around us.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
                              img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// The account, or what the token is for.
    pub name: String,
    pub role: Role,
    pub must_change: bool,
    /// The page they use; `None` for a token.
    pub page: Option<Page>,
}

/// An open page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// SHA-256 of what the cookie holds.
    pub session: [u8; 32],
    /// What each of its forms must carry.
    pub token: String,
}

/// Puts the guard around `routes`.
pub(super) fn around(routes: Router<Web>, web: Web) -> Router<Web> {
    routes
        .method_not_allowed_fallback(async || unlisted())
        .route_layer(middleware::from_fn_with_state(web, guard))
        .fallback(lost)
        .layer(middleware::map_response(with_headers))
}

fn unlisted() -> Problem {
    Problem::forbidden("this is not in the table of what may be called; see /api/docs")
}

/// An address that does not exist: a page with a way back for people, an error for programs.
async fn lost(headers: HeaderMap) -> Response {
    let problem = Problem::not_found("this address");
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    match accept.is_some_and(|accept| accept.contains("text/html")) {
        true => pages::problem(&problem),
        false => problem.into_response(),
    }
}

async fn guard(State(web): State<Web>, path: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let route = path.and_then(|path| roles::find(request.method().as_str(), path.as_str()));
    let Some(route) = route else {
        return unlisted().into_response();
    };
    let answer = async {
        match admit(&web, route, request).await {
            Ok(request) => next.run(request).await,
            Err(refused) => *refused,
        }
    };
    match tokio::time::timeout(ANSWER_WITHIN, answer).await {
        Ok(response) => response,
        Err(_) => refuse(route, Problem::busy()),
    }
}

/// Lets a request pass with its caller, or answers it here.
async fn admit(web: &Web, route: &Route, mut request: Request) -> Result<Request, Box<Response>> {
    if route.access == Access::Dispenser {
        return Ok(request);
    }
    if route.changes() && !is_own_origin(request.headers()) {
        let problem = Problem::forbidden("this came from another site: open the page itself");
        return Err(Box::new(refuse(route, problem)));
    }
    let Access::Roles(_) = route.access else {
        return Ok(request);
    };
    let caller = match identify(web, request.headers()).await {
        Ok(Some(caller)) => caller,
        Ok(None) => return Err(Box::new(stranger(route, request.method()))),
        Err(problem) => return Err(Box::new(refuse(route, problem))),
    };
    if caller.must_change && !roles::BEFORE_PASSWORD.contains(&route.path) {
        return Err(Box::new(match route.audience {
            Audience::Person => Redirect::to("/password").into_response(),
            Audience::Program => Problem::forbidden("choose a password first, at /password").into_response(),
        }));
    }
    if !route.allows(caller.role) {
        let problem = Problem::forbidden(format!("a {} may not do this; ask a manager", caller.role.name()));
        return Err(Box::new(refuse(route, problem)));
    }
    if route.changes()
        && let Some(page) = &caller.page
    {
        let (same, is_ours) = carries_token(request, &page.token)
            .await
            .map_err(|problem| Box::new(refuse(route, problem)))?;
        request = same;
        if !is_ours {
            let problem = Problem::forbidden("this form is too old: go back, load the page again and repeat");
            return Err(Box::new(refuse(route, problem)));
        }
    }
    request.extensions_mut().insert(caller);
    Ok(request)
}

/// Whose token or page it is.
async fn identify(web: &Web, headers: &HeaderMap) -> Result<Option<Caller>, Problem> {
    let (credential, token) = match (bearer(headers), cookie(headers)) {
        (Some(bearer), _) => (Credential::Token(digest(bearer)), None),
        (None, Some(id)) => (Credential::Session(digest(id)), Some(form_token(id))),
        (None, None) => return Ok(None),
    };
    let Told::Caller(Some(known)) = web.tell(Command::WhoIs(credential)).await? else {
        return Ok(None);
    };
    let page = match (credential, token) {
        (Credential::Session(session), Some(token)) => Some(Page { session, token }),
        _ => None,
    };
    Ok(Some(Caller {
        name: known.name,
        role: known.role,
        must_change: known.must_change,
        page,
    }))
}

/// The token after `Authorization: Bearer`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// What the page's cookie holds.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, COOKIE)
}

/// What this browser shows that has logged in before.
pub(super) fn device(headers: &HeaderMap) -> Option<&str> {
    cookie_named(headers, DEVICE_COOKIE)
}

fn cookie_named<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter();
    let mut pairs = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The header that sets the page's cookie; an empty `id` takes it away.
pub(super) fn set_cookie(id: &str) -> HeaderValue {
    let age_s = if id.is_empty() {
        0
    } else {
        crate::site::accounts::SESSION_MS_MAX / 1_000
    };
    set(COOKIE, id, age_s)
}

/// The header that makes this browser known at its next login.
pub(super) fn set_device(id: &str) -> HeaderValue {
    set(DEVICE_COOKIE, id, DEVICE_KEPT_S)
}

fn set(name: &str, id: &str, age_s: u64) -> HeaderValue {
    let text = format!("{name}={id}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Strict");
    HeaderValue::try_from(text).expect("the id is hexadecimal")
}

/// What the forms of a page carry: made of its id, which no other site can read.
fn form_token(id: &str) -> String {
    hex::encode(&digest(&format!("form {id}"))[..16])
}

/// Whether a change comes from a page of ours. Browsers say where it comes from; programs say nothing, and they show
/// a token instead of a cookie.
fn is_own_origin(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if text(HeaderName::from_static("sec-fetch-site")).is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    let Some(source) = text(header::ORIGIN).or_else(|| text(header::REFERER)) else {
        return true;
    };
    let source = source
        .split_once("://")
        .map(|(_, rest)| rest.split('/').next().unwrap_or_default());
    source.is_some() && source == text(header::HOST)
}

/// Whether the form, or the header of a script, carries this page's token. Gives the request back whole.
async fn carries_token(request: Request, token: &str) -> Result<(Request, bool), Problem> {
    let (parts, body) = request.into_parts();
    let shown = parts.headers.get("x-form-token").and_then(|value| value.to_str().ok());
    if let Some(shown) = shown {
        let is_ours = is_equal(shown.as_bytes(), token.as_bytes());
        return Ok((Request::from_parts(parts, body), is_ours));
    }
    let bytes = whole(body).await?;
    let shown = form_field(&bytes, "token");
    let is_ours = shown.is_some_and(|shown| is_equal(shown, token.as_bytes()));
    Ok((Request::from_parts(parts, Body::from(bytes)), is_ours))
}

/// A plain field of a form: letters and digits need no decoding.
fn form_field<'a>(form: &'a [u8], name: &str) -> Option<&'a [u8]> {
    form.split(|byte| *byte == b'&')
        .find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

/// The whole body, if it is not too large.
pub(super) async fn whole(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Problem::too_large())
}

/// A caller that nobody knows.
fn stranger(route: &Route, method: &Method) -> Response {
    match (route.audience, method == Method::POST) {
        (Audience::Program, _) => Problem::unauthorized().into_response(),
        (Audience::Person, false) => Redirect::to("/login").into_response(),
        (Audience::Person, true) => Redirect::to("/login?said=over").into_response(),
    }
}

fn refuse(route: &Route, problem: Problem) -> Response {
    match route.audience {
        Audience::Program => problem.into_response(),
        Audience::Person => pages::problem(&problem),
    }
}

async fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}
