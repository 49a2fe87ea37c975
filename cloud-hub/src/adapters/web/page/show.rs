//! Times, litres and money as people read them.

use ::kiosk::{
    day::Zone,
    moment::{HOUR_MS, MINUTE_MS, Wall},
    units::{Currency, Money},
};
use maud::{Markup, html};

/// `2026-11-21 09:05` in a zone.
pub fn time(zone: &Zone, wall: Wall) -> String {
    let day = zone.day(wall);
    let minutes = (wall.0 - zone.begin(day).0) / MINUTE_MS;
    format!("{day} {:02}:{:02}", minutes / 60, minutes % 60)
}

/// `09:05` today, else with the day.
pub fn time_near(zone: &Zone, wall: Wall, now: Wall) -> String {
    let text = time(zone, wall);
    match zone.day(wall) == zone.day(now) {
        true => text.split(' ').next_back().unwrap_or_default().to_owned(),
        false => text,
    }
}

/// How long ago: `just now`, `5 min ago`, `3 h ago`, else the day.
pub fn ago(zone: &Zone, wall: Wall, now: Wall) -> String {
    let ms = now.0.saturating_sub(wall.0);
    match ms {
        _ if ms < MINUTE_MS => "just now".to_owned(),
        _ if ms < HOUR_MS => format!("{} min ago", ms / MINUTE_MS),
        _ if ms < 24 * HOUR_MS => format!("{} h ago", ms / HOUR_MS),
        _ => zone.day(wall).to_string(),
    }
}

/// `19.5 L`
pub fn litres(ml: i64) -> String {
    let (sign, ml) = (if ml < 0 { "−" } else { "" }, ml.unsigned_abs());
    let tenths = ml % 1_000 / 100;
    let rest = ml % 100;
    match (tenths, rest) {
        (0, 0) => format!("{sign}{} L", ml / 1_000),
        (tenths, 0) => format!("{sign}{}.{tenths} L", ml / 1_000),
        _ => format!("{sign}{}.{:03} L", ml / 1_000, ml % 1_000),
    }
}

/// `KES 300.00`; the plain number for a currency that nobody knows.
pub fn money(minor: i64, currency: &str) -> String {
    match Currency::from_code(currency) {
        Some(currency) => Money::new(minor, currency).to_string(),
        None => format!("{currency} {minor}"),
    }
}

/// A sentence with a capital and an end.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>());
    let mut sentence = first.unwrap_or_default() + letters.as_str();
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

/// Whether a site is there, as a coloured word.
pub fn online(online: bool) -> Markup {
    match online {
        true => html! { span.badge.good { "online" } },
        false => html! { span.badge.bad { "offline" } },
    }
}

/// The state of a payment, as a coloured word.
pub fn state(state: &str) -> Markup {
    let class = match state {
        "succeeded" | "sent" | "delivered" | "done" => "badge good",
        "failed" | "cancelled" | "expired" => "badge bad",
        "needs_operator" | "unknown" | "held" => "badge look",
        _ => "badge",
    };
    html! { span class=(class) { (state.replace('_', " ")) } }
}

/// What a transaction was, in a word.
pub fn kind(kind: &str) -> &str {
    match kind {
        "dispense" => "water drawn",
        "correction" => "correction",
        "loss" => "loss at the site",
        "topup" => "litres bought",
        "cash" => "sold for cash",
        "deposit" => "money paid in",
        "subscription" => "subscription",
        "bill" => "bill",
        "bill_payment" => "bills paid",
        "credit" => "given by an operator",
        "loan" => "loan",
        "loan_repayment" => "loan paid back",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn litres_and_times_are_short() {
        for (ml, text) in [
            (0, "0 L"),
            (20_000, "20 L"),
            (19_500, "19.5 L"),
            (-1_250, "−1.250 L"),
            (99, "0.099 L"),
        ] {
            assert_eq!(litres(ml), text);
        }
        let zone = Zone::named("Africa/Nairobi").unwrap();
        let noon = Wall(1_800_000_000_000);
        assert_eq!(time(&zone, noon), "2027-01-15 11:00");
        assert_eq!(time_near(&zone, noon, noon), "11:00");
        assert_eq!(ago(&zone, noon, noon.plus_ms(5 * MINUTE_MS)), "5 min ago");
    }

    #[test]
    fn sentences_begin_and_end() {
        assert_eq!(sentence("there is no such site"), "There is no such site.");
        assert_eq!(sentence("Really?"), "Really?");
    }
}
