//! The way in and out, and the own password.

use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use maud::{Markup, html};

use super::{
    super::{
        App,
        answer::{status, unexpected},
        guard::{COOKIE, Caller, cookie, is_same_origin},
        password::{LENGTH_MIN, check_choice},
    },
    Shown, back_to, done,
    form::Fields,
    guarded, page, problem,
};
use crate::hub::{
    effect::{Refusal, RefusalKind, Response as Answer},
    input::{Actor, Request, Secret},
    operator::{SESSION_MS_MAX, secret_hash},
    store::read,
};

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
pub async fn login(State(app): State<App>, headers: HeaderMap, mut fields: Fields) -> Response {
    let name = fields.take("name").unwrap_or_default();
    match try_login(&app, &headers, &name, fields.password("password")).await {
        Ok(response) => response,
        Err(refusal) => {
            let content = login_form(Some(&name), problem(&refusal));
            let mut response = page(None, "", "Log in", content);
            *response.status_mut() = status(&refusal);
            if refusal.kind == RefusalKind::TooMany {
                let wait = HeaderValue::from_static("900");
                response.headers_mut().insert(header::RETRY_AFTER, wait);
            }
            response
        }
    }
}

async fn try_login(app: &App, headers: &HeaderMap, name: &str, password: String) -> Result<Response, Refusal> {
    if !is_same_origin(headers) {
        let message = "This login did not come from the login page. Open it again and repeat.";
        return Err(Refusal::new(RefusalKind::Forbidden, "forged", message));
    }
    let login = name.to_owned();
    let hash = app
        .parts
        .books
        .read(move |books| read::password_hash(books, &login))
        .await?;
    let right = app.parts.passwords.verify(password, hash).await?;
    let asked = Request::Login {
        name: name.to_owned(),
        right,
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
            set_cookie(headers, &mut response, &secret, SESSION_MS_MAX / 1_000);
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
    set_cookie(&headers, &mut response, "", 0);
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

fn set_cookie(headers: &HeaderMap, response: &mut Response, secret: &str, seconds: i64) {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    // Browsers name the scheme they see, also behind a proxy that ends TLS.
    let secure = if origin.is_some_and(|origin| origin.starts_with("https://")) {
        "; Secure"
    } else {
        ""
    };
    let cookie = format!("{COOKIE}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
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
pub async fn password(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    match change(&app, &caller, &mut fields).await {
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

async fn change(app: &App, caller: &Caller, fields: &mut Fields) -> Result<(), Refusal> {
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
    let login = caller.name.clone();
    let hash = app
        .parts
        .books
        .read(move |books| read::password_hash(books, &login))
        .await?;
    if !app.parts.passwords.verify(old, hash).await? {
        // Counts as a wrong login: whoever found an open page must not guess here either.
        let wrong = Request::Login {
            name: caller.name.clone(),
            right: false,
        };
        let message = "The password you have is another one. Try again.";
        return match app.parts.desk.ask(Actor::Owner, None, wrong).await {
            Err(refusal) if refusal.kind == RefusalKind::TooMany => Err(refusal),
            _ => Err(Refusal::invalid("old", "wrong_password", message)),
        };
    }
    let request = Request::SetPassword {
        name: caller.name.clone(),
        password_hash: Secret(app.parts.passwords.hash(new).await?),
    };
    app.parts.desk.ask(caller.actor(), None, request).await.map(drop)
}
