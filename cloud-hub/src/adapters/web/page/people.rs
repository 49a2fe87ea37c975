//! Who may log in, and which programs have a token.

use axum::{
    Extension,
    extract::{RawQuery, State},
    response::Response,
};
use maud::{Markup, html};

use super::{
    super::{
        App,
        answer::{status, unexpected},
        guard::Caller,
        password,
    },
    Shown, back_to, done,
    form::Fields,
    guarded, page, problem, show,
};
use crate::hub::{
    effect::{Refusal, RefusalKind, Response as Answer},
    input::{Request, Secret},
    operator::Role,
    store::read::{self, Site, Token, User},
};

/// `GET /people`
pub async fn people(State(app): State<App>, Extension(caller): Extension<Caller>, RawQuery(query): RawQuery) -> Shown {
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    shown(&app, &caller, done(word)).await
}

async fn shown(app: &App, caller: &Caller, notice: Markup) -> Shown {
    let (users, tokens, sites) = app
        .parts
        .books
        .read(|books| Ok((read::users(books)?, read::tokens(books)?, read::sites_unhashed(books)?)))
        .await?;
    let content = html! {
        h1 { "People and programs" }
        (notice)
        h2 { "Who may log in" }
        @if users.is_empty() { p.quiet { "Nobody yet." } }
        @for user in &users { (user_card(caller, user)) }
        (add_user_form(caller))
        h2 { "Programs with a token" }
        @if tokens.is_empty() { p.quiet { "None yet." } }
        @for token in &tokens { (token_card(app, caller, token)) }
        (add_token_form(caller, &sites))
    };
    Ok(page(Some(caller), "/people", "People", content))
}

fn role_name(role: Role) -> String {
    role.name().replace('_', " ")
}

fn user_card(caller: &Caller, user: &User) -> Markup {
    html! {
        section.card {
            p { strong { (user.name) } " " span.badge { (role_name(user.role)) }
                @if user.change_password { " " span.badge.look { "first password not changed" } } }
            @if user.name == caller.name && caller.session.is_some() {
                p.quiet { "This is you. " a href="/password" { "Change your password." } }
            } @else {
                details {
                    summary { "The password is lost" }
                    p { (user.name) " gets another first password, which you hand over. Wherever they are logged in now, they are logged out." }
                    form method="post" action="/people/users/reset" {
                        (guarded(caller))
                        input type="hidden" name="name" value=(user.name);
                        button { "Make a first password" }
                    }
                }
                details {
                    summary { "Remove" }
                    p { (user.name) " cannot log in any more, from this moment on. What they did stays in the audit." }
                    form method="post" action="/people/users/remove" {
                        (guarded(caller))
                        input type="hidden" name="name" value=(user.name);
                        button.danger { "Remove " (user.name) }
                    }
                }
            }
        }
    }
}

fn token_card(app: &App, caller: &Caller, token: &Token) -> Markup {
    html! {
        section.card {
            p { strong { (token.name) } " " span.badge { (role_name(token.role)) }
                @if let Some(site) = &token.site { " at " a href={ "/sites/" (site) } { (site) } } }
            p.quiet { "Made " (show::time(&app.parts.settings.zone, token.created)) }
            details {
                summary { "Revoke" }
                p { "Whatever uses this token is refused from this moment on"
                    @if token.role == Role::Kiosk { ": this kiosk gives no water until it has another one." } @else { "." } }
                form method="post" action="/people/tokens/revoke" {
                    (guarded(caller))
                    input type="hidden" name="name" value=(token.name);
                    button.danger { "Revoke " (token.name) }
                }
            }
        }
    }
}

fn add_user_form(caller: &Caller) -> Markup {
    html! {
        details {
            summary { "Add a person" }
            form.card method="post" action="/people/users" {
                (guarded(caller))
                label { "Login: small letters, digits and -"
                    input name="name" pattern="[a-z0-9\\-]{1,32}" maxlength="32" autocapitalize="none" autocomplete="off" required; }
                label { "What they may do" select name="role" {
                    option value="customer_service" { "customer service: customers" }
                    option value="technician" { "technician: sites, gateways" }
                    option value="viewer" { "viewer: only looks" }
                    option value="admin" { "admin: everything" }
                } }
                button { "Add, and show the first password" }
            }
        }
    }
}

