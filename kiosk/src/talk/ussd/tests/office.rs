//! A small office in memory: what the menus need, and a list of all that was done.

use super::super::*;
use crate::{
    day::Day,
    ids::{AccountId, CustomerId, DispenserId, Epoch, LoanId, SiteName},
    loan::{LoanPolicy, LoanState, Party},
    otp::OneTimeCode,
    payment::PaymentState,
    phone::Country,
    pin::Pin,
    receipt::ReceiptKey,
    talk::Talk,
    tariff::{Plan, Tariff},
    units::{Currency, Money, Volume},
};
use std::{collections::BTreeMap, sync::LazyLock};

static TALK: LazyLock<Talk> = LazyLock::new(Talk::new);

/// Wrong PINs that lock.
const TRIES: u32 = 5;

pub fn phone(text: &str) -> Phone {
    Phone::parse(text, Country::Kenya).unwrap()
}

pub fn kes(units: i64) -> Money {
    Money::new(units * 100, Currency::Kes)
}

pub fn day() -> Day {
    Day::new(2026, 11, 20).unwrap()
}

pub fn site(name: &str, title: &str) -> Site {
    Site {
        name: name.parse().unwrap(),
        title: title.to_owned(),
    }
}

#[derive(Clone, Debug)]
pub struct Person {
    pub id: CustomerId,
    pub registration: Registration,
    pub name: String,
    pub city: String,
    pub site: Option<SiteName>,
    pub language: Language,
    pub pin: Option<Pin>,
    pub wrong: u32,
    pub wallet: Money,
    pub water: Water,
    pub usage: Usage,
    pub bill: Option<Owed>,
    pub orders: Vec<Order>,
    pub movements: Vec<Movement>,
}

/// The store could not be reached.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken;

#[derive(Clone, Default)]
pub struct Town {
    pub people: BTreeMap<Phone, Person>,
    pub managers: BTreeMap<Phone, Site>,
    pub has_first_pins: bool,
    pub sites: Vec<Site>,
    pub plans: Vec<Plan>,
    pub loans: Vec<(Phone, Phone, LoanView)>,
    pub offline: Vec<DispenserId>,
    pub moved: Vec<(Phone, Phone, String)>,
    pub done: Vec<Act>,
    pub denies: Option<Denied>,
    pub is_broken: bool,
    pub lends_not: bool,
    pub tariff: Option<Tariff>,
    pub today: Option<Today>,
}

impl Town {
    /// Two sites, one plan; Jane Smith on 0700000102, with money and without a subscription.
    pub fn new() -> Town {
        let mut town = Town {
            sites: vec![site("kibera-3", "Kibera 3"), site("soko", "Soko")],
            plans: vec![Plan::monthly()],
            ..Town::default()
        };
        town.add("0700000102", "Jane Smith");
        town
    }

    pub fn add(&mut self, number: &str, name: &str) {
        let id = CustomerId(self.people.len() as u64 + 1);
        let person = Person {
            id,
            registration: Registration::Verified,
            name: name.to_owned(),
            city: "Kisumu".to_owned(),
            site: Some(site("kibera-3", "").name),
            language: Language::English,
            pin: Some(super::PIN.parse().unwrap()),
            wrong: 0,
            wallet: kes(6_000),
            water: Water {
                balance: Volume::from_ml(179_500),
                jerrycans: 0,
                subscription: None,
            },
            usage: Usage::default(),
            bill: None,
            orders: Vec::new(),
            movements: Vec::new(),
        };
        self.people.insert(phone(number), person);
    }

    pub fn person(&mut self, number: &str) -> &mut Person {
        self.people.get_mut(&phone(number)).unwrap()
    }

    /// A subscription at the first site, with 12 jerrycans left.
    pub fn subscribe(&mut self, number: &str) {
        let subscription = Subscription {
            site: self.sites[0].clone(),
            code: "000-5724".parse().unwrap(),
            last_day: day(),
            is_over: false,
        };
        let water = &mut self.person(number).water;
        (water.jerrycans, water.subscription) = (12, Some(subscription));
    }

    /// A loan that `borrower` asked of `lender`.
    pub fn asked(&mut self, borrower: &str, lender: &str, amount: Money, repayment: Money) -> LoanId {
        let id = LoanId(self.loans.len() as u64 + 1);
        let loan = LoanView {
            id,
            party: Party::Borrower,
            other: phone(lender),
            amount,
            repayment,
            every_days: 7,
            owed: amount,
            is_late: false,
            state: LoanState::Asked,
        };
        self.loans.push((phone(borrower), phone(lender), loan));
        id
    }

    pub fn loan_state(&mut self, id: LoanId) -> &mut LoanState {
        let row = self.loans.iter_mut().find(|row| row.2.id == id);
        &mut row.unwrap().2.state
    }

    fn whose(&self, customer: CustomerId) -> Option<(&Phone, &Person)> {
        self.people.iter().find(|(_, person)| person.id == customer)
    }

