//! The SIM: how it stands, what is left on it, texts that came and went.

use axum::{
    Extension, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};

use crate::site::{
    airtime::AirtimeStatus,
    delivery::{Purpose, TextState},
    effect::Status,
    input::Command,
    sim::{Answers, SimNetwork, SimStatus, ThinState},
    store::{
        broadcasts::{self, BroadcastShown},
        inbox::{self, ShownIncoming},
        outbox::{self, ShownText},
    },
};

use super::{
    super::{
        Web,
        guard::Caller,
        problem::Problem,
        wire::{Here, texts::masked},
    },
    Failure, Fields, Notice, View, broadcast, field, hidden, may_change,
    show::{light, time},
    status::Said,
    submit,
};

/// Rows of each list.
const ROWS: u32 = 30;
/// Broadcasts that are shown.
const BROADCASTS: u32 = 5;

pub(super) fn routes() -> Router<Web> {
    Router::new()
        .route("/texts", get(page))
        .route("/texts/airtime", post(ask_airtime))
        .route("/texts/again", post(end_stop))
}

/// What the first page says of the SIM.
pub(super) fn card(sim: &SimStatus, here: &Here) -> Markup {
    html! {
        section class="card" {
            h2 { "SIM card" }
            (state(sim))
            (thin(sim))
            (airtime_row(&sim.airtime, here))
            (today(sim))
            p { a href="/texts" { "Texts, airtime, and a text to everybody" } }
        }
    }
}

/// The modem and its network, with the way out where something is wrong.
fn state(sim: &SimStatus) -> Markup {
    html! {
        @match (&sim.identity, &sim.network) {
            (None, _) => {
                @let why = sim.trouble.as_deref().unwrap_or("the modem has not answered yet");
                div class="row" { (light("bad", &format!("No texts: {why}."))) }
            }
            (Some(_), None) => div class="row" { (light("warn", "The modem is ready and looks for its network.")) },
            (Some(_), Some(network)) => div class="row" {
                (light(if network.is_registered { "good" } else { "warn" }, &network_words(network)))
                span class="small" { (signal(network)) }
            },
        }
        @match sim.answers {
            Answers::Yes => {}
            Answers::NotJoined => div class="row" {
                (light("warn", "Texts that come are kept and not answered: this box has not joined its hub, and knows nobody."))
            },
            Answers::NotInPlace => div class="row" {
                (light("bad", "Texts that come are kept and not answered: this is not the box, or not the card, that joined."))
            },
        }
        @if sim.is_held {
            div class="row" { (light("bad", "Texts wait: the network refuses them. Look at the SIM's airtime and its message centre.")) }
        }
    }
}

/// How sync goes while there is no data.
fn thin(sim: &SimStatus) -> Markup {
    let waits = |what: &str| match sim.unsynced {
        0 => format!("{what} The hub has every sale."),
        1 => format!("{what} 1 sale or request waits for it."),
        count => format!("{what} {count} sales and requests wait for it."),
    };
    html! {
        @match sim.thin {
            ThinState::Sms => div class="row" { (light("warn", &waits("No data: the SIM texts the hub what was sold."))) },
            ThinState::Ussd => div class="row" { (light("warn", &waits("No data: the SIM tells the hub by USSD what was sold."))) },
            ThinState::Off => p class="small" {
                "Without data the hub hears nothing: neither " code { "sms.hub_number" } " nor " code { "ussd.hub_code" } " is set."
            },
            ThinState::Resting => {}
        }
    }
}

fn network_words(network: &SimNetwork) -> String {
    let operator = match (network.operator.as_str(), network.operator_code.as_str()) {
        ("", "") => "the network".to_owned(),
        ("", code) => format!("network {code}"),
        (name, "") => name.to_owned(),
        (name, code) => format!("{name} ({code})"),
    };
    let technology = match network.technology {
        "" => String::new(),
        technology => format!(", {technology}"),
    };
    match network.is_registered {
        true => format!("In {operator}{technology}: {}.", network.registration),
        false => format!(
            "Not in a network: {}. Look at its antenna and SIM.",
            network.registration
        ),
    }
}

/// Bars as phones draw them, and the number for whoever turns an antenna.
fn signal(network: &SimNetwork) -> Markup {
    html! {
        @if let Some(dbm) = network.signal_dbm {
            @let full = bars(dbm);
            svg class="signal" viewBox="0 0 20 16" role="img" {
                title { (full) " of 4 bars" }
                @for bar in 0..4_u8 {
                    rect class=[(bar < full).then_some("bar")] x=(bar * 5) y=(12 - bar * 4) width="4" height=(bar * 4 + 4) {}
                }
            }
            " " (dbm) " dBm"
        }
    }
}

