//! Making an account (FEATURES B5 to B8, D19 to D21), and taking one along to a new number.

use super::{
    Service,
    act::Act,
    deed::chosen_pin,
    desk::{Desk, Turn, choice},
    office::{Office, Particulars},
    page::Sheet,
    say::Say,
    state::{Entry, Menu, NewPin, State},
    words::Word,
};
use crate::{phone::Phone, pin::Pin, talk::sms::NAME_CHARS_MAX};

impl<O: Office> Desk<'_, O> {
    pub fn registration_sheet(&self, entry: &Entry) -> Sheet {
        match entry {
            // Somebody with an account on another number is not to make a second one.
            Entry::Name if self.session.service == Service::Water && self.caller.customer.is_none() => {
                Sheet::whole(Word::EnterNameOrMove)
            }
            Entry::City { .. } => Sheet::whole(Word::EnterCity),
            Entry::NewPin(NewPin::Registration { .. }) => Sheet::whole(Word::EnterNewPin),
            Entry::NewPin(NewPin::Change) => Sheet::new(Word::EnterNewPin, Word::Cancel),
            Entry::PinAgain { .. } => Sheet::whole(Word::EnterPinAgain),
            Entry::OldPhone => Sheet::new(Word::EnterOldPhone, Word::Cancel),
            Entry::OldName { .. } => Sheet::new(Word::EnterOldName, Word::Cancel),
            Entry::OldPhonePin { .. } => Sheet::new(Word::EnterOldPhonePin, Word::Cancel),
            _ => Sheet::whole(Word::EnterName),
        }
    }

    pub fn take_registration(&mut self, entry: Entry, input: &str) -> Result<Turn, O::Error> {
        match entry {
            Entry::City { name } => match name_typed(input) {
                None => Ok(Turn::again(Word::NoteName)),
                // Who has a PIN keeps it: to enter a name proves nothing.
                Some(city) if self.caller.has_pin => self.register(name, city, None),
                Some(city) => Ok(Turn::entry(Entry::NewPin(NewPin::Registration { name, city }))),
            },
            Entry::NewPin(NewPin::Change) if choice(input) == Some(0) => Ok(Turn::Go(self.home()?)),
            Entry::NewPin(new) => match chosen_pin(input) {
                Err(note) => Ok(Turn::again(note)),
                // An operator has read it, and would know it for ever.
                Ok(pin) if self.caller.must_change_pin && self.office.is_kept_pin(self.session.phone, &pin)? => {
                    Ok(Turn::again(Word::NotePinSame))
                }
                Ok(pin) => {
                    let seal = self.office.seal(self.session.phone, &pin)?;
                    Ok(Turn::entry(Entry::PinAgain { new, seal }))
                }
            },
            Entry::PinAgain { new, seal } => {
                let pin = chosen_pin(input).ok();
                let Some(pin) = self.sealed_as(pin, seal)? else {
                    // The first may have been the slip, so both are typed again.
                    self.session.state = State::Entry(Entry::NewPin(new));
                    return Ok(Turn::again(Word::NotePinsDiffer));
                };
                match new {
                    NewPin::Registration { name, city } => self.register(name, city, Some(&pin)),
                    NewPin::Change => {
                        self.office.set_pin(self.session.phone, &pin)?;
                        self.look_again()?;
                        Ok(Turn::Tell(Word::PinChanged.into(), self.session.service.home()))
                    }
                }
            }
            Entry::OldPhone | Entry::OldName { .. } | Entry::OldPhonePin { .. } => self.take_old_phone(entry, input),
            _ if choice(input) == Some(1) && self.can_move() => Ok(Turn::entry(Entry::OldPhone)),
            _ => Ok(match name_typed(input) {
                None => Turn::again(Word::NoteName),
                Some(name) => Turn::entry(Entry::City { name }),
            }),
        }
    }

    fn can_move(&self) -> bool {
        self.session.service == Service::Water && self.caller.customer.is_none()
    }

    fn sealed_as(&self, pin: Option<Pin>, seal: super::Seal) -> Result<Option<Pin>, O::Error> {
        let Some(pin) = pin else {
            return Ok(None);
        };
        let again = self.office.seal(self.session.phone, &pin)?;
        Ok((again == seal).then_some(pin))
    }

    fn register(&mut self, name: String, city: String, pin: Option<&Pin>) -> Result<Turn, O::Error> {
        // Another session may have been quicker: what it finished stays.
        if self.is_verified() {
            return Ok(Turn::Go(self.customer_home()));
        }
        let particulars = Particulars {
            name,
            city,
            language: self.session.language,
        };
        // So does a PIN that it has set.
        let pin = pin.filter(|_| !self.caller.has_pin);
        match self.office.register(self.session.phone, &particulars, pin)? {
            Ok(()) => {
                self.look_again()?;
                Ok(Turn::Go(self.customer_home()))
            }
            Err(denied) => Ok(Turn::End(self.refused(denied))),
        }
    }

    pub fn review_sheet(&self) -> Option<Sheet> {
        self.customer().map(|customer| {
            let head = Say::new(Word::Review)
                .full_name("name", &customer.name)
                .full_name("city", &customer.city);
            Sheet::new(head, Word::Exit)
        })
    }

    pub fn take_review(&mut self, input: &str) -> Result<Turn, O::Error> {
        match choice(input) {
            Some(1) => self.make(&Act::Verify),
            Some(2) => Ok(Turn::entry(Entry::Name)),
            Some(0) => Ok(Turn::End(Word::Goodbye.into())),
            _ => Ok(Turn::no_such_choice()),
        }
    }

    /// The account of another number: its name and PIN are asked for, the PIN last, and an operator says yes or no.
    fn take_old_phone(&mut self, entry: Entry, input: &str) -> Result<Turn, O::Error> {
        if choice(input) == Some(0) {
            return Ok(Turn::Go(self.home()?));
        }
        let (phone, name) = match entry {
            Entry::OldName { phone } => {
                return Ok(match name_typed(input) {
                    None => Turn::again(Word::NoteName),
                    Some(name) => Turn::entry(Entry::OldPhonePin { phone, name }),
                });
            }
            Entry::OldPhonePin { phone, name } => (phone, name),
            _ => {
                return Ok(match Phone::parse(input, self.session.phone.country()) {
                    Ok(phone) if phone != self.session.phone => Turn::entry(Entry::OldName { phone }),
                    _ => Turn::again(Word::NotePhone),
                });
            }
        };
        let Ok(pin) = input.parse::<Pin>() else {
            return Ok(Turn::again(Word::NotePin));
        };
        let answer = self.office.change_number(self.session.phone, phone, &name, &pin)?;
        Ok(match answer {
            Ok(()) => Turn::End(Word::NumberAsked.into()),
            Err(denied) => {
                let said = self.refused(denied);
                self.wrong_pin(Turn::End(said))
            }
        })
    }

    /// The menu of the service, as it greets (FEATURES B8).
    pub fn menu_sheet(&self, menu: Menu) -> Sheet {
        let name = self
            .customer()
            .map_or("", |customer| super::say::first_name(&customer.name));
        let greeted = |word| Say::new(word).name("name", name);
        match menu {
            Menu::Water => Sheet::new(greeted(Word::WaterMenu), Word::Exit),
            Menu::Services => Sheet::new(greeted(Word::ServicesMenu), Word::Exit),
            Menu::Household => Sheet::new(greeted(Word::HouseholdMenu), Word::Exit),
            Menu::Buy => Sheet::new(Word::BuyMenu, Word::Back),
            Menu::Mine => Sheet::new(Word::MineMenu, Word::Back),
            Menu::Help => Sheet::new(Word::HelpMenu, Word::Back),
            Menu::Account => Sheet::new(Word::AccountMenu, Word::Back),
            Menu::Language => Sheet::new(Word::LanguageMenu, Word::Back),
            Menu::PinForgotten => Sheet::new(Word::PinForgottenMenu, Word::Back),
            Menu::Loans => self.loans_menu(),
            Menu::Manager => Sheet::new(Word::ManagerMenu, Word::Exit),
        }
    }
}

/// A name or a city as it is typed, in any alphabet. It has a letter and no digit, so that a PIN typed too early is never
/// taken for one.
fn name_typed(input: &str) -> Option<String> {
    let name = input.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = name.chars().count();
    let is_usual = |c: char| match c.is_ascii() {
        true => c.is_ascii_alphabetic() || matches!(c, ' ' | '\'' | '-' | '.' | ','),
        false => !c.is_numeric() && !c.is_control(),
    };
    let is_name =
        (2..=NAME_CHARS_MAX).contains(&length) && name.chars().any(char::is_alphabetic) && name.chars().all(is_usual);
    is_name.then_some(name)
}
