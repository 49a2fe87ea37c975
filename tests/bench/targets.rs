//! What was hoped for, beside what was found. Nothing is asserted: machines differ, and a ratio is what counts.

use std::fmt;

use crate::{
    callbacks::Taken,
    generator::Figures,
    payments::Outcome,
    table::{Column, median},
    texts::Texts,
    ussd::Answered,
    weigh::Weight,
    wire::Cost,
};

/// Lines of what was hoped for and found.
#[derive(Debug, Default)]
pub struct Targets(Vec<Line>);

#[derive(Debug)]
struct Line {
    what: String,
    hoped: Option<Hope>,
    found: f64,
}

#[derive(Clone, Copy, Debug)]
enum Hope {
    AtLeast(f64),
    AtMost(f64),
}

use Hope::{AtLeast, AtMost};

impl Hope {
    fn is_met(self, found: f64) -> bool {
        match self {
            AtLeast(limit) => found >= limit,
            AtMost(limit) => found <= limit,
        }
    }
}

impl Targets {
    fn add(&mut self, what: impl Into<String>, found: f64, hoped: impl Into<Option<Hope>>) {
        self.0.push(Line {
            what: what.into(),
            hoped: hoped.into(),
            found,
        });
    }

    /// Decisions at a number of clients: the peer, the peer that shares commits, the gateway.
    pub fn decisions(&mut self, clients: usize, columns: &[Column]) {
        let [peer, batching, ours] = columns else { return };
        let (rate, p99) = match clients {
            6 => (Some(AtLeast(3.0)), None),
            50 => (Some(AtLeast(5.0)), Some(AtMost(0.25))),
            _ => (None, None),
        };
        let at = format!("{clients} clients");
        self.add(
            format!("decisions, {at}: rate / peer's"),
            ours.ratio(peer, |f| f.rate),
            rate,
        );
        self.add(
            format!("decisions, {at}: rate / batching peer's"),
            ours.ratio(batching, |f| f.rate),
            rate,
        );
        self.add(
            format!("decisions, {at}: p99 / peer's"),
            ours.ratio(peer, |f| f.p99_ms),
            p99,
        );
        self.add(
            format!("decisions, {at}: p99 / batching peer's"),
            ours.ratio(batching, |f| f.p99_ms),
            None,
        );
    }

    /// Round trips at a number of clients: Mosquitto with an echo, the gateway.
    pub fn front(&mut self, clients: usize, columns: &[Column]) {
        let [echo, ours] = columns else { return };
        let hoped = matches!(clients, 6 | 50).then_some(AtLeast(1.2));
        self.add(
            format!("round trip, {clients} clients: rate / Mosquitto's"),
            ours.ratio(echo, |f| f.rate),
            hoped,
        );
    }

    /// Bytes on the wire.
    pub fn wire(&mut self, cost: Cost) {
        self.add("a day's sales after a cut, bytes", cost.day as f64, AtMost(15_000.0));
        self.add("the same as JSON by gzip -9, bytes", cost.day_peer as f64, None);
        self.add(
            "a day's sales after a cut / JSON by gzip -9",
            cost.day as f64 / cost.day_peer as f64,
            None,
        );
        self.add("one live sale, bytes", cost.live, AtMost(120.0));
        self.add("the same as JSON without a request, bytes", cost.live_peer, None);
    }

    /// A day's sales by SMS.
    pub fn texts(&mut self, texts: Texts) {
        let per_text = texts.sales as f64 / texts.calm as f64;
        self.add("texts of a day's sales", texts.calm as f64, AtMost(16.0));
        self.add("sales a text", per_text, AtLeast(18.75));
        self.add(
            "texts where 10 % are lost and 5 % doubled, at most",
            texts.lossy as f64,
            AtMost(26.0),
        );
        self.add(
            "texts / as JSON by gzip -9, in base64",
            texts.calm as f64 / texts.gzip as f64,
            None,
        );
        self.add(
            "texts / one for each sale",
            texts.calm as f64 / texts.sales as f64,
            None,
        );
    }

