//! The hub's own words to each provider, as its adapters write them, and their answers, as its adapters read them.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use config::Secret as Challenge;
use hub::{
    adapters::{
        airtel::{self, AirtelSettings},
        intasend::{self, IntasendSettings},
        momo::{self, MomoSettings},
        mpesa::{
            MpesaSettings, callback_url,
            wire::{self, PushOrder, Reply},
        },
    },
    hub::{effect::Prompt, input::CallbackName},
    provider::http::Answer as Heard,
    secret::Secret,
};
use kiosk::{
    ids::ProviderReference,
    moment::{Draw, Wall},
    payment::{Failure, PushAnswer, QueryAnswer, Report},
    phone::Country,
    provider::Provider,
    units::Currency,
};
use serde::Serialize;

use super::{Till, token_of};
use crate::{
    centre::SHORT_CODE,
    event::Word,
    sandbox::{
        mpesa::{Answer, Request},
        wallets::{Behaviour, Request as WalletRequest},
    },
};

/// What MTN's sandbox settles in.
const EURO: &str = "EUR";
const BASE: &str = "http://provider.example";
pub(super) const HUB: &str = "https://hub.example";

/// What the hub knows of its providers, and no provider checks here.
pub(super) struct Keys {
    pub(super) mpesa: MpesaSettings,
    mtn: MomoSettings,
    airtel: AirtelSettings,
    intasend: IntasendSettings,
    challenge: Challenge,
}

/// A provider that does what it should, and knows where its portal sends callbacks.
pub(super) fn calm(provider: Provider) -> Behaviour {
    Behaviour {
        callback_url: format!("{HUB}/payments/{provider}"),
        challenge: "challenge".to_owned(),
        ..Behaviour::default()
    }
}

impl Keys {
    pub(super) fn new(key: u64) -> Keys {
        let secret = |name: &str| Secret::new(format!("{name}-{key:016x}"));
        Keys {
            mpesa: MpesaSettings {
                base_url: BASE.to_owned(),
                shortcode: SHORT_CODE.to_owned(),
                till: None,
                passkey: secret("passkey"),
                consumer_key: secret("key"),
                consumer_secret: secret("secret"),
            },
            mtn: MomoSettings {
                disbursement: None,
                base_url: BASE.to_owned(),
                target_environment: "sandbox".to_owned(),
                wire_currency: EURO.to_owned(),
                subscription_key: secret("subscription"),
                api_user: secret("user"),
                api_key: secret("key"),
                callback_url: Secret::new(momo::callback_url(HUB, None)),
            },
            airtel: AirtelSettings {
                disbursement_pin: None,
                base_url: BASE.to_owned(),
                country: Country::Kenya,
                client_id: secret("id"),
                client_secret: secret("secret"),
                signing: false,
            },
            intasend: IntasendSettings {
                payouts: false,
                base_url: BASE.to_owned(),
                publishable_key: secret("publishable"),
                secret_token: secret("token"),
            },
            challenge: Challenge::new("challenge"),
        }
    }

    /// Reads a callback as the hub's door does.
    pub(super) fn heard(&self, word: &Word) -> Result<(CallbackName, Report), String> {
        let bytes = word.body.as_bytes();
        let read = match word.provider {
            Provider::Mpesa => {
                let read = wire::parse_callback(bytes).map_err(|error| error.to_string())?;
                let name = token_of(&word.url).ok_or("no token")?;
                return Ok((name, read.report));
            }
            Provider::Mtn => momo::wire::parse_callback(EURO, Currency::Kes, bytes),
            Provider::Airtel => airtel::wire::parse_callback(None, bytes),
            Provider::Intasend => intasend::wire::parse_callback(&self.challenge, bytes),
        };
        let read = read.map_err(|error| error.to_string())?;
        Ok((read.name.ok_or("no name")?, read.report))
    }
}

