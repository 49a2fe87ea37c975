//! One step of a session: what was typed becomes a turn, and the turn a screen.

use super::{
    Answer, Service, Session,
    act::Denied,
    office::{Caller, Customer, Office, Registration, Site},
    page::{Row, Sheet, lay},
    say::{Say, first_name},
    state::{Entry, List, Menu, Shown, State},
    words::Word,
};
use crate::units::Money;

/// What an input leads to.
pub(super) enum Turn {
    /// This is shown.
    Go(State),
    /// The same screen, after a short line that says why.
    Again(Say),
    /// This is told, and `0` leads to that menu.
    Tell(Say, Menu),
    /// This is told, and the session is over.
    End(Say),
}

impl Turn {
    /// What was typed is none of what was shown.
    pub fn no_such_choice() -> Turn {
        Turn::Again(Word::NoteChoice.into())
    }

    pub fn again(note: Word) -> Turn {
        Turn::Again(note.into())
    }

    pub fn menu(menu: Menu) -> Turn {
        Turn::Go(State::Menu(menu))
    }

    pub fn list(list: List) -> Turn {
        Turn::Go(State::List(list))
    }

    pub fn entry(entry: Entry) -> Turn {
        Turn::Go(State::Entry(entry))
    }
}

/// What a step works with. The session is a copy until the step is done.
pub(super) struct Desk<'a, O: Office> {
    pub office: &'a mut O,
    pub session: Session,
    pub caller: Caller,
}

impl<'a, O: Office> Desk<'a, O> {
    pub fn new(office: &'a mut O, mut session: Session) -> Result<Self, O::Error> {
        let caller = office.caller(session.phone)?;
        session.language = caller.language.unwrap_or(session.language);
        Ok(Desk {
            office,
            session,
            caller,
        })
    }

    /// The first screen.
    pub fn open(&mut self, cut: Option<Session>) -> Result<Answer, O::Error> {
        if self.session.service == Service::Loans && self.office.loan_policy().is_none() {
            return self.turn(Turn::End(self.refused(Denied::NoLoans)));
        }
        let home = self.home()?;
        let offers = matches!(self.session.service, Service::Water | Service::Household);
        let offers = offers && !self.caller.must_change_pin;
        let cut = cut.filter(|cut| offers && cut.service == self.session.service && cut.phone == self.session.phone);
        // Whoever manages no site any more goes on with nothing of it.
        let may = |state: &State| self.site().is_some() || !state.is_of_manager();
        let state = match cut.and_then(|cut| cut.state.resumed()).filter(may) {
            Some(state) => State::GoOn(Box::new(state)),
            None => home,
        };
        self.turn(Turn::Go(state))
    }

    pub fn step(&mut self, input: &str) -> Result<Answer, O::Error> {
        let turn = self.take(input)?;
        self.turn(turn)
    }

    /// Where somebody begins, by who they are.
    pub fn home(&mut self) -> Result<State, O::Error> {
        let menu = self.session.service.home();
        if menu == Menu::Loans {
            if self.caller.customer.is_none() {
                self.office.register_by_number(self.session.phone)?;
                self.look_again()?;
            }
            return Ok(State::Menu(menu));
        }
        if menu == Menu::Water && self.caller.manages.is_some() {
            return Ok(match self.caller.customer {
                _ if self.caller.must_change_pin => State::Entry(Entry::OldPin),
                Some(_) => State::Role,
                None => State::Menu(Menu::Manager),
            });
        }
        Ok(self.customer_home())
    }

    /// Where a customer begins: who has not finished registering goes on with that. A manager who is no customer has
    /// nothing but the site's menu.
    pub fn customer_home(&self) -> State {
        let manages = self.session.service == Service::Water && self.caller.manages.is_some();
        match self.caller.customer.as_ref().map(|customer| customer.registration) {
            None if manages => State::Menu(Menu::Manager),
            None | Some(Registration::Number) => State::Entry(Entry::Name),
            Some(Registration::Unverified) => State::Review,
            Some(Registration::Verified) => State::Menu(self.session.service.home()),
        }
    }

    pub fn is_verified(&self) -> bool {
        self.customer()
            .is_some_and(|customer| customer.registration == Registration::Verified)
    }

    /// Reads anew who calls, after something about them has changed.
    pub fn look_again(&mut self) -> Result<(), O::Error> {
        self.caller = self.office.caller(self.session.phone)?;
        self.session.language = self.caller.language.unwrap_or(self.session.language);
        Ok(())
    }

    /// The customer who calls; what a session shows only to customers is gone when there is none any more.
    pub fn customer(&self) -> Option<&Customer> {
        self.caller.customer.as_ref()
    }

    /// The site of the manager who calls.
    pub fn site(&self) -> Option<&Site> {
        self.caller.manages.as_ref()
    }

