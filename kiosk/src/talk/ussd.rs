//! The USSD menus: a screen in, an input out, and a session in between (FEATURES A, B, C, E).
//!
//! One step takes a session and what was typed, and leaves the next screen and the session changed. It knows no clock
//! and no network; what it reads and has done goes through [`Office`]. Wire forms are the adapters' matter, and what a
//! gateway joins together is taken apart by [`joined`].
//!
//! | module | what it holds |
//! |---|---|
//! | `office`, `act` | what menus ask, what they have done, what can be denied |
//! | `state` | where a session stands |
//! | `desk` | one step: input to turn, turn to screen |
//! | `deed` | the PIN, what is done after it, and what is told of that |
//! | `loans` | the loans menu, to the letter of FEATURES C13 and C32 to C39 |
//! | `register` | making an account, and taking one along to a new number |
//! | `water`, `mine`, `buy`, `account` | the water menu and what is below it |
//! | `manager` | the menu of a site's manager |
//! | `page`, `say`, `words` | laying out a screen, texts with arguments, all texts |
//! | [`joined`] | what is new in the text that a gateway sends |
//! | `stored` | how the values of a session are kept |
//!
//! In all menus and lists `0` goes back or out, and `9` shows more of a list; where a name, a number or a PIN is typed for
//! the first time there is no way back but hanging up, as FEATURES shows it. A wrong input shows the same screen again with a
//! short line first; only the `services` menu ends at one (FEATURES B20).

mod account;
mod act;
mod buy;
mod deed;
mod desk;
pub mod joined;
mod loans;
mod manager;
mod mine;
mod office;
mod page;
mod register;
mod say;
mod state;
mod stored;
mod water;
mod words;

pub use act::{Act, Denied, Done, Pay, Purchase};
pub use office::{
    Caller, Customer, Found, Handle, LoanView, Movement, MovementKind, Office, Order, OrderKind, Owed, Particulars,
    PinCheck, Registration, Seal, Site, Subscription, Today, Usage, Water,
};

use crate::{
    phone::Phone,
    talk::{Language, Talk},
};
use desk::Desk;
use say::Say;
use serde::{Deserialize, Serialize};
use state::{Menu, Shown, State};
pub(in crate::talk) use words::Word;

/// Units of the GSM alphabet in a screen: 160 octets of seven bits (reference: phones and text, section 3).
pub const SCREEN_UNITS_MAX: usize = 182;
/// The longest report or message that is typed, in characters.
pub const TEXT_CHARS_MAX: usize = 140;
/// Wrong PINs that end a session; the office's own count goes on in the next.
pub const PINS_WRONG_MAX: u8 = 3;

/// Which menu a service code opens (CONTRACTS section 1, `ussd.codes`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// All of it: water, bills, loans, and a site manager's own menu.
    Water,
    /// Loans between people (FEATURES C).
    Loans,
    /// Deposit, orders, balance and customer care (FEATURES B).
    Services,
    /// Usage, bills and problems of a household (FEATURES E).
    Household,
}

impl Service {
    /// All of them, in a fixed order.
    pub const ALL: [Service; 4] = [Service::Water, Service::Loans, Service::Services, Service::Household];

    /// The name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Service::Water => "water",
            Service::Loans => "loans",
            Service::Services => "services",
            Service::Household => "household",
        }
    }

    /// Reads that name.
    pub fn from_name(name: &str) -> Option<Service> {
        Service::ALL.into_iter().find(|service| service.name() == name)
    }

    const fn home(self) -> Menu {
        match self {
            Service::Water => Menu::Water,
            Service::Loans => Menu::Loans,
            Service::Services => Menu::Services,
            Service::Household => Menu::Household,
        }
    }
}

/// What is kept of a session between two steps. It never holds a PIN, so a store may keep it as it is; its debug form
/// shows neither the number nor what was typed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    service: Service,
    #[serde(with = "stored::phone")]
    phone: Phone,
    #[serde(with = "stored::language")]
    language: Language,
    state: State,
    /// The first row of a list that the last screen showed.
    first: usize,
    /// The rows that it showed and that can be chosen.
    shown: Vec<Shown>,
    /// The first row of the next page.
    next: Option<usize>,
    pins_wrong: u8,
}

impl Session {
    /// Which menu it is of.
    pub fn service(&self) -> Service {
        self.service
    }

    /// Who calls.
    pub fn phone(&self) -> Phone {
        self.phone
    }

    /// The language it is held in.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Where it stands, for session lists: for loans the names of FEATURES C32 to C39. It tells nothing secret.
    pub fn state_name(&self) -> &'static str {
        self.state.name(self.service)
    }

    /// How many wrong PINs were typed in it.
    pub fn pins_wrong(&self) -> u8 {
        self.pins_wrong
    }

    /// Whether it waits for what was just typed, once more: a new PIN.
    pub fn asks_again(&self) -> bool {
        self.state.asks_again()
    }

    /// Whether its last screen was shown with [`Answer::goes_on`] false.
    pub fn is_over(&self) -> bool {
        self.state == State::Ended
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.state_name();
        write!(f, "Session({} {} {name})", self.service.name(), self.phone)
    }
}

/// What a step answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The screen: letters of the GSM alphabet, at most [`SCREEN_UNITS_MAX`] units.
    pub screen: String,
    /// Whether an input is waited for; otherwise the session is over.
    pub goes_on: bool,
}

/// Somebody dials a service code. `cut` is their last session of the same service when it ended without its last
/// screen, within a time of the caller's choosing: the water and household menus offer to go on there (FEATURES X8).
///
/// # Errors
/// What the office cannot do; nothing is kept then.
pub fn begin<O: Office>(
    office: &mut O,
    service: Service,
    phone: Phone,
    cut: Option<Session>,
) -> Result<(Session, Answer), O::Error> {
    let session = Session {
        service,
        phone,
        language: Language::default(),
        state: State::Ended,
        first: 0,
        shown: Vec::new(),
        next: None,
        pins_wrong: 0,
    };
    let mut desk = Desk::new(office, session)?;
    let answer = desk.open(cut)?;
    Ok((desk.session, answer))
}

/// The caller typed something. On an error the session is as it was, so the same step can be taken again; otherwise it
/// belongs in the same commit as what the office did.
///
/// # Errors
/// What the office cannot do.
pub fn step<O: Office>(office: &mut O, session: &mut Session, input: &str) -> Result<Answer, O::Error> {
    let mut desk = Desk::new(office, session.clone())?;
    let answer = desk.step(cleaned(input))?;
    *session = desk.session;
    Ok(answer)
}

/// What a caller reads when a step cannot be taken: it came out of order, or the office failed for good.
pub fn apology(talk: &Talk, language: Language) -> Answer {
    Answer {
        screen: Say::from(Word::Apology).text(talk, language),
        goes_on: false,
    }
}

/// What a caller reads when a step takes too long: it may be done all the same.
pub fn too_slow(talk: &Talk, language: Language) -> Answer {
    Answer {
        screen: Say::from(Word::TooSlow).text(talk, language),
        goes_on: false,
    }
}

/// An input without what phones put around it: blanks, and a `#` by which some people end it.
fn cleaned(input: &str) -> &str {
    let input = input.trim();
    match input.strip_suffix('#').map(str::trim_end) {
        None | Some("") => input,
        Some(before) => before,
    }
}

#[cfg(test)]
mod tests;
