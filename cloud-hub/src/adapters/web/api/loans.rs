//! Loans between people, and the queue of what sites asked for (FEATURES C26, C27).

use ::kiosk::{
    ids::{CustomerId, LoanId},
    loan::{Cause, Lender, Loan, LoanState, Repayment},
    moment::Wall,
    phone::Phone,
};
use axum::{
    Extension,
    extract::{Path, State},
    http::HeaderMap,
};
use serde_json::{Value, json};

use super::{
    super::{
        App,
        answer::{Api, Json, unexpected},
        body::Body,
        guard::Caller,
    },
    ask, id,
    query::{Query, list},
};
use crate::hub::{
    effect::{Refusal, Response},
    input::{NewLoan, Request, Secret},
    store::read::{self, LoanFilter, LoanShown, Queued},
};

/// `POST /api/v1/loans`
pub async fn create(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let new = NewLoan {
        borrower: body.parsed::<CustomerId>("borrower")?,
        lender: body.text("lender")?,
        amount_minor: body.integer("amount_minor")?,
        repayment_minor: body.integer("repayment_minor")?,
    };
    body.finish()?;
    match ask(&app, &caller, &headers, Request::CreateLoan(new)).await? {
        Response::Loan { loan, state } => Json::created(json!({ "id": loan.to_string(), "state": state.name() })),
        _ => Err(unexpected().into()),
    }
}

/// `GET /api/v1/loans`
pub async fn loans(State(app): State<App>, mut query: Query) -> Api {
    let filter = LoanFilter {
        state: query.state(LoanState::from_name, "of a loan")?,
        customer: query.parsed::<CustomerId>("customer")?,
    };
    let (limit, after) = (query.limit()?, query.after()?.unwrap_or(i64::MAX));
    query.finish()?;
    let page = app
        .parts
        .books
        .read(move |books| read::loans(books, &filter, after, limit))
        .await?;
    Json::ok(list(page.items.iter().map(shown), page.next))
}

/// `GET /api/v1/loans/{id}`
pub async fn loan(State(app): State<App>, Path(loan): Path<String>) -> Api {
    let loan = LoanId(id(&loan, "loan")?);
    let found = app.parts.books.read(move |books| read::loan(books, loan)).await?;
    let found = found.ok_or_else(|| Refusal::not_found("loan"))?;
    let mut value = shown(&found);
    value["repayments"] = found.loan.repayments().map(repayment).collect();
    Json::ok(value)
}

/// `POST /api/v1/loans/{id}/approve`: the lender types their PIN.
pub async fn approve(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(loan): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let loan = LoanId(id(&loan, "loan")?);
    let pin = Secret(body.text("pin")?);
    body.finish()?;
    stands(ask(&app, &caller, &headers, Request::ApproveLoan { loan, pin }).await?)
}

/// `POST /api/v1/loans/{id}/refuse`
pub async fn refuse(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(loan): Path<String>,
    headers: HeaderMap,
) -> Api {
    let loan = LoanId(id(&loan, "loan")?);
    stands(ask(&app, &caller, &headers, Request::DeclineLoan { loan }).await?)
}

/// `POST /api/v1/loans/{id}/cancel`
pub async fn cancel(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(loan): Path<String>,
    headers: HeaderMap,
) -> Api {
    let loan = LoanId(id(&loan, "loan")?);
    stands(ask(&app, &caller, &headers, Request::CancelLoan { loan }).await?)
}

/// `POST /api/v1/loans/{id}/repay`: the borrower types their PIN.
pub async fn repay(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(loan): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let loan = LoanId(id(&loan, "loan")?);
    let (amount_minor, pin) = (body.maybe_integer("amount_minor")?, Secret(body.text("pin")?));
    body.finish()?;
    let request = Request::RepayLoan {
        loan,
        amount_minor,
        pin,
    };
    stands(ask(&app, &caller, &headers, request).await?)
}

