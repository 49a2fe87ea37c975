//! The PIN, what is done after it, and what is told of that.

use super::{
    PINS_WRONG_MAX, Service,
    act::{Act, Denied, Done},
    desk::{Desk, Turn, choice},
    office::{Office, PinCheck},
    say::Say,
    state::{Entry, Menu, State},
    words::Word,
};
use crate::{
    moment::MINUTE_MS,
    pin::{Pin, PinError},
};

impl<O: Office> Desk<'_, O> {
    pub fn take_pin(&mut self, act: Act, input: &str) -> Result<Turn, O::Error> {
        if choice(input) == Some(0) {
            return Ok(Turn::menu(self.menu_of(&act)));
        }
        if self.caller.must_change_pin {
            return Ok(Turn::entry(Entry::OldPin));
        }
        if self.caller.has_pin {
            return match self.check_pin(input)? {
                None => self.make(&act),
                Some(turn) => Ok(turn),
            };
        }
        // Who registered by number has none to ask for. One entry is all that the loans menu has room for; a code by SMS
        // mends a slip.
        match chosen_pin(input) {
            Err(note) => Ok(Turn::again(note)),
            Ok(pin) => {
                self.office.set_pin(self.session.phone, &pin)?;
                self.caller.has_pin = true;
                self.make(&act)
            }
        }
    }

    /// `None` when the PIN is right. Wrong ones are counted by the office, whatever they are typed for; a session ends
    /// after a few of them, so that guessing costs a call each time.
    pub fn check_pin(&mut self, input: &str) -> Result<Option<Turn>, O::Error> {
        let Ok(pin) = input.parse::<Pin>() else {
            return Ok(Some(Turn::again(Word::NotePin)));
        };
        Ok(match self.office.check_pin(self.session.phone, &pin)? {
            PinCheck::Right => {
                self.session.pins_wrong = 0;
                None
            }
            PinCheck::Wrong => Some(self.wrong_pin(Turn::again(Word::NotePinWrong))),
            PinCheck::Locked { for_ms } => {
                let minutes = for_ms.div_ceil(MINUTE_MS.unsigned_abs());
                Some(Turn::End(Say::new(Word::PinLocked).number("minutes", minutes)))
            }
        })
    }

    pub fn wrong_pin(&mut self, otherwise: Turn) -> Turn {
        self.session.pins_wrong = self.session.pins_wrong.saturating_add(1);
        match self.session.pins_wrong >= PINS_WRONG_MAX {
            true => Turn::End(Word::PinsWrong.into()),
            false => otherwise,
        }
    }

    pub fn ask_pin_or_do(&mut self, act: Act) -> Result<Turn, O::Error> {
        match act.needs_pin() {
            // The first PIN is good for nothing but choosing another.
            true if self.caller.must_change_pin => Ok(Turn::entry(Entry::OldPin)),
            true => Ok(Turn::Go(State::Pin(act))),
            false => self.make(&act),
        }
    }

    /// Does it, and tells what came of it. The PIN, where one is needed, was found right in this same step: nothing can
    /// come between the two.
    pub fn make(&mut self, act: &Act) -> Result<Turn, O::Error> {
        let outcome = self.office.act(self.session.phone, act)?;
        self.look_again()?;
        let back = self.menu_of(act);
        Ok(match outcome {
            Ok(Done::Prompted { amount }) => {
                // A prompt cannot come up while a menu holds the phone, so this is the last screen.
                Turn::End(Say::new(Word::Prompted).money("amount", amount))
            }
            Ok(done) => Turn::Tell(told(act, &done), back),
            Err(denied) => Turn::Tell(self.refused(denied), back),
        })
    }

    /// The text of a denial.
    pub fn refused(&self, denied: Denied) -> Say {
        let why = Say::new(Word::of_denied(denied));
        let why = match denied {
            Denied::WalletTooSmall { wallet } => why.money("wallet", wallet),
            Denied::JustCollected { left } => why.number("left", left),
            Denied::JustSold { receipt } => why.plain("receipt", receipt),
            _ => why,
        };
        match self.session.service {
            Service::Loans => Say::new(Word::Failure).say("why", why),
            _ => why,
        }
    }

    /// The menu that an act belongs to.
    pub fn menu_of(&self, act: &Act) -> Menu {
        match act {
            Act::RequestLoan { .. }
            | Act::ApproveLoan { .. }
            | Act::RefuseLoan { .. }
            | Act::CancelLoan { .. }
            | Act::RepayLoan { .. } => Menu::Loans,
            Act::Collect { .. } | Act::TakeCash { .. } | Act::Broadcast { .. } => Menu::Manager,
            Act::SendPinCode => Menu::PinForgotten,
            Act::Buy { .. }
            | Act::MoveWater { .. }
            | Act::Settle { .. }
            | Act::Verify
            | Act::Report { .. }
            | Act::CallBack
            | Act::SetLanguage { .. }
            | Act::Unsubscribe => self.session.service.home(),
        }
    }
}

/// A PIN that is chosen now, or the line that says why not.
pub(super) fn chosen_pin(input: &str) -> Result<Pin, Word> {
    Pin::chosen(input).map_err(|error| match error {
        PinError::Form => Word::NotePin,
        PinError::TooCommon => Word::NotePinCommon,
    })
}

/// What came of an act.
fn told(act: &Act, done: &Done) -> Say {
    match (act, done) {
        (_, Done::Paid { amount, wallet }) => Say::new(Word::PaidFromWallet)
            .money("amount", *amount)
            .money("wallet", *wallet),
        (_, Done::Verified { account }) => Say::new(Word::AccountCreated).plain("account", account),
        (Act::CallBack, Done::Ticket { number }) => Say::new(Word::WillCallBack).number("ticket", *number),
        (_, Done::Ticket { number }) => Say::new(Word::Reported).number("ticket", *number),
        (_, Done::Collected { left }) => Say::new(Word::Collected).number("left", *left),
        (_, Done::Sold { volume, receipt }) => Say::new(Word::Sold).volume("volume", *volume).plain("receipt", receipt),
        (_, Done::Prompted { amount }) => Say::new(Word::Prompted).money("amount", *amount),
        (Act::RequestLoan { lender, .. }, Done::Made) => Say::new(Word::LoanRequested).phone("lender", *lender),
        (Act::ApproveLoan { .. }, Done::Made) => Word::LoanApproved.into(),
        (Act::RefuseLoan { .. }, Done::Made) => Word::LoanRefused.into(),
        (Act::CancelLoan { .. }, Done::Made) => Word::LoanCancelled.into(),
        (Act::RepayLoan { amount, .. }, Done::Made) => Say::new(Word::LoanRepaid).shillings("amount", *amount),
        (Act::MoveWater { .. }, Done::Made) => Word::WaterMoves.into(),
        (Act::SendPinCode, Done::Made) => Word::PinCodeSent.into(),
        (Act::Unsubscribe, Done::Made) => Word::Unsubscribed.into(),
        (Act::Broadcast { .. }, Done::Made) => Word::MessageGoesOut.into(),
        _ => Word::Made.into(),
    }
}