    /// An amount of whole units of the currency used here.
    pub fn whole(&self, units: i64) -> Money {
        let currency = self.office.tariff().currency;
        Money::new(units.saturating_mul(currency.minor_per_unit()), currency)
    }

    fn take(&mut self, input: &str) -> Result<Turn, O::Error> {
        if self.session.state.is_of_manager() && self.site().is_none() {
            // The right was taken away since the last screen.
            return Ok(Turn::End(Word::of_denied(Denied::NotAllowed).into()));
        }
        match self.session.state.clone() {
            State::Ended => Ok(Turn::End(Word::Goodbye.into())),
            State::Role => Ok(match choice(input) {
                Some(1) => Turn::Go(self.customer_home()),
                Some(2) => Turn::menu(Menu::Manager),
                Some(0) => Turn::End(Word::Goodbye.into()),
                _ => Turn::no_such_choice(),
            }),
            State::GoOn(state) => Ok(match choice(input) {
                Some(1) => Turn::Go(*state),
                Some(0) => Turn::Go(self.home()?),
                _ => Turn::no_such_choice(),
            }),
            State::Menu(menu) => self.take_menu(menu, input),
            State::List(list) => self.take_list(&list, input),
            State::Loan(loan) => self.take_loan(loan, input),
            State::Approval(loan) => self.take_approval(loan, input),
            State::Bill => self.take_bill(input),
            State::Pay { what, price } => self.take_pay(what, price, input),
            State::Entry(entry) => self.take_entry(entry, input),
            State::Review => self.take_review(input),
            State::Confirm { act, .. } => match choice(input) {
                Some(1) => self.ask_pin_or_do(act),
                Some(0) => Ok(Turn::menu(self.menu_of(&act))),
                _ => Ok(Turn::no_such_choice()),
            },
            State::Pin(act) => self.take_pin(act, input),
            State::Notice { back, .. } => Ok(match choice(input) {
                Some(0) => Turn::menu(back),
                _ => Turn::no_such_choice(),
            }),
        }
    }

    fn take_menu(&mut self, menu: Menu, input: &str) -> Result<Turn, O::Error> {
        match menu {
            Menu::Loans => self.take_loans(input),
            Menu::Water | Menu::Services | Menu::Household | Menu::Help => self.take_main(menu, input),
            Menu::Mine => self.take_mine(input),
            Menu::Buy => self.take_buy(input),
            Menu::Account | Menu::Language | Menu::PinForgotten => self.take_account(menu, input),
            Menu::Manager => self.take_manager(input),
        }
    }

    fn take_list(&mut self, list: &List, input: &str) -> Result<Turn, O::Error> {
        match (choice(input), self.session.next) {
            (Some(0), _) => return Ok(Turn::menu(self.above(list))),
            (Some(9), Some(next)) => {
                self.session.first = next;
                return Ok(Turn::list(list.clone()));
            }
            _ => {}
        }
        let chosen = choice(input).and_then(|number| self.session.shown.get(usize::from(number).checked_sub(1)?));
        match (list, chosen.cloned()) {
            (List::MyLoans, Some(Shown::Loan(loan))) => Ok(Turn::Go(State::Loan(loan))),
            (List::ToApprove, Some(Shown::Loan(loan))) => Ok(Turn::Go(State::Approval(loan))),
            (List::SitesToSubscribe, Some(Shown::Site(site))) => self.subscribe_at(site),
            (List::SitesToMoveTo, Some(Shown::Site(site))) => self.move_to(site),
            (List::SitesToSettle, Some(Shown::Site(site))) => self.settle_at(site),
            (List::Plans(site), Some(Shown::Plan(plan))) => self.pay_for_plan(site.clone(), plan),
            _ => Ok(Turn::no_such_choice()),
        }
    }

    fn take_entry(&mut self, entry: Entry, input: &str) -> Result<Turn, O::Error> {
        match entry {
            Entry::Lender | Entry::LoanAmount { .. } | Entry::LoanRepayment { .. } | Entry::RepayAmount { .. } => {
                self.take_loan_entry(entry, input)
            }
            Entry::Name
            | Entry::City { .. }
            | Entry::OldPhone
            | Entry::OldName { .. }
            | Entry::OldPhonePin { .. }
            | Entry::NewPin(_)
            | Entry::PinAgain { .. } => self.take_registration(entry, input),
            Entry::OldPin | Entry::PinCode => self.take_account_entry(entry, input),
            Entry::Litres | Entry::Deposit | Entry::BillAmount => self.take_buy_entry(entry, input),
            Entry::Report => self.take_report(input),
            Entry::Customer(_) | Entry::Jerrycans(_) | Entry::Cash(_) | Entry::Message => {
                self.take_manager_entry(entry, input)
            }
        }
    }

