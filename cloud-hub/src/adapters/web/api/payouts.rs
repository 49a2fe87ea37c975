//! Money that goes out.

use ::kiosk::{
    ids::{CustomerId, ProviderReceipt},
    moment::Wall,
    payout::{PayoutOrder, PayoutState},
    provider::Provider,
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
    input::{NewRefund, NewWithdrawal, PayBy, PayoutId, PurchaseId, Request},
    store::read::{self, Payout, PayoutFilter},
};

/// `POST /api/v1/purchases/{id}/refund`
pub async fn refund(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(purchase): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let new = NewRefund {
        purchase: PurchaseId(id(&purchase, "purchase")?),
        amount_minor: body.maybe_integer("amount_minor")?,
        pay_by: pay_by(&mut body)?,
        reason: body.text("reason")?,
    };
    body.finish()?;
    begun(ask(&app, &caller, &headers, Request::Refund(new)).await?)
}

/// `POST /api/v1/customers/{id}/withdraw`
pub async fn withdraw(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(customer): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let provider = body.maybe_text("provider")?.map(|name| {
        let message = "provider must be mpesa, mtn, airtel or intasend";
        Provider::from_name(&name).ok_or_else(|| Refusal::invalid("provider", "bad_field", message))
    });
    let new = NewWithdrawal {
        customer: CustomerId(id(&customer, "customer")?),
        amount_minor: body.integer("amount_minor")?,
        provider: provider.transpose()?,
        pay_by: pay_by(&mut body)?,
        reason: body.text("reason")?,
    };
    body.finish()?;
    begun(ask(&app, &caller, &headers, Request::Withdraw(new)).await?)
}

fn pay_by(body: &mut Body) -> Result<PayBy, Refusal> {
    match body.maybe_text("by")? {
        None => Ok(PayBy::Provider),
        Some(word) => PayBy::from_name(&word)
            .ok_or_else(|| Refusal::invalid("by", "bad_field", "by must be provider, wallet or hand")),
    }
}

/// `POST /api/v1/suspense/{provider}/{receipt}/return`
pub async fn give_back(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((provider, receipt)): Path<(String, String)>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let none = || Refusal::not_found("payment");
    let provider = Provider::from_name(&provider).ok_or_else(none)?;
    let receipt: ProviderReceipt = receipt.parse().map_err(|_| none())?;
    let reason = body.text("reason")?;
    body.finish()?;
    let request = Request::ReturnMoney {
        provider,
        receipt,
        reason,
    };
    begun(ask(&app, &caller, &headers, request).await?)
}

fn begun(response: Response) -> Api {
    match response {
        Response::Payout { payout, state } => Json::accepted(json!({
            "id": payout.to_string(),
            "state": state.name(),
        })),
        _ => Err(unexpected().into()),
    }
}

/// `GET /api/v1/payouts`
pub async fn payouts(State(app): State<App>, mut query: Query) -> Api {
    let filter = PayoutFilter {
        state: query.state(PayoutState::from_name, "of a payout")?,
        customer: query.parsed::<CustomerId>("customer")?,
    };
    let (limit, after) = (query.limit()?, query.after()?.unwrap_or(i64::MAX));
    query.finish()?;
    let page = app
        .parts
        .books
        .read(move |books| read::payouts(books, &filter, after, limit))
        .await?;
    Json::ok(list(page.items.iter().map(shown), page.next))
}

/// `GET /api/v1/payouts/{id}`
pub async fn payout(State(app): State<App>, Path(payout): Path<String>) -> Api {
    let payout = PayoutId(id(&payout, "payout")?);
    let found = app.parts.books.read(move |books| read::payout(books, payout)).await?;
    let found = found.ok_or_else(|| Refusal::not_found("payout"))?;
    Json::ok(shown(&found))
}

/// `POST /api/v1/payouts/{id}/order`
pub async fn order(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(payout): Path<String>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let payout = PayoutId(id(&payout, "payout")?);
    let (word, receipt) = (body.text("order")?, body.maybe_parsed::<ProviderReceipt>("receipt")?);
    let note = body.text("note")?;
    body.finish()?;
    let order = ordered(&word, receipt)?;
    let request = Request::OrderPayout { payout, order, note };
    match ask(&app, &caller, &headers, request).await? {
        Response::Payout { payout, state } => Json::ok(json!({
            "id": payout.to_string(),
            "state": state.name(),
        })),
        _ => Err(unexpected().into()),
    }
}

/// `POST /api/v1/payouts/release`
pub async fn release(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    mut body: Body,
) -> Api {
    let note = body.text("note")?;
    body.finish()?;
    ask(&app, &caller, &headers, Request::ReleasePayouts { note }).await?;
    Json::ok(json!({}))
}

/// What a person says of a payout, in the words of the API and of its page.
pub fn ordered(word: &str, receipt: Option<ProviderReceipt>) -> Result<PayoutOrder, Refusal> {
    match (word, receipt) {
        ("made", receipt) => Ok(PayoutOrder::Made { receipt }),
        ("not_made", None) => Ok(PayoutOrder::NotMade),
        ("ask", None) => Ok(PayoutOrder::AskAgain),
        ("not_made" | "ask", Some(_)) => {
            let message = "a receipt belongs to a payout that was made";
            Err(Refusal::invalid("receipt", "bad_field", message))
        }
        _ => Err(Refusal::invalid(
            "order",
            "bad_field",
            "order must be ask, made or not_made",
        )),
    }
}

fn shown(payout: &Payout) -> Value {
    json!({
        "id": payout.id.to_string(),
        "kind": payout.kind,
        "customer": payout.customer.map(|customer| customer.to_string()),
        "purchase": payout.purchase.map(|purchase| purchase.to_string()),
        "provider": payout.provider,
        "way": payout.way,
        "original": payout.original,
        "amount_minor": payout.amount_minor,
        "to_wallet_minor": payout.to_wallet_minor,
        "currency": payout.currency,
        "volume_ml": payout.taken_back_ml,
        "fee_minor": payout.fee_minor,
        "key": payout.key,
        "state": payout.state,
        "failure": payout.failure,
        "receipt": payout.receipt,
        "reason": payout.reason,
        "asked_by": payout.asked_by,
        "created": payout.created.rfc3339(),
        "ended": payout.ended.map(Wall::rfc3339),
    })
}
