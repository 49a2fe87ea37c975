//! Bodies in JSON, field by field, with errors that name the field.

use axum::{
    extract::{FromRequest, Request},
    http::HeaderMap,
};
use bytes::Bytes;
use serde_json::{Map, Value};

use super::answer::Refused;
use crate::hub::effect::{Refusal, RefusalKind};

/// The largest body that is read.
pub const BODY_BYTES_MAX: usize = 64 * 1_024;
/// The longest text in a field, in bytes.
pub const TEXT_BYTES_MAX: usize = 512;
/// The longest `Idempotency-Key`.
const KEY_BYTES_MAX: usize = 128;

/// The fields of a JSON object. Take each by name, then [`Body::finish`].
#[derive(Debug)]
pub struct Body(Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Body, Refused> {
        Ok(Body::parse(&read(request, state).await?)?)
    }
}

/// Reads a whole body, if it is not too large.
pub async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Refusal> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| match rejection.status().as_u16() {
            413 => Refusal::new(
                RefusalKind::Invalid,
                "too_large",
                format!("the body has more than {BODY_BYTES_MAX} bytes"),
            ),
            _ => Refusal::new(RefusalKind::Invalid, "bad_body", "the body did not arrive whole"),
        })
}

impl Body {
    /// Reads a JSON object.
    pub fn parse(bytes: &[u8]) -> Result<Body, Refusal> {
        let bad = |message: String| Refusal::new(RefusalKind::Invalid, "bad_json", message);
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Body(fields)),
            Ok(_) => Err(bad("the body must be a JSON object".to_owned())),
            Err(error) => Err(bad(format!("the body is not JSON: {error}"))),
        }
    }

    /// A text that must be there.
    pub fn text(&mut self, field: &'static str) -> Result<String, Refusal> {
        self.maybe_text(field)?.ok_or_else(|| missing(field))
    }

    /// A text; `null` is none.
    pub fn maybe_text(&mut self, field: &'static str) -> Result<Option<String>, Refusal> {
        self.maybe_text_of(field, TEXT_BYTES_MAX)
    }

    /// A text of at most so many bytes; `null` is none.
    pub fn maybe_text_of(&mut self, field: &'static str, bytes_max: usize) -> Result<Option<String>, Refusal> {
        match self.0.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() > bytes_max || text.contains('\0') => {
                Err(bad_field(field, format!("at most {bytes_max} bytes of text")))
            }
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(bad_field(field, "a text")),
        }
    }

    /// Whether a field is there and `null`; then it is taken.
    pub fn takes_null(&mut self, field: &'static str) -> bool {
        let is_null = self.0.get(field).is_some_and(Value::is_null);
        if is_null {
            self.0.remove(field);
        }
        is_null
    }

    /// A whole number that must be there. One beyond 64 bits is the largest there is: too much for every limit.
    pub fn integer(&mut self, field: &'static str) -> Result<i64, Refusal> {
        self.maybe_integer(field)?.ok_or_else(|| missing(field))
    }

    /// A whole number; `null` is none.
    pub fn maybe_integer(&mut self, field: &'static str) -> Result<Option<i64>, Refusal> {
        let whole = |value: &Value| match value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_u64().map(|_| i64::MAX)),
            _ => None,
        };
        match self.0.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => whole(&value)
                .map(Some)
                .ok_or_else(|| bad_field(field, "a whole number")),
        }
    }

    /// `true` or `false`, which must be there.
    pub fn boolean(&mut self, field: &'static str) -> Result<bool, Refusal> {
        self.maybe_boolean(field)?.ok_or_else(|| missing(field))
    }

    /// `true` or `false`; `null` is neither.
    pub fn maybe_boolean(&mut self, field: &'static str) -> Result<Option<bool>, Refusal> {
        match self.0.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(value)),
            Some(_) => Err(bad_field(field, "true or false")),
        }
    }

    /// A text of a type, which must be there.
    pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&mut self, field: &'static str) -> Result<T, Refusal> {
        self.maybe_parsed(field)?.ok_or_else(|| missing(field))
    }

    /// A text of a type; `null` is none.
    pub fn maybe_parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        field: &'static str,
    ) -> Result<Option<T>, Refusal> {
        let parse = |text: String| {
            text.parse()
                .map_err(|error| Refusal::invalid(field, "bad_field", format!("{field}: {error}")))
        };
        self.maybe_text(field)?.map(parse).transpose()
    }

    /// Nothing else may be in the body: a misspelled field must not be taken for one left out.
    pub fn finish(self) -> Result<(), Refusal> {
        let Some(name) = self.0.keys().next() else {
            return Ok(());
        };
        let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
        Err(Refusal {
            field: Some(shown.clone().into()),
            ..Refusal::new(
                RefusalKind::Invalid,
                "unknown_field",
                format!("there is no field {shown}"),
            )
        })
    }
}

/// The `Idempotency-Key` of a request, where there is one.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let graphic = text.bytes().all(|byte| byte.is_ascii_graphic());
    match (1..=KEY_BYTES_MAX).contains(&text.len()) && graphic {
        true => Ok(Some(text.to_owned())),
        false => Err(Refusal::new(
            RefusalKind::Invalid,
            "bad_idempotency_key",
            format!("Idempotency-Key must have 1 to {KEY_BYTES_MAX} printable characters without spaces"),
        )),
    }
}

fn missing(field: &'static str) -> Refusal {
    Refusal::invalid(field, "missing_field", format!("{field} is missing"))
}

fn bad_field(field: &'static str, rule: impl std::fmt::Display) -> Refusal {
    Refusal::invalid(field, "bad_field", format!("{field} must be {rule}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> Body {
        Body::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_wrong_names_its_field() {
        assert_eq!(Body::parse(b"{").unwrap_err().code, "bad_json");
        assert_eq!(Body::parse(b"[1]").unwrap_err().code, "bad_json");
        let mut fields = body(r#"{"phone":7,"volume_ml":1.5,"on":"yes","site":"No Site","none":null}"#);
        for (refusal, field) in [
            (fields.text("phone").unwrap_err(), "phone"),
            (fields.integer("volume_ml").unwrap_err(), "volume_ml"),
            (fields.boolean("on").unwrap_err(), "on"),
            (fields.parsed::<kiosk::ids::SiteName>("site").unwrap_err(), "site"),
        ] {
            assert_eq!((&*refusal.code, refusal.field.as_deref()), ("bad_field", Some(field)));
        }
        assert_eq!(fields.text("none").unwrap_err().code, "missing_field");
        fields.finish().unwrap();
        assert_eq!(body(r#"{"phnoe":"1"}"#).finish().unwrap_err().code, "unknown_field");
    }

    #[test]
    fn a_number_too_large_for_any_volume_is_still_a_number() {
        let largest = body(r#"{"volume_ml":18446744073709551615}"#).integer("volume_ml");
        assert_eq!(largest.unwrap(), i64::MAX);
        assert!(body(r#"{"volume_ml":1e3}"#).integer("volume_ml").is_err());
    }
}
