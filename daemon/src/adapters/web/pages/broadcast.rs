//! One text to everybody of this site: written, looked at, sent, followed and stopped.

use axum::{
    Extension, Form, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use kiosk::talk::Language;
use maud::{Markup, html};

use crate::site::{
    broadcast::{BroadcastPlan, HOURS_TRUE, NewBroadcast, PARTS_MAX, may_leave_at},
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

/// The field of each language and its name.
const LANGUAGES: [(&str, Language, &str); 3] = [
    ("text_en", Language::English, "English"),
    ("text_sw", Language::Swahili, "Kiswahili"),
    ("text_fr", Language::French, "Français"),
];
/// For how long a text can be said to be true.
const LASTS: [(u32, &str); 6] = [
    (3, "3 hours"),
    (6, "6 hours"),
    (12, "12 hours"),
    (HOURS_TRUE, "a day"),
    (48, "2 days"),
    (72, "3 days"),
];

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/broadcast", get(write).post(send))
        .route("/broadcast/preview", post(preview))
        .route("/broadcast/change", post(change))
        .route("/broadcast/stop", post(stop))
}

/// How one stands, as of a time here. At night nothing is on its way.
fn standing(broadcast: &BroadcastShown, here: &Here) -> &'static str {
    match broadcast.state.as_str() {
        "running" if !here.is_trusted => "waits until the clock is set",
        "running" if may_leave_at(here.now, &here.zone) => "is on its way",
        "running" if broadcast.left == 0 => "leaves from 8:00 on",
        "running" => "goes on at 8:00",
        "cancelled" => "was stopped",
        "late" => "is over",
        _ if broadcast.left == 0 => "went to nobody",
        _ => "has left",
    }
}

/// How far one has come.
pub(super) fn card(broadcast: &BroadcastShown, caller: &Caller, here: &Here) -> Result<Markup, Problem> {
    let is_running = broadcast.state == "running";
    Ok(html! {
        section class="card" {
            h2 { "A text to everybody " (standing(broadcast, here)) }
            @for text in &broadcast.texts { pre { (text.body) } }
            p class="small" {
                "By " (broadcast.by) ", " (time(here, broadcast.made)) ". " (broadcast.left) " of " (broadcast.people) " sent"
                @if broadcast.delivered > 0 { ", " (broadcast.delivered) " known to be on the phone" }
                @if broadcast.waiting > 0 { ", " (broadcast.waiting) " wait" }
                @if broadcast.late > 0 { ", " (broadcast.late) " too late" }
                @if broadcast.failed > broadcast.late { ", " (broadcast.failed - broadcast.late) " not sent" }
                "."
            }
            @if is_running && may_change(caller) {
                p class="small" {
                    "It leaves between 8:00 and 20:00, behind all other texts, as far as each day's texts go, until "
                    (time(here, broadcast.until)) "."
                }
                form method="post" action="/broadcast/stop" {
                    (hidden(caller)?)
                    input type="hidden" name="id" value=(broadcast.id);
                    button class="quiet" { "Stop it" }
                }
            }
        }
    })
}

/// What was typed: what is empty is in no language.
fn typed(fields: &Fields) -> NewBroadcast {
    let texts = LANGUAGES.iter().filter_map(|(name, language, _)| {
        let text = field(fields, name);
        (!text.is_empty()).then(|| (Some(*language), text.to_owned()))
    });
    NewBroadcast {
        texts: texts.collect(),
        // What is no number is refused as any that is out of range.
        hours: field(fields, "hours").parse().unwrap_or(0),
    }
}

async fn write(State(web): State<Web>, Extension(caller): Extension<Caller>) -> Result<Response, Failure> {
    let empty = Form([("hours".to_owned(), HOURS_TRUE.to_string())].into());
    form(&web, &caller, &Notice::default(), &empty, StatusCode::OK).await
}

