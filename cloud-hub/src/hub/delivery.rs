//! What a payment gives: litres, a subscription, money in the wallet; and the text that says so.

use kiosk::{
    fact::{Fact, Subscribed},
    ids::{CustomerId, SiteName},
    moment::SECOND_MS,
    subscription::{MonthlyCode, Period},
    talk::Text,
    units::{Money, Volume},
};

use super::{
    customer::document_name,
    store::{CreditRow, PurchaseKind, PurchaseRow, PurseKey, SubscriptionRow},
    turn::{HubError, Turn},
};
use sync::record::DocumentId;

/// Codes that are drawn before one that is taken is accepted: at a site with a million subscribers.
const CODE_DRAWS_MAX: u32 = 64;

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

    /// A subscription that was paid for: valid to the end of its last day, with its allowance. Who renews early keeps
    /// the code and loses no day.
    pub fn subscribe(
        &mut self,
        credit_id: u64,
        customer: CustomerId,
        site: &SiteName,
        plan: &str,
        amount: Money,
        source: &str,
    ) -> Result<(), HubError> {
        let (Some(plan), Some(zone)) = (self.settings.plans.get(plan).cloned(), self.zone_of(site)?) else {
            return self.alarm(
                "plan_gone",
                format!("customer {customer} paid for plan {plan}, which there is no more"),
            );
        };
        let before = self
            .store
            .newest_subscription(customer)?
            .filter(|before| !before.expired && before.site == *site);
        let last_day = before.as_ref().map(|before| zone.last_day(before.valid_until));
        // Given back, a grant finds its allowance by the moment at which it ends: no two of a customer's end together.
        let mut valid_until = Period::paid(&plan, self.now(), &zone, last_day).end;
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
        for box_id in self
            .store
            .admitted_boxes(&document_name(&DocumentId::Customer(customer)))?
        {
            self.write(
                box_id,
                Fact::Subscribed(Subscribed {
                    customer,
                    code: code.clone(),
                    valid_until,
                }),
            )?;
        }
        let credit = CreditRow {
            id: credit_id,
            key: PurseKey::allowance(customer, id),
            volume_ml: plan.allowance(self.settings.jerrycan).signed_ml(),
            amount_minor: amount.minor,
            source: source.to_owned(),
            reason: format!("plan {}", plan.name),
            time: self.now(),
        };
        self.add_credit(&credit).map(drop)
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
            PurchaseKind::Subscription { plan, site } => {
                let newest = self.store.newest_subscription(customer)?;
                let (Some(newest), Some(zone)) = (newest, self.zone_of(site)?) else {
                    return Ok(());
                };
                let Ok(code) = newest.code.parse() else { return Ok(()) };
                Text::SubscriptionPaid {
                    amount,
                    last_day: zone.last_day(newest.valid_until),
                    jerrycans: self.settings.plans.get(plan).map_or(0, |plan| plan.jerrycans),
                    code,
                    receipt,
                }
            }
        };
        self.say(customer, &text)
    }
}
