//! What the display of a dispenser says.

use kiosk::{
    dispense::Reason,
    receipt,
    talk::{Language, Screen, Talk, Text},
    units::Volume,
};

use super::effect::CustomerShown;

/// The voice of this site. Languages that nobody speaks here are English.
pub(super) struct Voice(Talk);

impl Voice {
    pub(super) fn new() -> Voice {
        Voice(Talk::new())
    }

    /// Four lines for an answer.
    pub(super) fn answer(
        &self,
        language: &str,
        denied: Option<Reason>,
        volume: Volume,
        customer: Option<&CustomerShown>,
    ) -> [String; 4] {
        let screen = match (denied, customer) {
            (Some(reason), _) => Screen::Denied(reason),
            (None, customer) => Screen::Approved {
                name: customer.map(|customer| customer.name.clone()).unwrap_or_default(),
                volume,
                balance: customer.map_or(Volume::ZERO, |customer| customer.balance),
                jerrycans: customer.map_or(0, |customer| customer.jerrycans_left),
            },
        };
        self.0.screen(spoken(language), &screen)
    }

    /// A text message.
    pub(super) fn text(&self, language: &str, text: &Text) -> String {
        self.0.text(spoken(language), text)
    }

    /// Four lines for a receipt.
    pub(super) fn receipt(
        &self,
        language: &str,
        volume: Volume,
        balance: Volume,
        jerrycans: u64,
        receipt: receipt::Receipt,
    ) -> [String; 4] {
        self.0.screen(
            spoken(language),
            &Screen::Receipt {
                volume,
                balance,
                jerrycans,
                receipt,
            },
        )
    }
}

fn spoken(language: &str) -> Language {
    Language::from_code(language).unwrap_or(Language::English)
}