async fn form(
    web: &Web,
    caller: &Caller,
    notice: &Notice,
    fields: &Fields,
    code: StatusCode,
) -> Result<Response, Failure> {
    let status = web.status().await?;
    let content = html! {
        h1 { "A text to everybody" }
        @if status.link_up {
            p class="small" { "The hub is reached: the office can write to everybody there, too. From here it costs this SIM's airtime." }
        }
        form class="card" method="post" action="/broadcast/preview" {
            (hidden(caller)?)
            p class="small" {
                "What to say, at most " (PARTS_MAX) " texts long. One language is enough: whoever speaks another gets this site's, "
                "or the first."
            }
            @for (name, language, title) in LANGUAGES {
                label for=(name) { (title) }
                textarea id=(name) name=(name) rows="4" lang=(language.code()) { (field(fields, name)) }
            }
            label for="hours" { "Until when it is true: what has not left by then does not leave" }
            select id="hours" name="hours" {
                @for (hours, words) in LASTS {
                    option value=(hours) selected[field(fields, "hours") == hours.to_string()] { (words) }
                }
            }
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
    let plan = match web.tell_as(&caller, None, Command::PlanBroadcast(typed(&fields))).await {
        Ok(Told::BroadcastPlan(plan)) => plan,
        Ok(_) => return Err(Problem::unreadable().into()),
        Err(problem) => return form(&web, &caller, &Notice::problem(&problem), &fields, problem.status).await,
    };
    let status = web.status().await?;
    let content = html! {
        h1 { "A text to everybody" }
        (planned(&plan, &Here::of(&status)?))
        form method="post" action="/broadcast" {
            (hidden(&caller)?)
            (typed_again(&fields))
            button { "Send it to " (plan.people) (if plan.people == 1 { " person" } else { " people" }) }
        }
        // The same form once more, with what was typed.
        form method="post" action="/broadcast/change" {
            (hidden(&caller)?)
            (typed_again(&fields))
            button class="quiet" { "No, change it" }
        }
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

/// What was typed, unseen, for the next step.
fn typed_again(fields: &Fields) -> Markup {
    html! {
        @for name in LANGUAGES.iter().map(|(name, ..)| name).chain([&"hours"]) {
            input type="hidden" name=(name) value=(field(fields, name));
        }
    }
}

/// Whoever saw what it would be wants other words.
async fn change(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    form(&web, &caller, &Notice::default(), &fields, StatusCode::OK).await
}

fn planned(plan: &BroadcastPlan, here: &Here) -> Markup {
    html! {
        section class="card" {
            @for text in &plan.texts {
                @if plan.texts.len() > 1 { p class="small" { "To " (text.people) (if text.people == 1 { " person:" } else { " people:" }) } }
                pre { (text.body) }
                @if text.parts > 1 { p class="small" { "It is " (text.parts) " texts long for each." } }
                @if !text.odd_letters.is_empty() {
                    p class="small" { "These signs make it longer: " (text.odd_letters) }
                }
            }
            div class="figures" {
                div class="figure" { b { (plan.people) } span class="small" { (if plan.people == 1 { "person" } else { "people" }) } }
                div class="figure" { b { (plan.parts) } span class="small" { (if plan.parts == 1 { "text to pay" } else { "texts to pay" }) } }
                div class="figure" { b { (plan.parts_left) } span class="small" { "left for it today" } }
            }
            @if plan.parts > u64::from(plan.parts_left) {
                p { "It takes more than today's texts: the rest leaves on the days after, as long as it is true." }
            }
            @for (why, count) in &plan.left_out {
                p class="small" { (count) " get none: " (why.says()) }
            }
            p class="small" {
                "It leaves between 8:00 and 20:00, behind all other texts, until " (time(here, plan.until)) ". You can stop it."
            }
        }
    }
}

/// Sends it. A second press sends nothing twice.
async fn send(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    match submit(&web, &caller, &fields, Command::Broadcast(typed(&fields))).await {
        Ok(_) => Ok(Redirect::to("/texts?said=broadcast").into_response()),
        Err(problem) => form(&web, &caller, &Notice::problem(&problem), &fields, problem.status).await,
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

#[cfg(test)]
mod tests {
    use kiosk::{day::Zone, moment::Wall};

    use super::*;

    #[test]
    fn at_night_a_text_to_everybody_is_not_on_its_way() {
        let minute = 60_000;
        // 8:00 in Nairobi is 05:00 in UTC: 2026-11-22T05:00:00Z.
        let eight = Wall(1_795_323_600_000);
        assert_eq!(eight.rfc3339(), "2026-11-22T05:00:00Z");
        for (state, left, after_min, is_trusted, words) in [
            ("running", 0, -1, true, "leaves from 8:00 on"),
            ("running", 3, -1, true, "goes on at 8:00"),
            ("running", 0, 0, true, "is on its way"),
            ("running", 3, 12 * 60 - 1, true, "is on its way"),
            ("running", 3, 12 * 60, true, "goes on at 8:00"),
            ("running", 0, 0, false, "waits until the clock is set"),
            ("cancelled", 0, -1, true, "was stopped"),
            ("late", 0, -1, true, "is over"),
            ("done", 3, -1, true, "has left"),
            ("done", 0, -1, true, "went to nobody"),
        ] {
            let here = Here {
                site: "kibera-3".to_owned(),
                currency: None,
                zone: Zone::named("Africa/Nairobi").unwrap(),
                now: eight.plus_ms(after_min * minute),
                is_trusted,
            };
            let broadcast = BroadcastShown {
                id: 1,
                by: "musa".to_owned(),
                texts: Vec::new(),
                state: state.to_owned(),
                made: Wall(0),
                until: Wall(0),
                people: 5,
                waiting: 0,
                left,
                delivered: 0,
                failed: 0,
                late: 0,
            };
            assert_eq!(standing(&broadcast, &here), words, "{state}, {after_min} min");
        }
    }
}
