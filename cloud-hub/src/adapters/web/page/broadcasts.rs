//! One text to many people: written, looked at, sent, followed.

use ::kiosk::{
    ids::SiteName,
    talk::{
        Language,
        broadcast::{Audience, LeftOut, Order, State as Stands},
    },
};
use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    response::IntoResponse,
};
use maud::{Markup, html};

use super::{
    super::{
        App,
        answer::{status, unexpected},
        api::broadcasts::{TEXT_FIELDS, encoding, find, number},
        guard::Caller,
    },
    Shown, back_to, done,
    form::Fields,
    guarded, page, problem, show,
};
use crate::hub::{
    effect::{BroadcastPlan, Refusal, Response},
    input::{NewBroadcast, Request},
    store::read::{self, Broadcast, Progress},
};

/// How many broadcasts are shown.
const ROWS: u32 = 50;
/// What the form sends for all sites.
const ALL_SITES: &str = "*";

/// What somebody has typed so far.
#[derive(Clone, Debug, Default)]
struct Typed {
    audience: String,
    site: String,
    texts: [String; TEXT_FIELDS.len()],
}

impl Typed {
    fn take(fields: &mut Fields) -> Typed {
        Typed {
            audience: fields.take("audience").unwrap_or_default(),
            site: fields.take("site").unwrap_or_default(),
            texts: TEXT_FIELDS.map(|(field, _)| fields.whole(field)),
        }
    }

    fn read(&self, cost_minor_max: Option<i64>) -> Result<NewBroadcast, Refusal> {
        let site = match self.site.as_str() {
            "" => {
                return Err(Refusal::invalid(
                    "site",
                    "missing_field",
                    "Please choose who is to get it.",
                ));
            }
            ALL_SITES => None,
            name => Some(name.parse::<SiteName>().map_err(|error| {
                let message = format!("site: {error}");
                Refusal::invalid("site", "bad_field", message)
            })?),
        };
        let texts = TEXT_FIELDS.iter().zip(&self.texts);
        let texts = texts.filter(|(_, text)| !text.trim().is_empty());
        Ok(NewBroadcast {
            audience: Audience::from_name(&self.audience, site)
                .ok_or_else(|| Refusal::invalid("audience", "bad_field", "Please choose customers or managers."))?,
            texts: texts.map(|((_, language), text)| (*language, text.clone())).collect(),
            cost_minor_max,
        })
    }
}

/// `GET /broadcasts`
pub async fn broadcasts(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Shown {
    let list = app
        .parts
        .books
        .read(|books| read::broadcasts(books, i64::MAX, ROWS))
        .await?;
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let content = html! {
        h1 { "Broadcasts" }
        (done(word))
        p { "One text to many people. It is sent to each number once, behind all other texts, and only in the hours that its "
            "preview names. Who asked for no more texts gets none." }
        @if caller.may("POST", "/broadcasts") {
            details open[list.items.is_empty()] { summary { "New broadcast" } (write_form(&app, &caller, &Typed::default()).await?) }
        }
        div data-part="broadcasts" { (list_of(&app, &list.items)) }
    };
    Ok(page(Some(&caller), "/broadcasts", "Broadcasts", content))
}

fn whom(audience: &Audience) -> String {
    match audience.site() {
        Some(site) => format!("{} of {site}", audience.name()),
        None => format!("{} of all sites", audience.name()),
    }
}

fn list_of(app: &App, list: &[Broadcast]) -> Markup {
    let (zone, (now, _)) = (&app.parts.settings.zone, app.parts.clock.now());
    html! {
        @if list.is_empty() { p.quiet { "None yet." } } @else {
            table.rows {
                thead { tr { th { "When" } th { "Who" } th { "Text" } th.number { "People" } th { "State" } } }
                tbody {
                    @for broadcast in list {
                        tr {
                            td.when data-label="When" { a href={ "/broadcasts/" (broadcast.id) } {
                                (show::time_near(zone, broadcast.created, now)) } }
                            td data-label="Who" { (whom(&broadcast.audience)) }
                            td data-label="Text" { @if let Some((_, text)) = broadcast.texts.first() { (text) } }
                            td.number data-label="People" { (broadcast.people) }
                            td data-label="State" { (show::state(broadcast.state.name())) }
                        }
                    }
                }
            }
        }
    }
}

const fn title(language: Language) -> &'static str {
    match language {
        Language::English => "English",
        Language::Swahili => "Swahili",
        Language::French => "French",
    }
}

