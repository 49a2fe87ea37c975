//! Times, volumes and charts as people read them.

use kiosk::{
    moment::{HOUR_MS, MINUTE_MS, Wall},
    units::{Currency, Money, Volume},
};
use maud::{Markup, html};

use super::super::wire::Here;

/// Litres, without a useless fraction.
pub(super) fn litres(volume_ml: i64) -> String {
    let (whole, rest) = (volume_ml / 1_000, (volume_ml % 1_000).abs());
    let sign = if volume_ml < 0 && whole == 0 { "-" } else { "" };
    let rest = format!("{rest:03}");
    match rest.trim_end_matches('0') {
        "" => format!("{sign}{whole} L"),
        rest => format!("{sign}{whole}.{rest} L"),
    }
}

/// What was asked of the hub, of the kind and the detail that the site keeps.
pub(super) fn asked(kind: &str, detail: &str, currency: Option<Currency>) -> String {
    let money = |minor: &str| {
        let minor: i64 = minor.parse().ok()?;
        Some(Money::new(minor, currency?).to_string())
    };
    let litres = |text: &str| text.strip_suffix(" ml")?.parse().ok().map(litres);
    match (kind, detail.split_once(' ')) {
        ("loan", _) => format!("Loan of {}", money(detail).unwrap_or_else(|| detail.to_owned())),
        (_, Some(("deposit", minor))) => format!("Deposit of {}", money(minor).unwrap_or_else(|| minor.to_owned())),
        (_, Some(("plan", plan))) => format!("Subscription {plan}"),
        (_, None) if detail == "bill" => "Payment of the bill".to_owned(),
        _ => litres(detail).unwrap_or_else(|| detail.to_owned()),
    }
}

/// The local time, with the day unless it is today.
pub(super) fn time(here: &Here, wall: Wall) -> String {
    let dated = dated(here, wall);
    if here.zone.day(wall) != here.zone.day(here.now) {
        return dated;
    }
    dated
        .split_once(' ')
        .map_or(dated.clone(), |(_, clock)| clock.to_owned())
}

/// The same, always with the day.
pub(super) fn dated(here: &Here, wall: Wall) -> String {
    let day = here.zone.day(wall);
    let minutes = (wall.0 - here.zone.begin(day).0) / MINUTE_MS;
    format!("{day} {:02}:{:02}", minutes / 60, minutes % 60)
}

/// An amount of data as phone bills tell it.
pub(super) fn bytes(count: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", count / unit, count % unit / (unit / 10));
    match count {
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{} kB", tenths(1_000)),
        _ => format!("{} MB", tenths(1_000_000)),
    }
}

/// A dot and a sentence.
pub(super) fn light(class: &str, sentence: &str) -> Markup {
    html! { span class="light" { span class={ "dot " (class) } {} span { (sentence) } } }
}

/// Litres by hour, as bars. A day has 24 hours, or 25 when the clock goes back.
pub(super) fn bars(hours: &[Volume], today: Wall, now: Wall) -> Markup {
    const WIDTH: u64 = 288;
    const HEIGHT: u64 = 70;
    const STEP: u64 = 12;
    let hours = &hours[..hours.len().min(24)];
    let most = hours.iter().map(|volume| volume.ml()).max().unwrap_or(0).max(1);
    let height = |volume: &Volume| (volume.ml() * HEIGHT).div_ceil(most);
    let current = (now.0 - today.0).max(0) / HOUR_MS;
    let words = format!(
        "Litres by hour; most in one hour {}, now hour {current}",
        litres(most.cast_signed())
    );
    html! {
        svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT + 16) } role="img" {
            title { (words) }
            @for (x, volume) in (0..).step_by(12).zip(hours) {
                @if !volume.is_zero() {
                    rect class="bar" x=(x + 1) y=(HEIGHT - height(volume)) width=(STEP - 2) height=(height(volume)) rx="1.5" {}
                }
            }
            line class="base" x1="0" x2=(WIDTH) y1=(HEIGHT) y2=(HEIGHT) {}
            @for hour in [0, 6, 12, 18] {
                text x=(hour * STEP + 1) y=(HEIGHT + 12) { (format!("{hour}:00")) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn litres_are_short_and_exact() {
        let shown = [0, 500, -500, 20_000, 1_234, -3_800, 50].map(litres);
        assert_eq!(shown, ["0 L", "0.5 L", "-0.5 L", "20 L", "1.234 L", "-3.8 L", "0.05 L"]);
    }

    #[test]
    fn data_reads_as_on_a_bill() {
        let shown = [0, 999, 1_000, 1_999, 999_999, 1_000_000, 12_345_678].map(bytes);
        assert_eq!(
            shown,
            [
                "0 bytes",
                "999 bytes",
                "1.0 kB",
                "1.9 kB",
                "999.9 kB",
                "1.0 MB",
                "12.3 MB"
            ]
        );
    }

    #[test]
    fn what_was_asked_reads_like_a_sentence() {
        let shown = [
            ("loan", "500000"),
            ("purchase", "20000 ml"),
            ("purchase", "deposit 10000"),
            ("purchase", "plan monthly"),
            ("purchase", "bill"),
        ];
        let shown = shown.map(|(kind, detail)| asked(kind, detail, Some(Currency::Kes)));
        assert_eq!(
            shown,
            [
                "Loan of KES 5000.00",
                "20 L",
                "Deposit of KES 100.00",
                "Subscription monthly",
                "Payment of the bill"
            ]
        );
    }
}
