//! Reading requests as strictly as Daraja does (Daraja portal, "M-Pesa Express Simulate", the table of fields).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::answer::{self, Answer};

/// A push that may go out.
pub(super) struct Order {
    pub(super) phone: u64,
    pub(super) amount: i64,
    pub(super) shortcode: String,
    pub(super) party_b: String,
    pub(super) account_reference: String,
    pub(super) callback_url: String,
    /// Whether the receiver fits the type; if not, the prompt ends with 2028.
    pub(super) is_valid_receiver: bool,
}

impl Order {
    pub(super) fn read(body: &Value) -> Result<Order, Answer> {
        let shortcode = credentials(body)?;
        let kind = field(body, "TransactionType", |text| {
            matches!(text, "CustomerPayBillOnline" | "CustomerBuyGoodsOnline")
        })?;
        let amount = field(body, "Amount", |text| {
            text.parse::<i64>().is_ok_and(|amount| amount >= 1)
        })?;
        field(body, "PartyA", is_phone)?;
        let phone = field(body, "PhoneNumber", is_phone)?;
        let party_b = field(body, "PartyB", |text| digits(text, 5, 7))?;
        let callback_url = field(body, "CallBackURL", |text| text.starts_with("http"))?;
        let account_reference = field(body, "AccountReference", |text| {
            (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })?;
        if body.get("TransactionDesc").is_some() {
            field(body, "TransactionDesc", |text| text.chars().count() <= 13)?;
        }
        let (Ok(phone), Ok(amount)) = (phone.parse(), amount.parse()) else {
            return Err(invalid("PhoneNumber"));
        };
        Ok(Order {
            phone,
            amount,
            is_valid_receiver: kind == "CustomerBuyGoodsOnline" || party_b == shortcode,
            shortcode,
            party_b,
            account_reference,
            callback_url,
        })
    }
}

/// The `CheckoutRequestID` of a query.
pub(super) fn read_query(body: &Value) -> Result<String, Answer> {
    credentials(body)?;
    field(body, "CheckoutRequestID", |text| !text.is_empty())
}

/// The short code, once the password is `base64(short code ++ passkey ++ timestamp)` for some passkey.
fn credentials(body: &Value) -> Result<String, Answer> {
    let shortcode = field(body, "BusinessShortCode", |text| digits(text, 5, 7))?;
    let timestamp = field(body, "Timestamp", |text| digits(text, 14, 14))?;
    let password = field(body, "Password", |text| !text.is_empty())?;
    let plain = STANDARD
        .decode(password)
        .ok()
        .and_then(|plain| String::from_utf8(plain).ok());
    let passkey = plain
        .as_deref()
        .and_then(|plain| plain.strip_prefix(shortcode.as_str())?.strip_suffix(timestamp.as_str()));
    match passkey {
        Some(passkey) if !passkey.is_empty() => Ok(shortcode),
        _ => Err(answer::error(500, "500.001.1001", "Wrong credentials")),
    }
}

/// A field as text, whether it came as string or number.
pub(super) fn field(body: &Value, name: &str, is_valid: impl Fn(&str) -> bool) -> Result<String, Answer> {
    let text = match body.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => return Err(invalid(name)),
    };
    if is_valid(&text) { Ok(text) } else { Err(invalid(name)) }
}

fn invalid(name: &str) -> Answer {
    answer::error(400, "400.002.02", &format!("Bad Request - Invalid {name}"))
}

pub(super) fn digits(text: &str, length_min: usize, length_max: usize) -> bool {
    (length_min..=length_max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn is_phone(text: &str) -> bool {
    digits(text, 12, 12) && (text.starts_with("2547") || text.starts_with("2541"))
}
