//! Money that goes out by the pretend Daraja (Daraja portal, "Business To Customer", "Reversal", "Transaction Status"):
//! every answer says no more than "taken", and what became of it is posted to the addresses that came with the order.

use kiosk::moment::Draw;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Answer, BALANCE_AT_FIRST, Callback, Mpesa, answer,
    order::{digits, field, is_phone},
    receipt,
};

/// The least that is paid out (integrators' lists).
const LEAST: i64 = 10;

/// An order that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Payout {
    /// `OriginatorConversationID`: the orderer's own for a payout, Daraja's for a reversal.
    pub order: String,
    /// `ConversationID`
    pub conversation: String,
    /// `TransactionID`
    pub receipt: String,
    /// Who was paid.
    pub phone: u64,
    /// Whole shillings that moved.
    pub amount: i64,
    /// The receipt that was reversed.
    pub original: Option<String>,
    /// How it ended: 0 moved the money.
    pub code: String,
    /// When, milliseconds since 1970.
    pub time_ms: i64,
}

/// Where what becomes of an order is told.
struct Addresses {
    result: String,
    timeout: String,
    shortcode: String,
}

impl Mpesa {
    /// All orders that were taken, the oldest first.
    pub fn payouts(&self) -> &[Payout] {
        &self.payouts
    }

    /// `mpesa/b2c/v3/paymentrequest`
    pub(super) fn pay_out(&mut self, now_ms: i64, draw: &Draw, body: &Value) -> Answer {
        let read = || {
            let order = field(body, "OriginatorConversationID", |text| !text.is_empty())?;
            field(body, "InitiatorName", |text| !text.is_empty())?;
            field(body, "CommandID", |text| {
                matches!(text, "BusinessPayment" | "SalaryPayment" | "PromotionPayment")
            })?;
            let whole = |text: &str| text.parse::<i64>().is_ok_and(|amount| amount >= LEAST);
            let amount = field(body, "Amount", whole)?.parse().unwrap_or_default();
            let phone = field(body, "PartyB", is_phone)?.parse().unwrap_or_default();
            Ok::<_, Answer>((order, amount, phone, addresses(body, "PartyA")?))
        };
        let (order, amount, phone, addresses) = match read() {
            Ok(read) => read,
            Err(refused) => return refused,
        };
        if self.payouts.iter().any(|known| known.order == order) {
            return answer::error(500, "500.002.1001", "Duplicate OriginatorConversationID.");
        }
        self.take(now_ms, draw, (order, phone, amount, None), &addresses)
    }

    /// `mpesa/reversal/v1/request`
    pub(super) fn reverse(&mut self, now_ms: i64, draw: &Draw, body: &Value) -> Answer {
        let read = || {
            field(body, "Initiator", |text| !text.is_empty())?;
            field(body, "CommandID", |text| text == "TransactionReversal")?;
            field(body, "RecieverIdentifierType", |text| text == "11")?;
            let amount = field(body, "Amount", |text| {
                text.parse::<i64>().is_ok_and(|amount| amount >= 1)
            })?;
            let original = field(body, "TransactionID", |text| !text.is_empty())?;
            Ok::<_, Answer>((
                original,
                amount.parse::<i64>().unwrap_or_default(),
                addresses(body, "ReceiverParty")?,
            ))
        };
        let (original, amount, addresses) = match read() {
            Ok(read) => read,
            Err(refused) => return refused,
        };
        let paid = self.ledger.iter().find(|line| line.receipt == original);
        let phone = paid.map_or(0, |line| line.phone);
        let order = format!("7071-4170-a0e4-{:012x}", draw.number("reversal") % (1 << 48));
        self.take(now_ms, draw, (order, phone, amount, Some(original)), &addresses)
    }

    fn take(
        &mut self,
        now_ms: i64,
        draw: &Draw,
        (order, phone, amount, original): (String, u64, i64, Option<String>),
        addresses: &Addresses,
    ) -> Answer {
        let behaviour = self.behaviour_of(phone).clone();
        if !behaviour.payout_fault.takes_the_request() {
            return behaviour.payout_fault.answer().unwrap_or(Answer::Silence);
        }
        let code = match &original {
            Some(original) if self.is_reversed(original) => "R000001".to_owned(),
            Some(original) if !self.ledger.iter().any(|line| line.receipt == *original) => "R000002".to_owned(),
            _ => behaviour.payout_code.clone(),
        };
        let moved = if behaviour.payout_pays > 0 {
            behaviour.payout_pays
        } else {
            amount
        };
        let payout = Payout {
            conversation: format!("AG_20261121_{:016x}", draw.number("conversation")),
            receipt: receipt(draw, &order),
            order,
            phone,
            amount: moved,
            original,
            code,
            time_ms: now_ms,
        };
        if payout.code == "0" {
            *self.balances.entry(phone).or_insert(BALANCE_AT_FIRST) += payout.amount;
        }
        let taken = json!({
            "ConversationID": payout.conversation, "OriginatorConversationID": payout.order, "ResponseCode": "0",
            "ResponseDescription": "Accept the service request successfully.",
        });
        let (url, body) = match behaviour.payout_times_out {
            true => (&addresses.timeout, payout_result(&payout, "SFC_TIMEOUT")),
            false => (&addresses.result, payout_result(&payout, &payout.code)),
        };
        for _ in 0..behaviour.payout_results {
            self.post(
                now_ms + behaviour.payout_result_delay_ms,
                url,
                &addresses.shortcode,
                body.clone(),
            );
        }
        self.payouts.push(payout);
        let fault = behaviour.payout_fault.answer();
        fault.unwrap_or_else(|| answer::json(200, &taken))
    }

