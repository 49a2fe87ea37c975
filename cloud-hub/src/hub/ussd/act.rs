//! What menus have done: each act by the function that the API and the pages use, and each refusal of one in the words of
//! a caller.

use kiosk::{
    ids::SiteName,
    phone::Phone,
    talk::{
        Text,
        sms::Answer,
        ussd::{Act, Denied, Done, Pay, Purchase},
    },
    units::Money,
};

use crate::hub::{
    effect::{Refusal, Response},
    input::{self, Actor, CustomerChange, Item, NewPurchase},
    store::{CustomerRow, PurchaseKind, PurchaseRow, PurseKey},
    turn::{Halt, HubError, Turn},
};

/// What each refusal that a caller can bring about is to them. Any other is a defect of the menus, or the hub's own
/// trouble: the step is not taken, and the caller is asked to dial again.
const DENIALS: &[(&str, Denied)] = &[
    ("not_found", Denied::Gone),
    ("unknown_site", Denied::Gone),
    ("unknown_plan", Denied::Gone),
    ("purchase_open", Denied::PurchaseOpen),
    ("no_provider", Denied::NoProvider),
    ("currency_not_taken", Denied::NoProvider),
    ("not_offered", Denied::NoProvider),
    ("out_of_range", Denied::AmountOutOfRange),
    ("no_open_bill", Denied::NoBill),
    ("postpaid", Denied::Postpaid),
    ("phone_taken", Denied::PhoneTaken),
    ("held_at_site", Denied::HeldAtSite),
    ("cannot_be_given", Denied::NotNow),
    ("too_many_wait", Denied::TooMany),
    ("in_doubt", Denied::NotNow),
    ("texts_off", Denied::NotNow),
    ("no_people", Denied::NotNow),
    ("equal_broadcast", Denied::SentAlready),
    ("too_many_people", Denied::NotNow),
    ("text_too_long", Denied::NotNow),
    ("accounts_used_up", Denied::NotNow),
    ("too_many_codes", Denied::TooMany),
    ("too_many_tickets", Denied::TooMany),
];

/// What stands in the ticket of somebody who wants to be called.
const CALL_BACK: &str = "Please call back.";

/// The denial behind a refusal.
fn denied(refusal: &Refusal) -> Option<Denied> {
    let known = DENIALS.iter().find(|(code, _)| refusal.code == *code);
    known.map(|(_, denied)| *denied)
}

/// The change that makes a site the home.
fn moved_to(site: &SiteName) -> CustomerChange {
    CustomerChange {
        site: Some(site.clone()),
        ..CustomerChange::default()
    }
}

