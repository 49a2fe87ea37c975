//! The ledger: balances, accounts, statements, trial balances. All of it also as CSV with `?format=csv`. Days are those
//! of the hub's own zone, for the ledger is the hub's. No two currencies are ever added.

use ::kiosk::{
    day::{Day, Zone},
    ledger::Account,
    moment::Wall,
    units::Currency,
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use super::{
    super::{
        App,
        answer::{Json, Refused},
        csv::{self, Table},
    },
    query::{Query, list},
};
use crate::hub::{
    effect::Refusal,
    store::read::{self, ACCOUNTS_MAX, Line, STATEMENT_MAX, Span},
};

/// What a handler returns that answers in JSON or CSV.
type Answered = Result<Response, Refused>;

fn answered(value: Value) -> Answered {
    Ok(Json::ok(value).into_response())
}

/// `GET /api/v1/ledger/balance`
pub async fn balance(State(app): State<App>, mut query: Query) -> Answered {
    let wants_csv = csv::is_wanted(&mut query)?;
    query.finish()?;
    let mut ledger = app.parts.books.read(read::ledger_balance).await?;
    // A hub that has seen no money yet has its currency all the same.
    ledger.entry(app.parts.settings.currency).or_default();
    if wants_csv {
        let mut table = Table::new("balance", "currency,account,balance_minor");
        for (currency, accounts) in &ledger {
            for (account, minor) in accounts {
                table.row(&[currency.code(), account, &minor.to_string()]);
            }
        }
        return Ok(table.into_response());
    }
    let mut shown = Map::new();
    for (currency, accounts) in ledger {
        let total: i64 = accounts.values().sum();
        let by_currency = json!({ "accounts": accounts, "total": total });
        shown.insert(currency.code().to_owned(), by_currency);
    }
    answered(Value::Object(shown))
}

/// `GET /api/v1/ledger/accounts`: those of one kind, such as all wallets.
pub async fn accounts(State(app): State<App>, mut query: Query) -> Answered {
    let kind = query.text("kind").unwrap_or_else(|| "wallet".to_owned());
    let (limit, after) = (query.limit()?, query.text("after").unwrap_or_default());
    let wants_csv = csv::is_wanted(&mut query)?;
    query.finish()?;
    let limit = if wants_csv { ACCOUNTS_MAX } else { limit };
    let name = kind.clone();
    let found = app
        .parts
        .books
        .read(move |books| read::accounts_of(books, &kind, &after, limit));
    let (found, next) = found.await?;
    if wants_csv {
        if next.is_some() {
            let message = format!("more than {ACCOUNTS_MAX} accounts; read them in pages, without format=csv");
            return Err(Refusal::invalid("format", "too_many", message).into());
        }
        let mut table = Table::new(&name, "account,currency,balance_minor");
        for account in &found {
            let balance = account.balance_minor.to_string();
            table.row(&[&account.account, &account.currency, &balance]);
        }
        return Ok(table.into_response());
    }
    let items = found.iter().map(|account| {
        json!({
            "account": account.account,
            "currency": account.currency,
            "balance_minor": account.balance_minor,
        })
    });
    answered(json!({ "items": items.collect::<Vec<_>>(), "next": next }))
}

/// `GET /api/v1/ledger/accounts/{account}`
pub async fn statement(State(app): State<App>, Path(name): Path<String>, mut query: Query) -> Answered {
    let account: Account = name.parse().map_err(|_| Refusal::not_found("account"))?;
    let currency = currency(&mut query, &app)?;
    let zone = &app.parts.settings.zone;
    let from = query
        .parsed::<Day>("from")?
        .map_or(Wall(i64::MIN), |day| zone.begin(day));
    let to = query.parsed::<Day>("to")?.map_or(Wall(i64::MAX), |day| zone.end(day));
    let (limit, after) = (query.limit()?, query.after()?.unwrap_or_default());
    let wants_csv = csv::is_wanted(&mut query)?;
    query.finish()?;
    let limit = if wants_csv { STATEMENT_MAX } else { limit };
    let span = Span { from, to, after };
    let found = app
        .parts
        .books
        .read(move |books| read::statement(books, &account, currency, span, limit));
    let found = found.await?;
    if !wants_csv {
        let mut shown = list(found.items.iter().map(line), found.next);
        shown["account"] = json!(name);
        shown["currency"] = json!(currency.code());
        return answered(shown);
    }
    if found.next.is_some() {
        let message = format!("more than {STATEMENT_MAX} lines; choose a shorter time with from and to");
        return Err(Refusal::invalid("from", "too_many", message).into());
    }
    let mut table = Table::new(
        &name,
        "account,currency,time,entry,event,what,amount_minor,balance_minor",
    );
    for line in &found.items {
        table.row(&[
            &name,
            currency.code(),
            &line.time.rfc3339(),
            &line.entry.to_string(),
            line.event.as_deref().unwrap_or_default(),
            &line.what,
            &line.amount_minor.to_string(),
            &line.balance_minor.to_string(),
        ]);
    }
    Ok(table.into_response())
}

fn line(line: &Line) -> Value {
    json!({
        "entry": line.entry,
        "time": line.time.rfc3339(),
        "event": line.event,
        "what": line.what,
        "amount_minor": line.amount_minor,
        "balance_minor": line.balance_minor,
    })
}

/// The currency asked for; the hub's own when none is.
fn currency(query: &mut Query, app: &App) -> Result<Currency, Refusal> {
    let known = |code: String| {
        let message = format!(
            "currency must be one of {}",
            Currency::ALL.map(Currency::code).join(", ")
        );
        Currency::from_code(&code).ok_or_else(|| Refusal::invalid("currency", "bad_field", message))
    };
    let asked = query.text("currency").map(known).transpose()?;
    Ok(asked.unwrap_or(app.parts.settings.currency))
}

/// The day asked for, today when none is, and the moments at which it begins and ends.
pub fn day_of(query: &mut Query, zone: &Zone, now: Wall) -> Result<(Day, (Wall, Wall)), Refusal> {
    let day = query.parsed::<Day>("day")?.unwrap_or_else(|| zone.day(now));
    Ok((day, (zone.begin(day), zone.end(day))))
}

/// `GET /api/v1/ledger/trial`
pub async fn trial(State(app): State<App>, mut query: Query) -> Answered {
    let (now, _) = app.parts.clock.now();
    let (day, span) = day_of(&mut query, &app.parts.settings.zone, now)?;
    let wants_csv = csv::is_wanted(&mut query)?;
    query.finish()?;
    let found = app
        .parts
        .books
        .read(move |books| read::trial_balance(books, span))
        .await?;
    let mut table = Table::new(
        format!("trial-{day}"),
        "day,currency,account,opening_minor,debit_minor,credit_minor,closing_minor",
    );
    let mut currencies = Map::new();
    for (currency, accounts) in found {
        let (mut shown, mut total) = (Map::new(), [0_i64; 4]);
        for (account, moved) in accounts {
            let sums = [
                moved.opening_minor,
                moved.debit_minor,
                moved.credit_minor,
                moved.closing_minor,
            ];
            let [opening, debit, credit, closing] = sums.map(|minor| minor.to_string());
            table.row(&[
                &day.to_string(),
                currency.code(),
                &account,
                &opening,
                &debit,
                &credit,
                &closing,
            ]);
            total.iter_mut().zip(sums).for_each(|(total, minor)| *total += minor);
            shown.insert(account, sums_shown(sums));
        }
        let shown = json!({ "accounts": shown, "total": sums_shown(total) });
        currencies.insert(currency.code().to_owned(), shown);
    }
    match wants_csv {
        true => Ok(table.into_response()),
        false => answered(json!({ "day": day.to_string(), "currencies": currencies })),
    }
}

fn sums_shown([opening, debit, credit, closing]: [i64; 4]) -> Value {
    json!({
        "opening_minor": opening,
        "debit_minor": debit,
        "credit_minor": credit,
        "closing_minor": closing,
    })
}
