//! The way in and out, and the own password.

use std::{net::IpAddr, time::Duration};

use axum::{
    Extension,
    extract::{ConnectInfo, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use maud::{Markup, html};

use super::{
    super::{
        App,
        answer::{status, unexpected},
        door::Peer,
        guard::{COOKIE, Caller, DEVICE_COOKIE, cookie, device, is_same_origin},
        limits,
        password::{LENGTH_MIN, Waiting, check_choice},
    },
    Shown, back_to, done,
    form::Fields,
    guarded, page, problem,
};
use crate::hub::{
    effect::{Refusal, RefusalKind, Response as Answer},
    input::{Actor, Request, Secret},
    operator::{SESSION_MS_MAX, TOO_MANY_LOGINS, secret_hash, too_many_logins},
    store::read,
};

/// Passwords that one address may try within [`LOGINS_WINDOW`] from browsers that are not known.
pub const LOGINS_MAX: u32 = 30;
/// The stretch of time in which they are counted.
pub const LOGINS_WINDOW: Duration = Duration::from_secs(60);
/// The random bytes a browser is known by.
const DEVICE_BYTES: usize = 32;
/// How long a browser keeps them: as long as browsers keep anything (RFC 6265bis, section 5.5).
const DEVICE_S: i64 = 400 * 24 * 3_600;

/// `GET /login`
pub async fn form(RawQuery(query): RawQuery) -> Response {
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    page(None, "", "Log in", login_form(None, done(word)))
}

fn login_form(name: Option<&str>, notice: Markup) -> Markup {
    html! {
        div.narrow {
            h1 { "Kisima" }
            p.quiet { "The hub of your water kiosks." }
            (notice)
            form.card method="post" action="/login" {
                label { "Name" input name="name" value=[name] autocomplete="username" autocapitalize="none" required autofocus; }
                label { "Password" input type="password" name="password" autocomplete="current-password" required; }
                button { "Log in" }
            }
            p.quiet { "No login yet, or the password is lost? An admin gives you a first password under People. If there is none, whoever runs the hub does: "
                code { "kisima-hub user add NAME --role ROLE" } ", or " code { "user reset NAME" } "." }
        }
    }
}

/// `POST /login`
pub async fn login(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    mut fields: Fields,
) -> Response {
    let name = fields.take("name").unwrap_or_default();
    match try_login(&app, &peer, &headers, &name, fields.password("password")).await {
        Ok(response) => response,
        Err(refusal) => {
            let content = login_form(Some(&name), problem(&refusal));
            let mut response = page(None, "", "Log in", content);
            *response.status_mut() = status(&refusal);
            if refusal.kind == RefusalKind::TooMany {
                let wait = if refusal.code == TOO_MANY_LOGINS { "900" } else { "60" };
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from_static(wait));
            }
            response
        }
    }
}

/// Whether a password is right; the machine must hear it, for it counts the wrong ones. While an account is shut nothing
/// is compared, and strangers of one address try so often and no more.
async fn is_right(app: &App, asker: IpAddr, name: &str, password: String, device: [u8; 32]) -> Result<bool, Refusal> {
    let (login, (now, _)) = (name.to_owned(), app.parts.clock.now());
    let login = app
        .parts
        .books
        .read(move |books| read::login(books, &login, device, now))
        .await?;
    if login.is_shut {
        return Err(too_many_logins());
    }
    if login.is_known {
        return app.parts.passwords.verify(Waiting::Known, password, login.hash).await;
    }
    if !app.logins.try_now(asker) {
        let message = "too many logins from this address; try again in a minute";
        return Err(Refusal::new(RefusalKind::TooMany, "too_many", message));
    }
    app.parts
        .passwords
        .verify(Waiting::Stranger(asker), password, login.hash)
        .await
}

fn asker(app: &App, peer: &Peer, headers: &HeaderMap) -> IpAddr {
    limits::asker(peer.address, headers, &app.parts.settings.trusted_proxies)
}

/// What this browser is known by, or will be from its first login on.
fn known_by(headers: &HeaderMap) -> Result<String, Refusal> {
    if let Some(device) = device(headers).filter(|device| device.len() == 2 * DEVICE_BYTES) {
        return Ok(device.to_owned());
    }
    let mut bytes = [0; DEVICE_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the operating system gives no randomness");
        Refusal::new(RefusalKind::Unavailable, "unavailable", "Try again in a moment.")
    })?;
    Ok(hex::encode(bytes))
}