async fn write_form(app: &App, caller: &Caller, typed: &Typed) -> Result<Markup, Refusal> {
    let sites = app.parts.books.read(read::sites).await?;
    Ok(html! {
        form.card method="post" action="/broadcasts/preview" {
            (guarded(caller))
            label { "Who is to get it" select name="audience" {
                option value="customers" { "customers" }
                option value="managers" selected[typed.audience == "managers"] { "managers who work by phone" }
            } }
            label { "Of which site" select name="site" required {
                option value="" { "choose" }
                @for site in &sites {
                    option value=(site.name) selected[typed.site == site.name.as_str()] { (site.title) }
                }
                option value=(ALL_SITES) selected[typed.site == ALL_SITES] { "all sites" }
            } }
            @for ((field, language), text) in TEXT_FIELDS.iter().zip(&typed.texts) {
                label { "Text in " (title(*language)) textarea name=(field) rows="4" { (text) } }
            }
            p.quiet { "One language is enough. Whoever speaks none of those you fill in gets the first of them." }
            button { "Preview" }
        }
    })
}

/// `POST /broadcasts/preview`
pub async fn preview(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let typed = Typed::take(&mut fields);
    let asked = match typed.read(None) {
        Ok(new) => {
            let request = Request::PreviewBroadcast(new);
            app.parts.desk.ask(caller.actor(), None, request).await
        }
        Err(refusal) => Err(refusal),
    };
    let form = write_form(&app, &caller, &typed).await?;
    let (code, content) = match asked {
        Ok(Response::BroadcastPlan(plan)) => (
            None,
            html! {
                h1 { "Preview" }
                (plan_of(&plan))
                @if plan.preview.people() > 0 { (send_form(&caller, &typed, &plan)) }
                details { summary { "Change it" } (form) }
            },
        ),
        Ok(_) => return Err(unexpected().into()),
        // What was typed is not lost.
        Err(refusal) => (
            Some(status(&refusal)),
            html! { h1 { "New broadcast" } (problem(&refusal)) (form) },
        ),
    };
    let mut response = page(Some(&caller), "/broadcasts", "Broadcast", content).into_response();
    if let Some(code) = code {
        *response.status_mut() = code;
    }
    Ok(response)
}

fn plan_of(plan: &BroadcastPlan) -> Markup {
    let (preview, currency) = (&plan.preview, plan.currency.code());
    let cost_minor = preview.cost_minor(plan.price_per_part_minor);
    html! {
        @for text in &preview.texts {
            section.card {
                h2 { (title(text.language)) ", " (text.people) @if text.people == 1 { " person" } @else { " people" } }
                p { (text.text) }
                p.quiet { (text.parts) @if text.parts == 1 { " part" } @else { " parts" } ", " (encoding(text.encoding))
                    @if !text.odd_letters.is_empty() {
                        ": parts are short because of " (text.odd_letters)
                    } }
            }
        }
        dl.card.facts {
            dt { "People" } dd { (preview.people()) }
            dt { "Parts" } dd { (preview.parts()) }
            dt { "Cost" } dd {
                @if plan.price_per_part_minor == 0 { "not known: messaging.broadcasts.price_per_part_minor is not configured" }
                @else { (show::money(cost_minor, currency)) ", at " (show::money(i64::from(plan.price_per_part_minor), currency))
                    " for each part" }
            }
            dt { "Leaves" } dd { (plan.hours) " (" (plan.time_zone) ") only"
                @if plan.is_open { ": at once" } @else { ": from the next such hour on" } }
            dt { "Left out" } dd { (left_out(preview.left_out.iter())) }
        }
        @if preview.people() == 0 { p.problem role="alert" { "Nobody would get it." } }
    }
}

fn left_out<'a>(why: impl Iterator<Item = (&'a LeftOut, &'a u32)>) -> Markup {
    let rows: Vec<_> = why.collect();
    html! {
        @if rows.is_empty() { "nobody" }
        @for (why, people) in rows { div { (people) ": " (why.says()) } }
    }
}

fn send_form(caller: &Caller, typed: &Typed, plan: &BroadcastPlan) -> Markup {
    let people = plan.preview.people();
    html! {
        form method="post" action="/broadcasts" {
            (guarded(caller))
            input type="hidden" name="audience" value=(typed.audience);
            input type="hidden" name="site" value=(typed.site);
            input type="hidden" name="cost" value=(plan.preview.cost_minor(plan.price_per_part_minor));
            @for ((field, _), text) in TEXT_FIELDS.iter().zip(&typed.texts) { input type="hidden" name=(field) value=(text); }
            button { "Send to " (people) @if people == 1 { " person" } @else { " people" } }
        }
    }
}

