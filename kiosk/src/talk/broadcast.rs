//! One text to many people: who gets which words, what that costs, when it may leave, and what may be said of it while it
//! runs. Nobody gets it twice: a number stands in it once.

mod state;
mod texts;

pub use self::{
    state::{NotFollowed, Order, State, ordered},
    texts::{BadText, Texts},
};

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Language,
    gsm7::{self, Encoding},
};
use crate::{
    day::Zone,
    ids::{CustomerId, SiteName},
    moment::Wall,
    phone::Phone,
};

/// Whom a broadcast is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Customers at home at a site; of all sites, and of none, where none is named.
    Customers(Option<SiteName>),
    /// Those who manage a site by phone; those of all sites, where none is named.
    Managers(Option<SiteName>),
}

impl Audience {
    /// The word in the database and the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Audience::Customers(_) => "customers",
            Audience::Managers(_) => "managers",
        }
    }

    /// The site whose people they are; `None` for all.
    pub const fn site(&self) -> Option<&SiteName> {
        match self {
            Audience::Customers(site) | Audience::Managers(site) => site.as_ref(),
        }
    }

    /// The audience with this word and site.
    pub fn from_name(name: &str, site: Option<SiteName>) -> Option<Audience> {
        match name {
            "customers" => Some(Audience::Customers(site)),
            "managers" => Some(Audience::Managers(site)),
            _ => None,
        }
    }
}

/// What an operator decides once about broadcasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What one part of one text costs, in minor units of the hub's currency; 0 where nobody said.
    pub price_per_part_minor: u32,
    /// Parts that a text may have.
    pub parts_max: usize,
    /// When texts may leave.
    pub hours: Hours,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            price_per_part_minor: 0,
            parts_max: 3,
            hours: Hours { from: 8, to: 19 },
        }
    }
}

/// Hours of a local day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    from: u8,
    to: u8,
}

impl Hours {
    /// From the beginning of one hour up to the beginning of a later one, 24 at most; else `None`.
    pub fn new(from: u8, to: u8) -> Option<Hours> {
        (from < to && to <= 24).then_some(Hours { from, to })
    }

    /// Whether it is such an hour in a zone.
    pub fn is_open(self, now: Wall, zone: &Zone) -> bool {
        (self.from..self.to).contains(&zone.hour(now))
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:00 to {:02}:00", self.from, self.to)
    }
}

/// Somebody of an audience, as the books know them.
#[derive(Clone, Debug)]
pub struct Person {
    /// Which customer; `None` for somebody who is none.
    pub customer: Option<CustomerId>,
    /// Their number.
    pub phone: Option<Phone>,
    /// What they speak.
    pub language: Language,
    /// When they were registered.
    pub since: Wall,
    /// Not blocked.
    pub active: bool,
    /// Their record became part of another.
    pub merged: bool,
    /// Their number wants no texts that are not essential.
    pub stopped: bool,
}

/// Why somebody of an audience gets no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// The record became part of another, which stands for itself.
    Merged,
    /// There is no number.
    NoPhone,
    /// The number wants no such texts.
    Stopped,
    /// The account is blocked.
    Blocked,
    /// Somebody before them has the same number.
    SameNumber,
    /// The number is no longer theirs.
    NumberChanged,
}

impl LeftOut {
    /// All reasons.
    pub const ALL: [LeftOut; 6] = [
        LeftOut::Merged,
        LeftOut::NoPhone,
        LeftOut::Stopped,
        LeftOut::Blocked,
        LeftOut::SameNumber,
        LeftOut::NumberChanged,
    ];

    /// The word in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            LeftOut::Merged => "merged",
            LeftOut::NoPhone => "no_phone",
            LeftOut::Stopped => "stopped",
            LeftOut::Blocked => "blocked",
            LeftOut::SameNumber => "same_number",
            LeftOut::NumberChanged => "number_changed",
        }
    }

    /// The reason with this word.
    pub fn from_name(name: &str) -> Option<LeftOut> {
        LeftOut::ALL.into_iter().find(|why| why.name() == name)
    }

    /// What it is to whoever reads a page.
    pub const fn says(self) -> &'static str {
        match self {
            LeftOut::Merged => "registered twice: the other record counts",
            LeftOut::NoPhone => "no phone number",
            LeftOut::Stopped => "sent STOP",
            LeftOut::Blocked => "blocked",
            LeftOut::SameNumber => "share a number with somebody who gets it",
            LeftOut::NumberChanged => "have another number since",
        }
    }
}

