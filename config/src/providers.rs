//! Payment and messaging providers of the hub. A provider nobody configured is `None`; one of which a single key is
//! set must have all it needs. Secrets are paths: the program reads them with [`crate::Secret::read`].

use std::path::PathBuf;

use kiosk::{payment::Msisdn, phone::Country, units::Currency};

use crate::{Network, WebAddress, reader::Reader};

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
    /// `pull_phone`: the phone that Safaricom has for the business, for asking which payments came; `None` does not ask.
    pub pull_phone: Option<Msisdn>,
    /// `initiator_name`: who gives orders to pay out; `None` pays nothing out.
    pub initiator_name: Option<String>,
    /// `initiator_credential_file`: the initiator's password under Safaricom's certificate, in base64.
    pub initiator_credential_file: Option<PathBuf>,
    /// `payout_shortcode`: the number that pays out; `shortcode` when not set.
    pub payout_shortcode: Option<String>,
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
        let pull_phone = reader.optional("payments.mpesa.pull_phone", msisdn);
        let initiator_name = reader.optional("payments.mpesa.initiator_name", word);
        let credential = "payments.mpesa.initiator_credential_file";
        let initiator_credential_file = reader.optional(credential, file);
        let payout_shortcode = reader.optional("payments.mpesa.payout_shortcode", digits);
        if initiator_name.is_some() != initiator_credential_file.is_some() {
            let lacking = match initiator_name {
                Some(_) => credential,
                None => "payments.mpesa.initiator_name",
            };
            reader.problem(
                lacking,
                "is missing: who pays out needs a name and a credential".to_owned(),
            );
        }
        let callback_url = reader.needed(used, "payments.mpesa.callback_url", web_address);
        Some(Mpesa {
            base_url,
            shortcode: shortcode?,
            till,
            passkey_file: passkey_file?,
            consumer_key_file: consumer_key_file?,
            consumer_secret_file: consumer_secret_file?,
            pull_phone,
            initiator_name,
            initiator_credential_file,
            payout_shortcode,
            callback_url: callback_url?,
        })
    }
}

/// The only target of MTN whose currency is nobody's: it settles in euros.
const MTN_SANDBOX: &str = "sandbox";
/// The currency of [`MTN_SANDBOX`].
const EURO: &str = "EUR";

/// The product "disbursement" of MTN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MtnDisbursement {
    /// `disbursement_subscription_key_file`
    pub subscription_key_file: PathBuf,
    /// `disbursement_api_user_file`
    pub api_user_file: PathBuf,
    /// `disbursement_api_key_file`
    pub api_key_file: PathBuf,
}

impl MtnDisbursement {
    fn read(reader: &mut Reader) -> Option<MtnDisbursement> {
        let keys = [
            "payments.mtn.disbursement_subscription_key_file",
            "payments.mtn.disbursement_api_user_file",
            "payments.mtn.disbursement_api_key_file",
        ];
        let files = keys.map(|key| (key, reader.optional(key, file)));
        if files.iter().any(|(_, file)| file.is_some()) {
            for (key, _) in files.iter().filter(|(_, file)| file.is_none()) {
                reader.problem(
                    *key,
                    "is missing: payouts need all three files of the product".to_owned(),
                );
            }
        }
        let [subscription_key_file, api_user_file, api_key_file] = files.map(|(_, file)| file);
        Some(MtnDisbursement {
            subscription_key_file: subscription_key_file?,
            api_user_file: api_user_file?,
            api_key_file: api_key_file?,
        })
    }
}

/// `[payments.mtn]`: MTN MoMo, for one country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mtn {
    /// `base_url`: of the country's API, or a sandbox's.
    pub base_url: WebAddress,
    /// `target_environment`: `mtnuganda`, `mtnrwanda` or `sandbox`.
    pub target_environment: String,
    /// `currency` as it is written to MTN; the target's own when not set.
    pub wire_currency: String,
    /// What it collects; `None` at the sandbox, where amounts of any currency are put as so many euros.
    pub currency: Option<Currency>,
    /// `subscription_key_file`: of the product "collection".
    pub subscription_key_file: PathBuf,
    /// `api_user_file`
    pub api_user_file: PathBuf,
    /// `api_key_file`
    pub api_key_file: PathBuf,
    /// `disbursement_…_file`: the same three of the product "disbursement"; `None` pays nothing out.
    pub disbursement: Option<MtnDisbursement>,
    /// `callback_url`: the hub as MTN sees it; paths are appended.
    pub callback_url: WebAddress,
}

