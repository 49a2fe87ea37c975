//! Sites, one site, and join codes, which are shown once.

use ::kiosk::{
    day::Zone,
    ids::{Lane, SiteName},
    moment::Wall,
};
use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    response::Response,
};
use maud::{Markup, html};

use super::{
    super::{
        App,
        answer::{status, unexpected},
        guard::Caller,
    },
    Shown,
    alarms::alarm_list,
    back_to, done, doubt,
    form::Fields,
    guarded,
    home::sales_table,
    managers, page, problem, show,
};
use crate::hub::{
    effect::{Refusal, Response as Answer},
    input::{NewSite, Request},
    store::read::{self, AlarmFilter, AlarmRow, DispenserRow, Site, SiteManager, Transaction, TransactionFilter},
};

/// How many sales of a site are shown.
const SALES: u32 = 20;
/// How many of its alarms.
const ALARMS: u32 = 10;

/// `GET /sites`
pub async fn list(State(app): State<App>, Extension(caller): Extension<Caller>) -> Shown {
    listed(&app, &caller, None).await
}

async fn listed(app: &App, caller: &Caller, refused: Option<(&Refusal, &str)>) -> Shown {
    let sites = app.parts.books.read(read::sites_unhashed).await?;
    let (now, _) = app.parts.clock.now();
    let zone = &app.parts.settings.zone;
    let content = html! {
        h1 { "Sites" }
        div data-part="sites" {
            @if sites.is_empty() { p { "There is no site yet." } }
            @else { (table(zone, now, &sites)) }
        }
        @if caller.may("POST", "/sites") {
            details open[sites.is_empty() || refused.is_some()] {
                summary { "Add a site" }
                @if let Some((refusal, _)) = refused { (problem(refusal)) }
                form.card method="post" action="/sites" {
                    (guarded(caller))
                    label { "Name, for machines: small letters, digits and -"
                        input name="name" value=[refused.map(|(_, name)| name)] pattern="[a-z0-9\\-]{1,32}" maxlength="32"
                            autocapitalize="none" required; }
                    label { "What people call it" input name="title" maxlength="80"; }
                    button { "Add, and show the join code" }
                }
            }
        }
    };
    let mut response = page(Some(caller), "/sites", "Sites", content);
    if let Some((refusal, _)) = refused {
        *response.status_mut() = status(refusal);
    }
    Ok(response)
}

fn table(zone: &Zone, now: Wall, sites: &[Site]) -> Markup {
    html! {
        table.rows {
            thead { tr { th { "Site" } th { "Link" } th { "Last seen" } th.number { "To send" } } }
            tbody {
                @for site in sites {
                    tr {
                        td data-label="Site" { a href={ "/sites/" (site.name) } { (site.title) } }
                        td data-label="Link" {
                            @if site.box_id.is_none() { span.badge { "not joined" } } @else { (show::online(site.online)) }
                        }
                        td data-label="Last seen" {
                            @if let Some(seen) = site.last_seen { (show::ago(zone, seen, now)) } @else { "never" }
                        }
                        td.number data-label="To send" { (site.queue.iter().sum::<u64>()) }
                    }
                }
            }
        }
    }
}

/// `POST /sites`
pub async fn add(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let key = fields.key();
    let name = fields.need("name", "the name")?;
    let new = match name.parse::<SiteName>() {
        Ok(site) => NewSite {
            name: site,
            title: fields.take("title"),
            time_zone: None,
            valid_ms: None,
        },
        Err(error) => {
            let refusal = Refusal::invalid("name", "bad_field", error.to_string());
            return listed(&app, &caller, Some((&refusal, &name))).await;
        }
    };
    let asked = app.parts.desk.ask(caller.actor(), key, Request::AddSite(new)).await;
    match asked {
        Ok(answer) => Ok(code_page(&app, &caller, &name, &answer)?),
        Err(refusal) => listed(&app, &caller, Some((&refusal, &name))).await,
    }
}

