//! What needed a look: all alarms, and the form that puts away those that were shown.

use std::collections::BTreeMap;

use ::kiosk::{day::Zone, moment::Wall};
use axum::{
    Extension,
    extract::{Query, State},
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
    store::read::{self, AlarmFilter, AlarmRow},
};

/// How many alarms a page shows: their numbers fit into one field of the form.
const ROWS: u32 = 40;

/// `GET /alarms`, the newest first; `?seen=no` those that nobody has looked at, `?after=` the next page.
pub async fn alarms(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Shown {
    let seen = match query.get("seen").map(String::as_str) {
        Some("yes") => Some(true),
        Some("no") => Some(false),
        _ => None,
    };
    let after = query.get("after").and_then(|text| i64::from_str_radix(text, 16).ok());
    let found = app.parts.books.read(move |books| {
        let filter = AlarmFilter { site: None, seen };
        read::alarms(books, &filter, after.unwrap_or(i64::MAX), ROWS)
    });
    let found = found.await?;
    let (zone, (now, _)) = (&app.parts.settings.zone, app.parts.clock.now());
    let here = match seen {
        None => "",
        Some(true) => "yes",
        Some(false) => "no",
    };
    let content = html! {
        h1 { "Alarms" }
        (done(query.get("done").map(String::as_str)))
        p { "What needed a look at the hub and at the sites. One that was put away stays here." }
        p.filters {
            @for (word, name) in [("", "all"), ("no", "not seen yet"), ("yes", "seen")] {
                a.here[here == word] href=(if word.is_empty() { "/alarms".to_owned() } else { format!("/alarms?seen={word}") }) { (name) }
            }
        }
        div data-part="alarms" {
            @if found.items.is_empty() { p.quiet { "None." } } @else { (alarm_list(zone, now, &found.items)) }
            (seen_form(&caller, &found.items, "/alarms"))
        }
        @if let Some(next) = found.next { p { a href=(format!("/alarms?seen={here}&after={next:x}")) { "Older" } } }
    };
    Ok(page(Some(&caller), "/", "Alarms", content))
}

/// Alarms, the newest first.
pub fn alarm_list(zone: &Zone, now: Wall, alarms: &[AlarmRow]) -> Markup {
    html! {
        ul.plain.card {
            @for alarm in alarms {
                li {
                    span class={ "badge " (if alarm.severity == "critical" { "bad" } else { "look" }) } { (alarm.severity) }
                    " " (show::sentence(&alarm.detail))
                    " " span.quiet {
                        @if let Some(site) = &alarm.site { (site) ", " }
                        (show::ago(zone, alarm.time, now))
                        @if let Some(seen) = alarm.seen { ", seen " (show::ago(zone, seen, now)) }
                    }
                }
            }
        }
    }
}

/// The button that puts away those of these alarms that nobody has looked at, and no other; then `back`.
pub fn seen_form(caller: &Caller, alarms: &[AlarmRow], back: &str) -> Markup {
    let unseen = alarms.iter().filter(|alarm| alarm.seen.is_none());
    let unseen: Vec<String> = unseen.map(|alarm| alarm.id.to_string()).collect();
    html! {
        @if !unseen.is_empty() && caller.may("POST", "/alarms/seen") {
            form method="post" action="/alarms/seen" {
                (guarded(caller))
                input type="hidden" name="alarms" value=(unseen.join(" "));
                input type="hidden" name="back" value=(back);
                button { "I have seen these" }
            }
        }
    }
}

/// `POST /alarms/seen`: `alarms` names those that were shown.
pub async fn seen(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let named = fields.need("alarms", "which alarms you have seen")?;
    let read = |number: &str| number.parse().map_err(|_| Refusal::not_found("alarm"));
    let alarms: Vec<i64> = named.split_whitespace().map(read).collect::<Result<_, _>>()?;
    let back = fields.take("back").filter(|back| back == "/alarms");
    let key = fields.key();
    let asked = app.parts.desk.ask(caller.actor(), key, Request::SeeAlarms { alarms });
    asked.await?;
    Ok(back_to(&format!("{}?done=seen", back.as_deref().unwrap_or("/"))))
}
