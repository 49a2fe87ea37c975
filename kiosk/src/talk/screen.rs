//! Everything that a dispenser's display says, typed.

use super::{
    Language, gsm7,
    text::{cut, litres},
};
use crate::{dispense::Reason, receipt::Receipt, units::Volume};
use fluent_bundle::FluentArgs;

/// Characters of a name that fit on a screen after a greeting.
const NAME_ON_SCREEN: usize = 12;
/// The most jerrycans a screen counts.
const JERRYCANS_MAX: u64 = 99_999;

/// Four lines on a dispenser's display (CONTRACTS section 3, `lines`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Water is approved.
    Approved {
        /// The customer's name; the first word of it is shown.
        name: String,
        /// What may be drawn now.
        volume: Volume,
        /// Prepaid litres.
        balance: Volume,
        /// Whole jerrycans left in the allowance.
        jerrycans: u64,
    },
    /// Water is denied.
    Denied(Reason),
    /// Water is denied by a lock whose end is known.
    Locked {
        /// Milliseconds until the next try is taken, shown as minutes, rounded up.
        for_ms: u64,
    },
    /// A pour is recorded.
    Receipt {
        /// What flowed.
        volume: Volume,
        /// Prepaid litres left.
        balance: Volume,
        /// Whole jerrycans left in the allowance.
        jerrycans: u64,
        /// The receipt.
        receipt: Receipt,
    },
}

impl Screen {
    /// The message in the Fluent files; `None` for a denial, whose lines depend on nothing but its reason.
    pub(super) fn id(&self) -> Option<&'static str> {
        match self {
            Screen::Approved { .. } => Some("screen-approved"),
            Screen::Denied(_) => None,
            Screen::Locked { .. } => Some("screen-locked"),
            Screen::Receipt { .. } => Some("screen-receipt"),
        }
    }

    /// The message's arguments, each cut to what its line has room for.
    pub(super) fn args(&self, language: Language) -> FluentArgs<'static> {
        let mut args = FluentArgs::with_capacity(4);
        match self {
            Screen::Approved {
                name,
                volume,
                balance,
                jerrycans,
            } => {
                let first = name.split_whitespace().next().unwrap_or_default();
                args.set("name", cut(&gsm7::ascii(first), NAME_ON_SCREEN));
                args.set("volume", litres(*volume, language));
                args.set("balance", litres(*balance, language));
                args.set("jerrycans", (*jerrycans).min(JERRYCANS_MAX).to_string());
            }
            Screen::Denied(_) => {}
            Screen::Locked { for_ms } => args.set("minutes", for_ms.div_ceil(60_000).min(99_999).to_string()),
            Screen::Receipt {
                volume,
                balance,
                jerrycans,
                receipt,
            } => {
                args.set("volume", litres(*volume, language));
                args.set("balance", litres(*balance, language));
                args.set("jerrycans", (*jerrycans).min(JERRYCANS_MAX).to_string());
                args.set("receipt", receipt.to_string());
            }
        }
        args
    }
}

/// The message of a denial in the Fluent files.
pub(super) fn denial_id(reason: Reason) -> String {
    format!("denied-{}", reason.name())
}
