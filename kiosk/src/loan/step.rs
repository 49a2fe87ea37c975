//! The transition. One method per kind of event; each changes the loan and lists its effects.

use super::{
    Cause, Lender, Loan, LoanDenied, LoanEffect, LoanEvent, LoanNotice, LoanPolicy, LoanRequest, LoanState, Party,
    Repayment,
};
use crate::{
    day::{Day, Zone},
    dispense::is_over,
    ids::CustomerId,
    ledger::Purpose,
    moment::Moment,
    units::Money,
};

/// A request becomes a loan that waits for its lender, or is denied.
pub fn ask(policy: &LoanPolicy, request: &LoanRequest, moment: &Moment) -> Result<(Loan, Vec<LoanEffect>), LoanDenied> {
    let LoanRequest { amount, repayment, .. } = *request;
    let minimum = policy.amount_min(amount.currency);
    let is_whole = |money: Money| money.minor % money.currency.minor_per_unit() == 0;
    if amount.minor <= 0 || amount.minor < minimum.minor || !is_whole(amount) {
        return Err(LoanDenied::Amount(minimum));
    }
    if repayment.currency != amount.currency {
        return Err(LoanDenied::Currency(amount.currency));
    }
    if repayment.minor <= 0 || repayment.minor > amount.minor || !is_whole(repayment) {
        return Err(LoanDenied::Repayment(amount));
    }
    let (state, notice) = match request.lender {
        Lender::Known(lender) if lender == request.borrower => return Err(LoanDenied::OwnLoan),
        Lender::Known(_) => (LoanState::Asked, LoanNotice::Waiting),
        Lender::Invited(_) => (LoanState::Invited, LoanNotice::Invited),
    };
    let loan = Loan {
        id: request.id,
        borrower: request.borrower,
        lender: request.lender,
        amount,
        repayment,
        every_days: policy.every_days.max(1),
        state,
        asked: moment.trust.is_trusted().then_some(moment.wall),
        given: None,
        reminded: None,
        history: Vec::new(),
    };
    let effects = vec![
        LoanEffect::Tell(Party::Lender, notice),
        LoanEffect::Tell(Party::Borrower, LoanNotice::Asked),
    ];
    Ok((loan, effects))
}

/// Takes a loan one event further. Any event may come in any state, twice, or out of order. `zone` is the borrower's.
pub fn step(
    policy: &LoanPolicy,
    loan: &Loan,
    moment: &Moment,
    zone: &Zone,
    event: LoanEvent,
) -> Result<(Loan, Vec<LoanEffect>), LoanDenied> {
    let mut turn = Turn {
        policy,
        moment,
        today: moment.trust.is_trusted().then(|| zone.day(moment.wall)),
        loan: loan.clone(),
        effects: Vec::new(),
    };
    turn.set_clock();
    match event {
        LoanEvent::LenderRegistered(lender) => turn.lender_registered(lender)?,
        LoanEvent::Approved { by, wallet } => turn.approved(by, wallet)?,
        LoanEvent::Refused(by) => turn.refused(by)?,
        LoanEvent::Cancelled(by) => turn.cancelled(by)?,
        LoanEvent::PaidBack { id, amount, wallet } => turn.paid_back(Cause::Hand(id), amount, wallet)?,
        LoanEvent::MoneyCame {
            id,
            purpose,
            amount,
            wallet,
        } => turn.money_came(Cause::Deposit(id), purpose, amount, wallet)?,
        LoanEvent::Tick => turn.tick(),
    }
    Ok((turn.loan, turn.effects))
}

struct Turn<'a> {
    policy: &'a LoanPolicy,
    moment: &'a Moment,
    /// The local day; `None` without a trusted clock.
    today: Option<Day>,
    loan: Loan,
    effects: Vec<LoanEffect>,
}

