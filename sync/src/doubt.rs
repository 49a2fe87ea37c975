//! What an end knows of its own missing past (PROTOCOL section 5), kept with the logs it is about.
//!
//! Sessions change these states; machines read them before they sell, grant or start an outside effect.

use kiosk::ids::BoxId;

use crate::journal::{JournalError, Logs};

/// Why a gateway sells nothing until it has heard the hub (PROTOCOL rule 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unheard {
    /// The database was rebuilt.
    Rebuilt,
    /// The dispensers' pulse totals are further than the books can explain.
    PulsesAhead,
}

/// The generation this end has: a gateway the highest it heard, the hub its own (PROTOCOL rule 4). It begins at 0.
pub fn generation<L: Logs>(_logs: &L) -> Result<u32, JournalError<L::Error>> {
    Ok(0)
}

/// At a gateway: whether it may not sell (PROTOCOL rule 14).
pub fn site_in_doubt<L: Logs>(_logs: &L) -> Result<bool, JournalError<L::Error>> {
    Ok(false)
}

/// At a gateway, at start: a sign of a missing past that only a fresh HELLO removes (PROTOCOL rule 14).
pub fn site_doubt_until_heard<L: Logs>(_logs: &mut L, _why: Unheard) -> Result<(), JournalError<L::Error>> {
    Ok(())
}

/// At the hub: whether it grants only from new money (PROTOCOL rule 17).
pub fn hub_in_doubt<L: Logs>(_logs: &L) -> Result<bool, JournalError<L::Error>> {
    Ok(false)
}

/// At the hub, by `restore` and at a start behind the side log: raises the generation above both its own and `at_least
/// - 1`, and puts the hub in doubt (PROTOCOL rule 15). Returns the new generation.
pub fn hub_raise<L: Logs>(_logs: &mut L, _at_least: u32) -> Result<u32, JournalError<L::Error>> {
    Ok(0)
}

/// At the hub: whether this box was heard in the present generation (PROTOCOL rule 17).
pub fn hub_heard<L: Logs>(_logs: &L, _box_id: BoxId) -> Result<bool, JournalError<L::Error>> {
    Ok(true)
}

/// At the hub: ends the doubt when every one of `boxes`, the enrolments not written off, is heard (PROTOCOL rule 17).
/// True when it ended now.
pub fn hub_end_if_heard<L: Logs>(_logs: &mut L, _boxes: &[BoxId]) -> Result<bool, JournalError<L::Error>> {
    Ok(false)
}

/// At the hub: an operator ends the doubt sooner, having seen the sum at risk (PROTOCOL rule 17).
pub fn hub_end<L: Logs>(_logs: &mut L) -> Result<(), JournalError<L::Error>> {
    Ok(())
}

/// At the hub: whether a record of this box may start an outside effect by itself. False while the hub is restored and
/// lacks part of what the box's first HELLO of this generation showed: then it goes to an operator (PROTOCOL rule 18).
pub fn hub_effects_allowed<L: Logs>(_logs: &L, _box_id: BoxId) -> Result<bool, JournalError<L::Error>> {
    Ok(true)
}