    /// The menu that a list was opened from.
    fn above(&self, list: &List) -> Menu {
        match list {
            List::MyLoans | List::ToApprove | List::Movements => Menu::Loans,
            List::Orders => self.session.service.home(),
            List::SitesToSubscribe | List::SitesToSettle | List::Plans(_) => Menu::Buy,
            List::SitesToMoveTo => Menu::Mine,
            List::Offline => Menu::Manager,
        }
    }

    fn turn(&mut self, turn: Turn) -> Result<Answer, O::Error> {
        match turn {
            Turn::Go(state) => {
                let state = match state {
                    // Nobody gets past registration by going back.
                    State::Menu(menu) if !matches!(menu, Menu::Loans | Menu::Manager) && !self.is_verified() => {
                        self.customer_home()
                    }
                    state => state,
                };
                if self.session.state != state {
                    (self.session.state, self.session.first) = (state, 0);
                }
                self.show(None)
            }
            Turn::Again(_) if self.session.state == State::Menu(Menu::Services) => {
                // The one menu that ends at an unknown option (FEATURES B20).
                self.turn(Turn::End(Word::InvalidInput.into()))
            }
            Turn::Again(note) => self.show(Some(note)),
            Turn::Tell(said, back) => {
                let text = said.text(self.office.talk(), self.session.language);
                self.turn(Turn::Go(State::Notice { text, back }))
            }
            Turn::End(said) => {
                self.session.state = State::Ended;
                (self.session.shown, self.session.next) = (Vec::new(), None);
                Ok(Answer {
                    screen: said.text(self.office.talk(), self.session.language),
                    goes_on: false,
                })
            }
        }
    }

    fn show(&mut self, note: Option<Say>) -> Result<Answer, O::Error> {
        let Some(sheet) = self.sheet()? else {
            // What it was about has gone meanwhile. Notices are about nothing, so this does not come back here.
            let back = self.session.service.home();
            return self.turn(Turn::Tell(self.refused(Denied::Gone), back));
        };
        let talk = self.office.talk();
        let page = lay(talk, self.session.language, note.as_ref(), &sheet, self.session.first);
        (self.session.shown, self.session.next) = (page.shown, page.next);
        Ok(Answer {
            screen: page.screen,
            goes_on: true,
        })
    }

    /// What the session's state shows; `None` when what it is about is gone.
    fn sheet(&self) -> Result<Option<Sheet>, O::Error> {
        Ok(match &self.session.state {
            State::Ended => Some(Sheet::whole(Word::Goodbye)),
            State::Role => self.site().map(|site| {
                let name = self.customer().map_or("", |customer| first_name(&customer.name));
                let head = Say::new(Word::RoleMenu).name("name", name).name("site", &site.title);
                Sheet::new(head, Word::Exit)
            }),
            State::GoOn(_) => Some(Sheet::whole(Word::GoOn)),
            State::Menu(Menu::Loans) => Some(self.loans_menu()),
            State::Menu(Menu::Manager) => self.manager_menu(),
            State::Menu(menu) => Some(self.menu_sheet(*menu)),
            State::List(list) => self.list_sheet(list)?,
            State::Loan(loan) => self.loan_sheet(*loan)?,
            State::Approval(loan) => self.approval_sheet(*loan)?,
            State::Bill => self.bill_sheet()?,
            State::Pay { what, price } => self.pay_sheet(what, *price)?,
            State::Entry(entry) => self.entry_sheet(entry)?,
            State::Review => self.review_sheet(),
            State::Confirm { act, whom } => self.confirm_sheet(act, whom)?,
            State::Pin(_) => Some(Sheet::new(
                match self.caller.has_pin {
                    true => Word::EnterPin,
                    false => Word::ChoosePin,
                },
                Word::Cancel,
            )),
            State::Notice { text, .. } => Some(Sheet::new(Say::new(Word::Told).plain("text", text), Word::Back)),
        })
    }

    fn list_sheet(&self, list: &List) -> Result<Option<Sheet>, O::Error> {
        let (head, none, rows) = match list {
            List::MyLoans | List::ToApprove | List::Movements => self.loan_rows(list)?,
            List::Orders => self.order_rows()?,
            List::SitesToSubscribe | List::SitesToMoveTo | List::SitesToSettle => self.site_rows(list)?,
            List::Plans(site) => self.plan_rows(site)?,
            List::Offline => self.offline_rows()?,
        };
        let head = if rows.is_empty() { none } else { head };
        Ok(Some(Sheet {
            rows,
            ..Sheet::new(head, Word::Back)
        }))
    }
}

/// The head of a list, what is said when it is empty, and its rows.
pub(super) type Rows = (Word, Word, Vec<Row>);

/// The number that was chosen, with or without the dot that the screen shows after it.
pub(super) fn choice(input: &str) -> Option<u8> {
    match input.strip_suffix('.').unwrap_or(input).as_bytes() {
        [digit @ b'0'..=b'9'] => Some(digit - b'0'),
        _ => None,
    }
}
