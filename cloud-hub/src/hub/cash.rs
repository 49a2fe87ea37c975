//! Cash sales as sites wrote them: booked once, or kept for an operator.
//!
//! A sale credits the customer and spends the manager's float in one transaction; the right that the site opened for it is
//! known here from then on, so nothing is granted twice. What an honest site would not write (an amount that is not the
//! price, more than the float, a float of another box, a box that was written off) is shown and booked nowhere.

use kiosk::{
    fact::{FloatSold, Purse},
    float::{Doubtful, Known, judge},
    ids::{GrantId, LogKey, ManagerId, RecordId},
    ledger::{Postings, Source},
    talk::Text,
    units::Volume,
};
use store::journal::SqlLogs;
use sync::doubt::hub_effects_allowed;

use super::{
    credit_id,
    effect::{Refusal, Response},
    input::Actor,
    store::{CashSaleRow, CreditRow, GrantRow, HistoryRow, PurseKey, SalePlace},
    turn::{Halt, HubError, Turn},
};

/// The right that a sale opens: it bears the name of the record.
fn sold_grant(record: RecordId) -> GrantId {
    GrantId {
        epoch: record.log.epoch,
        number: u64::from(record.seq),
    }
}

impl Turn<'_> {
    /// A manager took cash.
    pub fn fold_float_sold(&mut self, id: RecordId, sold: &FloatSold) -> Result<(), HubError> {
        // Until it is judged it waits for its float, which may still be on its way back to a restored hub.
        let Some(sale) = self.store.add_cash_sale(id, sold, Doubtful::UnknownFloat)? else {
            return Ok(());
        };
        match self.store.cash_sale(sale)? {
            Some(row) => self.place_sale(&row, true),
            None => Ok(()),
        }
    }

    /// What was unknown may be known now.
    pub fn look_again_at_sales(&mut self, why: Doubtful) -> Result<(), HubError> {
        for row in self.store.cash_sales_waiting(why)? {
            self.place_sale(&row, false)?;
        }
        Ok(())
    }

    fn place_sale(&mut self, row: &CashSaleRow, is_new: bool) -> Result<(), HubError> {
        match self.judged(row, is_new)? {
            Ok(manager) => self.book_sale(row, manager),
            Err(why) if is_new || row.place != SalePlace::Suspense(why) => self.suspend_sale(row, why),
            Err(_) => Ok(()),
        }
    }

    fn judged(&self, row: &CashSaleRow, is_new: bool) -> Result<Result<ManagerId, Doubtful>, HubError> {
        let LogKey { box_id, epoch, .. } = row.record.log;
        let grant = sold_grant(row.record);
        let taken = self.grant_row(grant)?;
        let is_ours = taken.box_id.is_none_or(|claimer| claimer == box_id) && !(is_new && taken.granted_to.is_some());
        if epoch == self.run || !is_ours || self.store.float(grant)?.is_some() {
            return Ok(Err(Doubtful::GrantTaken));
        }
        let mut parts = Vec::with_capacity(row.sold.parts.len());
        for (float, minor) in &row.sold.parts {
            let float = self.store.float(*float)?;
            let known = float.map(|float| Known {
                is_own: float.box_id == Some(box_id),
                manager: float.manager,
                price_per_m3_minor: float.price_per_m3_minor,
                left_minor: float.left_minor(),
                closed: float.closed,
                written_off: float.written_off,
            });
            parts.push((*minor, known));
        }
        let judged = judge(row.sold.volume, &parts, self.settings.currency);
        let customer = self.store.root(row.sold.customer)?;
        Ok(match (judged, self.store.customer(customer)?) {
            (Ok(_), None) => Err(Doubtful::UnknownCustomer),
            (judged, _) => judged,
        })
    }

    /// Kept for an operator. The right that the site opened charges nobody: what is drawn on it goes to suspense.
    fn suspend_sale(&mut self, row: &CashSaleRow, why: Doubtful) -> Result<(), HubError> {
        self.store.place_cash_sale(row.id, SalePlace::Suspense(why), None)?;
        if why != Doubtful::GrantTaken {
            self.know_sold(row, Some(Volume::ZERO))?;
        }
        let LogKey { box_id, epoch, .. } = row.record.log;
        let site = self.store.enrolment(box_id)?.map(|enrolment| enrolment.site);
        // In doubt the rest of the story is on its way.
        if why.may_pass() && self.in_doubt()? {
            return Ok(());
        }
        let amount = self.money(row.sold.amount_minor());
        let detail = format!(
            "box {box_id}: a cash sale of {amount} ({epoch}:{}) is not booked: {}; look at it on the page Floats",
            row.record.seq,
            why.name().replace('_', " ")
        );
        match site {
            Some(site) => self.alarm_at(&site, "cash_sale_doubtful", detail),
            None => self.alarm("cash_sale_doubtful", detail),
        }
    }

    fn book_sale(&mut self, row: &CashSaleRow, manager: ManagerId) -> Result<(), HubError> {
        for (float, minor) in &row.sold.parts {
            self.store.spend_float(*float, *minor)?;
        }
        self.credit_sale(row, manager)
    }

    /// The customer has the water, and the manager the cash.
    fn credit_sale(&mut self, row: &CashSaleRow, manager: ManagerId) -> Result<(), HubError> {
        let LogKey { box_id, epoch, .. } = row.record.log;
        let customer = self.store.root(row.sold.customer)?;
        let amount = self.money(row.sold.amount_minor());
        self.store.place_cash_sale(row.id, SalePlace::Booked, Some(manager))?;
        let enrolment = self.store.enrolment(box_id)?;
        let is_gone = enrolment.as_ref().is_none_or(|enrolment| !enrolment.current);
        let spent = self.grant_row(sold_grant(row.record))?.spent;
        self.know_sold(row, is_gone.then_some(spent))?;
        let postings = Postings::paid(Source::Float(manager), customer, kiosk::ledger::Purpose::Water, amount);
        self.book("cash sale", postings)?;
        self.add_credit(&CreditRow {
            id: credit_id(&format!("cash:{box_id}:{epoch}:{}", row.record.seq)),
            key: PurseKey::prepaid(customer),
            volume_ml: row.sold.volume.signed_ml(),
            amount_minor: amount.minor,
            source: format!("cash:{manager}"),
            reason: String::new(),
            time: self.now(),
        })?;
        let site = enrolment.map(|enrolment| enrolment.site);
        let receipt = site
            .as_ref()
            .map(|site| self.keys.site_receipts(site, box_id).receipt(epoch, row.record.seq));
        self.store.add_history(&HistoryRow {
            site,
            record: Some(row.record),
            customer: Some(customer),
            dispenser: None,
            kind: "cash",
            volume_ml: row.sold.volume.signed_ml(),
            amount_minor: amount.minor,
            currency: amount.currency.code(),
            time: row.sold.time,
            clock_trusted: row.sold.clock_trusted,
            outcome: None,
            receipt: receipt.as_ref().map(ToString::to_string),
            grant: None,
        })?;
        // A restored hub may have said it already (PROTOCOL rule 18).
        match receipt {
            Some(receipt) if hub_effects_allowed(&SqlLogs::new(self.store.0), box_id)? => {
                let balance = Volume::try_from_ml(self.balance_ml(customer)?.max(0)).unwrap_or_default();
                let (volume, amount) = (row.sold.volume, amount);
                self.say(
                    customer,
                    &Text::CashPaid {
                        amount,
                        volume,
                        balance,
                        receipt,
                    },
                )
            }
            _ => Ok(()),
        }
    }

    /// Knows the right that the site opened for a sale. `written_off`: what of its spends the customer is charged at most;
    /// the rest is in suspense.
    fn know_sold(&mut self, row: &CashSaleRow, written_off: Option<Volume>) -> Result<(), HubError> {
        let known = self.grant_row(sold_grant(row.record))?;
        let root = self.store.root(row.sold.customer)?;
        let customer = self.store.customer(root)?.map(|customer| customer.id);
        let new = GrantRow {
            box_id: Some(row.record.log.box_id),
            granted_to: Some(row.sold.customer),
            customer,
            purse: Some(Purse::Prepaid),
            period: 0,
            volume: Some(row.sold.volume),
            // While the hub is in doubt what it grants is counted by this: the credit counts as new money too.
            granted: self.now(),
            written_off,
            ..known
        };
        self.store.put_grant(&new)?;
        let late = |row: &GrantRow| row.state().suspense(row.spent).signed_ml();
        let change = self.worth_minor(late(&new) - late(&known));
        self.book_change("late spend", change, Postings::suspended)?;
        let charged = |row: &GrantRow| row.key().map_or(0, |_| Turn::charged(row));
        match new.key() {
            Some(key) => self.add_spent(key, charged(&new) - charged(&known)),
            None => Ok(()),
        }
    }

    /// An operator has asked the manager and the customer: the sale is booked as the site wrote it, or dropped.
    pub fn decide_cash_sale(&mut self, by: &Actor, sale: i64, booked_to: Option<&str>) -> Result<Response, Halt> {
        let row = self.store.cash_sale(sale)?;
        let Some(row) = row.filter(|row| matches!(row.place, SalePlace::Suspense(_))) else {
            return Err(Refusal::not_found("cash sale that waits for a decision").into());
        };
        let subject = format!("{}:{}", row.record.log.epoch, row.record.seq);
        let Some(login) = booked_to else {
            self.store.place_cash_sale(row.id, SalePlace::Refused, None)?;
            self.audit(by, "cash sale refused", &subject, "")?;
            return Ok(Response::Done);
        };
        let enrolment = self.store.enrolment(row.record.log.box_id)?;
        let manager = match enrolment {
            Some(enrolment) => self.store.manager_at(&enrolment.site, login)?,
            None => None,
        };
        let Some(manager) = manager else {
            return Err(Refusal::not_found("manager with a float at this site").into());
        };
        let root = self.store.root(row.sold.customer)?;
        if row.place == SalePlace::Suspense(Doubtful::GrantTaken) || self.store.customer(root)?.is_none() {
            let message = "this sale cannot be booked: its right or its customer is not known; give the water by hand";
            return Err(Refusal::conflict("cannot_book", message).into());
        }
        self.credit_sale(&row, manager.id)?;
        self.settle_float(manager.id)?;
        let amount = self.money(row.sold.amount_minor()).to_string();
        self.audit(by, "cash sale booked", &subject, &amount)?;
        Ok(Response::Done)
    }
}
