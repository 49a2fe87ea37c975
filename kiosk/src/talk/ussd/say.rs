//! A text with its arguments, before it is put into a language.

use super::words::Word;
use crate::{
    day::Day,
    phone::Phone,
    talk::{
        Language, Talk, gsm7,
        text::{litres, said, sum},
    },
    units::{Currency, Money, Volume},
};
use fluent_bundle::FluentArgs;

/// Characters of a name on a screen.
const NAME_ON_SCREEN: usize = 20;
/// Characters of a name where its owner is to find a slip in it.
const NAME_IN_FULL: usize = 45;
/// The most that a screen counts.
const COUNT_MAX: u64 = 999_999;

/// A text with its arguments.
#[derive(Clone, Debug)]
pub(super) struct Say {
    pub word: Word,
    args: Vec<(&'static str, Arg)>,
}

#[derive(Clone, Debug)]
enum Arg {
    Money(Money),
    Shillings(Money),
    Volume(Volume),
    Text(String),
    Say(Say),
}

impl From<Word> for Say {
    fn from(word: Word) -> Say {
        Say { word, args: Vec::new() }
    }
}

impl Say {
    pub fn new(word: Word) -> Say {
        word.into()
    }

    fn with(mut self, name: &'static str, arg: Arg) -> Say {
        self.args.push((name, arg));
        self
    }

    pub fn money(self, name: &'static str, money: Money) -> Say {
        self.with(name, Arg::Money(money))
    }

    /// Money as the loans menu writes it: `Ksh 5000` (FEATURES C36).
    pub fn shillings(self, name: &'static str, money: Money) -> Say {
        self.with(name, Arg::Shillings(money))
    }

    /// A currency as the loans menu writes it.
    pub fn currency(self, name: &'static str, currency: Currency) -> Say {
        let written = match currency {
            Currency::Kes => "Ksh",
            other => other.code(),
        };
        self.with(name, Arg::Text(written.to_owned()))
    }

    pub fn volume(self, name: &'static str, volume: Volume) -> Say {
        self.with(name, Arg::Volume(volume))
    }

    /// A name, in the alphabet of a screen and cut to its room.
    pub fn name(self, name: &'static str, text: &str) -> Say {
        self.with(name, Arg::Text(said(text, NAME_ON_SCREEN)))
    }

    /// A name with more room, where its owner is to find a slip in it.
    pub fn full_name(self, name: &'static str, text: &str) -> Say {
        self.with(name, Arg::Text(said(text, NAME_IN_FULL)))
    }

    pub fn number(self, name: &'static str, number: impl Into<u64>) -> Say {
        self.with(name, Arg::Text(number.into().min(COUNT_MAX).to_string()))
    }

    /// A phone as the loans menu writes it: `254702345678` (FEATURES C36).
    pub fn phone(self, name: &'static str, phone: Phone) -> Say {
        self.with(name, Arg::Text(phone.msisdn()))
    }

    pub fn day(self, name: &'static str, day: Day) -> Say {
        self.with(name, Arg::Text(day.slashed()))
    }

    /// A day without its year, where there is no room and it was lately.
    pub fn short_day(self, name: &'static str, day: Day) -> Say {
        self.with(name, Arg::Text(day.slashed().chars().take(5).collect()))
    }

    /// What is in the alphabet of a screen already, such as a code.
    pub fn plain(self, name: &'static str, text: impl ToString) -> Say {
        self.with(name, Arg::Text(text.to_string()))
    }

    /// A word of the same language.
    pub fn word(self, name: &'static str, word: Word) -> Say {
        self.with(name, Arg::Say(word.into()))
    }

    pub fn say(self, name: &'static str, say: Say) -> Say {
        self.with(name, Arg::Say(say))
    }

    pub fn text(&self, talk: &Talk, language: Language) -> String {
        let mut args = FluentArgs::with_capacity(self.args.len());
        for (name, arg) in &self.args {
            let written = match arg {
                Arg::Money(money) => sum(*money, language),
                Arg::Shillings(money) => sum(*money, language).replacen("KES", "Ksh", 1),
                Arg::Volume(volume) => litres(*volume, language),
                Arg::Text(text) => text.clone(),
                Arg::Say(say) => say.text(talk, language),
            };
            args.set(*name, written);
        }
        talk.format(language, self.word.id(), &args)
    }
}

/// The first name: the first word of a name.
pub(super) fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or_default()
}

/// As much of a text as `units` hold.
pub(super) fn cut_to_units(text: &str, units: usize) -> String {
    let mut cut = text.to_owned();
    while gsm7::units(&cut) > units {
        cut.pop();
    }
    cut
}