/// Somebody of an audience, and what becomes of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Which customer; `None` for somebody who is none.
    pub customer: Option<CustomerId>,
    /// Their number and the place of their text, or why they get none.
    pub fate: Result<(Phone, usize), LeftOut>,
}

/// Why somebody gets no text whatever others get.
const fn own_reason(person: &Person) -> Option<LeftOut> {
    match person {
        Person { merged: true, .. } => Some(LeftOut::Merged),
        Person { phone: None, .. } => Some(LeftOut::NoPhone),
        Person { stopped: true, .. } => Some(LeftOut::Stopped),
        Person { active: false, .. } => Some(LeftOut::Blocked),
        _ => None,
    }
}

/// What becomes of everybody of an audience, in the order in which they were registered; of those who share a number and
/// may get a text the first gets it.
pub fn recipients(mut people: Vec<Person>, texts: &Texts) -> Vec<Recipient> {
    people.sort_by_key(|person| (person.since, person.customer));
    let mut numbers = BTreeSet::new();
    let recipient = |person: Person| {
        let fate = match (own_reason(&person), person.phone) {
            (Some(why), _) => Err(why),
            (None, Some(phone)) if numbers.insert(phone) => Ok((phone, texts.place_for(person.language))),
            (None, Some(_)) => Err(LeftOut::SameNumber),
            (None, None) => Err(LeftOut::NoPhone),
        };
        Recipient {
            customer: person.customer,
            fate,
        }
    };
    people.into_iter().map(recipient).collect()
}

/// What a broadcast would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// Each text, in the order in which they were given.
    pub texts: Vec<TextPreview>,
    /// How many get none, by reason.
    pub left_out: BTreeMap<LeftOut, u32>,
}

/// What one of its texts would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPreview {
    /// Its language.
    pub language: Language,
    /// As it is sent.
    pub text: String,
    /// The alphabet it needs.
    pub encoding: Encoding,
    /// Parts of one such text.
    pub parts: u32,
    /// Who gets it.
    pub people: u32,
    /// The letters that are not in the alphabet of an SMS and so make parts short, each once.
    pub odd_letters: String,
}

impl Preview {
    /// Of these texts to these people.
    pub fn new(texts: &Texts, recipients: &[Recipient]) -> Preview {
        let mut left_out = BTreeMap::new();
        let mut people = vec![0_u32; texts.iter().count()];
        for recipient in recipients {
            match &recipient.fate {
                Ok((_, place)) => people[*place] += 1,
                Err(why) => *left_out.entry(*why).or_default() += 1,
            }
        }
        let texts = texts.iter().zip(people);
        let shown = |((language, text), people): ((Language, &str), u32)| TextPreview {
            language,
            text: text.to_owned(),
            encoding: Encoding::of(text),
            parts: u32::try_from(gsm7::parts(text).len()).unwrap_or(u32::MAX),
            people,
            odd_letters: odd_letters(text),
        };
        Preview {
            texts: texts.map(shown).collect(),
            left_out,
        }
    }

    /// How many texts are sent: one to each person.
    pub fn people(&self) -> u32 {
        self.texts.iter().map(|text| text.people).sum()
    }

    /// How many parts they have together.
    pub fn parts(&self) -> u64 {
        self.texts
            .iter()
            .map(|text| u64::from(text.parts) * u64::from(text.people))
            .sum()
    }

    /// What they cost, in minor units. More than 64 bits hold is the most they hold.
    pub fn cost_minor(&self, price_per_part_minor: u32) -> i64 {
        let cost = self.parts().saturating_mul(u64::from(price_per_part_minor));
        i64::try_from(cost).unwrap_or(i64::MAX)
    }
}

fn odd_letters(text: &str) -> String {
    let mut odd = BTreeSet::new();
    let is_odd = |c: &char| Encoding::of(c.encode_utf8(&mut [0; 4])) == Encoding::Ucs2;
    text.chars().filter(is_odd).filter(|c| odd.insert(*c)).collect()
}

#[cfg(test)]
mod tests;