    fn is_reversed(&self, original: &str) -> bool {
        let mut done = self.payouts.iter().filter(|payout| payout.code == "0");
        done.any(|payout| payout.original.as_deref() == Some(original))
    }

    /// `mpesa/transactionstatus/v1/query`: asked by our name of the order, answered by a post.
    pub(super) fn transaction_status(&mut self, now_ms: i64, draw: &Draw, body: &Value) -> Answer {
        let read = || {
            field(body, "Initiator", |text| !text.is_empty())?;
            field(body, "CommandID", |text| text == "TransactionStatusQuery")?;
            field(body, "IdentifierType", |text| text == "4")?;
            let order = field(body, "OriginalConversationID", |text| !text.is_empty())?;
            Ok::<_, Answer>((order, addresses(body, "PartyA")?))
        };
        let (order, addresses) = match read() {
            Ok(read) => read,
            Err(refused) => return refused,
        };
        let question = format!("1236-7134259-{:x}", draw.number("question") % 0xff_ffff);
        let conversation = format!("AG_20261121_{:016x}", draw.number("conversation"));
        let mut result = json!({
            "ResultType": 0, "ResultCode": 0, "ResultDesc": "The service request is processed successfully.",
            "OriginatorConversationID": question, "ConversationID": conversation, "TransactionID": "0000000000",
        });
        match self.payouts.iter().find(|payout| payout.order == order) {
            Some(payout) => {
                let status = if payout.code == "0" { "Completed" } else { "Declined" };
                result["ResultParameters"] = json!({"ResultParameter": [
                    {"Key": "ReceiptNo", "Value": payout.receipt},
                    {"Key": "Amount", "Value": format!("{}.00", payout.amount)},
                    {"Key": "TransactionStatus", "Value": status},
                ]});
            }
            None => result["ResultCode"] = json!(1),
        }
        for _ in 0..self.behaviour.status_results {
            let body = json!({ "Result": result }).to_string();
            self.post(now_ms, &addresses.result, &addresses.shortcode, body);
        }
        answer::json(
            200,
            &json!({"ConversationID": conversation, "OriginatorConversationID": question, "ResponseCode": "0",
                    "ResponseDescription": "Accept the service request successfully."}),
        )
    }

    fn post(&mut self, at_ms: i64, url: &str, shortcode: &str, body: String) {
        let callback = Callback {
            url: url.to_owned(),
            shortcode: shortcode.to_owned(),
            body,
            validates: None,
        };
        self.callbacks.push((at_ms, callback));
    }
}

fn addresses(body: &Value, party: &str) -> Result<Addresses, Answer> {
    let is_address = |text: &str| text.starts_with("http");
    field(body, "SecurityCredential", |text| !text.is_empty())?;
    field(body, "Remarks", |text| (2..=100).contains(&text.chars().count()))?;
    Ok(Addresses {
        shortcode: field(body, party, |text| digits(text, 5, 7))?,
        result: field(body, "ResultURL", is_address)?,
        timeout: field(body, "QueueTimeOutURL", is_address)?,
    })
}

/// The result of an order: a number for a code where it can be, and the parameters of its kind where it worked.
fn payout_result(payout: &Payout, code: &str) -> String {
    let number = code.parse::<i64>().map_or_else(|_| json!(code), |number| json!(number));
    let mut result = json!({
        "ResultType": 0, "ResultCode": number, "ResultDesc": "see the code",
        "OriginatorConversationID": payout.order, "ConversationID": payout.conversation,
        "TransactionID": payout.receipt,
    });
    if code == "0" {
        result["ResultParameters"] = match &payout.original {
            Some(original) => json!({"ResultParameter": [
                {"Key": "Amount", "Value": payout.amount}, {"Key": "OriginalTransactionID", "Value": original},
            ]}),
            None => json!({"ResultParameter": [
                {"Key": "TransactionAmount", "Value": payout.amount},
                {"Key": "TransactionReceipt", "Value": payout.receipt},
                {"Key": "ReceiverPartyPublicName", "Value": format!("{} - Jane Smith", payout.phone)},
                {"Key": "B2CRecipientIsRegisteredCustomer", "Value": "Y"},
            ]}),
        };
    }
    json!({ "Result": result }).to_string()
}
