//! A pretend Africa's Talking for texts ("Sending", "Bulk SMS", "Notifications") and for calls to service codes, as a state
//! machine without a socket or a clock: requests and ticks in, answers and callbacks out. Phones keep what came to them.

mod between;
pub mod calls;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use kiosk::moment::Draw;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use self::calls::Call;
use super::{
    mpesa::{Answer, Response},
    wallets::Request,
};

/// Its name in addresses and in the control API.
pub const NAME: &str = "africastalking";
/// The cost of a text, which is told and never charged.
const COST: &str = "KES 0.8000";
/// The number that texts to the hub are sent to.
pub const SHORT_CODE: &str = "22384";
/// The network of the sandbox.
const NETWORK_CODE: &str = "99999";
/// How many texts are remembered.
const MESSAGES_MAX: usize = 10_000;

/// Everything that can be set. Without a word it behaves: a text arrives at once, and that is reported once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Behaviour {
    /// The API key that is good; any when empty.
    pub api_key: String,
    /// Where reports of delivery go: what a person enters in the portal, as the next two.
    pub delivery_url: String,
    /// Where texts of the phones go.
    pub inbound_url: String,
    /// Where it is told that somebody wants no more texts.
    pub stop_url: String,
    /// Where each step of a caller goes.
    pub ussd_url: String,
    /// Where it is told that a session has ended.
    pub ussd_events_url: String,
    /// What can be dialled, and what it is for. A network knows no other code; any goes to the hub when this is empty.
    pub ussd_codes: BTreeMap<String, String>,
    /// How long a session may last.
    pub ussd_session_ms: i64,
    /// What goes wrong with a request to send texts.
    pub fault: Fault,
    /// What it has against the account.
    pub account: Account,
    /// Every other recipient is refused: `InvalidPhoneNumber`.
    pub refuse_half: bool,
    /// The recipient's code, from 100; 101 for sent.
    pub code: i64,
    /// The last word about a text: `Success`, `Failed`, `AbsentSubscriber` …
    pub fate: String,
    /// Why, with `Failed` and `Rejected`.
    pub reason: String,
    /// How often the last word is said: 0 for never, 2 for doubled.
    pub reports: u32,
    /// How late it is said.
    pub report_delay_ms: i64,
    /// `Submitted` comes after the last word, and not before it.
    pub reports_shuffled: bool,
    /// How long each answer takes.
    pub slow_ms: i64,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour {
            api_key: String::new(),
            delivery_url: String::new(),
            inbound_url: String::new(),
            stop_url: String::new(),
            ussd_url: String::new(),
            ussd_events_url: String::new(),
            ussd_codes: BTreeMap::new(),
            ussd_session_ms: calls::SESSION_MS,
            fault: Fault::None,
            account: Account::Good,
            refuse_half: false,
            code: 101,
            fate: "Success".to_owned(),
            reason: String::new(),
            reports: 1,
            report_delay_ms: 0,
            reports_shuffled: false,
            slow_ms: 0,
        }
    }
}

/// What can go wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Nothing.
    None,
    /// Taken, and never answered.
    Silent,
    /// Neither taken nor answered.
    Lost,
    /// Taken, and answered with 500.
    Error,
    /// Not taken: 503.
    Unavailable,
}

impl Fault {
    /// All of them, for the control page.
    pub const ALL: [Fault; 5] = [
        Fault::None,
        Fault::Silent,
        Fault::Lost,
        Fault::Error,
        Fault::Unavailable,
    ];

    fn takes_the_request(self) -> bool {
        matches!(self, Fault::None | Fault::Silent | Fault::Error)
    }

    fn answer(self) -> Option<Answer> {
        match self {
            Fault::None => None,
            Fault::Silent | Fault::Lost => Some(Answer::Silence),
            Fault::Error => Some(said(500, "Internal Server Error")),
            Fault::Unavailable => Some(said(503, "Service Unavailable")),
        }
    }
}

/// What is wrong with the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Nothing.
    Good,
    /// There is no credit on it: each recipient is refused with 405.
    InsufficientBalance,
    /// The sender is not its own: nobody is a recipient, and a word says why.
    InvalidSenderId,
}

impl Account {
    /// All of them, for the control page.
    pub const ALL: [Account; 3] = [Account::Good, Account::InsufficientBalance, Account::InvalidSenderId];
}

/// A text that came to a phone, or was sent by one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Its name here.
    pub id: String,
    /// The phone, with its country's code.
    pub phone: u64,
    /// What.
    pub text: String,
    /// The sender's name, of texts to the phone.
    pub sender: String,
    /// Whether the phone sent it.
    pub from_phone: bool,
    /// Whom the phone sent it to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// When, milliseconds since 1970.
    pub time_ms: i64,
}

