//! Amounts as providers write them: decimal texts or numbers, read exactly and never as floating point.

use kiosk::units::{Currency, Money};
use serde_json::Value;

/// A plain amount, such as `4000`, `10.36` or `300.00`, in minor units of `currency`; `None` for what is negative, too
/// large, written otherwise, or has more decimals than the currency, unless they are zero.
pub fn exact(text: &str, currency: Currency) -> Option<Money> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let plain = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(whole) || !plain(decimals) {
        return None;
    }
    let unit = currency.minor_per_unit();
    let mut minor = whole.parse::<i64>().ok()?.checked_mul(unit)?;
    let mut worth = unit;
    for digit in decimals.bytes().map(|byte| i64::from(byte - b'0')) {
        worth /= 10;
        if worth == 0 && digit != 0 {
            return None;
        }
        minor = minor.checked_add(worth.checked_mul(digit)?)?;
    }
    Some(Money::new(minor, currency))
}

/// A field that may be a string or a number, as text; `None` when absent, null or of another kind. A whole number written
/// with decimals (`1032.0`) reads as the whole number.
pub fn text(value: &Value, name: &str) -> Option<String> {
    scalar(value.get(name)?)
}

/// As [`text`], for a value at hand.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => {
            let text = number.to_string();
            Some(text.strip_suffix(".0").unwrap_or(&text).to_owned())
        }
        _ => None,
    }
}

/// A JSON object.
pub fn object(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body).ok().filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_exactly_or_not_at_all() {
        for (text, currency, minor) in [
            ("10.36", Currency::Kes, Some(1_036)),
            ("300.00", Currency::Kes, Some(30_000)),
            ("300.5", Currency::Kes, Some(30_050)),
            ("300.500", Currency::Kes, Some(30_050)),
            ("4000", Currency::Ugx, Some(4_000)),
            ("4000.00", Currency::Ugx, Some(4_000)),
            ("4000.50", Currency::Ugx, None),
            ("300.005", Currency::Kes, None),
            ("-5", Currency::Kes, None),
            ("+5", Currency::Kes, None),
            ("1e3", Currency::Kes, None),
            ("", Currency::Kes, None),
            (".5", Currency::Kes, None),
            ("5.", Currency::Kes, None),
            ("1,000", Currency::Kes, None),
            ("99999999999999999999", Currency::Kes, None),
        ] {
            assert_eq!(exact(text, currency).map(|money| money.minor), minor, "{text}");
        }
    }
}
