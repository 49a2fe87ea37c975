//! Calls to service codes ("USSD", "USSD notifications"): a phone dials, reads a screen, types, and hangs up.
//!
//! Each step is a form to the hub with all inputs of the session joined by `*`. What was typed may be a PIN, so it is shown
//! nowhere, and a phone shows nothing but the hub's last screen.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use kiosk::{
    moment::{Draw, Wall},
    talk::{
        gsm7::{self, Encoding},
        ussd::SCREEN_UNITS_MAX,
    },
};
use serde::Serialize;

use super::{Callback, NETWORK_CODE, Texts, form};

/// How long a session lasts at most, when nobody says otherwise.
pub const SESSION_MS: i64 = 180_000;
/// Characters of a screen that has one outside the GSM alphabet: 160 octets of sixteen bits.
const SCREEN_UCS2_MAX: usize = 80;
/// What a phone shows when the network has nothing to show: an unknown code, or a hub that is away or says nonsense.
pub const NO_CONNECTION: &str = "Connection problem or invalid MMI code.";
/// What it shows when a session took too long.
pub const TIMED_OUT: &str = "Session timed out.";

/// What a phone waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The hub's next screen.
    Waiting,
    /// What the person types.
    Open,
    /// Nothing: the session is over, and its last words are still on the screen.
    Over,
}

/// A session at a phone.
#[derive(Clone, Serialize)]
pub struct Call {
    /// The session's name; empty when the network knew no such code.
    pub session: String,
    /// What was dialled.
    pub service_code: String,
    /// What the phone shows.
    pub screen: String,
    /// What it waits for.
    pub line: Line,
    /// When it was dialled, milliseconds since 1970.
    pub began_ms: i64,
    /// When the network ends it.
    pub ends_ms: i64,
    /// Steps that were answered.
    pub hops: u32,
    /// All inputs, joined.
    #[serde(skip)]
    typed: String,
}

impl fmt::Debug for Call {
    /// Without what was typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({} {} {:?})", self.session, self.service_code, self.line)
    }
}

/// A step on its way to the hub.
pub struct Step {
    phone: u64,
    session: String,
    pub(in crate::sandbox) callback: Callback,
}

impl Texts {
    /// The session at a phone, or what the last one left on its screen.
    pub fn call(&self, phone: u64) -> Option<&Call> {
        self.calls.get(&phone)
    }

    /// All phones with something on the screen.
    pub fn calls(&self) -> &BTreeMap<u64, Call> {
        &self.calls
    }

    /// The person dials, after hanging up what there was.
    pub fn dial(&mut self, now_ms: i64, draw: &Draw, phone: u64, code: &str) -> Option<Step> {
        self.hang_up(now_ms, phone);
        let behaviour = &self.behaviour;
        let is_known = behaviour.ussd_codes.is_empty() || behaviour.ussd_codes.contains_key(code);
        let is_carried = is_known && !behaviour.ussd_url.is_empty();
        let call = Call {
            session: match is_carried {
                // The dice fall alike in every run, and a hub may live through several.
                true => format!("ATUid_{now_ms:x}{:016x}", draw.number("session")),
                false => String::new(),
            },
            service_code: code.to_owned(),
            screen: if is_carried { "" } else { NO_CONNECTION }.to_owned(),
            line: if is_carried { Line::Waiting } else { Line::Over },
            began_ms: now_ms,
            ends_ms: now_ms.saturating_add(behaviour.ussd_session_ms),
            hops: 0,
            typed: String::new(),
        };
        let step = is_carried.then(|| self.step(phone, &call));
        self.calls.insert(phone, call);
        step
    }

    /// The person types and sends. `None` when no session waits for it.
    pub fn type_in(&mut self, phone: u64, input: &str) -> Option<Step> {
        let mut call = self.calls.remove(&phone)?;
        let step = (call.line == Line::Open).then(|| {
            call.line = Line::Waiting;
            call.typed = match call.hops {
                1 => input.to_owned(),
                _ => format!("{}*{input}", call.typed),
            };
            self.step(phone, &call)
        });
        self.calls.insert(phone, call);
        step
    }

    fn step(&self, phone: u64, call: &Call) -> Step {
        let fields = [
            ("sessionId", call.session.as_str()),
            ("serviceCode", &call.service_code),
            ("phoneNumber", &format!("+{phone}")),
            ("networkCode", NETWORK_CODE),
            ("text", &call.typed),
        ];
        Step {
            phone,
            session: call.session.clone(),
            callback: Callback {
                url: self.behaviour.ussd_url.clone(),
                body: form(&fields),
                is_typed: true,
            },
        }
    }