async fn try_login(
    app: &App,
    peer: &Peer,
    headers: &HeaderMap,
    name: &str,
    password: String,
) -> Result<Response, Refusal> {
    if !is_same_origin(headers) {
        let message = "This login did not come from the login page. Open it again and repeat.";
        return Err(Refusal::new(RefusalKind::Forbidden, "forged", message));
    }
    let known_by = known_by(headers)?;
    let device = secret_hash(&known_by);
    let asked = Request::Login {
        name: name.to_owned(),
        device,
        right: is_right(app, asker(app, peer, headers), name, password, device).await?,
    };
    match app.parts.desk.ask(Actor::Owner, None, asked).await? {
        Answer::Session {
            secret,
            change_password,
            ..
        } => {
            let mut response = back_to(if change_password { "/password" } else { "/" });
            // An older session of this browser ends with the cookie that named it.
            if let Some(older) = cookie(headers) {
                end(app, older).await;
            }
            set_cookie(headers, &mut response, (COOKIE, &secret), SESSION_MS_MAX / 1_000);
            set_cookie(headers, &mut response, (DEVICE_COOKIE, &known_by), DEVICE_S);
            Ok(response)
        }
        _ => Err(unexpected()),
    }
}

/// `POST /logout`
pub async fn logout(State(app): State<App>, headers: HeaderMap) -> Response {
    if let Some(secret) = cookie(&headers) {
        end(&app, secret).await;
    }
    let mut response = back_to("/login");
    set_cookie(&headers, &mut response, (COOKIE, ""), 0);
    response
}

async fn end(app: &App, secret: &str) {
    let session = secret_hash(secret);
    if let Err(refusal) = app
        .parts
        .desk
        .ask(Actor::Owner, None, Request::Logout { session })
        .await
    {
        tracing::warn!(code = %refusal.code, "a session could not be ended; it ends by itself when idle");
    }
}

fn set_cookie(headers: &HeaderMap, response: &mut Response, (name, secret): (&str, &str), seconds: i64) {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    // Browsers name the scheme they see, also behind a proxy that ends TLS.
    let secure = if origin.is_some_and(|origin| origin.starts_with("https://")) {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!("{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// `GET /password`
pub async fn password_form(Extension(caller): Extension<Caller>) -> Response {
    page(Some(&caller), "", "Password", choose(&caller, html! {}))
}

fn choose(caller: &Caller, notice: Markup) -> Markup {
    let first = caller.session.as_ref().is_some_and(|session| session.change_password);
    html! {
        div.narrow {
            h1 { "Your password" }
            @if first {
                p { "Welcome, " (caller.name) ". The password you were given is only for today: choose your own now." }
            }
            (notice)
            form.card method="post" action="/password" {
                (guarded(caller))
                label { "The password you have" input type="password" name="old" autocomplete="current-password" required; }
                label { "A new one, at least " (LENGTH_MIN) " characters"
                    input type="password" name="password" autocomplete="new-password" minlength=(LENGTH_MIN) required; }
                label { "The new one again" input type="password" name="again" autocomplete="new-password" required; }
                button { "Save" }
            }
        }
    }
}

/// `POST /password`
pub async fn password(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    mut fields: Fields,
) -> Shown {
    let device = secret_hash(device(&headers).unwrap_or_default());
    match change(&app, (asker(&app, &peer, &headers), device), &caller, &mut fields).await {
        // The change ends all sessions of this person, this one too.
        Ok(()) => Ok(back_to("/login?done=password")),
        Err(refusal) => {
            let mut response = page(Some(&caller), "", "Password", choose(&caller, problem(&refusal)));
            *response.status_mut() = match refusal.kind {
                RefusalKind::Unauthenticated => StatusCode::FORBIDDEN,
                _ => status(&refusal),
            };
            Ok(response)
        }
    }
}

async fn change(
    app: &App,
    (asker, device): (IpAddr, [u8; 32]),
    caller: &Caller,
    fields: &mut Fields,
) -> Result<(), Refusal> {
    let (old, new, again) = (
        fields.password("old"),
        fields.password("password"),
        fields.password("again"),
    );
    if new != again {
        let message = "The two new passwords differ. Type the same one twice.";
        return Err(Refusal::invalid("again", "differs", message));
    }
    check_choice(&new, &caller.name)?;
    if old == new {
        let message = "That is the password you have. Choose another one.";
        return Err(Refusal::invalid("password", "same", message));
    }
    // Counts as a login, right or wrong: whoever found an open page must not guess here either.
    let proof = Request::ProvePassword {
        name: caller.name.clone(),
        device,
        right: is_right(app, asker, &caller.name, old, device).await?,
    };
    if let Err(refusal) = app.parts.desk.ask(Actor::Owner, None, proof).await {
        let message = "The password you have is another one. Try again.";
        return Err(match refusal.kind {
            RefusalKind::Unauthenticated => Refusal::invalid("old", "wrong_password", message),
            _ => refusal,
        });
    }
    let request = Request::SetPassword {
        name: caller.name.clone(),
        password_hash: Secret(app.parts.passwords.hash(new).await?),
    };
    app.parts.desk.ask(caller.actor(), None, request).await.map(drop)
}