impl Mtn {
    pub(crate) fn read(reader: &mut Reader) -> Option<Mtn> {
        let used = reader.uses("payments.mtn", "");
        let base_url = reader.needed(used, "payments.mtn.base_url", web_address);
        let target = reader.needed(used, "payments.mtn.target_environment", mtn_target);
        let currency = reader.optional("payments.mtn.currency", mtn_currency);
        let subscription_key_file = reader.needed(used, "payments.mtn.subscription_key_file", file);
        let api_user_file = reader.needed(used, "payments.mtn.api_user_file", file);
        let api_key_file = reader.needed(used, "payments.mtn.api_key_file", file);
        let disbursement = MtnDisbursement::read(reader);
        let callback_url = reader.needed(used, "payments.mtn.callback_url", web_address);
        let (target_environment, own) = target?;
        let usual = own.map_or(EURO, Currency::code);
        let wire_currency = currency.unwrap_or_else(|| usual.to_owned());
        if wire_currency != usual {
            let what = format!("is {wire_currency}, and {target_environment} takes {usual}");
            reader.problem("payments.mtn.currency", what);
        }
        Some(Mtn {
            base_url: base_url?,
            target_environment,
            wire_currency,
            currency: own,
            subscription_key_file: subscription_key_file?,
            api_user_file: api_user_file?,
            api_key_file: api_key_file?,
            disbursement,
            callback_url: callback_url?,
        })
    }
}

/// What the signature of Airtel's callbacks is made over. Its documents are not clear, so the operator says which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AirtelHash {
    /// `{"transaction":{…}}`, as in Airtel's sample.
    Document,
    /// What stands behind `"transaction":` alone.
    Transaction,
}

/// `[payments.airtel]`: Airtel Money, for one country.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Airtel {
    /// `base_url`: of the country's API, or a sandbox's.
    pub base_url: WebAddress,
    /// `country`: `KE`, `UG`, `TZ` or `RW`.
    pub country: Country,
    /// `currency`: the country's own when not set.
    pub currency: Currency,
    /// `client_id_file`
    pub client_id_file: PathBuf,
    /// `client_secret_file`
    pub client_secret_file: PathBuf,
    /// `signing`: sign pushes, as some countries ask.
    pub signing: bool,
    /// `disbursement_pin_file`: the PIN that pays to phones, under Airtel's key, in base64; `None` pays to none.
    pub disbursement_pin_file: Option<PathBuf>,
    /// `callback_key_file`: the key of the portal's callback authentication; `None` where that is off.
    pub callback_key_file: Option<PathBuf>,
    /// `callback_hash`
    pub callback_hash: AirtelHash,
    /// `callback_url`: the hub as Airtel sees it, for the address that a person enters in the portal.
    pub callback_url: WebAddress,
}

impl Airtel {
    pub(crate) fn read(reader: &mut Reader) -> Option<Airtel> {
        let hashes = [
            ("document", AirtelHash::Document),
            ("transaction", AirtelHash::Transaction),
        ];
        let used = reader.uses("payments.airtel", hashes[0].0);
        let base_url = reader.needed(used, "payments.airtel.base_url", web_address);
        let country = reader.needed(used, "payments.airtel.country", country);
        let currency = reader.optional("payments.airtel.currency", currency);
        let client_id_file = reader.needed(used, "payments.airtel.client_id_file", file);
        let client_secret_file = reader.needed(used, "payments.airtel.client_secret_file", file);
        let signing = reader.boolean("payments.airtel.signing", false);
        let disbursement_pin_file = reader.optional("payments.airtel.disbursement_pin_file", file);
        let callback_key_file = reader.optional("payments.airtel.callback_key_file", file);
        let callback_hash = reader.choice("payments.airtel.callback_hash", hashes[0].0, &hashes);
        let callback_url = reader.needed(used, "payments.airtel.callback_url", web_address);
        let country = country?;
        let usual = country.currency();
        if let Some(odd) = currency.filter(|currency| *currency != usual) {
            let what = format!("is {odd}, and Airtel in {} takes {usual}", country.code());
            reader.problem("payments.airtel.currency", what);
        }
        Some(Airtel {
            base_url: base_url?,
            country,
            currency: usual,
            client_id_file: client_id_file?,
            client_secret_file: client_secret_file?,
            signing,
            disbursement_pin_file,
            callback_key_file,
            callback_hash,
            callback_url: callback_url?,
        })
    }
}

