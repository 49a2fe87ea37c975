//! Fields of JSON bodies, read with words that say what to mend.

use kiosk::{fact::Outcome, ids::RequestId, talk::Language, units::Volume};
use serde_json::{Map, Number, Value};

use crate::site::{
    broadcast::{HOURS_TRUE, NewBroadcast},
    input::{Ask, Report, Who},
};

use super::problem::Problem;

/// The longest text taken in any field.
const TEXT_BYTES_MAX: usize = 256;

/// The longest text to everybody that is read, in bytes: one beyond the parts that it may have is told so, not its bytes.
const BROADCAST_BYTES_MAX: usize = 4_096;
/// The fields of a text to everybody and what language each is in; without one the site's.
pub(super) const BROADCAST_TEXTS: [(&str, Option<Language>); 4] = [
    ("text", None),
    ("text_en", Some(Language::English)),
    ("text_sw", Some(Language::Swahili)),
    ("text_fr", Some(Language::French)),
];

/// The fields of a JSON body. Unknown ones are ignored; no message repeats a value.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn read(body: &[u8]) -> Result<Fields, Problem> {
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Fields(fields)),
            Ok(_) => Err(Problem::bad_json("a JSON object is expected")),
            Err(error) => Err(Problem::bad_json(format!(
                "not JSON: line {}, column {}",
                error.line(),
                error.column()
            ))),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<String, Problem> {
        match self.optional_text(name)? {
            Some(text) => Ok(text),
            None => Err(Problem::field(name, "is missing")),
        }
    }

    pub(super) fn optional_text(&self, name: &str) -> Result<Option<String>, Problem> {
        self.text_up_to(TEXT_BYTES_MAX, name)
    }

    fn text_up_to(&self, bytes_max: usize, name: &str) -> Result<Option<String>, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() <= bytes_max => Ok(Some(text.clone())),
            Some(Value::String(_)) => Err(Problem::field(name, format!("longer than {bytes_max} bytes"))),
            Some(_) => Err(Problem::field(name, "must be a text")),
        }
    }

    /// Any integer; one beyond 64 bits counts as the nearest within.
    pub(super) fn integer(&self, name: &str) -> Result<i64, Problem> {
        match self.0.get(name) {
            None | Some(Value::Null) => Err(Problem::field(name, "is missing")),
            Some(Value::Number(number)) => {
                clamped(number).ok_or_else(|| Problem::field(name, "must be a whole number"))
            }
            Some(_) => Err(Problem::field(name, "must be a whole number")),
        }
    }

    pub(super) fn truth(&self, name: &str) -> Result<bool, Problem> {
        match self.0.get(name) {
            Some(Value::Bool(value)) => Ok(*value),
            _ => Err(Problem::field(name, "must be true or false")),
        }
    }

    pub(super) fn parsed<T: std::str::FromStr<Err: ToString>>(&self, name: &str) -> Result<T, Problem> {
        self.text(name)?
            .parse()
            .map_err(|error: T::Err| Problem::field(name, error.to_string()))
    }

    /// Whether there is such a field, be it null.
    pub(super) fn names(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// A verification. The request is `None` when the dispenser gave none.
    pub(super) fn ask(&self, spare: RequestId) -> Result<(Ask, bool), Problem> {
        let is_named = self.has("request");
        let ask = Ask {
            request: if is_named { self.parsed("request")? } else { spare },
            who: Who::User(self.text("user_id")?),
            pin: self.text("pin")?,
            token: None,
            volume_ml: self.integer("volume_ml")?,
        };
        Ok((ask, is_named))
    }

    /// A text to everybody, in the site's language or in several.
    pub(super) fn broadcast(&self) -> Result<NewBroadcast, Problem> {
        let mut texts = Vec::new();
        for (name, language) in BROADCAST_TEXTS {
            let text = self.text_up_to(BROADCAST_BYTES_MAX, name)?;
            texts.extend(text.map(|text| (language, text)));
        }
        let hours = match self.has("hours") {
            true => u32::try_from(self.integer("hours")?).unwrap_or(0),
            false => HOURS_TRUE,
        };
        Ok(NewBroadcast { texts, hours })
    }

    pub(super) fn report(&self) -> Result<Report, Problem> {
        let volume = Volume::try_from_ml(self.integer("volume_ml")?);
        let outcome = Outcome::from_name(&self.text("outcome")?);
        Ok(Report {
            request: self.parsed("request")?,
            volume: volume.ok_or_else(|| Problem::field("volume_ml", "must be millilitres, not negative"))?,
            outcome: outcome
                .ok_or_else(|| Problem::field("outcome", "must be complete, stopped, timeout, fault or power_lost"))?,
        })
    }
}

/// Numbers beyond 64 bits arrive as floating point; those that are whole numbers are as good as the largest.
fn clamped(number: &Number) -> Option<i64> {
    if let Some(number) = number.as_i64() {
        return Some(number);
    }
    if number.is_u64() {
        return Some(i64::MAX);
    }
    let number = number.as_f64()?;
    // 2^63: from here on every floating-point number is whole.
    let is_huge = number.abs() >= 9_223_372_036_854_775_808.0;
    is_huge.then_some(if number > 0.0 { i64::MAX } else { i64::MIN })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn volume(text: &str) -> Result<i64, String> {
        let fields = Fields::read(format!("{{\"volume_ml\":{text}}}").as_bytes());
        fields
            .and_then(|fields| fields.integer("volume_ml"))
            .map_err(|problem| problem.code.to_owned())
    }

    #[test]
    fn every_whole_number_is_taken_and_nothing_else() {
        assert_eq!(volume("20000"), Ok(20_000));
        assert_eq!(volume("-1"), Ok(-1));
        assert_eq!(volume("18446744073709551615"), Ok(i64::MAX));
        assert_eq!(volume("99999999999999999999999999"), Ok(i64::MAX));
        assert_eq!(volume("-99999999999999999999999999"), Ok(i64::MIN));
        for bad in ["1.5", "\"1\"", "true", "[1]", "null"] {
            assert_eq!(volume(bad), Err("bad_field".to_owned()), "{bad}");
        }
        assert_eq!(volume("1e999"), Err("bad_json".to_owned()));
    }
}