/// A form on its way to the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Callback {
    /// Where to.
    pub url: String,
    /// `application/x-www-form-urlencoded`
    pub body: String,
    /// It holds what a caller typed, which may be a PIN: that part is written down nowhere.
    #[serde(skip)]
    pub is_typed: bool,
}

/// The pretend Africa's Talking.
#[derive(Debug, Default)]
pub struct Texts {
    behaviour: Behaviour,
    messages: Vec<Message>,
    callbacks: Vec<(i64, Callback)>,
    calls: BTreeMap<u64, Call>,
    sims: BTreeMap<u64, String>,
    recipients: u64,
    written: u64,
}

impl Texts {
    /// What it does.
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// Changes what it does.
    pub fn set_behaviour(&mut self, behaviour: Behaviour) {
        self.behaviour = behaviour;
    }

    /// All texts, the oldest first.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// What came to a phone, the oldest first.
    pub fn received(&self, phone: u64) -> Vec<String> {
        let to = |message: &&Message| message.phone == phone && !message.from_phone;
        self.messages
            .iter()
            .filter(to)
            .map(|message| message.text.clone())
            .collect()
    }

    /// When [`Texts::tick`] next has something to do.
    pub fn due_ms(&self) -> Option<i64> {
        let callbacks = self.callbacks.iter().map(|(at_ms, _)| *at_ms);
        callbacks.chain(self.session_end_ms()).min()
    }

    /// Lets time pass; returns the callbacks to deliver now, once each.
    pub fn tick(&mut self, now_ms: i64) -> Vec<Callback> {
        self.time_out(now_ms);
        let due = |(at_ms, _): &mut (i64, Callback)| *at_ms <= now_ms;
        self.callbacks
            .extract_if(.., due)
            .map(|(_, callback)| callback)
            .collect()
    }

    /// The person at the phone writes to the hub.
    pub fn write(&mut self, now_ms: i64, phone: u64, text: &str) {
        self.written += 1;
        let id = format!("in-{now_ms}-{}", self.written);
        let (from, text) = (format!("+{phone}"), text.to_owned());
        let fields = [
            ("date", "2026-11-21 09:05:00"),
            ("from", &from),
            ("id", &id),
            ("text", &text),
            ("to", SHORT_CODE),
            ("networkCode", NETWORK_CODE),
        ];
        self.call_back(now_ms, self.behaviour.inbound_url.clone(), &fields);
        self.keep(now_ms, id, phone, text, String::new(), true);
    }

    /// The person at the phone opts out.
    pub fn opt_out(&mut self, now_ms: i64, phone: u64) {
        let number = format!("+{phone}");
        let fields = [("senderId", "KISIMA"), ("phoneNumber", number.as_str())];
        self.call_back(now_ms, self.behaviour.stop_url.clone(), &fields);
    }

    /// Answers one request, and tells how many milliseconds the answer takes.
    pub fn handle(&mut self, now_ms: i64, draw: &Draw, request: &Request) -> (i64, Answer) {
        (self.behaviour.slow_ms, self.answer(now_ms, draw, request))
    }

    fn answer(&mut self, now_ms: i64, draw: &Draw, request: &Request) -> Answer {
        let key = request.headers.get("apikey").map_or("", String::as_str);
        let is_good = !key.is_empty() && (self.behaviour.api_key.is_empty() || self.behaviour.api_key == key);
        if !is_good {
            return said(401, "The supplied authentication is invalid");
        }
        let order = match (request.method.as_str(), request.path.as_str()) {
            ("POST", "version1/messaging") => Order::of_form(&request.body),
            ("POST", "version1/messaging/bulk") => Order::of_json(&request.body),
            _ => return said(404, "not found"),
        };
        let Some(order) = order else {
            return said(400, "A required field is missing");
        };
        let fault = self.behaviour.fault;
        if !fault.takes_the_request() {
            return fault.answer().unwrap_or(Answer::Silence);
        }
        let taken = self.take(now_ms, draw, order);
        fault.answer().unwrap_or_else(|| created(&taken))
    }

