//! Logging in and out, and choosing a password.

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{Query, State},
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};

use crate::site::{
    effect::{Refusal, Told},
    input::{Command, Login},
    store::accounts,
};

use super::{
    super::{
        Web,
        gate::Place,
        guard::{self, Caller},
        password::{self, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, Waiting, digest},
        problem::Problem,
    },
    Failure, Fields, Notice, field, plain,
    status::Said,
    token,
};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/login", get(login_page).post(login))
        .route("/logout", post(logout))
        .route("/password", get(password_page).post(change))
}

async fn login_page(State(web): State<Web>, Query(said): Query<Said>) -> Result<Markup, Failure> {
    form(&web, "", &Notice::said(said.said.as_deref())).await
}

async fn form(web: &Web, name: &str, notice: &Notice) -> Result<Markup, Failure> {
    let has_managers = web.read(accounts::has_managers).await?;
    let content = html! {
        h1 { "Log in" }
        (notice.markup())
        @if has_managers {
            form class="card" method="post" action="/login" {
                label for="name" { "Name" }
                input id="name" name="name" value=(name) required autocomplete="username" autocapitalize="none";
                label for="password" { "Password" }
                input id="password" name="password" type="password" required autocomplete="current-password";
                button { "Log in" }
            }
            p class="small" { "Password lost? On this box run " code { "kisima-gateway manager reset NAME" } "." }
        } @else {
            div class="card" {
                p { "Nobody can log in yet. On this box run:" }
                pre { "kisima-gateway manager reset NAME" }
                p { "It prints a first password. Come back with it." }
            }
        }
    };
    Ok(plain("Log in", &content))
}

async fn login(
    State(web): State<Web>,
    Extension(place): Extension<Arc<Place>>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Failure> {
    let name = field(&fields, "name").to_lowercase();
    let typed = fields.get("password").cloned().unwrap_or_default();
    match proved(&web, &place, &headers, &name, typed).await {
        Ok(hash) => {
            if let Some(old) = guard::cookie(&headers) {
                web.tell(Command::CloseSession(digest(old))).await?;
            }
            let (id, session) = password::token().map_err(|_| Problem::busy())?;
            let (new_device, _) = password::token().map_err(|_| Problem::busy())?;
            let device = guard::device(&headers).filter(|device| device.len() == new_device.len());
            let device = device.unwrap_or(&new_device);
            let login = Login {
                name,
                proved: hash,
                session,
                device: digest(device),
            };
            let Told::Caller(Some(caller)) = web.tell(Command::OpenSession(Box::new(login))).await? else {
                return Err(Problem::from(Refusal::Outdated).into());
            };
            let next = if caller.must_change { "/password" } else { "/" };
            let cookies = AppendHeaders([
                (header::SET_COOKIE, guard::set_cookie(&id)),
                (header::SET_COOKIE, guard::set_device(device)),
            ]);
            Ok((cookies, Redirect::to(next)).into_response())
        }
        Err(problem) => {
            let page = form(&web, &name, &Notice::problem(&problem)).await?;
            let mut response = (problem.status, page).into_response();
            if let Some(seconds) = problem.retry_after_s {
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            Ok(response)
        }
    }
}

/// The hash that this password matches; the try is counted first.
async fn proved(web: &Web, place: &Place, headers: &HeaderMap, name: &str, typed: String) -> Result<String, Problem> {
    let wrong = || {
        let message = "The name or the password is wrong. After 5 wrong passwords wait 15 minutes.";
        Problem::new(axum::http::StatusCode::UNAUTHORIZED, "wrong_password", message)
    };
    if name.is_empty() || typed.is_empty() || name.len() > 64 || typed.chars().count() > PASSWORD_CHARS_MAX {
        return Err(wrong());
    }
    let command = Command::TryLogin {
        name: name.to_owned(),
        device: guard::device(headers).map(digest),
    };
    let Told::Login { hash, is_known } = web.tell(command).await? else {
        return Err(Problem::unreadable());
    };
    let who = if is_known {
        Waiting::Known
    } else {
        Waiting::Stranger(place.peer)
    };
    let is_right = web.0.hasher.is_right(who, typed, hash.clone()).await?;
    hash.filter(|_| is_right).ok_or_else(wrong)
}

async fn logout(State(web): State<Web>, Extension(caller): Extension<Caller>) -> Result<Response, Failure> {
    if let Some(page) = &caller.page {
        web.tell(Command::CloseSession(page.session)).await?;
    }
    let gone = [(header::SET_COOKIE, guard::set_cookie(""))];
    Ok((gone, Redirect::to("/login?said=out")).into_response())
}

async fn password_page(Extension(caller): Extension<Caller>) -> Markup {
    password_form(&caller, &Notice::default())
}

fn password_form(caller: &Caller, notice: &Notice) -> Markup {
    let content = html! {
        h1 { "Choose a password" }
        (notice.markup())
        @if caller.must_change { p { "The first password was only for today. Choose one that you alone know." } }
        form class="card" method="post" action="/password" {
            (token(caller))
            label for="old" { "Password until now" }
            input id="old" name="old" type="password" required autocomplete="current-password";
            label for="new" { "New password, " (PASSWORD_CHARS_MIN) " letters or more" }
            input id="new" name="new" type="password" required minlength=(PASSWORD_CHARS_MIN) autocomplete="new-password";
            label for="again" { "The new one once more" }
            input id="again" name="again" type="password" required autocomplete="new-password";
            button { "Set" }
        }
    };
    plain("Choose a password", &content)
}

async fn change(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    Extension(place): Extension<Arc<Place>>,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Failure> {
    match changed(&web, &place, &headers, &caller, &fields).await {
        Ok(()) => Ok(Redirect::to("/?said=password").into_response()),
        Err(problem) => {
            let page = password_form(&caller, &Notice::problem(&problem));
            Ok((problem.status, page).into_response())
        }
    }
}

async fn changed(
    web: &Web,
    place: &Place,
    headers: &HeaderMap,
    caller: &Caller,
    fields: &Fields,
) -> Result<(), Problem> {
    let text = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let Some(page) = &caller.page else {
        return Err(Problem::forbidden("a token has no password"));
    };
    let (old, new) = (text("old"), text("new"));
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&new.chars().count()) {
        let message = format!("{PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} letters");
        return Err(Problem::field("New password", message));
    }
    if new == old || new == caller.name {
        return Err(Problem::field("New password", "another one than that"));
    }
    if new != text("again") {
        return Err(Problem::field(
            "New password",
            "the two are not the same; type it again",
        ));
    }
    let proved = proved(web, place, headers, &caller.name, old).await?;
    let command = Command::ChangePassword {
        name: caller.name.clone(),
        proved,
        hash: web.0.hasher.hash(new).await?,
        session: page.session,
    };
    web.tell(command).await.map(drop)
}
