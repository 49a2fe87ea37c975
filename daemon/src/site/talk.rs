//! What the display of a dispenser says.

use kiosk::{dispense::Reason, units::Volume};

use super::effect::CustomerShown;

/// Four lines for an answer.
pub(super) fn answer(
    _language: &str,
    denied: Option<Reason>,
    volume: Volume,
    customer: Option<&CustomerShown>,
) -> [String; 4] {
    let name = customer.map(|customer| customer.name.clone()).unwrap_or_default();
    let first = denied.map_or("OK", Reason::name);
    [first.to_owned(), name, volume.to_string(), String::new()]
}

/// Four lines for a receipt.
pub(super) fn receipt(_language: &str, volume: Volume, _balance: Option<Volume>, number: &str) -> [String; 4] {
    [volume.to_string(), number.to_owned(), String::new(), String::new()]
}
