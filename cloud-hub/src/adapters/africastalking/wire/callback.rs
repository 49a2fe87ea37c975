//! What Africa's Talking posts by itself ("Notifications"): forms, without a signature. Each is a claim.

use kiosk::phone::{Country, Phone};

use crate::hub::input::{IncomingText, TextFate, TextReport};

/// The longest name of a text.
pub const ID_BYTES_MAX: usize = 128;
/// The largest body that is read: a text of ten parts, each letter written as `%XX` of three bytes, and what is around it.
pub const CALLBACK_BYTES_MAX: usize = 16 * 1_024;
/// The most fields that are looked at.
const FIELDS_MAX: usize = 32;

/// Why bytes are not such a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// More bytes than any has.
    #[error("text callback: more than {CALLBACK_BYTES_MAX} bytes")]
    TooLarge,
    /// A field that must be there is not, or is empty.
    #[error("text callback: {0} is missing")]
    Missing(&'static str),
    /// A field holds something it cannot hold.
    #[error("text callback: {0} is not valid")]
    Invalid(&'static str),
}

/// The fields of a form.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(body: &[u8]) -> Result<Form, FormError> {
        if body.len() > CALLBACK_BYTES_MAX {
            return Err(FormError::TooLarge);
        }
        let fields = form_urlencoded::parse(body).into_owned().take(FIELDS_MAX);
        Ok(Form(fields.collect()))
    }

    fn field(&self, name: &'static str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    fn id(&self) -> Result<String, FormError> {
        let id = self.field("id").ok_or(FormError::Missing("id"))?;
        match id.len() <= ID_BYTES_MAX && id.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(id.to_owned()),
            false => Err(FormError::Invalid("id")),
        }
    }

    /// Phones are written with their country's code. In a form that somebody did not encode, the plus is a space.
    fn phone(&self, name: &'static str) -> Result<Phone, FormError> {
        let number = self.field(name).ok_or(FormError::Missing(name))?;
        let digits = number.strip_prefix('+').unwrap_or(number);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FormError::Invalid(name));
        }
        Phone::parse(&format!("+{digits}"), Country::Kenya).map_err(|_| FormError::Invalid(name))
    }
}

/// Reads a text that came: `date from id linkId text to cost networkCode`. One without a word is a text, too.
pub fn received(body: &[u8]) -> Result<IncomingText, FormError> {
    let form = Form::read(body)?;
    let text = form.0.iter().find(|(name, _)| name == "text");
    let (_, text) = text.ok_or(FormError::Missing("text"))?;
    Ok(IncomingText {
        id: form.id()?,
        phone: form.phone("from")?,
        text: text.replace('\0', ""),
    })
}

/// Reads a report of delivery: `id status phoneNumber networkCode failureReason retryCount`.
pub fn reported(body: &[u8]) -> Result<TextReport, FormError> {
    let form = Form::read(body)?;
    let status = form.field("status").ok_or(FormError::Missing("status"))?;
    let is = |word: &str| status.eq_ignore_ascii_case(word);
    let reason = || form.field("failureReason").unwrap_or(status).to_owned();
    let fate = match status {
        _ if is("Success") => TextFate::Delivered,
        _ if is("Failed") || is("Rejected") || is("Expired") => TextFate::Failed(reason()),
        // The phone is off: the network goes on trying.
        _ if is("AbsentSubscriber") => TextFate::OnTheWay(Some(reason())),
        _ => TextFate::OnTheWay(None),
    };
    Ok(TextReport {
        message_id: form.id()?,
        phone: form.phone("phoneNumber")?,
        fate,
    })
}

/// Reads that somebody wants no more texts: `senderId phoneNumber`.
pub fn stopped(body: &[u8]) -> Result<Phone, FormError> {
    Form::read(body)?.phone("phoneNumber")
}