fn stands(response: Response) -> Api {
    match response {
        Response::Loan { loan, state } => Json::ok(json!({ "id": loan.to_string(), "state": state.name() })),
        _ => Err(unexpected().into()),
    }
}

fn shown(found: &LoanShown) -> Value {
    let Loan {
        id,
        borrower,
        lender,
        amount,
        repayment,
        every_days,
        state,
        given,
        ..
    } = &found.loan;
    let (lender, invited) = match lender {
        Lender::Known(lender) => (Some(lender.to_string()), None),
        Lender::Invited(phone) => (None, Some(phone.e164())),
    };
    json!({
        "id": id.to_string(),
        "borrower": borrower.to_string(),
        "lender": lender,
        "invited": invited,
        "amount_minor": amount.minor,
        "repayment_minor": repayment.minor,
        "currency": amount.currency.code(),
        "every_days": every_days,
        "state": state.name(),
        "repaid_minor": found.loan.repaid().minor,
        "owed_minor": found.loan.owed().minor,
        "given": given.map(|day| day.to_string()),
        "site": found.site.as_ref().map(|site| site.as_str()),
        "asked_by": found.asked_by,
        "created": found.created.rfc3339(),
        "ended": found.ended.map(Wall::rfc3339),
    })
}

fn repayment(line: &Repayment) -> Value {
    let (by, id) = match line.cause {
        Cause::Hand(wish) => ("hand", wish.to_string()),
        Cause::Deposit(purchase) => ("deposit", purchase.to_string()),
    };
    json!({ "by": by, "id": id, "amount_minor": line.amount.minor, "time": line.at.rfc3339() })
}

/// `GET /api/ussd/queue/{phone}` (FEATURES C27)
pub async fn queue(State(app): State<App>, Path(phone): Path<String>) -> Api {
    let phone = number(&app, "phone", &phone)?;
    let (_, items) = queued(&app, phone).await?;
    let synced = items.iter().filter(|item| item.synced).count();
    Json::ok(json!({
        "phoneNumber": phone.e164(),
        "totalItems": items.len(),
        "syncedItems": synced,
        "unsyncedItems": items.len() - synced,
        "items": items.iter().map(|item| json!({
            "id": item.id,
            "type": "LOAN_REQUEST",
            "data": {
                "loan": item.loan.map(|loan| loan.to_string()),
                "amount_minor": item.amount_minor,
                "repayment_minor": item.repayment_minor,
            },
            "queuedAt": item.time.0,
            "synced": item.synced,
        })).collect::<Vec<_>>(),
    }))
}

/// `POST /api/ussd/sync` (FEATURES C26): what sites asked for this number is looked at again.
pub async fn sync(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let written = body.text("phoneNumber")?;
    body.finish()?;
    let phone = number(&app, "phoneNumber", &written)?;
    if let (Some(borrower), _) = queued(&app, phone).await? {
        ask(&app, &caller, &headers, Request::SyncLoans { borrower }).await?;
    }
    let (_, items) = queued(&app, phone).await?;
    let open: Vec<&Queued> = items.iter().filter(|item| !item.synced).collect();
    let error = |item: &&Queued| json!({ "id": item.id, "error": "this waits for an operator: see the page Loans" });
    Json::ok(json!({
        "success": open.is_empty(),
        "synced": items.len() - open.len(),
        "total": items.len(),
        "errors": open.iter().map(error).collect::<Vec<_>>(),
    }))
}

fn number(app: &App, field: &'static str, written: &str) -> Result<Phone, Refusal> {
    let read = Phone::parse(written, app.parts.settings.country);
    read.map_err(|error| Refusal::invalid(field, "bad_phone", error.to_string()))
}

async fn queued(app: &App, phone: Phone) -> Result<(Option<CustomerId>, Vec<Queued>), Refusal> {
    let found = app.parts.books.read(move |books| {
        let Some(customer) = read::customer_by_phone(books, phone)? else {
            return Ok((None, Vec::new()));
        };
        Ok((Some(customer.id), read::queue_of(books, customer.id)?))
    });
    found.await
}
