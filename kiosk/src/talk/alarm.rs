//! What whoever looks after a site is told by SMS when something there needs a person. It names the site, for one person
//! may look after many, says what is wrong and what to do; no customer is in it.

use fluent_bundle::FluentArgs;

use super::{
    Language,
    text::{NAME_IN_MESSAGE, cut, said, sum},
};
use crate::units::Money;

/// Letters of an alarm's code that are told.
const CODE_MAX: usize = 20;
/// Letters of a dispenser's id that are told.
const DISPENSER_MAX: usize = 16;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlarmText {
    /// Part of the box's past is missing: it sells nothing.
    Doubt,
    /// The database lies on another medium than the one that joined: it sells nothing.
    OtherMedium,
    /// The hub sells through this box no more.
    Retired,
    /// The disk is nearly full.
    DiskLow,
    /// There is little airtime left.
    AirtimeLow(Money),
    /// Nobody could tell for days how much airtime is left.
    AirtimeUnknown,
    /// The modem works again, after so many minutes in which no text could leave: this one neither.
    ModemBack {
        /// Minutes without it.
        minutes: u64,
    },
    /// Somebody tries PINs at a dispenser.
    PinSpraying,
    /// A dispenser's meter is further than the books.
    MeterAhead,
    /// A dispenser has not been heard for so many minutes, and others are silent too.
    DispenserSilent {
        /// Its id.
        dispenser: String,
        /// How many others.
        others: usize,
        /// Minutes without a word of it.
        minutes: u64,
    },
    /// Another alarm, by its code.
    Other(String),
}

impl AlarmText {
    /// What is said of the alarm with this code, where nothing more exact is known.
    pub fn of(code: &str) -> AlarmText {
        match code {
            "doubt" => AlarmText::Doubt,
            "disk_low" => AlarmText::DiskLow,
            "pin_spraying" => AlarmText::PinSpraying,
            "meter_ahead" => AlarmText::MeterAhead,
            code => AlarmText::Other(code.to_owned()),
        }
    }

    /// The message in the Fluent files.
    pub(super) const fn id(&self) -> &'static str {
        match self {
            AlarmText::Doubt => "alarm-doubt",
            AlarmText::OtherMedium => "alarm-other-medium",
            AlarmText::Retired => "alarm-retired",
            AlarmText::DiskLow => "alarm-disk-low",
            AlarmText::AirtimeLow(_) => "alarm-airtime-low",
            AlarmText::AirtimeUnknown => "alarm-airtime-unknown",
            AlarmText::ModemBack { .. } => "alarm-modem-back",
            AlarmText::PinSpraying => "alarm-pin-spraying",
            AlarmText::MeterAhead => "alarm-meter-ahead",
            AlarmText::DispenserSilent { others: 0, .. } => "alarm-dispenser-silent",
            AlarmText::DispenserSilent { .. } => "alarm-dispensers-silent",
            AlarmText::Other(_) => "alarm-other",
        }
    }

    /// The message's arguments, in the alphabet of an SMS.
    pub(super) fn args(&self, site: &str, language: Language) -> FluentArgs<'static> {
        let mut args = FluentArgs::with_capacity(4);
        args.set("site", said(site, NAME_IN_MESSAGE));
        match self {
            AlarmText::AirtimeLow(left) => args.set("left", sum(*left, language)),
            AlarmText::ModemBack { minutes } => args.set("minutes", minutes.to_string()),
            AlarmText::DispenserSilent {
                dispenser,
                others,
                minutes,
            } => {
                args.set("dispenser", said(dispenser, DISPENSER_MAX));
                args.set("others", others.to_string());
                args.set("minutes", minutes.to_string());
            }
            // Codes have an underscore between words, which the SMS alphabet has, and many a cheap phone's font not.
            AlarmText::Other(code) => args.set("code", cut(&said(code, CODE_MAX).replace('_', " "), CODE_MAX)),
            _ => {}
        }
        args
    }
}
