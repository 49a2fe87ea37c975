//! What a person at the page or the command line tells the site.

use kiosk::{
    fact::{Fact, LoanAsked, PurchaseAsked, PurchaseItem, Registered},
    ids::{BoxId, CustomerId, DispenserId, Epoch, Lane, Writer},
    moment::{Moment, Trust, Wall},
    phone::Phone,
    pin::Pin,
    units::Volume,
};
use sync::{
    journal::Logs as _,
    record::{DocumentId, Record},
    seal::seal_to_hub,
};

use super::{
    DEFAULT_ZONE, Site, SiteError,
    effect::{ClockRefusal, Effect, Refusal, Status, Told},
    fleet,
    input::{Command, Order, ReplyId},
    store::{audit, dispensers, people},
};

/// The smallest loan, in whole units of the currency (FEATURES C16).
pub const LOAN_UNITS_MIN: i64 = 100;
/// What flow meters of dispensers give, with room: from one pulse a litre to a hundred a millilitre.
pub const PULSES_PER_LITRE: std::ops::RangeInclusive<i64> = 1..=100_000;
/// Who gives a command that came without a name: the operator at the command line.
const OPERATOR: &str = "operator";
/// The longest name that is taken.
pub const NAME_CHARS_MAX: usize = 60;

/// What came of a command: effects besides the reply, and what is told.
pub(super) type Outcome = Result<(Vec<Effect>, Told), Refusal>;

impl Site {
    /// Does what a person says, or tells them why not.
    pub(super) fn told(&mut self, moment: &Moment, reply: ReplyId, command: Command) -> Result<Vec<Effect>, SiteError> {
        let outcome = match command {
            Command::By(order) => self.ordered(moment, *order)?,
            command => {
                OPERATOR.clone_into(&mut self.actor);
                self.carried_out(moment, command)?
            }
        };
        Ok(match outcome {
            Ok((mut effects, told)) => {
                effects.push(Effect::Reply(reply, Ok(told)));
                effects
            }
            Err(refusal) => vec![Effect::Reply(reply, Err(refusal))],
        })
    }

    /// Does what somebody says, in their name; a repeat under the same key gets the first answer.
    fn ordered(&mut self, moment: &Moment, order: Order) -> Result<Outcome, SiteError> {
        let first = match &order.once {
            Some(once) => self.first_answer(&order.who, once)?,
            None => None,
        };
        if let Some(first) = first {
            return Ok(first.map(|rendered| (Vec::new(), Told::Again(rendered))));
        }
        self.actor.clone_from(&order.who);
        let outcome = self.carried_out(moment, order.command)?;
        if let Some(once) = &order.once {
            let told = match &outcome {
                Ok((_, told)) => Ok(told.clone()),
                Err(refusal) => Err(refusal.clone()),
            };
            self.keep_answer(moment, &order.who, once, &told)?;
        }
        Ok(outcome)
    }

    fn carried_out(&mut self, moment: &Moment, command: Command) -> Result<Outcome, SiteError> {
        Ok(match command {
            Command::Status => Ok((Vec::new(), Told::Status(Box::new(self.status(moment)?)))),
            Command::AddDispenser { dispenser, secret } => self.add_dispenser(moment, &dispenser, &secret)?,
            Command::EnableDispenser { dispenser, enabled } => self.enable_dispenser(moment, &dispenser, enabled)?,
            Command::SetPulses {
                dispenser,
                pulses_per_litre,
            } => self.set_pulses(moment, &dispenser, pulses_per_litre)?,
            Command::Register { phone, name, pin } => self.register(moment, &phone, &name, &pin)?,
            Command::ClearLock(customer) => self.clear_lock(moment, customer)?,
            Command::Purchase { customer, item } => self.purchase(moment, customer, item)?,
            Command::Loan {
                borrower,
                lender,
                amount_minor,
                repayment_minor,
            } => self.loan(moment, borrower, &lender, amount_minor, repayment_minor)?,
            Command::SellForCash {
                customer,
                wish,
                shown_minor,
            } => self.sell_for_cash(moment, customer, wish, shown_minor)?,
            Command::SetClock(wall) => self.set_clock(moment, wall)?,
            Command::AskAirtime => self.ask_airtime(moment)?,
            Command::PlanBroadcast(new) => self.plan_broadcast(moment, &new)?,
            Command::Broadcast(new) => self.broadcast(moment, &new)?,
            Command::StopBroadcast(id) => self.stop_broadcast(moment, id)?,
            Command::EndStop { phone } => self.end_stop(moment, &phone)?,
            Command::ResetManager { name, role, hash } => self.reset_manager(moment, &name, role, hash)?,
            Command::AddToken { name, role, hash } => self.add_token(moment, &name, role, &hash)?,
            Command::TryLogin { name, device } => self.try_login(moment, &name, device.as_ref())?,
            Command::OpenSession(login) => self.open_session(moment, &login)?,
            Command::CloseSession(session) => self.close_session(&session)?,
            Command::ChangePassword {
                name,
                proved,
                hash,
                session,
            } => self.change_password(moment, &name, &proved, hash, &session)?,
            Command::WhoIs(credential) => Ok((Vec::new(), Told::Caller(self.who_is(moment, &credential)?))),
            Command::By(_) => Err(Refusal::Field {
                field: "command",
                message: "an order holds a plain command".to_owned(),
            }),
        })
    }

