//! Commands by SMS (CONTRACTS section 7): what [`kiosk::talk::sms`] reads is done for the number that sent it, and answered
//! through the outbox, in the transaction that does it.
//!
//! The sender proves nothing (RELIABILITY section 5). So nothing moves value but what carries the one-time code that was
//! sent to that number; BUY and PAY start a prompt on that phone and no other. What looks like a PIN is answered and kept
//! nowhere. A number is answered so many times a day; STOP is heard always.

mod ticket;

use kiosk::{
    ids::{LoanId, ProviderReceipt},
    loan::{LoanNotice, LoanState, Party},
    phone::Phone,
    provider::Provider,
    talk::{
        Language, Text,
        sms::{Admitted, Answer, Command, CommandCount, Fault, Form, LoanText, NotUnderstood, Part, Wanted, nearest},
        ussd::Particulars,
    },
    units::{Money, Volume},
};

use super::{
    code::{CodeFor, Proof},
    effect::{Refusal, Response},
    input::{Actor, CustomerChange, Item, NewCustomer, NewPurchase, Pay},
    loan::{NoLoan, Wish},
    store::CustomerRow,
    turn::{Halt, HubError, Turn},
};

/// Requests for a loan that are repeated with new codes at once.
const CODES_AT_ONCE_MAX: usize = 3;
/// The undo point of a command: what one that comes to nothing had begun is undone, and its answer stays.
const SAVEPOINT: &str = "SAVEPOINT command";

