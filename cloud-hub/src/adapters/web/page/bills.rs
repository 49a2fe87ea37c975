//! Bills: all that are owed, one to print, and what stands of them on a customer's page.

use std::collections::BTreeMap;

use ::kiosk::{
    bill::{BillState, reading::Kept},
    day::Day,
    moment::Wall,
    units::Volume,
};
use axum::{
    Extension,
    extract::{Path, Query, RawQuery, State},
};
use maud::{Markup, html};

use super::{
    super::{
        App, WebSettings,
        api::bills::{bill as find, filter, number_of, state_word},
        guard::Caller,
    },
    Shown, back_to, customer, done,
    form::Fields,
    guarded,
    money::customer_link,
    page, show,
};
use crate::hub::{
    bill::BillingState,
    effect::Refusal,
    input::{NewBilling, NewReading, Request},
    store::read::{self, BillFilter, BillShown, Billing, Customer, Names},
};

/// How many bills are shown.
const ROWS: u32 = 100;
/// How many readings are shown.
const READINGS: u32 = 6;

/// `GET /bills`, with `?state=` those in one state; else those that are to be paid.
pub async fn bills(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Shown {
    let word = query.get("state").map_or("unpaid", String::as_str).to_owned();
    let filter = match word.as_str() {
        "all" => BillFilter::All,
        word => filter(word)?,
    };
    let (now, _) = app.parts.clock.now();
    let currency = app.parts.settings.currency;
    let seen = app.parts.books.read(move |books| {
        let bills = read::bills_listed(books, filter, now, i64::MAX, ROWS)?.items;
        let names = read::customer_names(books, bills.iter().map(|bill| bill.customer))?;
        Ok((bills, names, read::bills_owed(books, currency, now)?))
    });
    let (bills, names, (owed, late)) = seen.await?;
    let currency = currency.code();
    let content = html! {
        h1 { "Bills" }
        div.tiles data-part="owed" {
            div.tile { span.quiet { "To be paid" } strong { (show::money(owed, currency)) } }
            div.tile { span.quiet { "Of that overdue" } strong { (show::money(late, currency)) } }
        }
        p.filters {
            @for (entry, name) in [("unpaid", "to be paid"), ("overdue", "overdue"), ("part_paid", "paid in part"),
                                   ("paid", "paid"), ("written_off", "given up"), ("all", "all")] {
                a.here[entry == word] href={ "/bills?state=" (entry) } { (name) }
            }
        }
        div data-part="bills" { (table(now, &bills, Some(&names))) }
    };
    Ok(page(Some(&caller), "/bills", "Bills", content))
}

/// Bills as a table; `names` says whose each is.
fn table(now: Wall, bills: &[BillShown], names: Option<&Names>) -> Markup {
    html! {
        @if bills.is_empty() { p.quiet { "None." } } @else {
            table.rows {
                thead { tr { th { "Month" } @if names.is_some() { th { "Who" } } th.number { "Water" } th.number { "Amount" } th.number { "Left" } th { "Due" } th { "State" } } }
                tbody {
                    @for bill in bills {
                        tr {
                            td data-label="Month" { a href={ "/bills/" (bill.id) } { (bill.month) } }
                            @if let Some(names) = names { td data-label="Who" { (customer_link(names, bill.customer)) } }
                            td.number data-label="Water" { (show::litres(bill.counted.signed_ml())) }
                            td.number data-label="Amount" { (bill.amount.to_string()) }
                            td.number data-label="Left" { (bill.left.to_string()) }
                            td data-label="Due" { (bill.due) }
                            td data-label="State" { (state(bill.state(now))) }
                        }
                    }
                }
            }
        }
    }
}

fn state(state: BillState) -> Markup {
    let (class, word) = match state {
        BillState::Open => ("badge", "open"),
        BillState::PartPaid => ("badge", "paid in part"),
        BillState::Paid => ("badge good", "paid"),
        BillState::Overdue => ("badge bad", "overdue"),
        BillState::WrittenOff => ("badge look", "given up"),
    };
    html! { span class=(class) { (word) } }
}

/// `GET /bills/{id}`: a bill as it is handed out on paper.
pub async fn bill(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Shown {
    let bill = find(&app, &id).await?;
    let whose = bill.customer;
    let found = app.parts.books.read(move |books| read::customer(books, whose)).await?;
    let customer = found.ok_or_else(|| Refusal::not_found("customer"))?;
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let (now, _) = app.parts.clock.now();
    let content = html! {
        h1 { "Water bill " (bill.month.slashed()) " " (state(bill.state(now))) }
        (done(word))
        (sheet(&bill, &customer))
        @if bill.left.minor > 0 { div.forms.screen { (decisions(&caller, &bill)) } }
    };
    Ok(page(Some(&caller), "/bills", "Bill", content))
}

fn sheet(bill: &BillShown, customer: &Customer) -> Markup {
    html! {
        dl.card.facts data-part="facts" {
            dt { "Bill" } dd { (bill.id) }
            dt { "Customer" } dd { a href={ "/customers/" (customer.id) } { (customer.name) } }
            dt { "Account" } dd { (customer.account.map_or_else(|| "–".to_owned(), |account| account.to_string())) }
            dt { "Made" } dd { (bill.issued) }
            dt { "Pay by" } dd { strong { (bill.due) } }
            dt { "Measured" } dd { @if bill.metered { "by the household's meter" } @else { "by the dispensers" } }
        }
        table.rows data-part="lines" {
            thead { tr { th { "Water" } th.number { "A cubic metre" } th.number { "Amount" } } }
            tbody {
                @for line in &bill.lines {
                    tr {
                        td data-label="Water" { (show::litres(line.volume.signed_ml())) }
                        td.number data-label="A cubic metre" { (show::money(i64::from(line.price_per_m3_minor), bill.amount.currency.code())) }
                        td.number data-label="Amount" { (line.amount.to_string()) }
                    }
                }
                @if bill.credit.minor > 0 {
                    tr { td data-label="" { "Credit of earlier bills" } td data-label="" {} td.number data-label="Amount" { "−" (bill.credit.to_string()) } }
                }
                tr.total { td data-label="" { "To pay" } td data-label="" {} td.number data-label="Amount" { (bill.amount.to_string()) } }
                @if bill.paid.minor > 0 {
                    tr { td data-label="" { "Paid" } td data-label="" {} td.number data-label="Amount" { (bill.paid.to_string()) } }
                    tr.total { td data-label="" { "Left" } td data-label="" {} td.number data-label="Amount" { (bill.left.to_string()) } }
                }
            }
        }
        @if bill.counted != bill.usage {
            p { "Corrected to " (show::litres(bill.counted.signed_ml())) ": what was charged too much counts as paid of this bill, and what was paid already is a credit towards the next." }
        }
        p.quiet { "Pay by mobile money with the account number as the reference, at the kiosk, or on this page's customer." }
    }
}

fn decisions(caller: &Caller, bill: &BillShown) -> Markup {
    let at = |what: &str| format!("/bills/{}/{what}", bill.id);
    html! {
        @if caller.may("POST", "/bills/{id}/correction") {
            details {
                summary { "Less was used" }
                form.card method="post" action=(at("correction")) {
                    (guarded(caller))
                    label { "Litres used in truth" input name="litres" type="number" min="0" step="any" required; }
                    label { "Why? It stands in the audit" input name="reason" maxlength="200" required; }
                    button { "Correct" }
                }
            }
        }
        @if caller.may("POST", "/bills/{id}/write-off") {
            details {
                summary { "Give it up" }
                form.card method="post" action=(at("write-off")) {
                    (guarded(caller))
                    p { "The house bears what is left of it, and it keeps nobody from water any more." }
                    label { "Why? It stands in the audit" input name="reason" maxlength="200" required; }
                    button.danger { "Give up" }
                }
            }
        }
    }
}

/// `POST /bills/{id}/correction`
pub async fn correct(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let request = Request::CorrectBill {
        bill: number_of(&id)?,
        usage: litres(&mut fields, "litres")?,
        reason: fields.need("reason", "why")?,
    };
    app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(back_to(&format!("/bills/{id}?done=changed")))
}

/// `POST /bills/{id}/write-off`
pub async fn write_off(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let request = Request::WriteOffBill {
        bill: number_of(&id)?,
        reason: fields.need("reason", "why")?,
    };
    app.parts.desk.ask(caller.actor(), fields.key(), request).await?;
    Ok(back_to(&format!("/bills/{id}?done=changed")))
}

/// What a customer's page shows of bills.
pub struct Standing {
    billing: Option<Billing>,
    bills: Vec<BillShown>,
    readings: Vec<Kept>,
}

/// Reads it.
pub async fn standing(app: &App, customer: &Customer) -> Result<Standing, Refusal> {
    let whose = customer.id;
    let read = app.parts.books.read(move |books| {
        Ok(Standing {
            billing: read::billing(books, whose)?,
            bills: read::bills(books, whose)?,
            readings: read::readings(books, whose, READINGS)?,
        })
    });
    read.await
}

/// The part of a customer's page; nothing of somebody who never paid by bill.
pub fn section(
    settings: &WebSettings,
    now: Wall,
    Standing {
        billing,
        bills,
        readings,
    }: &Standing,
) -> Markup {
    let currency = settings.currency.code();
    let owed: i64 = bills.iter().map(|bill| bill.left.minor).sum();
    html! {
        @if let Some(billing) = billing {
            section data-part="bills" {
                h2 { "Bills" }
                dl.card.facts {
                    dt { "Bills" } dd { (state_word(billing.state)) }
                    dt { "Tariff" } dd { (billing.tariff) @if billing.metered { ", by the meter" } @else { ", by the dispensers" } }
                    dt { "Owed" } dd { (show::money(owed, currency)) }
                    dt { "On no bill yet" } dd { (show::litres(billing.unbilled.signed_ml())) }
                    @if !billing.metered {
                        dt { "May draw ahead" } dd { (show::litres(billing.ahead.signed_ml())) " of " (show::litres(billing.cap.signed_ml())) }
                    }
                    @if billing.credit_minor > 0 { dt { "Off the next bill" } dd { (show::money(billing.credit_minor, currency)) } }
                }
                (table(now, bills, None))
                @if !readings.is_empty() {
                    table.rows data-part="readings" {
                        thead { tr { th { "Read" } th.number { "Meter" } } }
                        tbody {
                            @for kept in readings {
                                tr {
                                    td data-label="Read" { (kept.reading.day) @if kept.reading.new_meter { " (new meter)" } }
                                    td.number data-label="Meter" { (cubic_metres(kept.reading.meter)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cubic_metres(volume: Volume) -> String {
    format!("{}.{:03} m³", volume.ml() / 1_000_000, volume.ml() / 1_000 % 1_000)
}

/// What can be done about a customer's bills.
pub fn forms(caller: &Caller, settings: &WebSettings, id: &str, Standing { billing, .. }: &Standing) -> Markup {
    let live = billing.as_ref().filter(|billing| billing.state == BillingState::Open);
    html! {
        details {
            summary { "Pay by bill" }
            form.card method="post" action={ "/customers/" (id) "/billing" } {
                (guarded(caller))
                label { "Tariff" select name="tariff" {
                    @for tariff in &settings.bill_tariffs {
                        option value=(tariff) selected[live.is_some_and(|live| live.tariff == *tariff)] { (tariff) }
                    }
                } }
                label { "Measured" select name="measure" {
                    option value="dispensers" { "by what the dispensers give" }
                    option value="meter" selected[live.is_some_and(|live| live.metered)] { "by the household's own meter" }
                } }
                label { "Litres that may be drawn ahead of paying; none with a meter"
                    input name="litres" type="number" min="0" step="any" value=[live.map(|live| live.cap.ml() / 1_000)]; }
                button { "Save" }
            }
            @if live.is_some() {
                form.card method="post" action={ "/customers/" (id) "/billing" } {
                    (guarded(caller))
                    input type="hidden" name="end" value="yes";
                    p { "A last bill is made, and from then on water is paid ahead." }
                    button.danger { "End it" }
                }
            }
        }
        @if live.is_some_and(|live| live.metered) {
            details {
                summary { "Meter reading" }
                form.card method="post" action={ "/customers/" (id) "/reading" } {
                    (guarded(caller))
                    label { "What the meter shows, in cubic metres" input name="meter" inputmode="decimal" required; }
                    label { "Read on; today when left empty" input name="day" type="date"; }
                    label { "What it is" select name="what" {
                        option value="next" { "the next reading" }
                        option value="corrects" { "the right one in place of the last, which was wrong" }
                        option value="new" { "the first of another meter" }
                    } }
                    button { "Enter" }
                }
            }
        }
    }
}

fn litres(fields: &mut Fields, name: &'static str) -> Result<Volume, Refusal> {
    let typed = fields.need(name, "the litres")?;
    let volume = customer::milli(&typed).and_then(Volume::try_from_ml);
    volume.ok_or_else(|| {
        Refusal::invalid(
            name,
            "bad_field",
            "Litres must be a number of 0 or more, such as 20 or 2.5.",
        )
    })
}

/// `POST /customers/{id}/billing`
pub async fn set(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let (customer, key) = (customer::id_of(&app, &id).await?, fields.key());
    let terms = match fields.take("end") {
        Some(_) => Ok(None),
        None => terms(&mut fields).map(Some),
    };
    let asked = terms.map(|terms| Request::SetBilling { customer, terms });
    customer::act(&app, &caller, &id, "changed", key, asked).await
}

fn terms(fields: &mut Fields) -> Result<NewBilling, Refusal> {
    let metered = fields.take("measure").as_deref() == Some("meter");
    let typed = fields.take("litres");
    Ok(NewBilling {
        tariff: fields.need("tariff", "the tariff")?,
        metered,
        cap: match typed.as_deref().map(customer::milli) {
            None => Volume::ZERO,
            Some(ml) => ml.and_then(Volume::try_from_ml).ok_or_else(|| {
                Refusal::invalid(
                    "litres",
                    "bad_field",
                    "Litres must be a number of 0 or more, such as 500.",
                )
            })?,
        },
    })
}

/// `POST /customers/{id}/reading`
pub async fn reading(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Shown {
    let (customer, key) = (customer::id_of(&app, &id).await?, fields.key());
    let asked = new_reading(&mut fields).map(|reading| Request::EnterReading { customer, reading });
    customer::act(&app, &caller, &id, "read", key, asked).await
}

fn new_reading(fields: &mut Fields) -> Result<NewReading, Refusal> {
    let bad = |field, message: &str| Refusal::invalid(field, "bad_field", message);
    // A thousandth of a cubic metre is a litre.
    let litres = customer::milli(&fields.need("meter", "what the meter shows")?);
    let meter = litres
        .and_then(|litres| litres.checked_mul(1_000))
        .and_then(Volume::try_from_ml);
    let day = fields.take("day").map(|day| day.parse::<Day>()).transpose();
    let what = fields.take("what");
    Ok(NewReading {
        meter: meter.ok_or_else(|| {
            bad(
                "meter",
                "The meter must show a number of cubic metres, such as 123.456.",
            )
        })?,
        day: day.map_err(|error| bad("day", &error.to_string()))?,
        new_meter: what.as_deref() == Some("new"),
        corrects: what.as_deref() == Some("corrects"),
    })
}
