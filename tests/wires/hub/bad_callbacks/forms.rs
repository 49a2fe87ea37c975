//! The words of providers in their right form, and every way to spoil them, made from the right form itself.

use std::fmt;

use kiosk::provider::Provider;
use serde_json::{Map, Value, json};
use world::{programme::WEBHOOK_SECRET, sandbox::wallets::callback_hash};

use super::{put, scene::Purchase};

/// The pretend portal's key for callbacks.
const CALLBACK_KEY: &str = "pretend-callback_key";

/// One field of a body, and what stands there instead.
#[derive(Clone, Debug)]
pub struct Case {
    /// Which field (RFC 6901).
    pub pointer: String,
    /// What; `None` when it is left out.
    value: Option<Value>,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match &self.value {
            Some(value) => value.to_string(),
            None => "left out".to_owned(),
        };
        let shown: String = text.chars().take(60).collect();
        write!(f, "{}: {shown}", self.pointer)
    }
}

impl Case {
    /// The body with its field spoilt.
    pub fn apply(&self, whole: Value) -> Value {
        match &self.value {
            Some(value) => put(whole, &self.pointer, value.clone()),
            None => without(whole, &self.pointer),
        }
    }
}

fn without(mut whole: Value, pointer: &str) -> Value {
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        return Value::Null;
    };
    match whole.pointer_mut(parent) {
        Some(Value::Object(fields)) => drop(fields.remove(name)),
        Some(Value::Array(items)) => drop(name.parse().map(|place: usize| items.remove(place))),
        _ => {}
    }
    whole
}

/// Everything that is put in the place of a field.
fn odd_values() -> Vec<Option<Value>> {
    let mut values = vec![None];
    values.extend(
        [
            json!(null),
            json!(true),
            json!([]),
            json!({}),
            json!([1, "2"]),
            json!(0),
            json!(-1),
            json!(1.5),
            json!(1e30),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(""),
            json!(" "),
            json!("-4000"),
            json!("NaN"),
            json!("Infinity"),
            json!("1e309"),
            json!("1000000000000000000000000000000"),
            json!("9223372036854775808"),
            json!("0x20"),
            json!("<html>"),
            json!("'; DROP TABLE purchase; --"),
            json!("\u{0}\u{202e}\u{feff}"),
            json!("9".repeat(10_000)),
        ]
        .map(Some),
    );
    values
}

/// Every field of a body, and of what is in it, with everything odd in its place.
pub fn cases(whole: &Value) -> Vec<Case> {
    let mut pointers = Vec::new();
    walk(whole, String::new(), &mut pointers);
    let spoilt = |pointer: &String| {
        let pointer = pointer.clone();
        odd_values().into_iter().map(move |value| Case {
            pointer: pointer.clone(),
            value,
        })
    };
    pointers.iter().flat_map(spoilt).collect()
}

fn walk(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => (0..).map(|place: usize| place.to_string()).zip(items).collect(),
        _ => Vec::new(),
    };
    if !pointer.is_empty() {
        pointers.push(pointer.clone());
    }
    for (name, value) in inner {
        walk(value, format!("{pointer}/{name}"), pointers);
    }
}

/// What the provider says of a purchase that was paid, as a value. Airtel's hash is put there by [`word`].
pub fn right(provider: Provider, purchase: &Purchase) -> Value {
    let Purchase {
        reference,
        token,
        phone,
        amount,
        ..
    } = purchase;
    match provider {
        Provider::Mpesa => json!({"Body": {"stkCallback": {
        "MerchantRequestID": "29115-34620561-1", "CheckoutRequestID": reference, "ResultCode": 0,
        "ResultDesc": "The service request is processed successfully.",
        "CallbackMetadata": {"Item": [
            {"Name": "Amount", "Value": amount}, {"Name": "MpesaReceiptNumber", "Value": purchase.receipt()},
            {"Name": "TransactionDate", "Value": 20_261_121_090_000_u64}, {"Name": "PhoneNumber", "Value": phone},
        ]}}}}),
        Provider::Mtn => json!({
            "amount": amount.to_string(), "currency": "EUR", "externalId": reference,
            "payer": {"partyIdType": "MSISDN", "partyId": phone.to_string()}, "payerMessage": "Water", "payeeNote": "",
            "status": "SUCCESSFUL", "financialTransactionId": purchase.receipt()}),
        Provider::Airtel => json!({"transaction": {
            "id": reference, "message": "paid", "status_code": "TS", "airtel_money_id": purchase.receipt()}}),
        Provider::Intasend => json!({
            "invoice_id": reference, "state": "COMPLETE", "provider": "M-PESA", "charges": "0.00",
            "net_amount": format!("{amount}.00"), "currency": "KES", "value": format!("{amount}.00"),
            "account": phone.to_string(), "api_ref": token, "failed_reason": null,
            "created_at": "2026-11-21T09:00:00+03:00", "challenge": "pretend-challenge"}),
    }
}

