//! Money that goes out by the pretend providers: transfers of MTN, refunds and disbursements of Airtel, batches of
//! IntaSend.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    super::mpesa::{Answer, Response},
    BALANCE_AT_FIRST, Outcome, Request, Wallets, field, json as answer, whole,
};

/// Money that went out, or was to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payout {
    /// The provider's name for it, or ours where it keeps that.
    pub id: String,
    /// To whom.
    pub phone: u64,
    /// Whole units.
    pub amount: i64,
    /// Of this currency.
    pub currency: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The receipt of the payment that was given back.
    pub original: Option<String>,
    /// Our name for it.
    pub reference: String,
}

impl Wallets {
    /// All payouts, the oldest first.
    pub fn payouts(&self) -> &[Payout] {
        &self.payouts
    }

    /// Takes a payout, unless it goes wrong; the answer that goes with what goes wrong.
    fn send(&mut self, payout: Payout) -> Option<Answer> {
        let fault = self.behaviour_of(payout.phone).payout_fault;
        if fault.takes_the_request() {
            if payout.outcome == Outcome::Paid {
                *self.balances.entry(payout.phone).or_insert(BALANCE_AT_FIRST) += payout.amount;
            }
            self.payouts.push(payout);
        }
        fault.answer()
    }

    fn sent(&self, id: &str) -> Option<&Payout> {
        self.payouts.iter().find(|payout| payout.id == id)
    }
}

/// `disbursement/v1_0/transfer`, and its status one segment below.
pub(super) fn of_mtn(wallets: &mut Wallets, request: &Request, currency: &str) -> Answer {
    let error = |status, code| answer(status, &json!({"code": code, "message": "The request cannot be done."}));
    let path = request.path.strip_prefix("disbursement/v1_0/transfer").unwrap_or("?");
    if let ("GET", Some(id)) = (request.method.as_str(), path.strip_prefix('/')) {
        return match wallets.sent(id) {
            None => error(404, "RESOURCE_NOT_FOUND"),
            Some(payout) => {
                let mut body = json!({
                    "amount": payout.amount.to_string(), "currency": payout.currency, "externalId": payout.reference,
                    "payee": {"partyIdType": "MSISDN", "partyId": payout.phone.to_string()}, "status": "FAILED",
                });
                match payout.outcome {
                    Outcome::Paid => {
                        body["status"] = json!("SUCCESSFUL");
                        body["financialTransactionId"] = json!(number_of(&payout.id));
                    }
                    _ => body["reason"] = json!("INTERNAL_PROCESSING_ERROR"),
                }
                answer(200, &body)
            }
        };
    }
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let id = request.header("x-reference-id").to_owned();
    let amount = field(&body, "amount").as_deref().and_then(whole);
    let phone = field(&body["payee"], "partyId").and_then(|party| party.parse::<u64>().ok());
    let fits = request.method == "POST" && path.is_empty() && super::mtn::is_uuid(&id);
    let (Some(amount), Some(phone), true) = (amount, phone, fits) else {
        return error(400, "BAD_REQUEST");
    };
    if field(&body, "currency").as_deref() != Some(currency) {
        return error(500, "INVALID_CURRENCY");
    }
    if wallets.sent(&id).is_some() {
        return error(409, "RESOURCE_ALREADY_EXIST");
    }
    let payout = Payout {
        id,
        phone,
        amount,
        currency: currency.to_owned(),
        outcome: wallets.behaviour_of(phone).payout_outcome,
        original: None,
        reference: field(&body, "externalId").unwrap_or_default(),
    };
    wallets.send(payout).unwrap_or_else(|| {
        Answer::Response(Response {
            status: 202,
            content_type: "application/json",
            body: String::new(),
        })
    })
}