fn bytes(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

impl Till {
    /// The prompt of a purchase.
    pub(super) fn push(&mut self, now: Wall, draw: &Draw, prompt: &Prompt) -> PushAnswer {
        let wrong = PushAnswer::Refused(Failure::Configuration);
        let lost = PushAnswer::NoAnswer;
        match prompt.provider {
            Provider::Mpesa => {
                let order = PushOrder {
                    amount: prompt.amount,
                    payer: prompt.payer,
                    callback_url: callback_url(HUB, None, &prompt.token),
                    account_reference: prompt.account.to_string(),
                    description: "Water".to_owned(),
                };
                let Ok(body) = wire::push_body(&self.keys.mpesa, &order, now) else {
                    return wrong;
                };
                let heard = self.post(now, draw, wire::PUSH_PATH, bytes(&body));
                heard.map_or(lost, |bytes| wire::push_answer(wire::parse_push(&bytes)))
            }
            Provider::Mtn => {
                let (Ok(body), Some(reference)) = (momo::wire::push_body(&self.keys.mtn, prompt), &prompt.reference)
                else {
                    return wrong;
                };
                let own = [
                    ("x-reference-id", reference.to_string()),
                    ("x-callback-url", self.keys.mtn.callback_url.expose().to_owned()),
                ];
                let heard = self.ask_mtn(now, draw, momo::wire::PUSH_PATH.to_owned(), &own, bytes(&body));
                heard.map_or(lost, |heard| momo::wire::push_answer(&heard))
            }
            Provider::Airtel => {
                let Ok(body) = airtel::wire::push_body(Country::Kenya, prompt) else {
                    return wrong;
                };
                let heard = self.ask_airtel(now, draw, airtel::wire::PUSH_PATH.to_owned(), bytes(&body));
                heard.map_or(lost, |heard| airtel::wire::push_answer(&heard))
            }
            Provider::Intasend => {
                let Ok(body) = intasend::wire::push_body(&self.keys.intasend, prompt) else {
                    return wrong;
                };
                let bearer = format!("Bearer {}", self.keys.intasend.secret_token.expose());
                let heard = self.ask_intasend(now, draw, intasend::wire::PUSH_PATH, Some(bearer), bytes(&body));
                heard.map_or(lost, |heard| intasend::wire::push_answer(&heard))
            }
        }
    }

    /// What became of a prompt.
    pub(super) fn query(&mut self, now: Wall, draw: &Draw, at: Provider, reference: &ProviderReference) -> QueryAnswer {
        let lost = QueryAnswer::NoAnswer;
        match at {
            Provider::Mpesa => {
                let body = wire::query_body(&self.keys.mpesa, reference, now);
                let heard = self.post(now, draw, wire::QUERY_PATH, bytes(&body));
                heard.map_or(lost, |bytes| wire::query_answer(reference, wire::parse_query(&bytes)))
            }
            Provider::Mtn => {
                let path = format!("{}/{reference}", momo::wire::PUSH_PATH);
                let heard = self.ask_mtn(now, draw, path, &[], Vec::new());
                heard.map_or(lost, |heard| {
                    momo::wire::query_answer(EURO, Currency::Kes, reference, &heard)
                })
            }
            Provider::Airtel => {
                let path = format!("{}/{reference}", airtel::wire::STATUS_PATH);
                let heard = self.ask_airtel(now, draw, path, Vec::new());
                heard.map_or(lost, |heard| airtel::wire::query_answer(reference, &heard))
            }
            Provider::Intasend => {
                let body = intasend::wire::query_body(&self.keys.intasend, reference);
                let heard = self.ask_intasend(now, draw, intasend::wire::STATUS_PATH, None, bytes(&body));
                heard.map_or(lost, |heard| intasend::wire::query_answer(reference, &heard))
            }
        }
    }

    /// A token of M-PESA's, then the call; `None` for silence.
    pub(super) fn post(&mut self, now: Wall, draw: &Draw, path: &str, body: Vec<u8>) -> Option<Vec<u8>> {
        let token = Request {
            method: "GET".to_owned(),
            path: wire::TOKEN_PATH.to_owned(),
            authorization: Some("Basic a2V5OnNlY3JldA==".to_owned()),
            body: Vec::new(),
        };
        let Answer::Response(response) = self.mpesa.handle(now.0, draw, &token) else {
            return None;
        };
        let Reply::Done(access) = wire::parse_token(response.body.as_bytes()) else {
            return None;
        };
        let call = Request {
            method: "POST".to_owned(),
            path: path.to_owned(),
            authorization: Some(format!("Bearer {}", access.token.expose())),
            body,
        };
        match self.mpesa.handle(now.0, draw, &call) {
            Answer::Response(response) => Some(response.body.into_bytes()),
            Answer::Silence => None,
        }
    }

    /// One request to one of the others: a GET when there is no body, unless it is `always_posted`.
    fn ask(
        &mut self,
        now: Wall,
        draw: &Draw,
        provider: Provider,
        path: String,
        headers: &[(&str, String)],
        body: Vec<u8>,
        always_posted: bool,
    ) -> Option<Heard> {
        let named = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
        let request = WalletRequest {
            method: if body.is_empty() && !always_posted {
                "GET"
            } else {
                "POST"
            }
            .to_owned(),
            path,
            headers: headers.iter().map(named).collect::<BTreeMap<_, _>>(),
            body,
        };
        match self.wallets.get_mut(&provider)?.handle(now.0, draw, &request).1 {
            Answer::Response(response) => Some(Heard {
                status: response.status,
                body: response.body.into_bytes(),
            }),
            Answer::Silence => None,
        }
    }

    fn ask_mtn(
        &mut self,
        now: Wall,
        draw: &Draw,
        path: String,
        more: &[(&str, String)],
        body: Vec<u8>,
    ) -> Option<Heard> {
        let own = (
            momo::wire::KEY_HEADER,
            self.keys.mtn.subscription_key.expose().to_owned(),
        );
        let basic = STANDARD.encode("user:key");
        let asked = [
            own.clone(),
            ("authorization", format!("Basic {basic}")),
            ("content-length", "0".to_owned()),
        ];
        let path_of_token = momo::wire::TOKEN_PATH.to_owned();
        let heard = self.ask(now, draw, Provider::Mtn, path_of_token, &asked, Vec::new(), true)?;
        let access = momo::wire::parse_token(&heard).ok()?;
        let mut headers = vec![
            own,
            ("authorization", format!("Bearer {}", access.token.expose())),
            ("x-target-environment", self.keys.mtn.target_environment.clone()),
        ];
        headers.extend_from_slice(more);
        self.ask(now, draw, Provider::Mtn, path, &headers, body, false)
    }

    fn ask_airtel(&mut self, now: Wall, draw: &Draw, path: String, body: Vec<u8>) -> Option<Heard> {
        let AirtelSettings {
            client_id,
            client_secret,
            country,
            ..
        } = &self.keys.airtel;
        let asked = bytes(&airtel::wire::token_body(client_id, client_secret));
        let (code, currency) = (country.code().to_owned(), country.currency().code().to_owned());
        let path_of_token = airtel::wire::TOKEN_PATH.to_owned();
        let heard = self.ask(now, draw, Provider::Airtel, path_of_token, &[], asked, true)?;
        let access = airtel::wire::parse_token(&heard).ok()?;
        let headers = [
            ("authorization", format!("Bearer {}", access.token.expose())),
            ("x-country", code),
            ("x-currency", currency),
        ];
        self.ask(now, draw, Provider::Airtel, path, &headers, body, false)
    }

    fn ask_intasend(
        &mut self,
        now: Wall,
        draw: &Draw,
        path: &str,
        bearer: Option<String>,
        body: Vec<u8>,
    ) -> Option<Heard> {
        let key = self.keys.intasend.publishable_key.expose().to_owned();
        let mut headers = vec![(intasend::wire::KEY_HEADER, key)];
        headers.extend(bearer.map(|bearer| ("authorization", bearer)));
        self.ask(now, draw, Provider::Intasend, path.to_owned(), &headers, body, true)
    }
}