impl Turn<'_> {
    /// Does something for who calls. A denial undoes what the act changed, and nothing else of the step.
    pub fn act_for_caller(&mut self, by: &Actor, phone: Phone, act: &Act) -> Result<Result<Done, Denied>, Halt> {
        let customer = self.store.customer_by_phone(phone)?;
        let done = match (act, &customer) {
            (Act::Collect { .. } | Act::TakeCash { .. } | Act::Broadcast { .. }, _) => {
                self.attempt(|turn| turn.acted_for_manager(by, phone, act))
            }
            (_, None) => return Ok(Err(Denied::NotAllowed)),
            (_, Some(row)) => match self.not_for(row, act)? {
                Some(denied) => return Ok(Err(denied)),
                None => self.attempt(|turn| turn.acted(by, row, act)),
            },
        };
        match (done, customer) {
            (Err(Halt::Refused(refusal) | Halt::Kept(refusal)), customer) => match (&*refusal.code, customer) {
                ("wallet_too_small", Some(row)) => {
                    let wallet = self.money(self.wallet_minor(row.id)?);
                    Ok(Err(Denied::WalletTooSmall { wallet }))
                }
                _ => denied(&refusal).map(Err).ok_or(Halt::Refused(refusal)),
            },
            (done, _) => done,
        }
    }

    /// Why somebody may not do this at all: a session can be older than a right.
    fn not_for(&self, row: &CustomerRow, act: &Act) -> Result<Option<Denied>, HubError> {
        Ok(match act {
            Act::Verify => None,
            // Whoever finds the phone would choose the PIN that opens the site's cash.
            Act::SendPinCode if self.is_managers_phone(row.phone)? => Some(Denied::PinAtOffice),
            // Whoever has a home moves it with their PIN.
            Act::Settle { .. } if row.account.is_none() || row.site.is_some() => Some(Denied::NotAllowed),
            // Loans are for numbers (FEATURES C18), and so is a PIN.
            Act::RequestLoan { .. }
            | Act::ApproveLoan { .. }
            | Act::RefuseLoan { .. }
            | Act::CancelLoan { .. }
            | Act::RepayLoan { .. }
            | Act::SetLanguage { .. }
            | Act::SendPinCode => (act.needs_pin() && !row.active).then_some(Denied::Inactive),
            _ if row.account.is_none() => Some(Denied::NotAllowed),
            // What needs the PIN moves value or rights, and a blocked account keeps both where they are.
            _ if act.needs_pin() && !row.active => Some(Denied::Inactive),
            _ => None,
        })
    }

    fn acted(&mut self, by: &Actor, row: &CustomerRow, act: &Act) -> Result<Result<Done, Denied>, Halt> {
        let change = match act {
            Act::Verify => {
                let account = self.verify_caller(by, row.clone())?;
                return Ok(Ok(Done::Verified { account }));
            }
            Act::Buy { what, price, pay } => return self.buy(by, row, what, *price, *pay),
            Act::MoveWater { to: site } | Act::Settle { at: site } => {
                if !self.has_gateway(site)? {
                    return Ok(Err(Denied::Gone));
                }
                moved_to(site)
            }
            Act::SetLanguage { language } => CustomerChange {
                language: Some(language.code().to_owned()),
                ..CustomerChange::default()
            },
            Act::RequestLoan { .. }
            | Act::ApproveLoan { .. }
            | Act::RefuseLoan { .. }
            | Act::CancelLoan { .. }
            | Act::RepayLoan { .. } => return self.act_on_loan(by, row, act),
            Act::Unsubscribe => return self.unsubscribe(by, row),
            Act::Report { text } => return self.report_of(row, text),
            Act::CallBack => return self.report_of(row, CALL_BACK),
            Act::SendPinCode => {
                self.send_pin_code(row)?;
                return Ok(Ok(Done::Made));
            }
            Act::Collect { .. } | Act::TakeCash { .. } | Act::Broadcast { .. } => return Ok(Err(Denied::NotAllowed)),
        };
        self.update_customer(by, row.id, &change)?;
        Ok(Ok(Done::Made))
    }

    /// A purchase at the price that the caller was told. A subscription elsewhere takes the home there: at once when the
    /// wallet pays it, for that took the PIN, else when the payment comes.
    fn buy(
        &mut self,
        by: &Actor,
        row: &CustomerRow,
        what: &Purchase,
        price: Money,
        pay: Pay,
    ) -> Result<Result<Done, Denied>, Halt> {
        let tariff = self.settings.tariff;
        let (item, at, now) = match what {
            Purchase::Litres(volume) => (Item::Litres(*volume), None, Some(tariff.price(*volume))),
            Purchase::Deposit(amount) => (Item::Deposit(amount.minor), None, Some(*amount)),
            Purchase::Bill(amount) => {
                // Less may be owed by now.
                let owed = self.owed(row.id)?;
                let now = self.money(amount.minor.min(owed.minor));
                (Item::Bill(Some(amount.minor)), None, Some(now))
            }
            Purchase::Plan { site, plan } => {
                let is_there = self.has_gateway(site)?;
                let sold = self.settings.plans.get(plan);
                let sold = sold.filter(|_| is_there).map(|plan| plan.price(tariff.currency));
                (Item::Plan(plan.clone()), Some(site), sold)
            }
        };
        match now {
            None => return Ok(Err(Denied::Gone)),
            Some(now) if now != price => return Ok(Err(Denied::PriceChanged)),
            Some(_) => {}
        }
        let new = NewPurchase {
            customer: row.id,
            item,
            pay: match pay {
                Pay::Prompt => input::Pay::Prompt,
                Pay::Wallet => input::Pay::Wallet,
            },
            provider: None,
            phone: None,
        };
        let away = at.filter(|site| row.site.as_ref() != Some(*site));
        if let (Some(site), Pay::Wallet) = (away, pay) {
            self.update_customer(by, row.id, &moved_to(site))?;
        }
        let Response::Purchase { purchase, .. } = self.create_purchase_at(by, &new, at)? else {
            return Err(Refusal::not_found("purchase").into());
        };
        if let (Some(_), Pay::Prompt) = (away, pay) {
            self.store.set_moves_home(purchase)?;
        }
        let bought = self
            .store
            .purchase(purchase)?
            .ok_or_else(|| Refusal::not_found("purchase"))?;
        let amount = bought.payment.amount;
        let wallet = self.money(self.wallet_minor(row.id)?);
        Ok(Ok(match pay {
            Pay::Prompt => Done::Prompted { amount },
            Pay::Wallet => Done::Paid { amount, wallet },
        }))
    }

    /// What a caller reports becomes a ticket, whose number they also get by SMS.
    fn report_of(&mut self, row: &CustomerRow, text: &str) -> Result<Result<Done, Denied>, Halt> {
        let Some(phone) = row.phone else {
            return Ok(Err(Denied::NotAllowed));
        };
        let ticket = self.open_ticket(phone, Some(row.id), text)?;
        self.say_to(phone, &Text::Answer(Answer::ReportLogged { ticket }))?;
        let number = u32::try_from(ticket).unwrap_or(u32::MAX);
        Ok(Ok(Done::Ticket { number }))
    }

    /// Ends what a caller has subscribed to. Sites are asked for what is left of the allowance, and it is nobody's: the
    /// money for it is not given back, which is an operator's to decide.
    fn unsubscribe(&mut self, by: &Actor, row: &CustomerRow) -> Result<Result<Done, Denied>, Halt> {
        self.refuse_in_doubt("what is left of a subscription")?;
        let valid = self.store.valid_subscriptions(row.id)?;
        if valid.is_empty() {
            return Ok(Err(Denied::NoSubscription));
        }
        for subscription in &valid {
            let key = PurseKey::allowance(row.id, subscription.id);
            for grant in self.store.grants_of_purse(key)? {
                self.recall(&grant)?;
            }
            self.expire(subscription)?;
            self.store.end_subscription(subscription.id, self.now())?;
        }
        self.audit(by, "unsubscribed", &row.id.to_string(), "")?;
        self.say(row.id, &Text::Unsubscribed)?;
        Ok(Ok(Done::Made))
    }

    /// A subscription that was chosen at another site is paid: its water is drawn there from now on.
    pub fn take_home_along(&mut self, row: &PurchaseRow) -> Result<(), HubError> {
        let PurchaseKind::Subscription { site, .. } = &row.kind else {
            return Ok(());
        };
        if !self.store.moves_home(row.id)? {
            return Ok(());
        }
        match self.attempt(|turn| turn.update_customer(&Actor::Ussd, row.customer, &moved_to(site))) {
            Err(Halt::Broken(error)) => Err(error),
            Err(Halt::Refused(_) | Halt::Kept(_) | Halt::Waits(_)) => {
                let detail = format!("purchase {}: its customer could not be moved to {site}", row.id);
                self.alarm("home_not_moved", detail)
            }
            Ok(_) => Ok(()),
        }
    }
}