/// `standard/v1/payments/refund` and `standard/v2/disbursements/`.
pub(super) fn of_airtel(wallets: &mut Wallets, request: &Request, country: (&str, &str, u64)) -> Answer {
    let refused = |code: &str| {
        let status = json!({"code": "400", "message": "refused", "result_code": code, "success": false});
        answer(400, &json!({ "status": status }))
    };
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let transaction = &body["transaction"];
    if request.path.ends_with("/refund") {
        let original = field(transaction, "airtel_money_id").unwrap_or_default();
        let Some(paid) = wallets.ledger.iter().find(|line| line.receipt == original).cloned() else {
            return refused("ESB000045");
        };
        if wallets
            .payouts
            .iter()
            .any(|known| known.original.as_ref() == Some(&original))
        {
            return refused("ESB000041");
        }
        let payout = Payout {
            id: format!("R{original}"),
            phone: paid.phone,
            amount: paid.amount,
            currency: paid.currency,
            outcome: wallets.behaviour_of(paid.phone).payout_outcome,
            original: Some(original),
            reference: String::new(),
        };
        let taken = json!({"data": {"transaction": {"status": "SUCCESS"}},
            "status": {"code": "200", "message": "SUCCESS", "result_code": "ESB000010", "success": true}});
        return wallets.send(payout).unwrap_or_else(|| answer(200, &taken));
    }
    let amount = transaction["amount"].as_i64().filter(|amount| *amount >= 1);
    let number = field(&body["payee"], "msisdn").filter(|number| number.len() == 9);
    let phone = number.and_then(|number| number.parse::<u64>().ok());
    let (Some(amount), Some(phone), Some(id)) = (amount, phone, field(transaction, "id")) else {
        return refused("ESB000008");
    };
    if field(&body, "pin").is_none_or(|pin| pin.is_empty()) {
        return refused("ESB000008");
    }
    if wallets.sent(&id).is_some() {
        return refused("ESB000041");
    }
    let phone = country.2 * 1_000_000_000 + phone;
    let outcome = wallets.behaviour_of(phone).payout_outcome;
    let response = match outcome {
        Outcome::Paid => "DP00900001001",
        _ => "DP00900001000",
    };
    let done = json!({"data": {"transaction": {"id": id, "airtel_money_id": number_of(&id), "status": "TS"}},
        "status": {"code": "200", "result_code": "ESB000010", "response_code": response, "success": true}});
    let payout = Payout {
        reference: id.clone(),
        id,
        phone,
        amount,
        currency: country.1.to_owned(),
        outcome,
        original: None,
    };
    wallets.send(payout).unwrap_or_else(|| answer(200, &done))
}

/// `api/v1/send-money/initiate/` and `…/status/`.
pub(super) fn of_intasend(wallets: &mut Wallets, request: &Request) -> Answer {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    if request.path.ends_with("/status/") {
        let tracking = field(&body, "tracking_id").unwrap_or_default();
        let Some(payout) = wallets.sent(&tracking) else {
            return answer(400, &json!({"detail": "no such batch"}));
        };
        let (paid, failed) = match payout.outcome {
            Outcome::Paid => (payout.amount, 0),
            _ => (0, payout.amount),
        };
        return answer(
            200,
            &json!({"tracking_id": tracking, "status": "as it stands", "paid_amount": format!("{paid}.00"),
                    "failed_amount": format!("{failed}.00"), "actual_charges": "10.00"}),
        );
    }
    let one = &body["transactions"][0];
    let way =
        field(&body, "provider").as_deref() == Some("MPESA-B2C") && field(&body, "currency").as_deref() == Some("KES");
    let amount = one["amount"].as_i64().filter(|amount| *amount >= 1);
    let phone = field(one, "account").and_then(|phone| phone.parse().ok());
    let (Some(amount), Some(phone), true) = (amount, phone, way) else {
        return answer(400, &json!({"detail": "a field is not valid"}));
    };
    let id = format!("5ecf3a-{}", wallets.payouts.len());
    let payout = Payout {
        id: id.clone(),
        phone,
        amount,
        currency: "KES".to_owned(),
        outcome: wallets.behaviour_of(phone).payout_outcome,
        original: None,
        reference: String::new(),
    };
    let taken = json!({"tracking_id": id, "status": "Confirming balance"});
    wallets.send(payout).unwrap_or_else(|| answer(200, &taken))
}

/// A receipt that is the same whenever it is told.
fn number_of(id: &str) -> String {
    let add = |sum: u64, byte: u8| sum.wrapping_mul(31).wrapping_add(u64::from(byte));
    let number = id.bytes().fold(11, add);
    format!("{}", 100_000_000 + number % 900_000_000)
}
