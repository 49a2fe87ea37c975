//! The SIM, its airtime and its texts as JSON (CONTRACTS section 6). Numbers are masked; words are as they were kept.

use kiosk::{
    moment::Wall,
    phone::{Country, Phone},
};
use serde_json::{Value, json};

use crate::site::{
    airtime::{AirtimeStatus, CannotAsk},
    broadcast::BroadcastPlan,
    sim::{SimStatus, ThinState},
    store::{broadcasts::BroadcastShown, inbox::ShownIncoming, outbox::ShownText},
};

/// The modem, its SIM and its network; null where there is none.
pub(in super::super) fn modem(sim: Option<&SimStatus>) -> Value {
    sim.map_or(Value::Null, |sim| {
        let identity = sim.identity.as_ref();
        json!({
            "ready": identity.is_some(),
            "trouble": sim.trouble,
            "model": identity.map(|identity| &identity.model),
            "firmware": identity.map(|identity| &identity.revision),
            "profile": identity.map(|identity| &identity.profile),
            "iccid": identity.map(|identity| &identity.iccid),
            "network": sim.network.as_ref().map(|network| json!({
                "registered": network.is_registered,
                "registration": network.registration,
                "operator": network.operator,
                "operator_code": network.operator_code,
                "signal_dbm": network.signal_dbm,
                "technology": network.technology,
            })),
            "room": sim.room.map(|(used, total)| json!({ "used": used, "total": total })),
            "airtime": airtime(&sim.airtime),
        })
    })
}

fn airtime(airtime: &AirtimeStatus) -> Value {
    json!({
        "left_minor": airtime.left.map(|left| left.minor),
        "currency": airtime.left.map(|left| left.currency.code()),
        "told_at": airtime.told.map(Wall::rfc3339),
        "low": airtime.is_low,
        "bundle_mb": airtime.bundle_mb,
        "bundle_told_at": airtime.bundle_told.map(Wall::rfc3339),
        "trouble": airtime.trouble,
        "can_ask": airtime.cannot_ask.is_none(),
        "cannot_ask": airtime.cannot_ask.as_ref().map(CannotAsk::name),
    })
}

/// Texts of today and what they may be; null where there is no modem.
pub(in super::super) fn sms(sim: Option<&SimStatus>) -> Value {
    sim.map_or(Value::Null, |sim| {
        json!({
            "sent_today": sim.parts_today,
            "budget": sim.parts_per_day,
            "sync_sent_today": sim.sync_texts_today,
            "sync_budget": sim.sync_texts_per_day,
            "waiting": sim.waiting,
            "spent": sim.is_spent,
            "held": sim.is_held,
            "answers": sim.answers.name(),
            "sync": match sim.thin {
                ThinState::Off => "off",
                ThinState::Resting => "resting",
                ThinState::Sms => "sms",
                ThinState::Ussd => "ussd",
            },
            "sync_waiting": sim.unsynced,
        })
    })
}

/// What a text to everybody would be.
pub(super) fn plan(plan: &BroadcastPlan) -> Value {
    let left_out = plan.left_out.iter();
    let texts = plan.texts.iter().map(|text| {
        json!({
            "language": text.language.code(),
            "text": text.body,
            "parts_each": text.parts,
            "people": text.people,
            "odd_letters": text.odd_letters,
        })
    });
    json!({
        "texts": texts.collect::<Vec<_>>(),
        "people": plan.people,
        "parts": plan.parts,
        "parts_left_today": plan.parts_left,
        "until": plan.until.rfc3339(),
        "left_out": left_out.map(|(why, count)| (why.name().to_owned(), json!(count))).collect::<serde_json::Map<_, _>>(),
    })
}

/// A text to everybody and how far it has come.
pub(in super::super) fn broadcast(shown: &BroadcastShown) -> Value {
    let texts = shown.texts.iter().map(|text| {
        json!({
            "language": text.language,
            "text": text.body,
            "parts_each": text.parts,
        })
    });
    json!({
        "id": shown.id,
        "by": shown.by,
        "texts": texts.collect::<Vec<_>>(),
        "state": shown.state,
        "made_at": shown.made.rfc3339(),
        "until": shown.until.rfc3339(),
        "people": shown.people,
        "waiting": shown.waiting,
        "left": shown.left,
        "delivered": shown.delivered,
        "failed": shown.failed,
        "too_late": shown.late,
    })
}

/// A text that came.
pub(in super::super) fn incoming(text: &ShownIncoming) -> Value {
    json!({
        "from": masked(&text.from),
        "text": text.words,
        "kind": text.kind,
        "time": text.came.rfc3339(),
    })
}

/// A text that goes out.
pub(in super::super) fn outgoing(text: &ShownText) -> Value {
    json!({
        "id": text.id.0,
        "purpose": text.purpose.name(),
        "to": masked(&text.to),
        "text": text.body,
        "parts": text.parts,
        "state": text.state.name(),
        "time": text.changed.rfc3339(),
        "word": text.word,
    })
}

/// A number as pages show it; what is no mobile number of a person shows its first and last letters at most.
pub(in super::super) fn masked(number: &str) -> String {
    if let Ok(phone) = Phone::parse(number, Country::Kenya) {
        return phone.masked();
    }
    let is_number = number.chars().all(|c| c.is_ascii_digit() || c == '+');
    // Short codes and names of senders are no person's.
    if !is_number || number.len() < 7 {
        return number.to_owned();
    }
    format!("{}******{}", &number[..2], &number[number.len() - 2..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_people_are_masked_and_names_are_not() {
        for (number, shown) in [
            ("+254700000102", "+254******102"),
            ("0700000102", "+254******102"),
            ("+447700900123", "+4******23"),
            ("1234567", "12******67"),
            ("144", "144"),
            ("Safaricom", "Safaricom"),
            ("", ""),
        ] {
            assert_eq!(masked(number), shown);
        }
    }
}
