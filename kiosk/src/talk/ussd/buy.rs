//! Buying: a subscription at a site, litres, money for the wallet, and paying a bill.

use super::{
    act::{Act, Denied, Pay, Purchase},
    desk::{Desk, Rows, Turn, choice},
    loans::whole_number,
    office::{Customer, Office, OrderKind},
    page::{Row, Sheet},
    say::Say,
    state::{Entry, List, Menu, Shown, State},
    words::Word,
};
use crate::{
    ids::SiteName,
    tariff::Plan,
    units::{Money, Volume},
};

/// The most litres bought at once: ten cubic metres.
const LITRES_MAX: i64 = 10_000;
const ML_PER_LITRE: u64 = 1_000;

impl<O: Office> Desk<'_, O> {
    pub fn take_buy(&mut self, input: &str) -> Result<Turn, O::Error> {
        Ok(match choice(input) {
            Some(1) => Turn::list(List::SitesToSubscribe),
            Some(2) => self.ask_litres()?,
            Some(3) => Turn::entry(Entry::Deposit),
            Some(0) => Turn::menu(Menu::Water),
            _ => Turn::no_such_choice(),
        })
    }

    /// How many litres; of who draws nowhere yet first where that will be.
    fn ask_litres(&mut self) -> Result<Turn, O::Error> {
        let Some(customer) = self.customer().filter(|customer| customer.site.is_none()) else {
            return Ok(Turn::entry(Entry::Litres));
        };
        let mut sites = self.office.sites(customer.id)?;
        match sites.len() {
            1 => self.settle_at(sites.remove(0).name),
            _ => Ok(Turn::list(List::SitesToSettle)),
        }
    }

    pub fn settle_at(&mut self, at: SiteName) -> Result<Turn, O::Error> {
        let settled = self.office.act(self.session.phone, &Act::Settle { at })?;
        self.look_again()?;
        Ok(match settled {
            Ok(_) => Turn::entry(Entry::Litres),
            Err(denied) => Turn::Tell(self.refused(denied), self.session.service.home()),
        })
    }

    /// Where there is one plan only, nobody is asked which.
    pub fn subscribe_at(&self, site: SiteName) -> Result<Turn, O::Error> {
        let mut plans = self.office.plans(&site)?;
        Ok(match plans.len() {
            1 => self.pay_for_plan(site, plans.remove(0).name)?,
            _ => Turn::list(List::Plans(site)),
        })
    }

    pub fn pay_for_plan(&self, site: SiteName, plan: String) -> Result<Turn, O::Error> {
        self.pay_for(Purchase::Plan { site, plan })
    }

    /// Asks how to pay. The price is kept with what is bought: nobody pays another one than they were shown.
    fn pay_for(&self, what: Purchase) -> Result<Turn, O::Error> {
        Ok(match self.price(&what)? {
            Some(price) => Turn::Go(State::Pay { what, price }),
            None => Turn::Tell(self.refused(Denied::Gone), self.session.service.home()),
        })
    }

    pub fn plan_rows(&self, site: &SiteName) -> Result<Rows, O::Error> {
        let currency = self.office.tariff().currency;
        let row = |plan: &Plan| Row {
            say: Say::new(Word::PlanRow)
                .name("plan", &plan.name)
                .money("price", plan.price(currency))
                .number("days", plan.days)
                .number("jerrycans", plan.jerrycans),
            shown: Some(Shown::Plan(plan.name.clone())),
        };
        let rows = self.office.plans(site)?.iter().map(row).collect();
        Ok((Word::Plans, Word::NoPlans, rows))
    }

    pub fn take_buy_entry(&mut self, entry: Entry, input: &str) -> Result<Turn, O::Error> {
        if choice(input) == Some(0) {
            return Ok(match entry {
                Entry::BillAmount => Turn::Go(State::Bill),
                _ => Turn::menu(self.back_to(Menu::Buy)),
            });
        }
        if entry == Entry::Litres {
            return match whole_number(input, LITRES_MAX) {
                Some(litres) => {
                    let volume = Volume::from_ml(litres.unsigned_abs() * ML_PER_LITRE);
                    self.pay_for(Purchase::Litres(volume))
                }
                None => Ok(Turn::again(Word::NoteLitres)),
            };
        }
        let Some(amount) = self.amount(input) else {
            return Ok(Turn::again(Word::NoteAmount));
        };
        if entry == Entry::Deposit {
            // The wallet cannot fill itself, so there is no choice of how to pay.
            let (what, price) = (Purchase::Deposit(amount), amount);
            let pay = Pay::Prompt;
            return self.make(&Act::Buy { what, price, pay });
        }
        let owed = match self.customer() {
            Some(customer) => self.office.bill(customer.id)?,
            None => None,
        };
        match owed {
            Some(owed) if amount.minor > owed.left.minor => Ok(Turn::again(Word::NoteTooMuch)),
            _ => self.pay_for(Purchase::Bill(amount)),
        }
    }

    /// What is owed, or that nothing is.
    pub fn open_bill(&self) -> Result<Turn, O::Error> {
        let owed = match self.customer() {
            Some(customer) => self.office.bill(customer.id)?,
            None => None,
        };
        Ok(match owed {
            Some(_) => Turn::Go(State::Bill),
            None => Turn::Tell(Word::NoBill.into(), self.session.service.home()),
        })
    }

    pub fn bill_sheet(&self) -> Result<Option<Sheet>, O::Error> {
        let Some(customer) = self.customer() else {
            return Ok(None);
        };
        Ok(self.office.bill(customer.id)?.map(|owed| {
            let word = match owed.is_overdue {
                true => Word::BillOverdue,
                false => Word::Bill,
            };
            let head = Say::new(word).money("left", owed.left).day("due", owed.due);
            Sheet::new(head, Word::Back)
        }))
    }

    pub fn take_bill(&mut self, input: &str) -> Result<Turn, O::Error> {
        let owed = match self.customer() {
            Some(customer) => self.office.bill(customer.id)?,
            None => None,
        };
        Ok(match (choice(input), owed) {
            (Some(0), _) => Turn::menu(self.session.service.home()),
            (_, None) => Turn::Tell(Word::NoBill.into(), self.session.service.home()),
            (Some(1), Some(owed)) => self.pay_for(Purchase::Bill(owed.left))?,
            (Some(2), Some(_)) => Turn::entry(Entry::BillAmount),
            _ => Turn::no_such_choice(),
        })
    }

    /// What a purchase costs now; `None` when it is not sold any more.
    fn price(&self, purchase: &Purchase) -> Result<Option<Money>, O::Error> {
        let tariff = self.office.tariff();
        Ok(match purchase {
            Purchase::Litres(volume) => Some(tariff.price(*volume)),
            Purchase::Bill(amount) | Purchase::Deposit(amount) => Some(*amount),
            Purchase::Plan { site, plan } => {
                let plans = self.office.plans(site)?;
                let plan = plans.iter().find(|offered| offered.name == *plan);
                plan.map(|plan| plan.price(tariff.currency))
            }
        })
    }

    pub fn pay_sheet(&self, purchase: &Purchase, price: Money) -> Result<Option<Sheet>, O::Error> {
        let Some(customer) = self.customer() else {
            return Ok(None);
        };
        let what = match purchase {
            Purchase::Litres(volume) => kind_said(OrderKind::Litres(*volume)),
            Purchase::Plan { site, plan } => return self.plan_sheet(customer, (site, plan), price),
            Purchase::Bill(_) => kind_said(OrderKind::Bill),
            Purchase::Deposit(_) => kind_said(OrderKind::Deposit),
        };
        let head = Say::new(Word::PayMenu)
            .say("what", what)
            .money("price", price)
            .money("wallet", self.office.wallet(customer.id)?);
        Ok(Some(Sheet::new(head, Word::Cancel)))
    }

    /// A subscription, and where. Elsewhere than at home it takes all water of the customer along.
    fn plan_sheet(
        &self,
        customer: &Customer,
        (site, plan): (&SiteName, &str),
        price: Money,
    ) -> Result<Option<Sheet>, O::Error> {
        let sites = self.office.sites(customer.id)?;
        let Some(at) = sites.iter().find(|offered| offered.name == *site) else {
            return Ok(None);
        };
        let word = match &customer.site {
            Some(home) if home != site => Word::PayPlanElsewhere,
            _ => Word::PayPlan,
        };
        let head = Say::new(word)
            .name("plan", plan)
            .name("site", &at.title)
            .money("price", price)
            .money("wallet", self.office.wallet(customer.id)?);
        Ok(Some(Sheet::new(head, Word::Cancel)))
    }

    pub fn take_pay(&mut self, what: Purchase, price: Money, input: &str) -> Result<Turn, O::Error> {
        let pay = match choice(input) {
            Some(1) => Pay::Prompt,
            Some(2) => Pay::Wallet,
            Some(0) => return Ok(Turn::menu(self.session.service.home())),
            _ => return Ok(Turn::no_such_choice()),
        };
        self.ask_pin_or_do(Act::Buy { what, price, pay })
    }
}

/// What an order is for.
pub(super) fn kind_said(kind: OrderKind) -> Say {
    match kind {
        OrderKind::Litres(volume) => Say::new(Word::OrderLitres).volume("volume", volume),
        OrderKind::Subscription => Word::OrderSubscription.into(),
        OrderKind::Bill => Word::OrderBill.into(),
        OrderKind::Deposit => Word::OrderDeposit.into(),
    }
}
