//! Commands by SMS to the site's own SIM (CONTRACTS section 7): what [`kiosk::talk::sms`] reads is answered from what this
//! site knows, with or without a link, in the transaction that does it. What only the hub can answer travels there sealed.
//!
//! The sender proves nothing (RELIABILITY section 5), so nothing here moves value. While the hub is there it answers itself
//! what it hears of here; nobody is told the same twice. A number is answered so many times a day; STOP is heard always.

use kiosk::{
    day::{Day, Month},
    fact::{Fact, Forwarded, PurchaseItem},
    ids::{AccountId, Lane},
    loan::LoanDenied,
    moment::{DAY_MS, Moment, Uptime},
    phone::Phone,
    talk::{
        Language, Text,
        sms::{Admitted, Answer, Command, CommandCount, Fault, Form, LoanText, NotUnderstood, Part, Wanted},
    },
    units::{Money, Volume},
};
use sync::{
    record::{DocumentId, Record},
    seal::seal_to_hub,
    session::Session,
};

use super::{
    Site, SiteError,
    broadcast::STOP_FIELD,
    delivery::{Purpose, SimText},
    effect::{Effect, Refusal},
    manage::{LOAN_UNITS_MIN, Outcome},
    sim::Answers,
    store::{inbox, people, people::CustomerRow, read, sales},
};

/// The most of a text that travels to the hub, its number and a line feed among it, in bytes.
const FORWARDED_BYTES_MAX: usize = 300;
/// Texts that travel to the hub in a day, of all numbers together: numbers can be forged, and each becomes a record.
pub const FORWARDED_PER_DAY_MAX: u32 = 100;
/// How long the network may try to deliver an answer.
const ANSWER_VALID_MS: u64 = DAY_MS.unsigned_abs();
/// Who gives a command by SMS, in the audit.
const MESSENGER: &str = "sms";

/// What is done with a text.
struct Done {
    /// The word under which it is kept; nothing keeps nothing.
    kind: Option<&'static str>,
    answer: Option<Text>,
    effects: Vec<Effect>,
}

impl Done {
    fn said(answer: Answer) -> Done {
        Done {
            kind: Some("read"),
            answer: Some(Text::Answer(answer)),
            effects: Vec::new(),
        }
    }
}

impl Site {
    /// Does what a text says; gives the word under which it is kept, and nothing where it is not.
    pub(super) fn command_came(
        &mut self,
        moment: &Moment,
        phone: Phone,
        text: &str,
    ) -> Result<(Option<&'static str>, Vec<Effect>), SiteError> {
        let Some(settings) = &self.settings.sim else {
            return Ok((Some("ignored"), Vec::new()));
        };
        let answers = self.answers();
        if answers != Answers::Yes {
            return Ok((Some(answers.name()), Vec::new()));
        }
        let per_day = settings.commands_per_day;
        let number = phone.e164();
        let connection = self.connection();
        let today = self.zone.day(moment.wall);
        let (count, admitted) = CommandCount::admit(inbox::command_count(connection, &number)?, today, per_day);
        inbox::put_command_count(connection, &number, count)?;
        let read = Command::read(text, self.country());
        let mut is_first_stop = false;
        let mut effects = Vec::new();
        if read == Ok(Command::Stop) {
            is_first_stop = self.stop_number(moment, &number)?;
            // Said anew it outlives that somebody, who had not heard of it, ends the one before.
            let anew = [(STOP_FIELD, None), (STOP_FIELD, Some(number.as_str()))];
            effects = self.say_stopped(moment, &number, &anew[usize::from(!is_first_stop)..])?;
        }
        let connection = self.connection();
        let sender = match people::by_phone(connection, &number)? {
            Some(row) => Some(people::after_mergers(connection, row)?),
            None => None,
        };
        let mut language = sender.as_ref().map(|row| row.language.clone()).unwrap_or_default();
        let done = match admitted {
            Admitted::Yes => {
                if let Ok(Command::Lang(new)) = &read {
                    new.code().clone_into(&mut language);
                }
                self.obey(moment, phone, sender, read, text)?
            }
            Admitted::SayTooMany | Admitted::Silence if is_first_stop => Done {
                answer: None,
                ..self.forward(moment, phone, text)?
            },
            Admitted::SayTooMany => Done {
                kind: Some("over"),
                ..Done::said(Answer::TooMany)
            },
            Admitted::Silence => return Ok((None, effects)),
        };
        if let Some(answer) = done.answer {
            self.answer_text(moment, &number, &language, &answer)?;
        }
        effects.extend(done.effects);
        Ok((done.kind, effects))
    }