    /// The hub answered a step with this status and text, or not at all. A phone that has hung up meanwhile hears nothing.
    pub fn answered(&mut self, now_ms: i64, step: &Step, answer: Option<(u16, &str)>) {
        let waits = |call: &&mut Call| call.session == step.session && call.line == Line::Waiting;
        let Some(call) = self.calls.get_mut(&step.phone).filter(waits) else {
            return;
        };
        call.hops += 1;
        let said = match answer {
            None => Err("The application did not answer".to_owned()),
            Some((200, text)) => read(text),
            Some((status, _)) => Err(format!("The application answered with {status}")),
        };
        match said {
            Ok((true, screen)) => (call.line, call.screen) = (Line::Open, screen),
            Ok((false, screen)) => self.end(now_ms, step.phone, &screen, "Success", ""),
            Err(why) => self.end(now_ms, step.phone, NO_CONNECTION, "Failed", &why),
        }
    }

    /// The person hangs up, or puts away what a session left on the screen.
    pub fn hang_up(&mut self, now_ms: i64, phone: u64) {
        if self.calls.get(&phone).is_some_and(|call| call.line != Line::Over) {
            self.end(now_ms, phone, "", "Incomplete", "Cancelled by the user");
        }
        self.calls.remove(&phone);
    }

    /// When the next session takes too long.
    pub(super) fn session_end_ms(&self) -> Option<i64> {
        let live = self.calls.values().filter(|call| call.line != Line::Over);
        live.map(|call| call.ends_ms).min()
    }

    /// Ends the sessions that took too long.
    pub(super) fn time_out(&mut self, now_ms: i64) {
        let is_late = |call: &Call| call.line != Line::Over && call.ends_ms <= now_ms;
        let late = self.calls.iter().filter(|(_, call)| is_late(call));
        for phone in late.map(|(phone, _)| *phone).collect::<Vec<_>>() {
            self.end(now_ms, phone, TIMED_OUT, "Incomplete", "Session timed out");
        }
    }

    /// Shows the last screen of a session, and puts the notification of its end on the way.
    fn end(&mut self, now_ms: i64, phone: u64, screen: &str, status: &str, error: &str) {
        let Some(call) = self.calls.get_mut(&phone) else {
            return;
        };
        let last = match screen {
            NO_CONNECTION | TIMED_OUT | "" => std::mem::take(&mut call.screen),
            screen => screen.to_owned(),
        };
        (call.line, call.screen) = (Line::Over, screen.to_owned());
        let date = Wall(now_ms).rfc3339().replace('T', " ");
        let fields = [
            ("date", date.get(..19).unwrap_or(&date)),
            ("sessionId", &call.session),
            ("serviceCode", &call.service_code),
            ("networkCode", NETWORK_CODE),
            ("phoneNumber", &format!("+{phone}")),
            ("status", status),
            ("cost", "KES 0.0000"),
            ("durationInMillis", &(now_ms - call.began_ms).to_string()),
            ("hopsCount", &call.hops.to_string()),
            ("input", &call.typed),
            ("lastAppResponse", &last),
            ("errorMessage", error),
        ];
        let url = self.behaviour.ussd_events_url.clone();
        let body = form(&fields);
        // Nobody looks any more, and it may end in a PIN.
        call.typed.clear();
        if !url.is_empty() {
            let is_typed = true;
            self.callbacks.push((now_ms, Callback { url, body, is_typed }));
        }
    }
}

/// Whether the hub goes on, and its screen. A network shows no screen that is longer than one of its messages.
fn read(answer: &str) -> Result<(bool, String), String> {
    let (goes_on, screen) = match (answer.strip_prefix("CON "), answer.strip_prefix("END ")) {
        (Some(screen), _) => (true, screen),
        (_, Some(screen)) => (false, screen),
        _ => return Err("The application said neither CON nor END".to_owned()),
    };
    let (units, most) = match Encoding::of(screen) {
        Encoding::Gsm7 => (gsm7::units(screen), SCREEN_UNITS_MAX),
        Encoding::Ucs2 => (gsm7::units(screen), SCREEN_UCS2_MAX),
    };
    match units > most {
        true => Err(format!("The screen has {units} of {most} characters")),
        false => Ok((goes_on, screen.to_owned())),
    }
}