/// The bytes of a word: Airtel's are hashed as they are, odd or not, so that no oddity is refused for its hash alone.
pub fn word(provider: Provider, body: &Value) -> String {
    match (provider, body.as_object()) {
        (Provider::Airtel, Some(fields)) => {
            let transaction = fields.get("transaction").map(Value::to_string);
            let hash = |text: &String| callback_hash(CALLBACK_KEY, &format!(r#"{{"transaction":{text}}}"#));
            let mut whole: Map<String, Value> = fields.clone();
            whole.insert("hash".to_owned(), json!(transaction.as_ref().map(hash)));
            json!(whole).to_string()
        }
        _ => body.to_string(),
    }
}

/// Words in their right form that are not about this purchase, or not from whom they should be: what, bytes, and path.
pub fn foreign(provider: Provider, purchase: &Purchase) -> Vec<(&'static str, String, String)> {
    let whole = right(provider, purchase);
    let (name, amount, phone) = match provider {
        Provider::Mpesa => (
            "/Body/stkCallback/CheckoutRequestID",
            "/Body/stkCallback/CallbackMetadata/Item/0/Value",
            "/Body/stkCallback/CallbackMetadata/Item/3/Value",
        ),
        Provider::Mtn => ("/externalId", "/amount", "/payer/partyId"),
        // Airtel tells neither.
        Provider::Airtel => ("/transaction/id", "", ""),
        Provider::Intasend => ("/invoice_id", "/value", "/account"),
    };
    let path = purchase.path();
    let of = |whole: &Value| word(provider, whole);
    let mut words = vec![(
        "an unknown name",
        of(&put(whole.clone(), name, json!("ws_CO_21112026090000000999"))),
        path.clone(),
    )];
    if !amount.is_empty() {
        let one = put(whole.clone(), amount, json!("1"));
        words.push(("another amount", of(&one), path.clone()));
        words.push((
            "another phone",
            of(&put(whole.clone(), phone, json!("254799999999"))),
            path.clone(),
        ));
    }
    let secrets = [
        ("another secret", path.replace(WEBHOOK_SECRET, &"f".repeat(32))),
        (
            "a longer secret",
            path.replace(WEBHOOK_SECRET, &format!("{WEBHOOK_SECRET}0")),
        ),
        ("no secret", path.replace(&format!("/{WEBHOOK_SECRET}"), "")),
    ];
    words.extend(secrets.map(|(what, path)| (what, of(&whole), path)));
    words
}

/// What Daraja says by itself, by the last part of its address.
pub fn words(account: &str) -> [(&'static str, Value); 4] {
    let arrival = json!({
        "TransactionType": "Pay Bill", "TransID": "RKTQDM7W6S", "TransTime": "20261121090000", "TransAmount": "40.00",
        "BusinessShortCode": "174379", "BillRefNumber": account, "InvoiceNumber": "", "OrgAccountBalance": "",
        "ThirdPartyTransID": "", "MSISDN": "25470****149", "FirstName": "Jane", "MiddleName": "", "LastName": ""});
    let parameter = |key: &str, value: Value| json!({"Key": key, "Value": value});
    let result = json!({"Result": {
        "ResultType": 0, "ResultCode": 0, "ResultDesc": "done", "OriginatorConversationID": "order-1",
        "ConversationID": "AG_20261121_1", "TransactionID": "RKTQDM7W6T",
        "ResultParameters": {"ResultParameter": [
            parameter("TransactionAmount", json!(40)), parameter("TransactionReceipt", json!("RKTQDM7W6T")),
            parameter("TransactionCompletedDateTime", json!("21.11.2026 09:00:00")),
            parameter("B2CRecipientIsRegisteredCustomer", json!("Y")),
        ]},
        "ReferenceData": {"ReferenceItem": {"Key": "QueueTimeoutURL", "Value": "https://hub.example"}}}});
    let timeout = json!({"Result": {
        "ResultType": 1, "ResultCode": 1, "ResultDesc": "The service request timed out.",
        "OriginatorConversationID": "order-2", "ConversationID": "AG_20261121_2", "TransactionID": "RKTQDM7W6V"}});
    [
        ("validation", arrival.clone()),
        ("confirmation", arrival),
        ("result", result),
        ("timeout", timeout),
    ]
}
