//! What a day came to.

use ::kiosk::{day::Day, ids::SiteName};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    super::{
        App,
        answer::{Json, Refused},
        csv::{self, Table},
    },
    query::Query,
};
use crate::hub::store::read::{self, Report};

/// `GET /api/v1/reports`: each site's own local day; yesterday when none is named.
pub async fn reports(State(app): State<App>, mut query: Query) -> Result<Response, Refused> {
    let (now, _) = app.parts.clock.now();
    let yesterday = || app.parts.settings.zone.day(now).plus_days(-1);
    let day = query.parsed::<Day>("day")?.unwrap_or_else(yesterday);
    let wants_csv = csv::is_wanted(&mut query)?;
    query.finish()?;
    let found = app.parts.books.read(move |books| read::reports(books, day)).await?;
    let currency = app.parts.settings.currency.code();
    if wants_csv {
        return Ok(table(day, currency, &found).into_response());
    }
    let unheard = found.iter().filter(|report| !report.heard);
    let unheard: Vec<&str> = unheard
        .filter_map(|report| report.site.as_ref().map(SiteName::as_str))
        .collect();
    let items: Vec<Value> = found.iter().map(|report| shown(report, currency)).collect();
    let answer = json!({ "day": day.to_string(), "items": items, "next": null, "unheard": unheard });
    Ok(Json::ok(answer).into_response())
}

fn shown(report: &Report, currency: &str) -> Value {
    let money = report.money.iter().map(|(provider, (payments, minor))| {
        let shown = json!({ "payments": payments, "amount_minor": minor });
        (provider.clone(), shown)
    });
    json!({
        "site": report.site.as_ref().map(SiteName::as_str),
        "made": report.made.rfc3339(),
        "heard": report.heard,
        "pours": report.pours,
        "drawn_ml": report.drawn_ml,
        "lost_ml": report.lost_ml,
        "money": money.collect::<serde_json::Map<_, _>>(),
        "cash_minor": report.cash_minor,
        "currency": currency,
        "denied": report.denied,
        "unpaid": report.unpaid,
        "alarms": report.alarms,
    })
}

/// One row a site and provider would repeat the litres, so each provider has a column of its own.
fn table(day: Day, currency: &str, found: &[Report]) -> Table {
    let providers = ::kiosk::provider::Provider::ALL.map(::kiosk::provider::Provider::name);
    let columns = format!(
        "day,site,heard,pours,drawn_ml,lost_ml,currency,{}_minor,cash_minor,denied,unpaid,alarms",
        providers.join("_minor,")
    );
    let mut table = Table::new(format!("report-{day}"), &columns);
    for report in found {
        let money = providers.map(|provider| report.money.get(provider).map_or(0, |(_, minor)| *minor));
        let before = [report.pours, report.drawn_ml, report.lost_ml].map(|number| number.to_string());
        let after = [report.cash_minor, report.denied, report.unpaid, report.alarms];
        let numbers: Vec<String> = money.iter().chain(&after).map(i64::to_string).collect();
        let (day, site) = (day.to_string(), report.site.as_ref().map_or("", SiteName::as_str));
        let heard = if report.heard { "yes" } else { "no" };
        let mut row = vec![day.as_str(), site, heard];
        row.extend(before.iter().map(String::as_str));
        row.push(currency);
        row.extend(numbers.iter().map(String::as_str));
        table.row(&row);
    }
    table
}
