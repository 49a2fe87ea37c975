//! What each screen is held against, the moment it is shown: whose it is, what the books hold, and what is kept of a PIN.

use hub::hub::effect::UssdScreen;

use super::World;
use crate::{check::rows, sabotage::Sabotage};

impl World {
    /// Holds what somebody is shown against what is so.
    pub(super) fn hold_screen(&mut self, step: usize, person: usize, shown: &UssdScreen) {
        let (own, name) = (&self.calls.steps[step], self.people[person].name.clone());
        let (confirms, is_first, had_ml) = (own.confirms, own.handed == 1, own.had_ml);
        let words: Vec<&str> = shown.screen.split_whitespace().collect();
        for (place, other) in self.people.iter().enumerate().filter(|(place, _)| *place != person) {
            let first = other.name.split_whitespace().next().unwrap_or_default();
            let account = other.account.map(|account| account.to_string());
            if words.contains(&first) || account.is_some_and(|account| words.contains(&account.as_str())) {
                let what = format!("{name} was shown what is of person {place}: {:?}", shown.screen);
                return self.books.broken(what);
            }
        }
        let said = shown
            .screen
            .strip_prefix("Prepaid: ")
            .and_then(|rest| rest.split_once(" l\n"));
        if let (Some((said, _)), Some(had_ml), true) = (said, had_ml, is_first) {
            self.calls.balances += 1;
            let has_ml = self.hub_balance_ml(person).unwrap_or(had_ml);
            let range = had_ml.min(has_ml).max(0)..=had_ml.max(has_ml).max(0);
            if millilitres(said).is_none_or(|said| !range.contains(&said)) {
                let what = format!("{name} was told {said} l, and the books hold {had_ml} to {has_ml} ml");
                self.books.broken(what);
            }
        }
        let is_done = shown.screen.starts_with("Please confirm ") || shown.screen.starts_with("Paid ");
        if let (Some(litres), true) = (confirms, is_done && is_first) {
            self.calls.bought += 1;
            if self.bought_by_phone(litres).is_empty() {
                let what = format!("{name} was told that {litres} l are bought, and the books know of none");
                self.books.broken(what);
            }
        }
        if self.calls.steps[step].is_pin {
            self.hold_session(step);
        }
    }

    /// A PIN was typed: it is in nothing that is kept of the session.
    fn hold_session(&mut self, step: usize) {
        let own = &self.calls.steps[step];
        let typed = own.text.rsplit('*').next().unwrap_or_default().to_owned();
        let session = self.calls.calls[own.call].name.clone();
        if self.sabotage == Some(Sabotage::PinKept) && self.hub_rows().is_some() && self.spoils(Sabotage::PinKept) {
            let change = "UPDATE ussd_session SET seen = seen || ' ' || ?1 WHERE id = ?2";
            let changed = self.hub_rows().map(|hub| hub.execute(change, (&typed, &session)));
            if let Some(Err(error)) = changed {
                self.books.broken(format!("sabotage failed: {error}"));
            }
        }
        let statement = "SELECT session || ' ' || seen || ' ' || screen FROM ussd_session WHERE id = ?1";
        let kept = self
            .hub_rows()
            .map(|hub| rows(hub, statement, [&session], |row| row.get::<_, String>(0)));
        for text in kept.and_then(Result::ok).unwrap_or_default() {
            if holds_word(&text, &typed) {
                self.books
                    .broken(format!("a session keeps the PIN that was typed: {text}"));
            }
        }
    }

    /// Sabotage of what leaves the hub.
    pub(super) fn spoil_screen(&mut self, person: usize, shown: &mut UssdScreen) {
        if shown.screen.starts_with("Hello ") && self.spoils(Sabotage::ScreenOfAnother) {
            let name = |person: usize| self.people[person].name.split_whitespace().next().unwrap_or_default();
            shown.screen = shown
                .screen
                .replacen(name(person), name((person + 1) % self.people.len()), 1);
        }
        if shown.screen.starts_with("Prepaid: ") && self.spoils(Sabotage::BalanceMisstated) {
            shown.screen = shown.screen.replacen("Prepaid: ", "Prepaid: 9", 1);
        }
    }
}

/// Litres as a screen says them, in millilitres.
fn millilitres(said: &str) -> Option<i64> {
    let (whole, part) = said.split_once('.').unwrap_or((said, ""));
    let part: i64 = format!("{part:0<3}").parse().ok()?;
    Some(whole.parse::<i64>().ok()? * 1_000 + part)
}

/// Whether digits stand alone in a text.
fn holds_word(text: &str, digits: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_alphanumeric())
        .any(|word| word == digits)
}