/// Where phones set their bars for GSM, which is what texts go by.
const fn bars(dbm: i16) -> u8 {
    match dbm {
        -85.. => 4,
        -95..=-86 => 3,
        -103..=-96 => 2,
        -109..=-104 => 1,
        _ => 0,
    }
}

fn airtime_row(airtime: &AirtimeStatus, here: &Here) -> Markup {
    html! {
        @match (airtime.left, airtime.told) {
            (Some(left), Some(told)) => div class="row" {
                @if airtime.is_low { (light("bad", &format!("Airtime {left}: please top it up."))) }
                @else { (light("good", &format!("Airtime {left}."))) }
                span class="small" { "asked " (time(here, told)) }
            },
            _ => div class="row" { (light("", &airtime_unknown(airtime))) },
        }
        @if let (Some(megabytes), Some(told)) = (airtime.bundle_mb, airtime.bundle_told) {
            div class="row" { span { "Data bundle " (megabytes) " MB" } span class="small" { "asked " (time(here, told)) } }
        }
        @if let Some(trouble) = &airtime.trouble {
            p class="small" { "The last question failed: " (trouble) "." }
        }
    }
}

fn airtime_unknown(airtime: &AirtimeStatus) -> String {
    match &airtime.cannot_ask {
        Some(why) => format!("Airtime is not known: {why}."),
        None => "Airtime is not known yet.".to_owned(),
    }
}

fn today(sim: &SimStatus) -> Markup {
    html! {
        p class="small" {
            "Texts today: " (sim.parts_today) " of " (sim.parts_per_day)
            @if sim.sync_texts_today > 0 { ", " (sim.sync_texts_today) " of them for the hub" }
            @if sim.waiting > 0 { "; " (sim.waiting) " wait" }
            "."
            @if sim.is_spent { " Today's are spent: the rest waits for tomorrow." }
        }
    }
}

/// What the page lists.
struct Lists {
    broadcasts: Vec<BroadcastShown>,
    came: Vec<ShownIncoming>,
    went: Vec<ShownText>,
}

async fn page(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    axum::extract::Query(said): axum::extract::Query<Said>,
) -> Result<Response, Failure> {
    let status = web.status().await?;
    show(
        &web,
        &status,
        &caller,
        &Notice::said(said.said.as_deref()),
        StatusCode::OK,
    )
    .await
}

async fn show(
    web: &Web,
    status: &Status,
    caller: &Caller,
    notice: &Notice,
    code: StatusCode,
) -> Result<Response, Failure> {
    let here = Here::of(status)?;
    let lists = web
        .read(|connection| {
            Ok(Lists {
                broadcasts: broadcasts::newest(connection, BROADCASTS)?,
                came: inbox::newest(connection, ROWS)?,
                went: outbox::newest(connection, ROWS)?,
            })
        })
        .await?;
    let content = html! {
        h1 { "Texts" }
        @match &status.sim {
            None => section class="card" {
                p { "This site has no modem, so it sends and gets no texts. Set " code { "modem.port" } " in its settings." }
            },
            Some(sim) => {
                section class="card" {
                    (state(sim))
                    (thin(sim))
                    (airtime_row(&sim.airtime, &here))
                    (today(sim))
                    @if let Some((used, total)) = sim.room && total > 0 && used >= total {
                        div class="row" { (light("warn", "The SIM is full of texts; they are taken off it one by one.")) }
                    }
                    @if may_change(caller) && sim.airtime.cannot_ask.is_none() {
                        form method="post" action="/texts/airtime" { (hidden(caller)?) button class="quiet" { "Ask for the airtime now" } }
                    }
                    (identity(sim))
                }
                @if may_change(caller) {
                    p { a href="/broadcast" { "Write to everybody of this site" } }
                    details {
                        summary { "Somebody said STOP and wants texts again" }
                        form class="card" method="post" action="/texts/again" {
                            (hidden(caller)?)
                            label for="phone" { "Their phone" }
                            input id="phone" name="phone" type="tel" required autocomplete="off";
                            button { "Text them again" }
                        }
                    }
                }
            }
        }
        @for broadcast in &lists.broadcasts { (broadcast::card(broadcast, caller, &here)?) }
        section class="card" {
            h2 { "Came" }
            @if status.sim.is_some() { (who_answers()) }
            @for text in &lists.came { (came_row(text, &here)) }
            @if lists.came.is_empty() { p class="small" { "None yet." } }
        }
        section class="card" {
            h2 { "Went" }
            @for text in &lists.went { (went_row(text, &here)) }
            @if lists.went.is_empty() { p class="small" { "None yet." } }
        }
    };
    let view = View {
        title: "Texts",
        path: "/",
        is_live: code == StatusCode::OK,
    };
    Ok((code, view.render(status, caller, notice, &content)).into_response())
}