    /// Refuses what the clock would not believe, by the clock's own rules (`runtime::clock`): while nobody above a manager
    /// has spoken in this run, its floor is what was saved before, and the time this program was made.
    fn set_clock(&self, moment: &Moment, wall: Wall) -> Result<Outcome, SiteError> {
        if moment.trust > Trust::Manager {
            return Ok(Err(ClockRefusal::Better(moment.trust).into()));
        }
        let floor = self.clock_sure()?.max(self.settings.built);
        if wall < floor {
            return Ok(Err(ClockRefusal::Past(floor).into()));
        }
        self.audit(moment, "clock_set", &wall.rfc3339())?;
        Ok(Ok((
            vec![Effect::ClockHeard(Trust::Manager, wall), Effect::Live],
            Told::Done,
        )))
    }

    /// Notes in the audit what the one who gives the command did.
    pub(super) fn audit(&self, moment: &Moment, what: &str, detail: &str) -> Result<(), SiteError> {
        Ok(audit::insert(
            self.connection(),
            moment.wall,
            &self.actor,
            what,
            detail,
        )?)
    }

    fn status(&self, moment: &Moment) -> Result<Status, SiteError> {
        let rows = dispensers::all(self.connection())?;
        let (bound, link) = (&self.enrolled, self.link.as_ref());
        let queue = match bound {
            Some(enrolled) => self.logs().waiting(enrolled.enrolment.box_id, Writer::Site)?,
            None => [0; 4],
        };
        Ok(Status {
            box_id: bound.as_ref().map(|enrolled| enrolled.enrolment.box_id),
            site: bound
                .as_ref()
                .map(|enrolled| (enrolled.enrolment.site.clone(), enrolled.enrolment.title.clone())),
            hub_url: self.hub_url(),
            currency: bound.as_ref().map(|enrolled| enrolled.enrolment.currency),
            time_zone: bound
                .as_ref()
                .map_or(DEFAULT_ZONE, |enrolled| &enrolled.enrolment.time_zone)
                .to_owned(),
            link_up: link.is_some_and(sync::session::Session::is_established),
            link_since: self.link_was.1,
            last_heard: self.last_heard,
            queue,
            spent: self.spending.spent,
            journal_through: match bound {
                Some(enrolled) => self.journal_through(enrolled.enrolment.box_id)?,
                None => None,
            },
            degraded: self.is_degraded()?,
            room: self.room,
            sim: self.sim_status(moment)?,
            trust: moment.trust,
            wall: moment.wall,
            today: self.zone.begin(self.zone.day(moment.wall)),
            decided: self.tally.decided.iter().map(|(word, count)| (*word, *count)).collect(),
            sold: self
                .tally
                .sold
                .iter()
                .map(|(kind, (count, sum_ml))| (*kind, *count, *sum_ml))
                .collect(),
            commits: self.tally.commits,
            dispensers: rows
                .into_iter()
                .map(|row| {
                    let presence = self.fleet.of(&row.id);
                    (
                        fleet::config(&row),
                        row.id,
                        presence.is_online(moment.monotonic_ms),
                        presence,
                    )
                })
                .map(|(config, id, online, presence)| super::effect::DispenserStatus {
                    id,
                    config,
                    online,
                    presence,
                })
                .collect(),
        })
    }