    fn one(&self, customer: CustomerId) -> Result<&Person, Broken> {
        self.whose(customer).map(|(_, person)| person).ok_or(Broken)
    }

    fn outcome(&mut self, phone: Phone, act: &Act) -> Result<Done, Denied> {
        if let Some(denied) = self.denies {
            return Err(denied);
        }
        let person = self.people.get_mut(&phone);
        match act {
            Act::Verify => {
                let person = person.ok_or(Denied::Gone)?;
                person.registration = Registration::Verified;
                return Ok(Done::Verified {
                    account: AccountId::new(123_456).unwrap(),
                });
            }
            Act::Buy { price, pay, .. } => {
                let amount = *price;
                let person = person.ok_or(Denied::Gone)?;
                if *pay == Pay::Prompt {
                    return Ok(Done::Prompted { amount });
                }
                if person.wallet.minor < amount.minor {
                    return Err(Denied::WalletTooSmall { wallet: person.wallet });
                }
                person.wallet.minor -= amount.minor;
                let wallet = person.wallet;
                return Ok(Done::Paid { amount, wallet });
            }
            Act::RequestLoan {
                lender,
                amount,
                repayment,
            } => {
                self.asked(&phone.e164(), &lender.e164(), *amount, *repayment);
            }
            Act::ApproveLoan { loan } => *self.loan_state(*loan) = LoanState::Repaying,
            Act::RefuseLoan { loan } => *self.loan_state(*loan) = LoanState::Refused,
            Act::CancelLoan { loan } => *self.loan_state(*loan) = LoanState::Cancelled,
            Act::SetLanguage { language } => {
                if let Some(person) = person {
                    person.language = *language;
                }
            }
            Act::Settle { at } | Act::MoveWater { to: at } => {
                if let Some(person) = person {
                    person.site = Some(at.clone());
                }
            }
            Act::Report { .. } | Act::CallBack => return Ok(Done::Ticket { number: 17 }),
            Act::Collect { jerrycans, .. } => {
                return Ok(Done::Collected {
                    left: 30_u64.saturating_sub(u64::from(*jerrycans)),
                });
            }
            Act::TakeCash { volume, .. } => {
                return Ok(Done::Sold {
                    volume: *volume,
                    receipt: ReceiptKey::new([0; 32]).receipt(Epoch(1), 1),
                });
            }
            Act::RepayLoan { .. } | Act::SendPinCode | Act::Unsubscribe | Act::Broadcast { .. } => {}
        }
        Ok(Done::Made)
    }
}

impl Office for Town {
    type Error = Broken;

    fn talk(&self) -> &Talk {
        &TALK
    }

    fn tariff(&self) -> Tariff {
        self.tariff.unwrap_or(Tariff::built_in(Currency::Kes))
    }

    fn loan_policy(&self) -> Option<LoanPolicy> {
        (!self.lends_not).then(LoanPolicy::default)
    }

    fn caller(&self, phone: Phone) -> Result<Caller, Broken> {
        let person = self.people.get(&phone);
        Ok(Caller {
            customer: person.map(|person| Customer {
                id: person.id,
                registration: person.registration,
                name: person.name.clone(),
                city: person.city.clone(),
                site: person.site.clone(),
            }),
            manages: self.managers.get(&phone).cloned(),
            language: person.map(|person| person.language),
            has_pin: person.map_or(self.managers.contains_key(&phone), |person| person.pin.is_some()),
            must_change_pin: self.has_first_pins,
        })
    }

    /// Bytes whose text in a stored session cannot hold four digits in a row.
    fn seal(&self, _: Phone, pin: &Pin) -> Result<Seal, Broken> {
        let mut seal = [0; 16];
        seal[..4].copy_from_slice(&pin.digits());
        Ok(Seal(seal))
    }

    fn check_pin(&mut self, phone: Phone, pin: &Pin) -> Result<PinCheck, Broken> {
        let Some(person) = self.people.get_mut(&phone) else {
            return Ok(match *pin == super::PIN.parse().unwrap() {
                true => PinCheck::Right,
                false => PinCheck::Wrong,
            });
        };
        if person.wrong >= TRIES {
            return Ok(PinCheck::Locked { for_ms: 840_001 });
        }
        if person.pin.as_ref() == Some(pin) {
            person.wrong = 0;
            return Ok(PinCheck::Right);
        }
        person.wrong += 1;
        Ok(PinCheck::Wrong)
    }

    fn is_kept_pin(&self, _: Phone, pin: &Pin) -> Result<bool, Broken> {
        Ok(*pin == super::PIN.parse().unwrap())
    }

    fn set_pin(&mut self, phone: Phone, pin: &Pin) -> Result<(), Broken> {
        self.has_first_pins = false;
        match self.people.get_mut(&phone) {
            Some(person) => person.pin = Some(pin.clone()),
            None if self.managers.contains_key(&phone) => {}
            None => return Err(Broken),
        }
        Ok(())
    }

    fn redeem_pin_code(&mut self, _: Phone, code: OneTimeCode) -> Result<Result<(), Denied>, Broken> {
        Ok(match code.digits().as_str() {
            "552190" => Ok(()),
            _ => Err(Denied::WrongCode),
        })
    }

