//! Forms as browsers send them: `application/x-www-form-urlencoded` (WHATWG URL, section 5).

use std::collections::BTreeMap;

use ::kiosk::ids::ProviderReceipt;
use axum::extract::{FromRequest, Request};

use super::super::{answer::Refused, body};
use crate::hub::effect::Refusal;

/// The fields of a form. A name that stands twice counts once, by its last value.
#[derive(Clone, Debug, Default)]
pub struct Fields(BTreeMap<String, String>);

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Fields, Refused> {
        Ok(Fields::parse(&body::read(request, state).await?))
    }
}

impl Fields {
    /// Reads a form. Bytes that are no text are replaced, as browsers do.
    pub fn parse(bytes: &[u8]) -> Fields {
        let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        let fields = pairs.map(|pair| {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            (decode(name), decode(value))
        });
        Fields(fields.collect())
    }

    /// Takes a field out; one that was left empty is none.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let text = self.0.remove(name)?;
        let text = text.trim();
        (!text.is_empty() && text.len() <= body::TEXT_BYTES_MAX).then(|| text.to_owned())
    }

    /// Takes a field as it came, of any length; empty when it is not there.
    pub fn whole(&mut self, name: &str) -> String {
        self.0.remove(name).unwrap_or_default()
    }

    /// Takes a field that must be filled in.
    pub fn need(&mut self, name: &'static str, what: &str) -> Result<String, Refusal> {
        self.take(name)
            .ok_or_else(|| Refusal::invalid(name, "missing_field", format!("Please fill in {what}.")))
    }

    /// Takes a provider's receipt, where one was typed.
    pub fn receipt(&mut self) -> Result<Option<ProviderReceipt>, Refusal> {
        let typed = self.take("receipt").map(|text| {
            text.parse::<ProviderReceipt>()
                .map_err(|error| Refusal::invalid("receipt", "bad_field", error.to_string()))
        });
        typed.transpose()
    }

    /// Takes a password: white space belongs to it.
    pub fn password(&mut self, name: &str) -> String {
        self.whole(name)
    }

    /// The key by which a second click is known.
    pub fn key(&mut self) -> Option<String> {
        self.take("key")
            .filter(|key| key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }
}

fn decode(bytes: &[u8]) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        let escaped = match byte {
            b'%' => digit(bytes.get(place + 1)).zip(digit(bytes.get(place + 2))),
            _ => None,
        };
        match (byte, escaped) {
            (_, Some((high, low))) => {
                decoded.push((high * 16 + low) as u8);
                place += 2;
            }
            (b'+', None) => decoded.push(b' '),
            (byte, None) => decoded.push(*byte),
        }
        place += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_browsers_write_them() {
        let mut fields = Fields::parse(b"phone=%2B254+700&name=Akinyi%20O%27D&empty=&odd=50%&pass=+a+&last");
        assert_eq!(fields.take("phone").as_deref(), Some("+254 700"));
        assert_eq!(fields.take("name").as_deref(), Some("Akinyi O'D"));
        assert_eq!(fields.take("odd").as_deref(), Some("50%"));
        assert_eq!(fields.password("pass"), " a ");
        assert_eq!((fields.take("empty"), fields.take("last")), (None, None));
        assert!(fields.need("name", "the name").is_err());
    }
}