/// `POST /sites/{name}/code`: a join code; for a site that has a gateway, one that replaces it.
pub async fn code(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    mut fields: Fields,
) -> Shown {
    let site = named(&app, &name).await?;
    let request = match site.box_id {
        Some(_) => Request::ReplaceSite {
            site: site.name,
            valid_ms: None,
        },
        None => Request::AddSite(NewSite {
            name: site.name,
            title: None,
            time_zone: None,
            valid_ms: None,
        }),
    };
    let answer = app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(code_page(&app, &caller, &name, &answer)?)
}

fn code_page(app: &App, caller: &Caller, name: &str, answer: &Answer) -> Result<Response, Refusal> {
    let Answer::JoinCode { code, valid_until } = answer else {
        return Err(unexpected());
    };
    let until = show::time(&app.parts.settings.zone, *valid_until);
    let content = html! {
        h1 { "Join code of " (name) }
        p { "Write it down now: it is not shown again. It works once, until " (until) "." }
        p.code.card { (code) }
        p { "At the site's gateway, type:" }
        p.card { code { "kisima-gateway join HUB_ADDRESS " (code) } }
        p { a href={ "/sites/" (name) } { "To the site" } }
    };
    Ok(page(Some(caller), "/sites", "Join code", content))
}

/// `POST /sites/{name}/revoke`
pub async fn revoke(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    mut fields: Fields,
) -> Shown {
    let site = named(&app, &name).await?.name;
    if fields.take("sure").as_deref() != Some(site.as_str()) {
        let message = "To shut a site out, type its name into the field. Nothing was changed.";
        return Err(Refusal::invalid("sure", "not_sure", message).into());
    }
    let request = Request::RevokeSite { site };
    app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(back_to(&format!("/sites/{name}?done=revoked")))
}

async fn named(app: &App, name: &str) -> Result<Site, Refusal> {
    let none = || Refusal::not_found("site");
    let name: SiteName = name.parse().map_err(|_| none())?;
    let found = app.parts.books.read(move |books| read::site(books, &name)).await?;
    found.ok_or_else(none)
}

struct Around {
    sales: Vec<Transaction>,
    alarms: Vec<AlarmRow>,
    dispensers: Vec<DispenserRow>,
    code_until: Option<Wall>,
    held_ml: i64,
    managers: Vec<SiteManager>,
}