fn identity(sim: &SimStatus) -> Markup {
    html! {
        @if let Some(identity) = &sim.identity && !identity.model.is_empty() {
            p class="small" {
                "Modem " (identity.model) @if !identity.revision.is_empty() { ", " (identity.revision) }
                @if !identity.iccid.is_empty() { "; SIM " (identity.iccid) }
            }
        }
    }
}

/// Who answers what, for whoever wonders why nothing came back.
fn who_answers() -> Markup {
    html! {
        p class="small" {
            "Answered here: BALANCE, STATUS, USAGE, CHECK, LANG, STOP, HELP." br;
            "Left to the hub: BUY, PAY, LOAN, LOANS, APPROVE, BILL, REPORT, REGISTER, and customers of other sites. "
            "It answers once it is reached, if it has a way to text of its own."
        }
    }
}

fn came_row(text: &ShownIncoming, here: &Here) -> Markup {
    let kind = match text.kind.as_str() {
        "over" => "too many today: not read",
        "ignored" => "not answered: no phone of a customer, or half a text",
        "data" => "not words",
        "forwarded" => "left to the hub",
        "asked" => "asked of the hub",
        "not_joined" => "not answered: this box had not joined",
        "not_in_place" => "not answered: this is not the box that joined",
        _ => "",
    };
    html! {
        div class="row" {
            span {
                b { (masked(&text.from)) } br;
                @match &text.words { Some(words) => (words), None => span class="small" { "words not kept" } }
                @if !kind.is_empty() { br; span class="small" { (kind) } }
            }
            span class="small" { (time(here, text.came)) }
        }
    }
}

fn went_row(text: &ShownText, here: &Here) -> Markup {
    let purpose = match text.purpose {
        Purpose::Sync => "for the hub",
        Purpose::Answer => "an answer",
        Purpose::Alarm => "an alarm",
        Purpose::Hub => "asked for by the hub",
        Purpose::Broadcast => "to everybody",
    };
    let state = match text.state {
        TextState::Queued => "waits",
        TextState::Sending => "on its way",
        TextState::Sent => "sent",
        TextState::Delivered => "on the phone",
        TextState::Failed => "not sent",
        TextState::Unknown => "nobody knows whether it was sent",
    };
    html! {
        div class="row" {
            span {
                b { (masked(&text.to)) } br;
                (text.body) br;
                span class="small" { (purpose) ", " (state) @if !text.word.is_empty() { " (" (text.word) ")" } }
            }
            span class="small" { (time(here, text.changed)) }
        }
    }
}

async fn ask_airtime(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    match submit(&web, &caller, &fields, Command::AskAirtime).await {
        Ok(_) => Ok(Redirect::to("/texts?said=airtime").into_response()),
        Err(problem) => refused(&web, &caller, &problem).await,
    }
}

async fn end_stop(
    State(web): State<Web>,
    Extension(caller): Extension<Caller>,
    fields: Fields,
) -> Result<Response, Failure> {
    let phone = field(&fields, "phone").to_owned();
    match submit(&web, &caller, &fields, Command::EndStop { phone }).await {
        Ok(_) => Ok(Redirect::to("/texts?said=again").into_response()),
        Err(problem) => refused(&web, &caller, &problem).await,
    }
}

/// The texts, under why something was not done.
pub(super) async fn refused(web: &Web, caller: &Caller, problem: &Problem) -> Result<Response, Failure> {
    let status = web.status().await?;
    show(web, &status, caller, &Notice::problem(problem), problem.status).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_those_of_a_phone() {
        for (dbm, shown) in [
            (-51, 4),
            (-85, 4),
            (-86, 3),
            (-95, 3),
            (-96, 2),
            (-103, 2),
            (-104, 1),
            (-109, 1),
            (-110, 0),
        ] {
            assert_eq!(bars(dbm), shown, "{dbm}");
        }
    }
}