impl Turn<'_> {
    /// What began while the clock was lost begins now, and so does what began while it ran ahead.
    fn set_clock(&mut self) {
        let Some(today) = self.today else {
            return;
        };
        // A clock that is set back over midnight is right, and moves nobody's days.
        let (now, tomorrow) = (self.moment.wall, today.plus_days(1));
        if self.loan.state.is_waiting() {
            self.loan.asked = self.loan.asked.filter(|asked| *asked <= now).or(Some(now));
        }
        if self.loan.state == LoanState::Repaying {
            self.loan.given = self.loan.given.filter(|given| *given <= tomorrow).or(Some(today));
            self.loan.reminded = self.loan.reminded.filter(|reminded| *reminded <= tomorrow);
        }
    }

    fn lender_registered(&mut self, lender: CustomerId) -> Result<(), LoanDenied> {
        match (self.loan.state, self.loan.lender) {
            (_, Lender::Known(known)) if known == lender => Ok(()),
            (_, Lender::Known(_)) => Err(LoanDenied::NotTheirs),
            (LoanState::Invited, Lender::Invited(_)) if lender == self.loan.borrower => Err(LoanDenied::OwnLoan),
            (LoanState::Invited, Lender::Invited(_)) => {
                self.check_in_time()?;
                self.loan.lender = Lender::Known(lender);
                self.loan.state = LoanState::Asked;
                self.tell(Party::Lender, LoanNotice::Waiting);
                Ok(())
            }
            (state, _) => Err(LoanDenied::State(state)),
        }
    }

    fn approved(&mut self, by: CustomerId, wallet: Money) -> Result<(), LoanDenied> {
        self.check_lender(by)?;
        match self.loan.state {
            // The same approval again.
            LoanState::Repaying | LoanState::Repaid => return Ok(()),
            LoanState::Asked => {}
            state => return Err(LoanDenied::State(state)),
        }
        self.check_in_time()?;
        self.check_wallet(self.loan.amount, wallet)?;
        self.loan.state = LoanState::Repaying;
        self.loan.given = self.today;
        self.effects.push(LoanEffect::Lend {
            lender: by,
            borrower: self.loan.borrower,
            amount: self.loan.amount,
        });
        self.tell(Party::Borrower, LoanNotice::Approved);
        self.tell(Party::Lender, LoanNotice::Given);
        Ok(())
    }

    fn refused(&mut self, by: CustomerId) -> Result<(), LoanDenied> {
        self.check_lender(by)?;
        match self.loan.state {
            LoanState::Refused => {}
            LoanState::Asked => {
                self.loan.state = LoanState::Refused;
                self.tell(Party::Borrower, LoanNotice::Refused);
            }
            state => return Err(LoanDenied::State(state)),
        }
        Ok(())
    }

    fn cancelled(&mut self, by: CustomerId) -> Result<(), LoanDenied> {
        if by != self.loan.borrower {
            return Err(LoanDenied::NotTheirs);
        }
        match self.loan.state {
            LoanState::Cancelled => {}
            LoanState::Invited | LoanState::Asked => {
                self.loan.state = LoanState::Cancelled;
                self.tell(Party::Lender, LoanNotice::Cancelled);
            }
            state => return Err(LoanDenied::State(state)),
        }
        Ok(())
    }

    fn paid_back(&mut self, cause: Cause, amount: Money, wallet: Money) -> Result<(), LoanDenied> {
        if self.is_known(cause) {
            return Ok(());
        }
        if self.loan.state != LoanState::Repaying {
            return Err(LoanDenied::State(self.loan.state));
        }
        let owed = self.loan.owed();
        if amount.currency == owed.currency && !(1..=owed.minor).contains(&amount.minor) {
            return Err(LoanDenied::NotOwed(owed));
        }
        self.check_wallet(amount, wallet)?;
        self.pay_back(cause, amount)
    }

    /// Takes what is due, as far as the deposit brought it and the wallet still has it. Everything else that money can be
    /// for leaves loans alone.
    fn money_came(&mut self, cause: Cause, purpose: Purpose, amount: Money, wallet: Money) -> Result<(), LoanDenied> {
        let currency = self.loan.amount.currency;
        let is_ours = amount.currency == currency && wallet.currency == currency;
        let is_collected = purpose == Purpose::Deposit && self.loan.state == LoanState::Repaying && is_ours;
        if !is_collected || self.is_known(cause) {
            return Ok(());
        }
        let due = self.today.map_or(0, |today| self.loan.due(today).minor);
        let part = due.min(amount.minor).min(wallet.minor).max(0);
        if part > 0 {
            return self.pay_back(cause, self.loan.money(part));
        }
        // Nothing was due when it came: it stays the borrower's, also when it is told of again on a later day.
        self.note(cause, self.loan.money(0));
        Ok(())
    }

    fn tick(&mut self) {
        let Some(today) = self.today else {
            return;
        };
        if self.loan.state.is_waiting() && self.is_late() {
            self.loan.state = LoanState::Expired;
            self.tell(Party::Borrower, LoanNotice::Expired);
        }
        if let Some(notice) = self.loan.reminder(today) {
            self.loan.reminded = Some(today);
            self.tell(Party::Borrower, notice);
        }
    }

    /// Moves money back that was checked to be owed and to be there.
    fn pay_back(&mut self, cause: Cause, amount: Money) -> Result<(), LoanDenied> {
        let Lender::Known(lender) = self.loan.lender else {
            return Err(LoanDenied::State(self.loan.state));
        };
        self.note(cause, amount);
        self.effects.push(LoanEffect::PayBack {
            lender,
            borrower: self.loan.borrower,
            amount,
        });
        let left = self.loan.owed();
        if left.minor == 0 {
            self.loan.state = LoanState::Repaid;
        }
        self.tell(Party::Borrower, LoanNotice::PaidBack { amount, left });
        self.tell(Party::Lender, LoanNotice::CameBack { amount, left });
        Ok(())
    }

    fn note(&mut self, cause: Cause, amount: Money) {
        self.loan.history.push(Repayment {
            cause,
            amount,
            at: self.moment.wall,
        });
    }

    fn is_known(&self, cause: Cause) -> bool {
        self.loan.history.iter().any(|line| line.cause == cause)
    }

    fn is_late(&self) -> bool {
        let end = self.loan.asked.map(|asked| asked.plus_ms(self.policy.answer_within_ms));
        is_over(end, self.moment.wall, self.moment.trust)
    }

    fn check_in_time(&self) -> Result<(), LoanDenied> {
        match self.is_late() {
            true => Err(LoanDenied::TooLate),
            false => Ok(()),
        }
    }

    fn check_lender(&self, by: CustomerId) -> Result<(), LoanDenied> {
        match self.loan.lender_known() == Some(by) {
            true => Ok(()),
            false => Err(LoanDenied::NotTheirs),
        }
    }

    fn check_wallet(&self, amount: Money, wallet: Money) -> Result<(), LoanDenied> {
        let currency = self.loan.amount.currency;
        if amount.currency != currency || wallet.currency != currency {
            return Err(LoanDenied::Currency(currency));
        }
        match wallet.minor >= amount.minor {
            true => Ok(()),
            false => Err(LoanDenied::WalletTooLow(wallet)),
        }
    }

    fn tell(&mut self, party: Party, notice: LoanNotice) {
        self.effects.push(LoanEffect::Tell(party, notice));
    }
}
