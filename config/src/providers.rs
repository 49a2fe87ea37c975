//! Payment and messaging providers of the hub. A provider nobody configured is `None`; one of which a single key is
//! set must have all it needs. Secrets are paths: the program reads them with [`crate::Secret::read`].

use std::path::PathBuf;

use crate::{WebAddress, reader::Reader};

const DARAJA: &str = "https://api.safaricom.co.ke";
const AFRICAS_TALKING: &str = "https://api.africastalking.com";

/// `[payments.mpesa]`: Safaricom's Daraja.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mpesa {
    /// `base_url`: Safaricom's, or a sandbox's.
    pub base_url: WebAddress,
    /// `shortcode`: the paybill, or for a till the number of the store; 5 to 7 digits.
    pub shortcode: String,
    /// `till`: the till's number; `None` for a paybill.
    pub till: Option<String>,
    /// `passkey_file`
    pub passkey_file: PathBuf,
    /// `consumer_key_file`
    pub consumer_key_file: PathBuf,
    /// `consumer_secret_file`
    pub consumer_secret_file: PathBuf,
    /// `callback_url`: the hub as Safaricom sees it; paths are appended.
    pub callback_url: WebAddress,
}

impl Mpesa {
    pub(crate) fn read(reader: &mut Reader) -> Option<Mpesa> {
        let used = reader.uses("payments.mpesa", DARAJA);
        let base_url = reader.parsed("payments.mpesa.base_url", DARAJA);
        let shortcode = reader.needed(used, "payments.mpesa.shortcode", digits);
        let till = reader.optional("payments.mpesa.till", digits);
        let passkey_file = reader.needed(used, "payments.mpesa.passkey_file", file);
        let consumer_key_file = reader.needed(used, "payments.mpesa.consumer_key_file", file);
        let consumer_secret_file = reader.needed(used, "payments.mpesa.consumer_secret_file", file);
        let callback_url = reader.needed(used, "payments.mpesa.callback_url", web_address);
        Some(Mpesa {
            base_url,
            shortcode: shortcode?,
            till,
            passkey_file: passkey_file?,
            consumer_key_file: consumer_key_file?,
            consumer_secret_file: consumer_secret_file?,
            callback_url: callback_url?,
        })
    }
}

/// `[messaging.africastalking]`: SMS and USSD by Africa's Talking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfricasTalking {
    /// `base_url`: of the messaging service.
    pub base_url: WebAddress,
    /// `username`: of the application; `sandbox` at their sandbox.
    pub username: String,
    /// `api_key_file`
    pub api_key_file: PathBuf,
    /// `sender`: a short code or a registered name; `None` leaves the provider's own.
    pub sender: Option<String>,
}

impl AfricasTalking {
    pub(crate) fn read(reader: &mut Reader) -> Option<AfricasTalking> {
        let used = reader.uses("messaging.africastalking", AFRICAS_TALKING);
        let base_url = reader.parsed("messaging.africastalking.base_url", AFRICAS_TALKING);
        let username = reader.needed(used, "messaging.africastalking.username", word);
        let api_key_file = reader.needed(used, "messaging.africastalking.api_key_file", file);
        let sender = reader.optional("messaging.africastalking.sender", word);
        Some(AfricasTalking {
            base_url,
            username: username?,
            api_key_file: api_key_file?,
            sender,
        })
    }
}

fn digits(text: &str) -> Result<String, String> {
    match (5..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("must be 5 to 10 digits".to_owned()),
    }
}

fn file(text: &str) -> Result<PathBuf, String> {
    match text.starts_with('/') {
        true => Ok(PathBuf::from(text)),
        false => Err("must be the absolute path of a file".to_owned()),
    }
}

fn web_address(text: &str) -> Result<WebAddress, String> {
    text.parse().map_err(|error| format!("{error}"))
}

fn word(text: &str) -> Result<String, String> {
    match text.len() <= 64 && text.chars().all(|c| c.is_ascii_graphic()) {
        true => Ok(text.to_owned()),
        false => Err("must be at most 64 letters, digits and signs without a space".to_owned()),
    }
}
