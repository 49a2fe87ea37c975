//! The main menus: water, services, household, and help.

use super::{
    Service, TEXT_CHARS_MAX,
    act::{Act, Denied},
    desk::{Desk, Turn, choice},
    office::Office,
    page::Sheet,
    say::Say,
    state::{Entry, List, Menu, State},
    words::Word,
};

impl<O: Office> Desk<'_, O> {
    pub fn take_main(&mut self, menu: Menu, input: &str) -> Result<Turn, O::Error> {
        let home = self.session.service.home();
        Ok(match (menu, choice(input)) {
            // A blank text is the main menu (FEATURES B18).
            (Menu::Services, None) if input.is_empty() => Turn::menu(Menu::Services),
            (Menu::Help, Some(0)) => Turn::menu(home),
            (_, Some(0)) => Turn::End(Word::Goodbye.into()),
            (Menu::Water, Some(1)) => Turn::menu(Menu::Buy),
            (Menu::Water, Some(2)) => Turn::menu(Menu::Mine),
            (Menu::Water, Some(3)) | (Menu::Household, Some(2)) => self.open_bill()?,
            (Menu::Water, Some(4)) | (Menu::Services, Some(2)) => Turn::list(List::Orders),
            (Menu::Water, Some(5)) if self.office.loan_policy().is_none() => {
                Turn::Tell(self.refused(Denied::NoLoans), home)
            }
            (Menu::Water, Some(5)) => Turn::menu(Menu::Loans),
            (Menu::Water, Some(6)) => Turn::menu(Menu::Help),
            (Menu::Water, Some(7)) => Turn::menu(Menu::Account),
            (Menu::Services, Some(1)) => Turn::entry(Entry::Deposit),
            (Menu::Services, Some(3)) => self.tell_balance(Menu::Services)?,
            (Menu::Services, Some(4)) | (Menu::Help, Some(2)) => self.make(&Act::CallBack)?,
            (Menu::Household, Some(1)) => self.tell_usage(Menu::Household)?,
            (Menu::Household, Some(3)) | (Menu::Help, Some(1)) => Turn::entry(Entry::Report),
            _ => Turn::no_such_choice(),
        })
    }

    /// A report: the caller's own words, which go to the operator and come back in no screen. Four digits alone are no
    /// report but a PIN in the wrong place.
    pub fn take_report(&mut self, input: &str) -> Result<Turn, O::Error> {
        if choice(input) == Some(0) {
            return Ok(Turn::menu(self.session.service.home()));
        }
        match text_typed(input) {
            Ok(text) => self.make(&Act::Report { text }),
            Err(note) => Ok(Turn::again(note)),
        }
    }

    pub fn entry_sheet(&self, entry: &Entry) -> Result<Option<Sheet>, O::Error> {
        Ok(Some(match entry {
            Entry::Lender | Entry::LoanAmount { .. } | Entry::LoanRepayment { .. } | Entry::RepayAmount { .. } => {
                self.loan_entry_sheet(entry)
            }
            Entry::Litres => {
                let jerrycan = self.office.tariff().price(crate::tariff::JERRYCAN);
                Sheet::new(Say::new(Word::EnterLitres).money("price", jerrycan), Word::Back)
            }
            Entry::Deposit => self.amount_sheet(Word::EnterDeposit),
            Entry::BillAmount => self.amount_sheet(Word::EnterBillAmount),
            Entry::Report => Sheet::new(Word::EnterReport, Word::Back),
            Entry::OldPin if self.caller.must_change_pin => Sheet::new(Word::EnterFirstPin, Word::Cancel),
            Entry::OldPin => Sheet::new(Word::EnterOldPin, Word::Cancel),
            Entry::PinCode => Sheet::new(Word::EnterPinCode, Word::Cancel),
            Entry::Customer(_) | Entry::Jerrycans(_) | Entry::Cash(_) | Entry::Message => {
                return Ok(self.manager_entry_sheet(entry));
            }
            Entry::Name
            | Entry::City { .. }
            | Entry::NewPin(_)
            | Entry::PinAgain { .. }
            | Entry::OldPhone
            | Entry::OldName { .. }
            | Entry::OldPhonePin { .. } => self.registration_sheet(entry),
        }))
    }

    /// A question for an amount of the currency used here.
    fn amount_sheet(&self, word: Word) -> Sheet {
        let code = self.office.tariff().currency.code();
        Sheet::new(Say::new(word).plain("currency", code), Word::Back)
    }

    /// What is about to be done, and yes or no.
    pub fn confirm_sheet(&self, act: &Act, whom: &str) -> Result<Option<Sheet>, O::Error> {
        let head = match act {
            Act::RequestLoan {
                lender,
                amount,
                repayment,
            } => return Ok(Some(self.loan_confirm(*lender, *amount, *repayment))),
            Act::MoveWater { .. } => Say::new(Word::ConfirmMove).name("site", whom),
            Act::RepayLoan { amount, .. } => Say::new(Word::ConfirmRepay).shillings("amount", *amount),
            Act::Unsubscribe => {
                let jerrycans = match self.customer() {
                    Some(customer) => self.office.water(customer.id)?.jerrycans,
                    None => 0,
                };
                Say::new(Word::ConfirmUnsubscribe).number("jerrycans", jerrycans)
            }
            Act::Collect { jerrycans, .. } => Say::new(Word::ConfirmCollect)
                .name("name", whom)
                .number("jerrycans", *jerrycans),
            Act::TakeCash { amount, volume, .. } => Say::new(Word::ConfirmCash)
                .name("name", whom)
                .money("amount", *amount)
                .volume("volume", *volume),
            Act::Broadcast { site, text } => {
                let parts = crate::talk::gsm7::parts(text).len();
                Say::new(Word::ConfirmMessage)
                    .number("people", self.office.audience(site)?)
                    .number("parts", parts as u64)
            }
            _ => Word::ConfirmOther.into(),
        };
        Ok(Some(Sheet::whole(head)))
    }

    /// The menu of a customer in this service that a screen below it goes back to.
    pub fn back_to(&self, menu: Menu) -> Menu {
        match self.session.service {
            Service::Water => menu,
            _ => self.session.service.home(),
        }
    }

    pub fn confirm(act: Act, whom: &str) -> Turn {
        let whom = whom.to_owned();
        Turn::Go(State::Confirm { act, whom })
    }
}

/// Words that are typed for somebody else to read: not nothing, not too much, and more than digits.
pub(super) fn text_typed(input: &str) -> Result<String, Word> {
    let text = input.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.chars().count() {
        count if count > TEXT_CHARS_MAX => Err(Word::NoteTooLong),
        _ if !text.chars().any(char::is_alphabetic) => Err(Word::NoteWords),
        _ => Ok(text),
    }
}
