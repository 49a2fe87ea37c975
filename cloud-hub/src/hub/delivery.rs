//! What a payment gives: litres, a subscription, money in the wallet; and the text that says so.

use kiosk::{
    day::Zone,
    fact::{Fact, Subscribed},
    ids::{CustomerId, SiteName},
    moment::{SECOND_MS, Wall},
    subscription::{MonthlyCode, Period},
    talk::Text,
    tariff::Plan,
    units::{Money, Volume},
};

use super::{
    customer::document_name,
    store::{CreditRow, PurchaseKind, PurchaseRow, PurseKey, SubscriptionRow, Terms},
    turn::{HubError, Turn},
};
use sync::record::DocumentId;

/// Codes that are drawn before one that is taken is accepted: at a site with a million subscribers.
const CODE_DRAWS_MAX: u32 = 64;

/// A plan as it was sold.
pub(super) struct Sold {
    plan: Plan,
    allowance: Volume,
    zone: Zone,
}

impl Turn<'_> {
    /// Litres that were paid for.
    pub fn credit_litres(
        &mut self,
        id: u64,
        customer: CustomerId,
        volume: Volume,
        amount: Money,
        source: &str,
    ) -> Result<(), HubError> {
        let credit = CreditRow {
            id,
            key: PurseKey::prepaid(customer),
            volume_ml: volume.signed_ml(),
            amount_minor: amount.minor,
            source: source.to_owned(),
            reason: "topup".to_owned(),
            time: self.now(),
        };
        self.add_credit(&credit).map(drop)
    }

    /// Money went into the wallet: the credit's row makes it count once, its volume is nothing.
    pub fn note_deposit(&mut self, id: u64, customer: CustomerId, amount: Money, source: &str) -> Result<(), HubError> {
        let credit = CreditRow {
            id,
            key: PurseKey::prepaid(customer),
            volume_ml: 0,
            amount_minor: 0,
            source: source.to_owned(),
            reason: format!("deposit of {amount}"),
            time: self.now(),
        };
        self.store.add_credit(&credit)?;
        self.live_customer(customer);
        Ok(())
    }

    /// What a plan gives at a site today; `None` where there is no such plan or site.
    pub fn terms_of(&self, plan: &str, site: &SiteName) -> Result<Option<Terms>, HubError> {
        let (Some(plan), Some(site)) = (self.settings.plans.get(plan), self.store.site(site)?) else {
            return Ok(None);
        };
        Ok(Some(Terms {
            days: plan.days,
            jerrycans: plan.jerrycans,
            allowance: plan.allowance(self.settings.jerrycan),
            zone: site.time_zone,
        }))
    }

    /// A plan as it was sold; one without terms, sold by an older version, as it is today. `None` where nobody knows
    /// what it is.
    pub fn sold(&self, plan: &str, site: &SiteName, terms: Option<&Terms>) -> Result<Option<Sold>, HubError> {
        let today = match terms {
            Some(_) => None,
            None => self.terms_of(plan, site)?,
        };
        let Some(terms) = terms.or(today.as_ref()) else {
            return Ok(None);
        };
        let plan = Plan {
            name: plan.to_owned(),
            price_minor: 0,
            days: terms.days,
            jerrycans: terms.jerrycans,
        };
        let sold = |zone| Sold {
            plan,
            allowance: terms.allowance,
            zone,
        };
        Ok(Zone::named(&terms.zone).ok().map(sold))
    }

    /// A subscription that was paid for: valid to the end of its last day, with its allowance. Who renews early keeps
    /// the code and loses no day.
    pub fn subscribe(
        &mut self,
        credit_id: u64,
        customer: CustomerId,
        site: &SiteName,
        Sold { plan, allowance, zone }: &Sold,
        amount: Money,
        source: &str,
    ) -> Result<(), HubError> {
        let before = self
            .store
            .newest_subscription(customer)?
            .filter(|before| !before.expired && before.site == *site);
        let last_day = before.as_ref().map(|before| zone.last_day(before.valid_until));
        // Given back, a grant finds its allowance by the moment at which it ends: no two of a customer's end together.
        let mut valid_until = Period::paid(plan, self.now(), zone, last_day).end;
        while self.store.subscription_ending(customer, valid_until)?.is_some() {
            valid_until = valid_until.plus_ms(-SECOND_MS);
        }
        let code = match before {
            Some(before) => before.code,
            None => self.new_monthly_code(site, customer)?,
        };
        let id = self.store.add_subscription(&SubscriptionRow {
            id: 0,
            customer,
            site: site.clone(),
            plan: plan.name.clone(),
            code: code.clone(),
            starts: self.now(),
            valid_until,
            expired: false,
            reminded: None,
        })?;
        self.tell_sites_of(customer, &code, valid_until)?;
        let credit = CreditRow {
            id: credit_id,
            key: PurseKey::allowance(customer, id),
            volume_ml: allowance.signed_ml(),
            amount_minor: amount.minor,
            source: source.to_owned(),
            reason: format!("plan {}", plan.name),
            time: self.now(),
        };
        self.add_credit(&credit).map(drop)
    }

    /// The sites that hold a customer hear how long their subscription goes on.
    pub fn tell_sites_of(&mut self, customer: CustomerId, code: &str, valid_until: Wall) -> Result<(), HubError> {
        for box_id in self
            .store
            .admitted_boxes(&document_name(&DocumentId::Customer(customer)))?
        {
            self.write(
                box_id,
                Fact::Subscribed(Subscribed {
                    customer,
                    code: code.to_owned(),
                    valid_until,
                }),
            )?;
        }
        Ok(())
    }

    fn new_monthly_code(&self, site: &SiteName, customer: CustomerId) -> Result<String, HubError> {
        let mut code = String::new();
        for attempt in 0..CODE_DRAWS_MAX {
            code = MonthlyCode::drawn(&self.moment.draw, attempt).digits();
            if !self.store.code_taken(site, &code, customer)? {
                break;
            }
        }
        Ok(code)
    }

    /// Tells a customer that the payment came and what it gave.
    pub fn tell_paid(&mut self, row: &PurchaseRow) -> Result<(), HubError> {
        let customer = self.store.root(row.customer)?;
        let amount = row.payment.amount;
        let receipt = row
            .payment
            .receipt
            .as_ref()
            .map_or_else(|| format!("{:016X}", row.id.0), |receipt| receipt.as_str().to_owned());
        let text = match &row.kind {
            PurchaseKind::Topup(volume) => Text::TopUpPaid {
                amount,
                volume: *volume,
                balance: Volume::try_from_ml(self.balance_ml(customer)?.max(0)).unwrap_or_default(),
                receipt,
            },
            PurchaseKind::Deposit => Text::DepositPaid {
                amount,
                wallet: self.money(self.wallet_minor(customer)?),
                receipt,
            },
            PurchaseKind::Bill => self.bills_paid_text(customer, amount, receipt)?,
            PurchaseKind::Subscription { plan, site, terms } => {
                let newest = self.store.newest_subscription(customer)?;
                let (Some(newest), Some(zone)) = (newest, self.zone_of(site)?) else {
                    return Ok(());
                };
                let Ok(code) = newest.code.parse() else { return Ok(()) };
                Text::SubscriptionPaid {
                    amount,
                    last_day: zone.last_day(newest.valid_until),
                    jerrycans: self
                        .sold(plan, site, terms.as_ref())?
                        .map_or(0, |sold| sold.plan.jerrycans),
                    code,
                    receipt,
                }
            }
        };
        self.say(customer, &text)
    }
}