    /// What a gateway weighs.
    pub fn weight(&mut self, weight: Weight) {
        self.add("resident after the start, MB", weight.resident_start_mb, None);
        self.add("resident after live sales, MB", weight.resident_mb, AtMost(40.0));
        self.add("resident at the most, MB", weight.resident_peak_mb, None);
        self.add("idle processor, %", weight.idle_percent, AtMost(1.0));
        self.add("start to first receipt, ms", weight.first_receipt_ms, AtMost(2_000.0));
    }

    /// Callbacks.
    pub fn callbacks(&mut self, taken: Taken) {
        self.add("callbacks answered, each on the disk, /s", taken.rate, AtLeast(1_000.0));
        self.add("a callback's answer, p50, ms", taken.answer_ms.0, None);
        self.add("a callback's answer, p99, ms", taken.answer_ms.1, None);
        self.add("callbacks to credits, a kill between, /s", taken.credited_rate, None);
        self.add("callbacks answered and forgotten", taken.forgotten as f64, AtMost(0.0));
    }

    /// Steps of USSD by so many callers at once.
    pub fn ussd(&mut self, callers: usize, answered: &Answered) {
        let [peer, relaxed, ours] = &answered.columns[..] else {
            return;
        };
        let at = format!("USSD, {callers} callers");
        let middle = |of: fn(&Figures) -> f64| median(ours.rounds.iter().map(of).collect());
        self.add(
            format!("{at}: steps, each on the disk, /s"),
            middle(|f| f.rate),
            AtLeast(2_000.0),
        );
        self.add(format!("{at}: an answer, p50, ms"), middle(|f| f.p50_ms), None);
        self.add(format!("{at}: an answer, p99, ms"), middle(|f| f.p99_ms), AtMost(50.0));
        self.add(
            format!("{at}: rate / peer's"),
            ours.ratio(peer, |f| f.rate),
            AtLeast(5.0),
        );
        let loose = ours.ratio(relaxed, |f| f.rate);
        self.add(
            format!("{at}: rate / that of the peer that flushes each second"),
            loose,
            None,
        );
        self.add(format!("{at}: p99 / peer's"), ours.ratio(peer, |f| f.p99_ms), None);
        self.add(
            "sessions answered and forgotten at a kill",
            answered.forgotten as f64,
            AtMost(0.0),
        );
    }

    /// Payments.
    pub fn payments(&mut self, outcome: Outcome) {
        let verdict = outcome.verdict;
        self.add("payments taken by the providers", verdict.taken as f64, None);
        self.add("payments from prompt to credit, kills included, /s", outcome.rate, None);
        self.add(
            "kills of the hub, a ledger of zero after each",
            outcome.kills as f64,
            None,
        );
        self.add("payments credited twice", verdict.double as f64, AtMost(0.0));
        self.add("payments lost", verdict.lost as f64, AtMost(0.0));
        self.add("payments on an operator's list", verdict.with_operator as f64, None);
        self.add("credits without a payment", verdict.unpaid as f64, AtMost(0.0));
        self.add(
            "tills off, minor units",
            verdict.till_difference.unsigned_abs() as f64,
            AtMost(0.0),
        );
    }

    /// A storm.
    pub fn storm(&mut self, seconds: f64) {
        self.add("a storm of weeks, s", seconds, AtMost(60.0));
    }
}

impl fmt::Display for Targets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n| figure | found | hoped for | |\n|---|---:|---:|---|")?;
        for Line { what, hoped, found } in &self.0 {
            let found_text = if *found < 100.0 {
                format!("{found:.2}")
            } else {
                format!("{found:.0}")
            };
            let (limit, verdict) = match hoped {
                None => (String::new(), ""),
                Some(hope) => {
                    let limit = match hope {
                        AtLeast(limit) => format!("≥ {limit}"),
                        AtMost(limit) => format!("≤ {limit}"),
                    };
                    (limit, if hope.is_met(*found) { "met" } else { "MISSED" })
                }
            };
            writeln!(f, "| {what} | {found_text} | {limit} | {verdict} |")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_stands_beside_what_was_hoped() {
        let mut targets = Targets::default();
        targets.storm(59.5);
        targets.storm(120.4);
        let text = targets.to_string();
        assert!(text.contains("| a storm of weeks, s | 59.50 | ≤ 60 | met |"), "{text}");
        assert!(text.contains("| a storm of weeks, s | 120 | ≤ 60 | MISSED |"), "{text}");
    }
}
