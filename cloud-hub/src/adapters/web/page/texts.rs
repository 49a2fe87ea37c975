//! Texts to customers and from them.

use ::kiosk::{ids::SiteName, moment::Wall};
use axum::{
    Extension,
    extract::{RawQuery, State},
};
use maud::{Markup, html};

use super::{
    super::{App, guard::Caller},
    Shown, back_to, done,
    form::Fields,
    guarded,
    money::customer_link,
    page, show,
};
use crate::{
    hub::{
        effect::Refusal,
        inbox::TextFound,
        input::{Request, Service},
        settings::TextsVia,
        store::read::{self, InboxText, OutboxText},
    },
    provider::circuit::State as Circuit,
};

/// How many texts of either kind are shown.
const ROWS: u32 = 50;

/// `GET /outbox`
pub async fn outbox(State(app): State<App>, Extension(caller): Extension<Caller>, RawQuery(query): RawQuery) -> Shown {
    let (texts, came, waiting, held, (stopped, names)) = app
        .parts
        .books
        .read(|books| {
            Ok((
                read::outbox(books, ROWS)?,
                read::inbox(books, ROWS)?,
                read::texts_waiting(books)?,
                read::texts_held(books)?,
                {
                    let stopped = read::stopped(books, ROWS)?;
                    let names = read::customer_names(books, stopped.iter().map(|(customer, ..)| *customer))?;
                    (stopped, names)
                },
            ))
        })
        .await?;
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let content = html! {
        h1 { "Texts to customers" }
        (done(word))
        (sending(&app, &caller, held.as_deref()))
        p data-part="waiting" {
            @match waiting {
                0 => "No text waits.",
                1 => "One text waits to be sent.",
                several => { (several) " texts wait to be sent." },
            }
        }
        div data-part="texts" { (sent_table(&app, &texts)) }
        h2 { "From customers" }
        div data-part="inbox" { (came_table(&app, &came)) }
        @if !stopped.is_empty() {
            h2 { "Want no more texts" }
            p { "They sent STOP, and get only what is about their own money." }
            ul.plain.card data-part="stopped" {
                @for (customer, phone, since) in &stopped {
                    li {
                        (customer_link(&names, *customer)) " "
                        span.quiet { (phone) ", " (show::ago(&app.parts.settings.zone, *since, app.parts.clock.now().0)) }
                        @if caller.may("POST", "/outbox/allow") {
                            form method="post" action="/outbox/allow" {
                                (guarded(&caller))
                                input type="hidden" name="customer" value=(customer);
                                button { "They want texts again" }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(page(Some(&caller), "/outbox", "Texts", content))
}

/// Whether texts are sent, and if not why, and what can be done.
fn sending(app: &App, caller: &Caller, held: Option<&str>) -> Markup {
    let circuits = app.parts.circuits.shown();
    let circuit = circuits.iter().find(|circuit| circuit.service == Service::Texts);
    let via = &app.parts.settings.texts_via;
    html! {
        div.card data-part="sending" {
            @match via {
                TextsVia::Provider => {}
                TextsVia::Sites => p { "Texts to the customers of a site leave by the SIM of its gateway, while it is linked." },
                TextsVia::These(sites) => p {
                    "Texts to the customers of " (listed(sites)) " leave by the SIM of the gateway there, while it is linked."
                },
            }
            p {
                strong { "Text sending: " }
                @match (circuit, held) {
                    (None, _) if *via != TextsVia::Provider => "by sites alone. No messaging provider is configured.",
                    (None, _) => "off. Nobody carries texts (messaging.africastalking in the configuration): tell people what matters to them.",
                    (Some(circuit), _) if circuit.state == Circuit::Down => {
                        (circuit.service.title()) " does not answer"
                        @if let Some(minutes) = circuit.down_for.map(|down_for| down_for.as_secs() / 60) {
                            " for " (minutes) " min"
                        }
                        ". Texts wait; the hub looks by itself whether it is back."
                    }
                    (Some(circuit), Some(reason)) => {
                        (circuit.service.title()) " takes none of our texts (" (reason) "). They wait, and one tries every few "
                        "minutes. Mend it there, or in the configuration."
                    }
                    (Some(_), None) => "on.",
                }
            }
            @if circuit.is_some() && held.is_some() && caller.may("POST", "/outbox/release") {
                form method="post" action="/outbox/release" {
                    (guarded(caller))
                    button { "It is mended: send them now" }
                }
            }
        }
    }
}

fn listed(sites: &[SiteName]) -> String {
    let names: Vec<&str> = sites.iter().map(SiteName::as_str).collect();
    names.join(", ")
}

fn sent_table(app: &App, texts: &[OutboxText]) -> Markup {
    html! {
        @if texts.is_empty() { p.quiet { "No text has been written yet." } } @else {
            table.rows {
                thead { tr { th { "When" } th { "To" } th { "Text" } th { "State" } } }
                tbody {
                    @for text in texts {
                        tr {
                            td data-label="When" { (when(app, text.created)) }
                            td data-label="To" {
                                (text.phone)
                                @if let Some(site) = &text.site { br; span.quiet { "by the SIM of " (site) } }
                            }
                            td data-label="Text" { (text.text) }
                            td data-label="State" {
                                (show::state(&text.state))
                                @if let Some(reason) = &text.reason { " (" (reason) ")" }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn came_table(app: &App, texts: &[InboxText]) -> Markup {
    html! {
        @if texts.is_empty() { p.quiet { "No text has come yet." } } @else {
            table.rows {
                thead { tr { th { "When" } th { "From" } th { "Text" } } }
                tbody {
                    @for text in texts {
                        tr {
                            td data-label="When" { (when(app, text.received)) }
                            td data-label="From" {
                                (text.phone)
                                @if let Some(site) = &text.site { br; span.quiet { "to the SIM of " (site) } }
                            }
                            td data-label="Text" {
                                (text.text)
                                @match text.found {
                                    TextFound::Read => {}
                                    TextFound::Over => em { "more came in a day than is kept of one number" }
                                    TextFound::Late => { br; em { "not answered: it was a day old when it came" } }
                                    TextFound::Unanswered => {
                                        br; em { "not answered: it may have been, before the hub was restored" }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn when(app: &App, time: Wall) -> String {
    let (now, _) = app.parts.clock.now();
    show::time_near(&app.parts.settings.zone, time, now)
}

/// `POST /outbox/release`
pub async fn release(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    app.parts
        .desk
        .ask(caller.actor(), fields.key(), Request::ReleaseTexts)
        .await?;
    Ok(back_to("/outbox?done=texts_released"))
}

/// `POST /outbox/allow`: somebody who sent STOP wants texts again.
pub async fn allow(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let key = fields.key();
    let customer = fields.need("customer", "the customer")?;
    let customer = customer
        .parse()
        .map_err(|_| Refusal::invalid("customer", "bad_field", "a customer has 16 hexadecimal digits"))?;
    let asked = Request::AllowTexts { customer };
    app.parts.desk.ask(caller.actor(), key, asked).await?;
    Ok(back_to("/outbox?done=allowed"))
}
