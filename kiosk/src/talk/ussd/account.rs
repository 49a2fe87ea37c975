//! A customer's own account: language, PIN, forgotten PIN, unsubscribing.

use super::{
    act::{Act, Denied},
    desk::{Desk, Turn, choice},
    office::Office,
    state::{Entry, Menu, NewPin},
    words::Word,
};
use crate::talk::Language;

impl<O: Office> Desk<'_, O> {
    pub fn take_account(&mut self, menu: Menu, input: &str) -> Result<Turn, O::Error> {
        Ok(match (menu, choice(input)) {
            (Menu::Account, Some(1)) => Turn::menu(Menu::Language),
            (Menu::Account, Some(2)) if self.caller.has_pin => Turn::entry(Entry::OldPin),
            (Menu::Account, Some(2)) => Turn::entry(Entry::NewPin(NewPin::Change)),
            (Menu::Account, Some(3)) => Turn::menu(Menu::PinForgotten),
            (Menu::Account, Some(4)) => self.ask_to_unsubscribe()?,
            (Menu::Account, Some(0)) => Turn::menu(self.session.service.home()),
            (Menu::PinForgotten, Some(1)) => self.make(&Act::SendPinCode)?,
            (Menu::PinForgotten, Some(2)) => Turn::entry(Entry::PinCode),
            (_, Some(0)) => Turn::menu(Menu::Account),
            (Menu::Language, Some(number)) => match Language::ALL.get(usize::from(number) - 1) {
                // It is said in the language that was chosen, which the office knows by then.
                Some(language) => self.make(&Act::SetLanguage { language: *language })?,
                None => Turn::no_such_choice(),
            },
            _ => Turn::no_such_choice(),
        })
    }

    fn ask_to_unsubscribe(&self) -> Result<Turn, O::Error> {
        let subscription = match self.customer() {
            Some(customer) => self.office.water(customer.id)?.subscription,
            None => None,
        };
        Ok(match subscription.filter(|subscription| !subscription.is_over) {
            Some(_) => Self::confirm(Act::Unsubscribe, ""),
            None => Turn::Tell(self.refused(Denied::NoSubscription), self.session.service.home()),
        })
    }

    pub fn take_account_entry(&mut self, entry: Entry, input: &str) -> Result<Turn, O::Error> {
        if choice(input) == Some(0) {
            return Ok(match self.caller.must_change_pin {
                // The first PIN is good for nothing but choosing another.
                true => Turn::End(Word::Goodbye.into()),
                false => Turn::menu(Menu::Account),
            });
        }
        if entry == Entry::OldPin {
            let wrong = self.check_pin(input)?;
            return Ok(wrong.unwrap_or(Turn::entry(Entry::NewPin(NewPin::Change))));
        }
        // The code is used up here, before the new PIN is typed twice: a session could otherwise keep it for later.
        let Ok(code) = input.parse() else {
            return Ok(Turn::again(Word::NoteCode));
        };
        Ok(match self.office.redeem_pin_code(self.session.phone, code)? {
            Ok(()) => Turn::entry(Entry::NewPin(NewPin::Change)),
            Err(denied) => {
                let said = self.refused(denied);
                self.wrong_pin(Turn::Tell(said, Menu::PinForgotten))
            }
        })
    }
}