    /// The newest record of the money log that this site has written, as the hub shows what it has of it.
    fn journal_through(&self, box_id: BoxId) -> Result<Option<(Epoch, u32)>, SiteError> {
        let tips = self.logs().tips(box_id)?.into_iter();
        let own = tips.filter(|(log, _)| log.by == Writer::Site && log.lane == Lane::Money);
        Ok(own.map(|(log, state)| (log.epoch, state.mark)).next_back())
    }

    fn add_dispenser(&mut self, moment: &Moment, id: &DispenserId, secret: &[u8; 32]) -> Result<Outcome, SiteError> {
        let row = match dispensers::find(self.connection(), id)? {
            Some(row) => row,
            None => self.new_dispenser(id)?,
        };
        dispensers::add(self.connection(), &row, secret)?;
        self.audit(moment, "dispenser_added", id.as_str())?;
        let configure = Effect::Configure(id.clone(), fleet::config(&row));
        Ok(Ok((vec![self.credentials()?, configure, Effect::Live], Told::Done)))
    }

    fn enable_dispenser(&mut self, moment: &Moment, id: &DispenserId, enabled: bool) -> Result<Outcome, SiteError> {
        if !dispensers::enable(self.connection(), id, enabled)? {
            return Ok(Err(Refusal::Unknown("this dispenser")));
        }
        let what = if enabled {
            "dispenser_enabled"
        } else {
            "dispenser_disabled"
        };
        self.audit(moment, what, id.as_str())?;
        let row = self.dispenser(id)?;
        Ok(Ok((
            vec![Effect::Configure(id.clone(), fleet::config(&row)), Effect::Live],
            Told::Done,
        )))
    }

    /// What a manager measured with a full jerrycan at this dispenser; it is told at once.
    fn set_pulses(&mut self, moment: &Moment, id: &DispenserId, measured: Option<i64>) -> Result<Outcome, SiteError> {
        if measured.is_some_and(|pulses| !PULSES_PER_LITRE.contains(&pulses)) {
            return Ok(Err(Refusal::Field {
                field: "pulses_per_litre",
                message: format!("{} to {}", PULSES_PER_LITRE.start(), PULSES_PER_LITRE.end()),
            }));
        }
        let (pulses, _) = self.dispenser_defaults()?;
        if !dispensers::measure(self.connection(), id, measured, pulses)? {
            return Ok(Err(Refusal::Unknown("this dispenser")));
        }
        let detail = measured.map_or("as the site".to_owned(), |pulses| pulses.to_string());
        self.audit(moment, "pulses_set", &format!("{id} {detail}"))?;
        let row = self.dispenser(id)?;
        let configure = Effect::Configure(id.clone(), fleet::config(&row));
        Ok(Ok((vec![configure, Effect::Live], Told::Done)))
    }

