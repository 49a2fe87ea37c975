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
use sync::{doubt::hub_effects_allowed, record::DocumentId};

use super::{
    credit_id,
    customer::document_name,
    effect::{Refusal, Response},
    input::Actor,
    ledger::Event,
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
        // The log's order puts every honest sale before its float's end. So that is decided when the sale is first seen, by
        // what its own box has closed: a restored hub hears of the end before it has the float back.
        let mut is_after_close = false;
        let mut parts = Vec::with_capacity(row.sold.parts.len());
        for (float, minor) in &row.sold.parts {
            let end = self.grant_row(*float)?;
            is_after_close |= is_new && end.closed && end.box_id == Some(box_id);
            let float = self.store.float(*float)?;
            let known = float.map(|float| Known {
                is_own: float.box_id == Some(box_id),
                manager: float.manager,
                price_per_m3_minor: float.price_per_m3_minor,
                left_minor: float.left_minor(),
                closed: is_new && float.closed,
                written_off: float.written_off,
            });
            parts.push((*minor, known));
        }
        let judged = match judge(row.sold.volume, &parts, self.settings.currency) {
            Err(Doubtful::UnknownFloat) if is_after_close => Err(Doubtful::AfterClose),
            judged => judged,
        };
        let customer = self.store.root(row.sold.customer)?;
        Ok(match (judged, self.store.customer(customer)?) {
            (Ok(_), None) => Err(Doubtful::UnknownCustomer),
            (judged, _) => judged,
        })
    }

    /// The hub's doubt is over, and with it the hope that the rest of the story comes: what still waits is an operator's.
    pub fn sales_after_doubt(&mut self) -> Result<(), HubError> {
        let mut waiting = self.store.cash_sales_waiting(Doubtful::UnknownFloat)?;
        waiting.extend(self.store.cash_sales_waiting(Doubtful::UnknownCustomer)?);
        for row in waiting {
            match self.judged(&row, false)? {
                Ok(manager) => self.book_sale(&row, manager)?,
                Err(why) => self.suspend_sale(&row, why)?,
            }
        }
        Ok(())
    }

    /// A right that the hub itself gave bears the name of one that a site's sale opened. The hub's word stands: what was
    /// drawn under the name so far charges nobody, and the sale, if it was booked, keeps its credit. False when the row is
    /// of no sale.
    pub fn take_name_from_sale(&mut self, row: &GrantRow) -> Result<bool, HubError> {
        if !self.store.take_name_from_sale(row)? {
            return Ok(false);
        }
        let late = row.state().suspense(row.spent).signed_ml();
        self.book_change("late spend", -self.worth_minor(late), Postings::suspended)?;
        if let Some(key) = row.key() {
            self.add_spent(key, -Turn::charged(row))?;
        }
        Ok(true)
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
        match enrolment.as_ref().map(|enrolment| enrolment.site.clone()) {
            Some(site) => self.about(Event::Record(site, row.record), |turn| turn.book("cash sale", postings))?,
            None => self.book("cash sale", postings)?,
        }
        self.add_credit(&CreditRow {
            id: credit_id(&format!("cash:{box_id}:{epoch}:{}", row.record.seq)),
            key: PurseKey::prepaid(customer),
            volume_ml: row.sold.volume.signed_ml(),
            amount_minor: amount.minor,
            source: format!("cash:{manager}"),
            reason: String::new(),
            time: self.now(),
        })?;
        // They moved while the site was cut off: the water goes where they are at home now. Whom the site still serves may
        // draw it there; and a hub in doubt may know an old home.
        let home = self.home_box(customer)?;
        let served = self
            .store
            .admitted_boxes(&document_name(&DocumentId::Customer(customer)))?;
        if home.is_some_and(|home| home != box_id) && !served.contains(&box_id) && !self.in_doubt()? {
            let right = self.grant_row(sold_grant(row.record))?;
            self.recall(&right)?;
        }
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
        let waiting = row.and_then(|row| match row.place {
            SalePlace::Suspense(why) => Some((row, why)),
            // It may turn out to have been after all.
            SalePlace::Refused(why) if booked_to.is_some() => Some((row, why)),
            SalePlace::Refused(_) | SalePlace::Booked => None,
        });
        let Some((row, why)) = waiting else {
            return Err(Refusal::not_found("cash sale that waits for a decision").into());
        };
        if why.may_pass() {
            self.refuse_in_doubt("the float of this sale")?;
        }
        let subject = format!("{}:{}", row.record.log.epoch, row.record.seq);
        let Some(login) = booked_to else {
            self.store.place_cash_sale(row.id, SalePlace::Refused(why), None)?;
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
        if why == Doubtful::GrantTaken || self.store.customer(root)?.is_none() {
            let message = "this sale cannot be booked: its right or its customer is not known; give the water by hand";
            return Err(Refusal::conflict("cannot_book", message).into());
        }
        // The site has spent its floats for it, whatever was wrong with it.
        for (float, minor) in &row.sold.parts {
            let own = self.store.float(*float)?;
            if let Some(own) = own.filter(|own| own.box_id == Some(row.record.log.box_id)) {
                self.store.spend_float(own.float, (*minor).clamp(0, own.left_minor()))?;
            }
        }
        self.credit_sale(&row, manager.id)?;
        self.settle_float(manager.id)?;
        let amount = self.money(row.sold.amount_minor()).to_string();
        self.audit(by, "cash sale booked", &subject, &amount)?;
        Ok(Response::Done)
    }
}