/// `POST /broadcasts`
pub async fn start(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let cost = fields.need("cost", "the cost that the preview showed")?;
    let cost = cost
        .parse()
        .map_err(|_| Refusal::invalid("cost", "bad_field", "the cost must be a whole number"))?;
    let new = Typed::take(&mut fields).read(Some(cost))?;
    let request = Request::StartBroadcast(new);
    match app.parts.desk.ask(caller.actor(), fields.key(), request).await? {
        Response::Broadcast { broadcast, .. } => Ok(back_to(&format!("/broadcasts/{broadcast}?done=broadcast"))),
        _ => Err(unexpected().into()),
    }
}

/// `GET /broadcasts/{id}`
pub async fn broadcast(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Shown {
    let (found, progress) = find(&app, &id).await?;
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let zone = &app.parts.settings.zone;
    let content = html! {
        h1 { "Broadcast " (show::state(found.state.name())) }
        (done(word))
        @if found.state == Stands::Held {
            p.problem role="alert" { "This hub was restored and may have forgotten whom it told. Nothing leaves before you say so." }
        }
        (progress_of(&found, &progress))
        p { a href={ "/broadcasts/" (found.id) } { "Look again" } }
        @if !found.state.is_over() && caller.may("POST", "/broadcasts/{id}/pause") { (order_forms(&caller, &found)) }
        @for (language, text) in &found.texts { section.card { h2 { (title(*language)) } p { (text) } } }
        dl.card.facts {
            dt { "Who" } dd { (whom(&found.audience)) }
            dt { "Parts" } dd { (found.parts) }
            dt { "Cost" } dd {
                @if found.cost_minor == 0 { "not known" }
                @else { (show::money(found.cost_minor, &found.currency)) ", when all of it is sent" }
            }
            dt { "Begun" } dd { (show::time(zone, found.created)) ", " (found.created_by) }
            dt { "Ended" } dd { @if let Some(ended) = found.ended { (show::time(zone, ended)) } @else { "–" } }
        }
    };
    Ok(page(Some(&caller), "/broadcasts", "Broadcast", content))
}

fn progress_of(found: &Broadcast, progress: &Progress) -> Markup {
    let is_over = found.state.is_over();
    html! {
        dl.card.facts data-part="progress" {
            dt { "State" } dd { (show::state(found.state.name())) }
            dt { @if is_over { "Not sent" } @else { "Queued" } } dd { (progress.queued) }
            @if progress.sending > 0 { dt { "Being sent" } dd { (progress.sending) } }
            dt { "Sent" } dd { (progress.sent) }
            dt { "Delivered" } dd { (progress.delivered) }
            dt { "Failed" } dd { (progress.failed) }
            @if progress.unknown > 0 { dt { "Not known" } dd { (progress.unknown) ": they may have it, and it is not sent again" } }
            dt { "Left out" } dd { (left_out(progress.left_out.iter())) }
        }
    }
}

fn order_forms(caller: &Caller, found: &Broadcast) -> Markup {
    let path = |word: &str| format!("/broadcasts/{}/{word}", found.id);
    html! {
        @if found.state == Stands::Running {
            form method="post" action=(path("pause")) { (guarded(caller)) button { "Pause" } }
        } @else {
            form method="post" action=(path("resume")) {
                (guarded(caller))
                @if found.state == Stands::Held {
                    label.sure { input type="checkbox" name="may_repeat" value="yes" required;
                        " I know that some may get this text twice" }
                }
                button { "Resume" }
            }
        }
        form method="post" action=(path("cancel")) { (guarded(caller)) button.danger { "Cancel: send no more" } }
    }
}

/// `POST /broadcasts/{id}/pause`
pub async fn pause(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    order(&app, &caller, &id, fields, Order::Pause).await
}

/// `POST /broadcasts/{id}/resume`
pub async fn resume(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let may_repeat = fields.take("may_repeat").as_deref() == Some("yes");
    order(&app, &caller, &id, fields, Order::Resume { may_repeat }).await
}

/// `POST /broadcasts/{id}/cancel`
pub async fn cancel(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    fields: Fields,
) -> Shown {
    order(&app, &caller, &id, fields, Order::Cancel).await
}

async fn order(app: &App, caller: &Caller, id: &str, mut fields: Fields, order: Order) -> Shown {
    let broadcast = number(id)?;
    let request = Request::OrderBroadcast { broadcast, order };
    app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(back_to(&format!("/broadcasts/{broadcast}")))
}