/// `GET /sites/{name}`
pub async fn one(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Shown {
    let site = named(&app, &name).await?;
    let zone = Zone::named(&site.time_zone).unwrap_or_else(|_| app.parts.settings.zone.clone());
    let (now, _) = app.parts.clock.now();
    let (since, own, box_id) = (zone.begin(zone.day(now)), site.name.clone(), site.box_id);
    let around = app.parts.books.read(move |books| {
        let filter = TransactionFilter {
            site: Some(own.clone()),
            customer: None,
        };
        let of_site = AlarmFilter {
            site: Some(own.clone()),
            seen: None,
        };
        Ok(Around {
            sales: read::transactions(books, &filter, i64::MAX, SALES)?.items,
            alarms: read::alarms(books, &of_site, i64::MAX, ALARMS)?.items,
            dispensers: read::dispensers(books, &own, since)?,
            code_until: read::join_code_until(books, &own)?,
            managers: read::site_managers(books, Some(&own))?,
            held_ml: box_id.map_or(Ok(0), |box_id| read::held_ml(books, box_id))?,
        })
    });
    let around = around.await?;
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let content = html! {
        h1 { (site.title) " " @if site.box_id.is_some() { (show::online(site.online)) } }
        (done(word))
        div data-part="facts" { (facts(&zone, now, &site, &around)) }
        div.columns {
            section data-part="sales" {
                h2 { "Latest transactions" }
                (sales_table(&zone, now, &around.sales, false))
            }
            section data-part="dispensers" {
                h2 { "Dispensers that sold today" }
                @if around.dispensers.is_empty() { p.quiet { "None yet." } }
                @else { (dispensers(&zone, now, &around.dispensers)) }
                @if !around.alarms.is_empty() { h2 { "Alarms" } (alarm_list(&zone, now, &around.alarms)) }
            }
        }
        (managers::section(&zone, &caller, &site.name, &around.managers))
        @if caller.may("POST", "/sites/{name}/code") { (gateway_forms(&app, &caller, &site, around.held_ml)) }
    };
    Ok(page(Some(&caller), "/sites", &site.title, content))
}

fn facts(zone: &Zone, now: Wall, site: &Site, around: &Around) -> Markup {
    let lanes = Lane::ALL.iter().zip(site.queue).filter(|(_, count)| *count > 0);
    let waiting: Vec<String> = lanes
        .map(|(lane, count)| format!("{count} of {}", lane.name()))
        .collect();
    html! {
        dl.card.facts {
            dt { "Name" } dd { code { (site.name) } }
            dt { "Last seen" } dd { @if let Some(seen) = site.last_seen { (show::ago(zone, seen, now)) } @else { "never" } }
            dt { "Reached" } dd { (reached(zone, now, site)) }
            @if let Some(thin) = &site.thin {
                dt { "Its last text" } dd { (show::ago(zone, thin.heard, now)) }
                dt { "Texts to it" } dd { (thin.sent) " on " (thin.day) }
            }
            dt { "Time zone" } dd { (site.time_zone) }
            dt { "To be sent there" } dd { @if waiting.is_empty() { "nothing" } @else { (waiting.join(", ")) } }
            dt { "Its sales are here up to" } dd {
                @if let Some((epoch, seq)) = site.journal_through { code { (epoch) ":" (seq) } } @else { "none yet" }
            }
            dt { "State" } dd { code { (site.state_hash) } br; span.quiet { "The gateway's page shows the same when both know the same." } }
            @if let Some(until) = around.code_until {
                dt { "Join code" } dd { "one is unused, valid until " (show::time(zone, until)) }
            }
        }
    }
}

/// How the gateway is reached.
fn reached(zone: &Zone, now: Wall, site: &Site) -> String {
    match site.thin.as_ref().and_then(|thin| thin.since) {
        _ if site.online => "over the internet".to_owned(),
        Some(since) => format!("by SMS, since {}", show::time_near(zone, since, now)),
        None => "not at present".to_owned(),
    }
}

fn dispensers(zone: &Zone, now: Wall, dispensers: &[DispenserRow]) -> Markup {
    html! {
        table.rows {
            thead { tr { th { "Dispenser" } th.number { "Pours" } th.number { "Litres" } th { "Last" } } }
            tbody {
                @for dispenser in dispensers {
                    tr {
                        td data-label="Dispenser" { (dispenser.id) }
                        td.number data-label="Pours" { (dispenser.pours) }
                        td.number data-label="Litres" { (show::litres(dispenser.volume_ml)) }
                        td data-label="Last" { (show::time_near(zone, dispenser.last, now)) }
                    }
                }
            }
        }
    }
}

fn gateway_forms(app: &App, caller: &Caller, site: &Site, held_ml: i64) -> Markup {
    html! {
        section {
            h2 { "The gateway" }
            @match site.box_id {
                None => p { "No gateway has joined yet. Make a code and type it in at the gateway." },
                Some(_) => p { "A new code lets another box take this site over. The old one goes on until then." },
            }
            form method="post" action={ "/sites/" (site.name) "/code" } {
                (guarded(caller))
                button { @if site.box_id.is_some() { "Make a code for a replacement" } @else { "Make a join code" } }
            }
            @if site.box_id.is_some() && caller.may("POST", "/sites/{name}/revoke") {
                details {
                    summary { "The box is stolen or burnt" }
                    form.card method="post" action={ "/sites/" (site.name) "/revoke" } {
                        (guarded(caller))
                        p { "The hub will not speak to it again. Customers get back what it held for them: "
                            strong { (doubt::sum(app, held_ml)) } ". Whoever has the box may still draw as much from it: that is the most that can be lost." }
                        label { "Type " code { (site.name) } " to go on" input name="sure" autocapitalize="none" required; }
                        button.danger { "Shut it out" }
                    }
                }
            }
        }
    }
}
