//! One text to everybody of this site: written, looked at, sent, followed and stopped.

use axum::{
    Extension, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};

use crate::site::{
    broadcast::{BroadcastPlan, PARTS_MAX},
    effect::Told,
    input::Command,
    store::broadcasts::BroadcastShown,
};

use super::{
    super::{Web, guard::Caller, problem::Problem, wire::Here},
    Failure, Fields, Notice, View, field, hidden, may_change,
    show::time,
    submit, texts,
};

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/broadcast", get(write).post(send))
        .route("/broadcast/preview", post(preview))
        .route("/broadcast/stop", post(stop))
}

/// How far one has come.
pub(super) fn card(broadcast: &BroadcastShown, caller: &Caller, here: &Here) -> Result<Markup, Problem> {
    let is_running = broadcast.state == "running";
    let word = match broadcast.state.as_str() {
        "running" => "is on its way",
        "cancelled" => "was stopped",
        _ => "has left",
    };
    Ok(html! {
        section class="card" {
            h2 { "To everybody " (word) }
            pre { (broadcast.body) }
            p class="small" {
                "By " (broadcast.by) ", " (time(here, broadcast.made)) ". " (broadcast.left) " of " (broadcast.people) " sent"
                @if broadcast.delivered > 0 { ", " (broadcast.delivered) " known to be on the phone" }
                @if broadcast.waiting > 0 { ", " (broadcast.waiting) " wait" }
                @if broadcast.failed > 0 { ", " (broadcast.failed) " not sent" }
                "."
            }
            @if is_running && may_change(caller) {
                p class="small" { "It leaves between 8:00 and 20:00, behind all other texts, as far as each day's texts go." }
                form method="post" action="/broadcast/stop" {
                    (hidden(caller)?)
                    input type="hidden" name="id" value=(broadcast.id);
                    button class="quiet" { "Stop it" }
                }
            }
        }
    })
}

async fn write(State(web): State<Web>, Extension(caller): Extension<Caller>) -> Result<Response, Failure> {
    form(&web, &caller, &Notice::default(), "", StatusCode::OK).await
}

async fn form(web: &Web, caller: &Caller, notice: &Notice, text: &str, code: StatusCode) -> Result<Response, Failure> {
    let status = web.status().await?;
    let content = html! {
        h1 { "A text to everybody" }
        @if status.link_up {
            p class="small" { "The hub is reached: the office can write to everybody there, too. From here it costs this SIM's airtime." }
        }
        form class="card" method="post" action="/broadcast/preview" {
            (hidden(caller)?)
            label for="text" { "What to say, at most " (PARTS_MAX) " texts long" }
            textarea id="text" name="text" rows="5" required { (text) }
            button { "Show what it would be" }
        }
        p { a href="/texts" { "Back to the texts" } }
    };
    let view = View {
        title: "A text to everybody",
        path: "/",
        is_live: false,
    };
    Ok((code, view.render(&status, caller, notice, &content)).into_response())
}

/// What it would be, before anything leaves.
async fn preview(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    let text = field(&fields, "text").to_owned();
    let plan = match web
        .tell_as(&caller, None, Command::PlanBroadcast { text: text.clone() })
        .await
    {
        Ok(Told::BroadcastPlan(plan)) => plan,
        Ok(_) => return Err(Problem::unreadable().into()),
        Err(problem) => return form(&web, &caller, &Notice::problem(&problem), &text, problem.status).await,
    };
    let status = web.status().await?;
    let content = html! {
        h1 { "A text to everybody" }
        (planned(&plan))
        form method="post" action="/broadcast" {
            (hidden(&caller)?)
            input type="hidden" name="text" value=(text);
            button { "Send it to " (plan.people) (if plan.people == 1 { " person" } else { " people" }) }
        }
        p { a href="/broadcast" { "No, write it anew" } }
    };
    let view = View {
        title: "A text to everybody",
        path: "/",
        is_live: false,
    };
    Ok(view
        .render(&status, &caller, &Notice::default(), &content)
        .into_response())
}

fn planned(plan: &BroadcastPlan) -> Markup {
    let parts = u64::from(plan.people) * u64::from(plan.parts);
    html! {
        section class="card" {
            pre { (plan.body) }
            div class="figures" {
                div class="figure" { b { (plan.people) } span class="small" { (if plan.people == 1 { "person" } else { "people" }) } }
                div class="figure" { b { (parts) } span class="small" { (if parts == 1 { "text to pay" } else { "texts to pay" }) } }
                div class="figure" { b { (plan.parts_left) } span class="small" { "left for it today" } }
            }
            @if plan.parts > 1 { p class="small" { "It is " (plan.parts) " texts long for each." } }
            @if !plan.odd_letters.is_empty() {
                p class="small" { "These signs make it longer: " (plan.odd_letters) }
            }
            @if parts > u64::from(plan.parts_left) {
                p { "It takes more than today's texts: the rest leaves on the days after." }
            }
            @for (why, count) in &plan.left_out {
                p class="small" { (count) " get none: " (why.says()) }
            }
            p class="small" { "It leaves between 8:00 and 20:00, behind all other texts. You can stop it." }
        }
    }
}

/// Sends it. A second press sends nothing twice.
async fn send(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    let text = field(&fields, "text").to_owned();
    match submit(&web, &caller, &fields, Command::Broadcast { text: text.clone() }).await {
        Ok(_) => Ok(Redirect::to("/texts?said=broadcast").into_response()),
        Err(problem) => form(&web, &caller, &Notice::problem(&problem), &text, problem.status).await,
    }
}

async fn stop(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    let id = field(&fields, "id").parse();
    let told = match id {
        Ok(id) => submit(&web, &caller, &fields, Command::StopBroadcast(id)).await,
        Err(_) => Err(Problem::not_found("this text to everybody")),
    };
    match told {
        Ok(_) => Ok(Redirect::to("/texts?said=stopped").into_response()),
        Err(problem) => texts::refused(&web, &caller, &problem).await,
    }
}