impl Turn<'_> {
    /// Does what a text says, once per call; gives whether the number may still send any today.
    pub fn command_came(&mut self, phone: Phone, text: &str) -> Result<Admitted, HubError> {
        let read = Command::read(text, self.settings.country);
        let is_stop = read == Ok(Command::Stop);
        if is_stop {
            self.store.stop_texts(phone, self.now())?;
        }
        let today = self.own_zone().day(self.now());
        let kept = self.store.command_count(phone)?;
        let (count, admitted) = CommandCount::admit(kept, today, self.settings.texts_per_day);
        self.store.put_command_count(phone, count)?;
        let form = read
            .as_ref()
            .map_or_else(|fault| fault.form, |command| Some(command.form()));
        let sender = self.store.customer_by_phone(phone)?;
        let subject = sender.as_ref().map_or_else(|| "-".to_owned(), |row| row.id.to_string());
        let answered = if admitted == Admitted::Yes { "" } else { "too many" };
        let action = format!("sms {}", form.map_or("-", Form::name));
        self.audit_as(&Actor::Sms.name(), &action, &subject, answered)?;
        let text = match admitted {
            Admitted::Silence => return Ok(admitted),
            Admitted::SayTooMany => Some(Text::Answer(Answer::TooMany)),
            Admitted::Yes => match read {
                Ok(command) => self.obeyed(phone, sender, command)?,
                Err(fault) => self.not_understood(phone, sender, &fault)?,
            },
        };
        if let Some(text) = text {
            self.say_to(phone, &text)?;
        }
        Ok(admitted)
    }

    /// Does a command, or nothing of it; gives the answer, where no other text is one.
    fn obeyed(
        &mut self,
        phone: Phone,
        sender: Option<CustomerRow>,
        command: Command,
    ) -> Result<Option<Text>, HubError> {
        let (texts_queued, effects, written) = (self.texts_queued, self.effects.len(), self.written.clone());
        self.store.run(SAVEPOINT)?;
        let done = self.obey(phone, sender, command);
        let undo = |turn: &mut Turn<'_>| {
            turn.effects.truncate(effects);
            turn.texts_queued = texts_queued;
            turn.written = written;
            turn.store.run("ROLLBACK TO command")
        };
        let answer = match done {
            Ok(answer) => answer,
            Err(Halt::Broken(error)) => return Err(error),
            Err(Halt::Kept(refusal)) => Some(said_to(&refusal)),
            Err(Halt::Refused(refusal)) => {
                undo(self)?;
                Some(said_to(&refusal))
            }
            Err(Halt::Waits(_)) => {
                undo(self)?;
                Some(Text::Answer(Answer::NotNow))
            }
        };
        self.store.run("RELEASE command")?;
        Ok(answer)
    }

    fn obey(&mut self, phone: Phone, sender: Option<CustomerRow>, command: Command) -> Result<Option<Text>, Halt> {
        // What anybody may send.
        match &command {
            Command::Help => return answer(Answer::Help),
            Command::Stop => return answer(Answer::Stopped),
            Command::Check { receipt } => return Ok(Some(Text::Answer(self.checked(receipt)?))),
            Command::Report { account, text } => {
                let concerned = match account {
                    Some(account) => self.store.customer_by_account(*account)?.map(|row| row.id),
                    None => sender.map(|row| row.id),
                };
                let ticket = self.open_ticket(phone, concerned, text)?;
                return answer(Answer::ReportLogged { ticket });
            }
            Command::Register { name, city } => return self.register(phone, sender, name, city),
            _ => {}
        }
        let Some(customer) = sender else {
            return answer(Answer::UnknownSender);
        };
        if let Command::Lang(language) = command {
            return self.speak(&customer, language);
        }
        // Loans are for numbers, too (FEATURES C18).
        let is_for_numbers = matches!(command, Command::Loan { .. } | Command::Approve(_) | Command::Loans);
        match customer.account {
            None if !is_for_numbers || !customer.active => return answer(Answer::UnknownSender),
            Some(account) if !customer.active => return answer(Answer::Inactive { account }),
            _ => {}
        }
        match command {
            Command::Status => self.status(&customer).map(Some).map_err(Halt::from),
            Command::Balance => {
                let water = Volume::try_from_ml(self.balance_ml(customer.id)?.max(0)).unwrap_or_default();
                let wallet = self.money(self.wallet_minor(customer.id)?);
                answer(Answer::Balance { water, wallet })
            }
            Command::Usage => {
                let drawn = self.usage_of(customer.id)?;
                answer(Answer::Usage {
                    week: drawn.week,
                    month: drawn.month,
                })
            }
            Command::Bill => self.open_bill(&customer).map(Some).map_err(Halt::from),
            // Water that is bought before there is a site could be drawn nowhere.
            Command::Buy(_) if customer.site.is_none() => answer(Answer::ChooseSite),
            Command::Buy(Wanted::Litres(volume)) => self.prompt(&customer, Item::Litres(volume)),
            Command::Buy(Wanted::Plan(written)) => {
                match nearest(&written, self.settings.plans.keys().map(String::as_str)) {
                    Some(plan) => self.prompt(&customer, Item::Plan(plan.to_owned())),
                    None => answer(Answer::NotUnderstood(Some(Form::Buy))),
                }
            }
            Command::Pay => self.prompt(&customer, Item::Bill(None)),
            Command::Loan {
                amount,
                lender,
                repayment,
            } => {
                let wish = Wish {
                    id: LoanId(self.throw_number()),
                    borrower: customer.id,
                    lender,
                    amount,
                    repayment,
                    request: None,
                };
                // The answer is what the loan tells its borrower: of an equal one that waits, once more.
                match self.ask_for_loan(&Actor::Sms.name(), &wish) {
                    Ok(row) if row.loan.id != wish.id => {
                        self.tell_of_loan(&row, Party::Borrower, LoanNotice::Asked)?;
                        Ok(None)
                    }
                    Ok(_) => Ok(None),
                    Err(no) => Ok(Some(no.text()?)),
                }
            }
            Command::Approve(code) => {
                if self.in_doubt()? {
                    return answer(Answer::NotNow);
                }
                self.approve_by_code(&customer, phone, code)
            }
            Command::Loans => self.loans_of(&customer).map(Some).map_err(Halt::from),
            Command::Register { .. }
            | Command::Report { .. }
            | Command::Check { .. }
            | Command::Lang(_)
            | Command::Stop
            | Command::Help => Ok(None),
        }
    }

    /// What was not understood is not repeated anywhere. Who approves without a code is sent new ones.
    fn not_understood(
        &mut self,
        phone: Phone,
        sender: Option<CustomerRow>,
        fault: &NotUnderstood,
    ) -> Result<Option<Text>, HubError> {
        let asks_for_code = fault.form == Some(Form::Approve) && fault.fault == Fault::Missing(Part::Code);
        let Some(lender) = sender.filter(|row| asks_for_code && row.active && row.phone == Some(phone)) else {
            return Ok(Some(Text::Answer(Answer::to_fault(fault))));
        };
        let mut waiting = self.store.open_loans_by(lender.id)?;
        waiting.retain(|row| row.loan.state.is_waiting());
        if waiting.is_empty() {
            return Ok(Some(Text::Loan(LoanText::Over)));
        }
        for row in waiting.iter().rev().take(CODES_AT_ONCE_MAX) {
            self.send_loan_code(row, &lender, true)?;
        }
        Ok(None)
    }

    fn register(
        &mut self,
        phone: Phone,
        sender: Option<CustomerRow>,
        name: &str,
        city: &str,
    ) -> Result<Option<Text>, Halt> {
        if let Some(account) = sender.as_ref().and_then(|row| row.account) {
            return answer(Answer::RegisteredBefore { account });
        }
        if let Some(row) = sender {
            return self.name_number(row, phone, name, city);
        }
        let new = NewCustomer {
            phone: phone.e164(),
            name: name.to_owned(),
            pin: None,
            city: Some(city.to_owned()),
            site: None,
            language: None,
        };
        match self.create_customer(&Actor::Sms, &new)? {
            Response::Customer { account, .. } => answer(Answer::Registered {
                name: name.to_owned(),
                account,
            }),
            _ => answer(Answer::NotNow),
        }
    }

    /// Somebody who is known by number gives their name.
    fn name_number(&mut self, row: CustomerRow, phone: Phone, name: &str, city: &str) -> Result<Option<Text>, Halt> {
        let particulars = Particulars {
            name: name.to_owned(),
            city: city.to_owned(),
            language: Language::from_code(&row.language).unwrap_or_default(),
        };
        self.register_caller(&Actor::Sms, phone, &particulars, None)?;
        let account = self.verify_caller(&Actor::Sms, self.known_customer(row.id)?)?;
        let name = name.to_owned();
        answer(Answer::Registered { name, account })
    }

    fn speak(&mut self, customer: &CustomerRow, language: Language) -> Result<Option<Text>, Halt> {
        let change = CustomerChange {
            language: Some(language.code().to_owned()),
            ..CustomerChange::default()
        };
        self.update_customer(&Actor::Sms, customer.id, &change)?;
        answer(Answer::LanguageChanged)
    }

    fn status(&self, customer: &CustomerRow) -> Result<Text, HubError> {
        let Some(account) = customer.account else {
            return Ok(Text::Answer(Answer::UnknownSender));
        };
        let newest = self.store.newest_subscription(customer.id)?;
        Ok(Text::Answer(match newest.filter(|row| !row.expired) {
            Some(row) => Answer::Subscribed {
                account,
                last_day: self.zone_and_today(customer.id)?.0.last_day(row.valid_until),
                jerrycans: self.jerrycans_left(customer.id)?,
            },
            None => Answer::NotSubscribed { account },
        }))
    }

    fn open_bill(&self, customer: &CustomerRow) -> Result<Text, HubError> {
        let left = self.owed(customer.id)?;
        let oldest = self.store.open_bills(customer.id)?.into_iter().next();
        Ok(match oldest.map(|row| row.bill.due) {
            None => Text::Answer(Answer::NoBill),
            Some(due) if due < self.zone_and_today(customer.id)?.1 => Text::BillOverdue { left, due },
            Some(due) => Text::BillReminder { left, due },
        })
    }

    /// Starts a payment prompt on the sender's own phone.
    fn prompt(&mut self, customer: &CustomerRow, item: Item) -> Result<Option<Text>, Halt> {
        let new = NewPurchase {
            customer: customer.id,
            item,
            pay: Pay::Prompt,
            provider: None,
            phone: None,
        };
        let Response::Purchase { purchase, .. } = self.create_purchase(&Actor::Sms, &new)? else {
            return answer(Answer::NotNow);
        };
        match self.store.purchase(purchase)? {
            Some(row) => answer(Answer::PromptSent {
                amount: row.payment.amount,
            }),
            None => answer(Answer::NotNow),
        }
    }

    /// The code that was sent to this number stands for the PIN. What the approval moves is told by the loan.
    fn approve_by_code(
        &mut self,
        lender: &CustomerRow,
        phone: Phone,
        code: kiosk::otp::OneTimeCode,
    ) -> Result<Option<Text>, Halt> {
        let loan = match self.redeem_code(phone, code, true)? {
            Proof::Wrong { left } => return answer(Answer::CodeWrong { left }),
            Proof::Of(CodeFor::Loan(loan)) => loan,
            // The same again: nothing is done twice, and what it did is said once more.
            Proof::Again(CodeFor::Loan(loan)) => return self.tell_what_was_lent(loan),
            Proof::Of(CodeFor::Pin) | Proof::Again(CodeFor::Pin) | Proof::Over => return answer(Answer::CodeOver),
        };
        match self.approve_loan_of(lender.id, loan) {
            Ok(_) => Ok(None),
            Err(NoLoan::Broken(error)) => Err(error.into()),
            // The code stays used: a new one is asked for with APPROVE.
            Err(no) => Ok(Some(no.text()?)),
        }
    }

    fn tell_what_was_lent(&mut self, loan: LoanId) -> Result<Option<Text>, Halt> {
        match self.store.loan(loan)? {
            Some(row) if matches!(row.loan.state, LoanState::Repaying | LoanState::Repaid) => {
                self.tell_of_loan(&row, Party::Lender, LoanNotice::Given)?;
                Ok(None)
            }
            _ => answer(Answer::CodeOver),
        }
    }

    fn loans_of(&self, customer: &CustomerRow) -> Result<Text, HubError> {
        let (_, today) = self.zone_and_today(customer.id)?;
        let (borrowed, given) = (
            self.store.open_loans_of(customer.id)?,
            self.store.open_loans_by(customer.id)?,
        );
        let ours = |money: Money| {
            if money.currency == self.settings.currency {
                money.minor
            } else {
                0
            }
        };
        let sum = |amounts: &mut dyn Iterator<Item = Money>| self.money(amounts.map(ours).fold(0, i64::saturating_add));
        let is_waiting = |row: &&super::store::LoanRow| row.loan.state.is_waiting();
        Ok(Text::Loan(LoanText::Summary {
            owed: sum(&mut borrowed.iter().map(|row| row.loan.owed())),
            due: sum(&mut borrowed.iter().map(|row| row.loan.due(today))),
            lent: sum(&mut given.iter().map(|row| row.loan.owed())),
            waiting: given.iter().filter(is_waiting).count() as u64,
        }))
    }

    /// Whether a receipt is one of a payment to us, or of water that was drawn.
    fn checked(&self, receipt: &str) -> Result<Answer, HubError> {
        let zone = self.own_zone();
        let shown = receipt.to_owned();
        if let Ok(paid) = receipt.parse::<ProviderReceipt>() {
            for provider in Provider::ALL {
                if let Some(row) = self.store.purchase_by_receipt(provider, &paid)?
                    && let Some(settled) = row.settled
                {
                    return Ok(Answer::ReceiptPaid {
                        receipt: shown,
                        amount: row.payment.amount,
                        day: zone.day(settled),
                    });
                }
                let money = self.store.money(provider, &paid)?;
                if let Some(money) = money.filter(|money| money.place.is_booked()) {
                    return Ok(Answer::ReceiptPaid {
                        receipt: shown,
                        amount: money.arrival.amount,
                        day: zone.day(money.arrival.time),
                    });
                }
            }
        }
        let drawn = match receipt.parse::<kiosk::receipt::Receipt>() {
            Ok(own) => self.store.drawn_under(&own.to_string())?,
            Err(_) => None,
        };
        Ok(match drawn {
            Some((volume, time)) => Answer::ReceiptDrawn {
                receipt: shown,
                volume,
                day: zone.day(time),
            },
            None => Answer::ReceiptUnknown { receipt: shown },
        })
    }

    /// The hub's own zone.
    pub fn own_zone(&self) -> kiosk::day::Zone {
        kiosk::day::Zone::named(&self.settings.time_zone).unwrap_or_else(|_| kiosk::day::Zone::utc())
    }
}

fn answer(answer: Answer) -> Result<Option<Text>, Halt> {
    Ok(Some(Text::Answer(answer)))
}

/// What is said where a rule of the hub refused a command.
fn said_to(refusal: &Refusal) -> Text {
    Text::Answer(match &*refusal.code {
        "no_open_bill" => Answer::NoBill,
        "purchase_open" => Answer::BeingPaid,
        "no_provider" | "currency_not_taken" => Answer::NoPayments,
        "no_site" => Answer::ChooseSite,
        _ => Answer::NotNow,
    })
}