fn add_token_form(caller: &Caller, sites: &[Site]) -> Markup {
    html! {
        details {
            summary { "Make a token" }
            form.card method="post" action="/people/tokens" {
                (guarded(caller))
                p { "A token of the same name is void from then on." }
                label { "Name, such as the program's" input name="name" maxlength="64" autocomplete="off" required; }
                label { "What it may do" select name="role" {
                    @for role in [Role::Viewer, Role::CustomerService, Role::Technician, Role::Admin, Role::Kiosk] {
                        option value=(role.name()) { (role_name(role)) }
                    }
                } }
                label { "Its site, for a kiosk" select name="site" {
                    option value="" { "none" }
                    @for site in sites { option value=(site.name) { (site.title) } }
                } }
                button { "Make, and show it" }
            }
        }
    }
}

/// `POST /people/users`
pub async fn add_user(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let asked = async {
        let name = fields.need("name", "the login")?;
        let role = role(&mut fields)?;
        let (first, password_hash) = first_password(&app).await?;
        let request = Request::AddUser {
            name: name.clone(),
            role,
            password_hash,
        };
        // Without a key: its first answer would hold no password, and a second click is refused by the login's name.
        app.parts.desk.ask(caller.actor(), None, request).await?;
        Ok((name, first))
    };
    told(&app, &caller, asked.await, "First password of").await
}

/// `POST /people/users/reset`
pub async fn reset_user(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let asked = async {
        let name = fields.need("name", "the login")?;
        let (first, password_hash) = first_password(&app).await?;
        let request = Request::SetPassword {
            name: name.clone(),
            password_hash,
        };
        app.parts.desk.ask(caller.actor(), None, request).await?;
        Ok((name, first))
    };
    told(&app, &caller, asked.await, "First password of").await
}

/// `POST /people/users/remove`
pub async fn remove_user(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let name = fields.need("name", "the login")?;
    let request = Request::RemoveUser { name };
    app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(back_to("/people?done=removed"))
}

/// `POST /people/tokens`
pub async fn add_token(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let asked = async {
        let name = fields.need("name", "the name")?;
        let role = role(&mut fields)?;
        let bad = |error: ::kiosk::ids::IdError| Refusal::invalid("site", "bad_field", error.to_string());
        let site = fields.take("site").map(|site| site.parse().map_err(bad)).transpose()?;
        let request = Request::AddToken {
            name: name.clone(),
            role,
            site,
        };
        match app.parts.desk.ask(caller.actor(), fields.key(), request).await? {
            Answer::Secret { secret } => Ok((name, secret)),
            _ => Err(unexpected()),
        }
    };
    told(&app, &caller, asked.await, "Token of").await
}

/// `POST /people/tokens/revoke`
pub async fn revoke_token(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let name = fields.need("name", "the name")?;
    let request = Request::RevokeToken { name };
    app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(back_to("/people?done=token"))
}

fn role(fields: &mut Fields) -> Result<Role, Refusal> {
    let name = fields.need("role", "the role")?;
    Role::from_name(&name).ok_or_else(|| Refusal::invalid("role", "bad_role", "There is no such role."))
}

async fn first_password(app: &App) -> Result<(String, Secret), Refusal> {
    let failed = |error| {
        tracing::error!(%error, "no first password");
        Refusal::new(
            RefusalKind::Unavailable,
            "unavailable",
            "No password could be made. Try again.",
        )
    };
    let first = password::first().map_err(failed)?.expose().to_owned();
    let hash = app.parts.passwords.hash(first.clone()).await?;
    Ok((first, Secret(hash)))
}

/// Shows what is shown once, or what went wrong above the lists.
async fn told(app: &App, caller: &Caller, made: Result<(String, String), Refusal>, what: &str) -> Shown {
    let (name, secret) = match made {
        Ok(made) => made,
        Err(refusal) => {
            let mut response: Response = shown(app, caller, problem(&refusal)).await?;
            *response.status_mut() = status(&refusal);
            return Ok(response);
        }
    };
    let content = html! {
        h1 { (what) " " (name) }
        p { "Write it down now: it is not shown again." }
        p.code.card { (secret) }
        p { a href="/people" { "To people and programs" } }
    };
    Ok(page(Some(caller), "/people", what, content))
}