    /// A person is registered here, provisionally: the hub lists them, or finds that they are known (FEATURES X19).
    fn register(&mut self, moment: &Moment, phone: &str, name: &str, pin: &str) -> Result<Outcome, SiteError> {
        let Some(enrolled) = &self.enrolled else {
            return Ok(Err(Refusal::NotJoined));
        };
        let hub = enrolled.enrolment.hub_sealing_key;
        let field = |field, message: &dyn ToString| Refusal::Field {
            field,
            message: message.to_string(),
        };
        let phone = match Phone::parse(phone, self.country()) {
            Ok(phone) => phone.e164(),
            Err(error) => return Ok(Err(field("phone", &error))),
        };
        let pin = match Pin::chosen(pin) {
            Ok(pin) => pin,
            Err(error) => return Ok(Err(field("pin", &error))),
        };
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return Ok(Err(field("name", &format!("1 to {NAME_CHARS_MAX} letters"))));
        }
        if let Some(row) = people::by_phone(self.connection(), &phone)? {
            return Ok(Err(Refusal::PhoneTaken(row.id)));
        }
        let customer = CustomerId(moment.draw.number("customer"));
        let Ok(sealed_pin) = seal_to_hub(moment.draw.bytes("seal"), &hub, &pin.digits()) else {
            return Ok(Err(Refusal::Degraded));
        };
        let doc = DocumentId::Customer(customer);
        let edit = self.edit_document(&doc, &[("phone", Some(&phone)), ("name", Some(&name))])?;
        let mut effects = Vec::new();
        if let Some(edit) = edit {
            effects.extend(self.write(moment, Lane::Edits, &Record::Edit(edit))?.1);
        }
        let fact = Registered {
            customer,
            sealed_pin,
            time: moment.wall,
        };
        effects.extend(self.write_fact(moment, Fact::Registered(fact))?.1);
        effects.push(Effect::Live);
        self.audit(moment, "registered", &customer.to_string())?;
        Ok(Ok((effects, Told::Registered(customer))))
    }

    fn clear_lock(&mut self, moment: &Moment, customer: CustomerId) -> Result<Outcome, SiteError> {
        let customer = people::resolve(self.connection(), customer)?;
        if people::find(self.connection(), customer)?.is_none() {
            return Ok(Err(Refusal::Unknown("this customer")));
        }
        people::put_pin_tries(self.connection(), customer, None)?;
        self.audit(moment, "lock_cleared", &customer.to_string())?;
        Ok(Ok((vec![Effect::Live], Told::Done)))
    }

    /// Queued here, sent to the provider by the hub when the link returns (FEATURES C8).
    pub(super) fn purchase(
        &mut self,
        moment: &Moment,
        customer: CustomerId,
        item: PurchaseItem,
    ) -> Result<Outcome, SiteError> {
        if let Err(refusal) = self.may_ask(customer)? {
            return Ok(Err(refusal));
        }
        let good = match &item {
            PurchaseItem::Litres(volume) => *volume > Volume::ZERO,
            PurchaseItem::Deposit(minor) => *minor > 0,
            PurchaseItem::Plan(plan) => !plan.is_empty(),
            PurchaseItem::Bill => true,
        };
        if !good {
            return Ok(Err(Refusal::Field {
                field: "amount",
                message: "more than nothing".to_owned(),
            }));
        }
        let fact = Fact::PurchaseAsked(PurchaseAsked {
            customer,
            item,
            time: moment.wall,
        });
        let (record, effects) = self.write_fact(moment, fact)?;
        Ok(Ok((effects, Told::Waiting(record))))
    }

    /// Queued here; only the hub approves (FEATURES C9).
    pub(super) fn loan(
        &mut self,
        moment: &Moment,
        borrower: CustomerId,
        lender: &str,
        amount_minor: i64,
        repayment_minor: i64,
    ) -> Result<Outcome, SiteError> {
        if let Err(refusal) = self.may_ask(borrower)? {
            return Ok(Err(refusal));
        }
        let enrolment = &self.enrolled()?.enrolment;
        let least = LOAN_UNITS_MIN * enrolment.currency.minor_per_unit();
        let hub = enrolment.hub_sealing_key;
        let lender = match Phone::parse(lender, self.country()) {
            Ok(phone) => phone.e164(),
            Err(error) => {
                return Ok(Err(Refusal::Field {
                    field: "lender",
                    message: error.to_string(),
                }));
            }
        };
        if amount_minor < least {
            return Ok(Err(Refusal::Field {
                field: "amount",
                message: format!("{LOAN_UNITS_MIN} at least"),
            }));
        }
        if !(1..=amount_minor).contains(&repayment_minor) {
            return Ok(Err(Refusal::Field {
                field: "repayment",
                message: "from 1 to the amount".to_owned(),
            }));
        }
        let Ok(sealed_lender) = seal_to_hub(moment.draw.bytes("seal"), &hub, lender.as_bytes()) else {
            return Ok(Err(Refusal::Degraded));
        };
        let fact = LoanAsked {
            borrower,
            sealed_lender,
            amount_minor,
            repayment_minor,
            time: moment.wall,
        };
        let (record, effects) = self.write_fact(moment, Fact::LoanAsked(fact))?;
        Ok(Ok((effects, Told::Waiting(record))))
    }

    fn may_ask(&self, customer: CustomerId) -> Result<Result<(), Refusal>, SiteError> {
        if self.enrolled.is_none() {
            return Ok(Err(Refusal::NotJoined));
        }
        Ok(match people::find(self.connection(), customer)? {
            Some(_) => self.room_for_more(),
            None => Err(Refusal::Unknown("this customer")),
        })
    }
}