    fn register(
        &mut self,
        phone: Phone,
        particulars: &Particulars,
        pin: Option<&Pin>,
    ) -> Result<Result<(), Denied>, Broken> {
        if !self.people.contains_key(&phone) {
            self.add(&phone.e164(), "");
            self.people.get_mut(&phone).ok_or(Broken)?.pin = None;
        }
        let person = self.people.get_mut(&phone).ok_or(Broken)?;
        person.registration = Registration::Unverified;
        person.name = particulars.name.clone();
        person.city = particulars.city.clone();
        person.language = particulars.language;
        if let Some(pin) = pin {
            person.pin = Some(pin.clone());
        }
        Ok(Ok(()))
    }

    fn register_by_number(&mut self, phone: Phone) -> Result<(), Broken> {
        self.add(&phone.e164(), "");
        let person = self.people.get_mut(&phone).ok_or(Broken)?;
        person.registration = Registration::Number;
        person.pin = None;
        person.wallet = kes(0);
        Ok(())
    }

    fn change_number(&mut self, phone: Phone, old: Phone, name: &str, pin: &Pin) -> Result<Result<(), Denied>, Broken> {
        let known = self.people.get(&old);
        if !known.is_some_and(|person| person.name == name && person.pin.as_ref() == Some(pin)) {
            return Ok(Err(Denied::NotMatching));
        }
        self.moved.push((phone, old, name.to_owned()));
        Ok(Ok(()))
    }

    fn sites(&self, _: CustomerId) -> Result<Vec<Site>, Broken> {
        Ok(self.sites.clone())
    }

    fn plans(&self, site: &SiteName) -> Result<Vec<Plan>, Broken> {
        let is_there = self.sites.iter().any(|known| known.name == *site);
        Ok(if is_there { self.plans.clone() } else { Vec::new() })
    }

    fn water(&self, customer: CustomerId) -> Result<Water, Broken> {
        Ok(self.one(customer)?.water.clone())
    }

    fn usage(&self, customer: CustomerId) -> Result<Usage, Broken> {
        Ok(self.one(customer)?.usage)
    }

    fn bill(&self, customer: CustomerId) -> Result<Option<Owed>, Broken> {
        Ok(self.one(customer)?.bill)
    }

    fn orders(&self, customer: CustomerId) -> Result<Vec<Order>, Broken> {
        Ok(self.one(customer)?.orders.clone())
    }

    fn wallet(&self, customer: CustomerId) -> Result<Money, Broken> {
        Ok(self.one(customer)?.wallet)
    }

    fn movements(&self, customer: CustomerId) -> Result<Vec<Movement>, Broken> {
        Ok(self.one(customer)?.movements.clone())
    }

    fn loans(&self, customer: CustomerId) -> Result<Vec<LoanView>, Broken> {
        let (phone, _) = self.whose(customer).ok_or(Broken)?;
        let seen = |(borrower, lender, loan): &(Phone, Phone, LoanView)| match () {
            () if borrower == phone => Some(loan.clone()),
            () if lender == phone => Some(LoanView {
                party: Party::Lender,
                other: *borrower,
                ..loan.clone()
            }),
            () => None,
        };
        Ok(self.loans.iter().filter_map(seen).collect())
    }

    fn loan(&self, customer: CustomerId, loan: LoanId) -> Result<Option<LoanView>, Broken> {
        Ok(self.loans(customer)?.into_iter().find(|known| known.id == loan))
    }

    fn today(&self, _: &SiteName) -> Result<Today, Broken> {
        Ok(self.today.unwrap_or(Today {
            pours: 12,
            volume: Volume::from_ml(240_000),
            cash: kes(120),
            paid: kes(360),
        }))
    }

    fn offline_dispensers(&self, _: &SiteName) -> Result<Vec<DispenserId>, Broken> {
        Ok(self.offline.clone())
    }

    fn audience(&self, _: &SiteName) -> Result<u32, Broken> {
        Ok(120)
    }

    fn find(&self, _: &SiteName, handle: &Handle) -> Result<Result<Found, Denied>, Broken> {
        let Handle::Phone(phone) = handle else {
            return Ok(Err(Denied::Unknown));
        };
        Ok(match self.people.get(phone) {
            None => Err(Denied::Unknown),
            Some(person) => Ok(Found {
                id: person.id,
                name: person.name.clone(),
                water: person.water.clone(),
            }),
        })
    }

    fn act(&mut self, phone: Phone, act: &Act) -> Result<Result<Done, Denied>, Broken> {
        if self.is_broken {
            return Err(Broken);
        }
        let outcome = self.outcome(phone, act);
        if outcome.is_ok() {
            self.done.push(act.clone());
        }
        Ok(outcome)
    }
}

/// An order of a state.
pub fn order(state: PaymentState) -> Order {
    Order {
        day: day(),
        kind: OrderKind::Litres(Volume::from_ml(20_000)),
        amount: kes(40),
        state,
    }
}
