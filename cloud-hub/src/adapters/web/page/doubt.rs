//! While part of the hub's past may be missing: who is waited for, and what ending it sooner may cost.

use ::kiosk::units::Volume;
use axum::{
    Extension,
    extract::{RawQuery, State},
};
use maud::{Markup, html};

use super::{
    super::{App, guard::Caller},
    Shown, back_to, done,
    form::Fields,
    guarded, page, show,
};
use crate::hub::{
    effect::Refusal,
    input::Request,
    store::read::{self, Doubt},
};

/// The word that is to be typed before the doubt is ended.
const SURE: &str = "end";

/// `GET /doubt`
pub async fn doubt(State(app): State<App>, Extension(caller): Extension<Caller>, RawQuery(query): RawQuery) -> Shown {
    let found = app.parts.books.read(read::doubt).await?;
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let content = html! {
        h1 { "Is the past complete?" }
        (done(word))
        @match &found {
            None => p { "Yes. Nothing is missing, as far as the hub knows." },
            Some(doubt) => {
                (explained(&app, doubt))
                @if caller.may("POST", "/doubt/end") { (end_form(&app, &caller, doubt)) }
            }
        }
    };
    Ok(page(Some(&caller), "", "Doubt", content))
}

fn explained(app: &App, doubt: &Doubt) -> Markup {
    let zone = &app.parts.settings.zone;
    html! {
        p.problem { "Part of the hub's past may be missing: it was restored from a backup, or a site showed something newer. "
            "Until every site has been heard, sites get water only from new payments. What they hold already they go on selling." }
        dl.card.facts {
            dt { "Since" } dd { @if let Some(since) = doubt.since { (show::time(zone, since)) } @else { "unknown" } }
            dt { "Not heard yet" } dd {
                @if doubt.unheard.is_empty() { "nobody: it ends by itself in a moment" }
                @for (place, site) in doubt.unheard.iter().enumerate() { @if place > 0 { ", " } a href={ "/sites/" (site) } { (site) } }
            }
            dt { "At risk" } dd { "at most " (sum(app, doubt.at_risk_ml)) }
        }
    }
}

/// Litres, and what they are worth.
pub fn sum(app: &App, ml: i64) -> String {
    let settings = &app.parts.settings;
    let worth = settings.tariff.price(Volume::try_from_ml(ml).unwrap_or_default());
    format!("{}, worth {worth}", show::litres(ml))
}

fn end_form(app: &App, caller: &Caller, doubt: &Doubt) -> Markup {
    html! {
        details {
            summary { "End it now, without waiting" }
            form.card method="post" action="/doubt/end" {
                (guarded(caller))
                p { "Do this when a site that is waited for will not come back soon. Then everything that looks free is given to the sites: at most "
                    strong { (sum(app, doubt.at_risk_ml)) } ". If the missing past had given it away already, it is given twice, and the loss is yours." }
                p { "A box that will never come back is better written off on its site's page: that ends the wait for it alone." }
                label { "Type " code { (SURE) } " to go on" input name="sure" autocapitalize="none" autocomplete="off" required; }
                button.danger { "End the doubt" }
            }
        }
    }
}

/// `POST /doubt/end`
pub async fn end(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    if fields.take("sure").as_deref() != Some(SURE) {
        let message = format!("To end the doubt, type {SURE} into the field. Nothing was changed.");
        return Err(Refusal::invalid("sure", "not_sure", message).into());
    }
    let key = fields.key();
    app.parts.desk.ask(caller.actor(), key, Request::EndDoubt).await?;
    Ok(back_to("/doubt?done=doubt"))
}