/// `[payments.intasend]`: IntaSend, which collects by M-PESA in Kenya.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intasend {
    /// `base_url`: IntaSend's, or a sandbox's.
    pub base_url: WebAddress,
    /// `publishable_key_file`
    pub publishable_key_file: PathBuf,
    /// `secret_token_file`
    pub secret_token_file: PathBuf,
    /// `challenge_file`: what the dashboard's webhook has as its challenge.
    pub challenge_file: PathBuf,
    /// `payouts`: money may go out by it.
    pub payouts: bool,
    /// `callback_url`: the hub as IntaSend sees it, for the address that a person enters in the dashboard.
    pub callback_url: WebAddress,
}

impl Intasend {
    pub(crate) fn read(reader: &mut Reader) -> Option<Intasend> {
        let used = reader.uses("payments.intasend", "");
        let base_url = reader.needed(used, "payments.intasend.base_url", web_address);
        let publishable_key_file = reader.needed(used, "payments.intasend.publishable_key_file", file);
        let secret_token_file = reader.needed(used, "payments.intasend.secret_token_file", file);
        let challenge_file = reader.needed(used, "payments.intasend.challenge_file", file);
        let payouts = reader.boolean("payments.intasend.payouts", false);
        let callback_url = reader.needed(used, "payments.intasend.callback_url", web_address);
        Some(Intasend {
            base_url: base_url?,
            publishable_key_file: publishable_key_file?,
            secret_token_file: secret_token_file?,
            challenge_file: challenge_file?,
            payouts,
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
    /// `bulk`: send in the newer form, JSON to `version1/messaging/bulk`, which their sandbox does not have.
    pub bulk: bool,
    /// `callbacks_from`: who may call the webhooks for texts and for their USSD; anybody with the secret when empty.
    pub callbacks_from: Vec<Network>,
}

impl AfricasTalking {
    pub(crate) fn read(reader: &mut Reader) -> Option<AfricasTalking> {
        let used = reader.uses("messaging.africastalking", AFRICAS_TALKING);
        let base_url = reader.parsed("messaging.africastalking.base_url", AFRICAS_TALKING);
        let username = reader.needed(used, "messaging.africastalking.username", word);
        let api_key_file = reader.needed(used, "messaging.africastalking.api_key_file", file);
        let sender = reader.optional("messaging.africastalking.sender", word);
        let bulk = reader.boolean("messaging.africastalking.bulk", false);
        let callbacks_from = reader.list("messaging.africastalking.callbacks_from", "[\"192.0.2.0/24\"]");
        Some(AfricasTalking {
            base_url,
            username: username?,
            api_key_file: api_key_file?,
            sender,
            bulk,
            callbacks_from,
        })
    }
}

fn digits(text: &str) -> Result<String, String> {
    match (5..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("must be 5 to 10 digits".to_owned()),
    }
}

/// A phone of Kenya with its country code, as Safaricom writes it.
fn msisdn(text: &str) -> Result<Msisdn, String> {
    let is_kenyan = text.len() == 12 && text.starts_with("254") && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| is_kenyan);
    number
        .map(Msisdn)
        .ok_or_else(|| "must be a phone as 254700000102".to_owned())
}

/// A target of MTN in the countries served, with the currency it takes.
fn mtn_target(text: &str) -> Result<(String, Option<Currency>), String> {
    let currency = match text {
        "mtnuganda" => Some(Currency::Ugx),
        "mtnrwanda" => Some(Currency::Rwf),
        MTN_SANDBOX => None,
        _ => return Err(format!("must be mtnuganda, mtnrwanda or {MTN_SANDBOX}")),
    };
    Ok((text.to_owned(), currency))
}

fn mtn_currency(text: &str) -> Result<String, String> {
    match text {
        "UGX" | "RWF" | EURO => Ok(text.to_owned()),
        _ => Err(format!("must be UGX, RWF or {EURO}")),
    }
}

fn country(text: &str) -> Result<Country, String> {
    let found = Country::ALL.into_iter().find(|country| country.code() == text);
    found.ok_or_else(|| "must be KE, UG, TZ or RW".to_owned())
}

fn currency(text: &str) -> Result<Currency, String> {
    Currency::from_code(text).ok_or_else(|| "must be KES, UGX, TZS or RWF".to_owned())
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