    /// Says it in the sender's language, else the site's.
    fn answer_text(&mut self, moment: &Moment, number: &str, language: &str, answer: &Text) -> Result<(), SiteError> {
        let sites = self.dispenser_defaults()?.1;
        let language = if language.is_empty() { &sites } else { language };
        let text = SimText {
            purpose: Purpose::Answer,
            to: number,
            body: &self.voice.text(language, answer),
            asked: None,
            until: None,
            validity_ms: Some(ANSWER_VALID_MS),
        };
        let said = self.say_by_sim(moment, &text)?;
        tracing::debug!(?said, "a text is answered");
        Ok(())
    }

    fn obey(
        &mut self,
        moment: &Moment,
        phone: Phone,
        sender: Option<CustomerRow>,
        read: Result<Command, NotUnderstood>,
        text: &str,
    ) -> Result<Done, SiteError> {
        let command = match read {
            Ok(command) => command,
            // The wish for a new code.
            Err(fault) if fault.form == Some(Form::Approve) && fault.fault == Fault::Missing(Part::Code) => {
                return self.forward(moment, phone, text);
            }
            Err(fault) => return Ok(Done::said(Answer::to_fault(&fault))),
        };
        // What anybody may send.
        match &command {
            Command::Help => return Ok(Done::said(Answer::Help)),
            Command::Stop => {
                let done = self.forward(moment, phone, text)?;
                // The hub answers what it hears of. What found no room it does not hear of, and this site stops all the same.
                let hub_answers = done.kind == Some("forwarded") && self.is_linked();
                let answer = (!hub_answers).then_some(Answer::Stopped);
                let answer = answer.map(Text::Answer);
                return Ok(Done { answer, ..done });
            }
            Command::Check { receipt } => {
                return match self.checked(receipt)? {
                    Some(answer) => Ok(Done::said(answer)),
                    None => self.forward(moment, phone, text),
                };
            }
            _ => {}
        }
        // Whoever is at home elsewhere, or nowhere yet, is known to the hub alone.
        let here = sender.filter(|row| row.admitted);
        let Some((customer, account)) = here.and_then(|row| row.account.map(|account| (row, account))) else {
            return self.forward(moment, phone, text);
        };
        match command {
            Command::Register { .. } => Ok(Done::said(Answer::RegisteredBefore { account })),
            Command::Lang(language) => self.speak(moment, &customer, language),
            Command::Bill | Command::Approve(_) | Command::Loans | Command::Report { .. } => {
                self.forward(moment, phone, text)
            }
            _ if !customer.active => Ok(Done::said(Answer::Inactive { account })),
            Command::Status | Command::Balance | Command::Usage => {
                Ok(Done::said(self.told_of(moment, &customer, account, &command)?))
            }
            Command::Buy(wanted) => {
                let item = match wanted {
                    Wanted::Litres(volume) => PurchaseItem::Litres(volume),
                    Wanted::Plan(plan) => PurchaseItem::Plan(plan),
                };
                MESSENGER.clone_into(&mut self.actor);
                let outcome = self.purchase(moment, customer.id, item)?;
                Ok(self.asked_by_text(outcome, Form::Buy))
            }
            Command::Pay => {
                MESSENGER.clone_into(&mut self.actor);
                let outcome = self.purchase(moment, customer.id, PurchaseItem::Bill)?;
                Ok(self.asked_by_text(outcome, Form::Pay))
            }
            Command::Loan {
                amount,
                lender,
                repayment,
            } => {
                MESSENGER.clone_into(&mut self.actor);
                let outcome = self.loan(moment, customer.id, &lender.e164(), amount.minor, repayment.minor)?;
                Ok(match denied(&outcome, amount) {
                    Some(why) => Done {
                        answer: Some(Text::Loan(LoanText::to_denial(&why))),
                        ..Done::said(Answer::NotNow)
                    },
                    None => self.asked_by_text(outcome, Form::Loan),
                })
            }
            Command::Help | Command::Stop | Command::Check { .. } => Ok(Done::said(Answer::Help)),
        }
    }

    fn is_linked(&self) -> bool {
        self.link.as_ref().is_some_and(Session::is_established)
    }

    /// What was asked of the hub is told by the hub when it is there: a prompt comes, or a text.
    fn asked_by_text(&self, outcome: Outcome, form: Form) -> Done {
        match outcome {
            Ok((effects, _)) => Done {
                kind: Some("asked"),
                answer: (!self.is_linked()).then_some(Text::Answer(Answer::Queued)),
                effects,
            },
            Err(Refusal::Field { .. }) => Done::said(Answer::NotUnderstood(Some(form))),
            Err(_) => Done::said(Answer::NotNow),
        }
    }