    fn take(&mut self, now_ms: i64, draw: &Draw, order: Order) -> Value {
        if self.behaviour.account == Account::InvalidSenderId {
            return json!({"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}});
        }
        let asked = order.phones.len();
        let mut recipients = Vec::new();
        for (place, number) in order.phones.iter().enumerate() {
            self.recipients += 1;
            let phone = number.strip_prefix('+').and_then(|digits| digits.parse::<u64>().ok());
            let (code, word) = match (phone, self.behaviour.account) {
                (_, Account::InsufficientBalance) => (405, "InsufficientBalance"),
                (None, _) => (403, "InvalidPhoneNumber"),
                _ if self.behaviour.refuse_half && self.recipients.is_multiple_of(2) => (403, "InvalidPhoneNumber"),
                _ => (self.behaviour.code, "Success"),
            };
            let is_taken = code < 200;
            let id = match is_taken {
                true => format!("ATXid_{:016x}", draw.number(&format!("text {place}"))),
                false => "None".to_owned(),
            };
            recipients
                .push(json!({"statusCode": code, "number": number, "status": word, "cost": COST, "messageId": id}));
            if let Some(phone) = phone.filter(|_| is_taken) {
                self.report(now_ms, &id, number);
                self.keep(now_ms, id, phone, order.text.clone(), order.sender.clone(), false);
            }
        }
        let sent = recipients
            .iter()
            .filter(|recipient| recipient["statusCode"].as_i64() < Some(200))
            .count();
        let message = format!("Sent to {sent}/{asked} Total Cost: {COST}");
        json!({"SMSMessageData": {"Message": message, "Recipients": recipients}})
    }

    /// Puts the reports about a text on the way.
    fn report(&mut self, now_ms: i64, id: &str, number: &str) {
        if self.behaviour.reports == 0 {
            return;
        }
        let last = now_ms + self.behaviour.report_delay_ms;
        let on_the_way = match self.behaviour.reports_shuffled {
            true => last + self.behaviour.report_delay_ms,
            false => now_ms,
        };
        let (fate, reason) = (self.behaviour.fate.clone(), self.behaviour.reason.clone());
        let url = self.behaviour.delivery_url.clone();
        let base = [
            ("id", id),
            ("phoneNumber", number),
            ("networkCode", NETWORK_CODE),
            ("retryCount", "0"),
        ];
        let with = |status, reason| [base.as_slice(), &[("status", status), ("failureReason", reason)]].concat();
        self.call_back(on_the_way, url.clone(), &with("Submitted", ""));
        for _ in 0..self.behaviour.reports {
            self.call_back(last, url.clone(), &with(&fate, &reason));
        }
    }

    fn call_back(&mut self, at_ms: i64, url: String, fields: &[(&str, &str)]) {
        if url.is_empty() {
            return;
        }
        let callback = Callback {
            url,
            body: form(fields),
            is_typed: false,
        };
        self.callbacks.push((at_ms, callback));
    }

    fn keep(&mut self, time_ms: i64, id: String, phone: u64, text: String, sender: String, from_phone: bool) {
        let to = if from_phone {
            SHORT_CODE.to_owned()
        } else {
            String::new()
        };
        self.remember(Message {
            id,
            phone,
            text,
            sender,
            from_phone,
            to,
            time_ms,
        });
    }

    fn remember(&mut self, message: Message) {
        if self.messages.len() < MESSAGES_MAX {
            self.messages.push(message);
        }
    }
}

/// A text that is to be sent.
struct Order {
    phones: Vec<String>,
    text: String,
    sender: String,
}

impl Order {
    fn of_form(body: &[u8]) -> Option<Order> {
        let mut fields: BTreeMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
        fields.get("username").filter(|name| !name.is_empty())?;
        Some(Order {
            phones: fields.get("to")?.split(',').map(str::to_owned).collect(),
            text: fields.remove("message").filter(|text| !text.is_empty())?,
            sender: fields.remove("from").unwrap_or_default(),
        })
    }

    fn of_json(body: &[u8]) -> Option<Order> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text("username")?;
        let phones = body.get("phoneNumbers")?.as_array()?;
        Some(Order {
            phones: phones.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            text: text("message")?.to_owned(),
            sender: text("senderId").unwrap_or_default().to_owned(),
        })
    }
}

/// The fields that hold something; `text` may be empty and is there all the same.
fn form(fields: &[(&str, &str)]) -> String {
    let fields = fields
        .iter()
        .filter(|(name, value)| *name == "text" || !value.is_empty());
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

fn created(body: &Value) -> Answer {
    Answer::Response(Response {
        status: 201,
        content_type: "application/json",
        body: body.to_string(),
    })
}

fn said(status: u16, text: &str) -> Answer {
    Answer::Response(Response {
        status,
        content_type: "text/plain",
        body: text.to_owned(),
    })
}