    fn told_of(
        &self,
        moment: &Moment,
        customer: &CustomerRow,
        account: AccountId,
        command: &Command,
    ) -> Result<Answer, SiteError> {
        let now = moment.trust.is_trusted().then_some(moment.wall);
        let (water, jerrycans) = match read::customer_shown(self.connection(), customer.id, now)? {
            Some(shown) => (shown.balance, shown.jerrycans_left),
            None => (Volume::ZERO, 0),
        };
        let until = customer.subscription_until;
        let valid = until.filter(|until| now.is_none_or(|now| now < *until));
        Ok(match (command, valid) {
            (Command::Balance, _) => Answer::BalanceHere { water, jerrycans },
            (Command::Usage, _) => self.usage_of(moment, customer)?,
            (_, Some(until)) => Answer::Subscribed {
                account,
                last_day: self.zone.last_day(until),
                jerrycans,
            },
            (_, None) => Answer::NotSubscribed { account },
        })
    }

    fn usage_of(&self, moment: &Moment, customer: &CustomerRow) -> Result<Answer, SiteError> {
        let today = self.zone.day(moment.wall);
        let drawn_since = |day: Day| sales::drawn_since(self.connection(), customer.id, self.zone.begin(day));
        Ok(Answer::UsageHere {
            week: drawn_since(today.monday())?,
            month: drawn_since(Month::of(today).map_or(today, Month::first_day))?,
        })
    }

    /// Whether a receipt is of water that was drawn here.
    fn checked(&self, receipt: &str) -> Result<Option<Answer>, SiteError> {
        let Ok(own) = receipt.parse::<kiosk::receipt::Receipt>() else {
            return Ok(None);
        };
        let drawn = sales::drawn_under(self.connection(), &own.to_string())?;
        Ok(drawn.map(|(volume, time)| Answer::ReceiptDrawn {
            receipt: receipt.to_owned(),
            volume,
            day: self.zone.day(time),
        }))
    }

    fn speak(&mut self, moment: &Moment, customer: &CustomerRow, language: Language) -> Result<Done, SiteError> {
        let mut done = Done::said(Answer::LanguageChanged);
        let doc = DocumentId::Customer(customer.id);
        if let Some(edit) = self.edit_document(&doc, &[("language", Some(language.code()))])? {
            done.effects = self.write(moment, Lane::Edits, &Record::Edit(edit))?.1;
            MESSENGER.clone_into(&mut self.actor);
            self.audit(moment, "language_changed", &customer.id.to_string())?;
        }
        Ok(done)
    }

    /// Sends a text on to the hub, sealed: journals hold no phones. While the hub is away that is said.
    fn forward(&mut self, moment: &Moment, phone: Phone, text: &str) -> Result<Done, SiteError> {
        let day_ago = self
            .present(moment)
            .stamp
            .uptime
            .0
            .saturating_sub(DAY_MS.unsigned_abs());
        if inbox::count(self.connection(), "forwarded", Uptime(day_ago))? >= FORWARDED_PER_DAY_MAX {
            return Ok(Done::said(Answer::NotNow));
        }
        let mut plain = format!("{}\n{text}", phone.e164());
        plain.truncate(plain.floor_char_boundary(FORWARDED_BYTES_MAX));
        let hub = self.enrolled()?.enrolment.hub_sealing_key;
        let Ok(sealed) = seal_to_hub(moment.draw.bytes("forwarded"), &hub, plain.as_bytes()) else {
            return Ok(Done::said(Answer::NotNow));
        };
        let time = moment.wall;
        let effects = self.write_fact(moment, Fact::Forwarded(Forwarded { sealed, time }))?.1;
        Ok(Done {
            kind: Some("forwarded"),
            answer: (!self.is_linked()).then_some(Text::Answer(Answer::Forwarded)),
            effects,
        })
    }
}

/// The rule of loans by which this site refuses one, as the hub would say it: its form was right.
fn denied(outcome: &Outcome, amount: Money) -> Option<LoanDenied> {
    let minimum = Money {
        minor: LOAN_UNITS_MIN * amount.currency.minor_per_unit(),
        ..amount
    };
    match outcome {
        Err(Refusal::Field { field: "amount", .. }) => Some(LoanDenied::Amount(minimum)),
        Err(Refusal::Field { field: "repayment", .. }) => Some(LoanDenied::Repayment(amount)),
        _ => None,
    }
}
