//! Floats: how much cash a site's manager may take, and what becomes of it (DESIGN section 4).
//!
//! A limit stands for cash that was not handed in and for open floats together: `free = limit − owed − open floats`. What
//! is free is given to the site, what lacks is asked back, and what closes is free again, as with a customer's water. So
//! handing cash in restores the float, and nothing else needs to.

use kiosk::{
    fact::{Fact, FloatGranted, HandedIn},
    float::{AMOUNT_MINOR_MAX, OPEN_MAX, free_minor},
    ids::{BoxId, GrantId, ManagerId, RecordId, SiteName},
    ledger::{Account, HandIn, Postings},
    moment::Wall,
};
use store::journal::SqlLogs;
use sync::{
    journal::{Logs, Stored},
    record::Record,
};

use super::{
    effect::{Refusal, Response},
    input::{Actor, CashCount, Settling},
    ledger::Event,
    parked::Awaited,
    store::{FloatRow, ManagerRow},
    turn::{Halt, HubError, Turn},
};

/// The longest account name at a site.
const LOGIN_CHARS_MAX: usize = 32;

impl Turn<'_> {
    /// Sets how much cash a manager may have and take: given, raised, lowered, and with nothing withdrawn.
    pub fn set_float(&mut self, by: &Actor, site: &SiteName, login: &str, limit_minor: i64) -> Result<Response, Halt> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
        if !(1..=LOGIN_CHARS_MAX).contains(&login.len()) || !login.chars().all(allowed) {
            let message = "the manager's account at the site: 1 to 32 of a-z, 0-9, '.', '-' and '_'";
            return Err(Refusal::invalid("manager", "bad_name", message).into());
        }
        if !(0..=AMOUNT_MINOR_MAX).contains(&limit_minor) {
            let message = format!("from nothing to {}", self.money(AMOUNT_MINOR_MAX));
            return Err(Refusal::invalid("limit_minor", "out_of_range", message).into());
        }
        if self.store.site(site)?.is_none() {
            return Err(Refusal::not_found("site").into());
        }
        let known = self.store.manager_at(site, login)?;
        if known.is_none() && limit_minor == 0 {
            return Err(Refusal::not_found("manager with a float at this site").into());
        }
        if known.is_none() && self.in_doubt()? {
            let message =
                "part of the hub's past is missing: this manager may be known already; wait until the site is heard";
            return Err(Refusal::conflict("in_doubt", message).into());
        }
        let id = known.map_or_else(|| ManagerId(self.throw_number()), |known| known.id);
        let row = ManagerRow {
            id,
            site: site.clone(),
            login: login.to_owned(),
            limit_minor,
        };
        self.store.put_manager(&row, self.now())?;
        let subject = format!("{site}/{login}");
        self.audit(by, "float set", &subject, &self.money(limit_minor).to_string())?;
        self.settle_float(id)?;
        Ok(Response::Done)
    }

    /// Cash was counted. What the books say is owed is settled by it, or as much of that as the one who counts was shown:
    /// a sale that came in meanwhile stays owed.
    pub fn hand_in(&mut self, by: &Actor, counted: &CashCount) -> Result<Response, Halt> {
        let manager = self.known_manager(&counted.site, &counted.manager)?;
        if !(0..=AMOUNT_MINOR_MAX).contains(&counted.counted_minor) {
            return Err(Refusal::invalid("counted_minor", "out_of_range", "what was counted, nothing or more").into());
        }
        let owed_now = self.owed_minor(manager.id)?;
        let owed_minor = counted.owed_minor.unwrap_or(owed_now);
        if owed_now <= 0 || owed_minor <= 0 {
            let message = format!("{} owes nothing for cash sales that are known here", manager.login);
            return Err(Refusal::conflict("nothing_owed", message).into());
        }
        if owed_minor > owed_now {
            let message = format!(
                "the books changed meanwhile: {} owes {} now; look again and count again",
                manager.login,
                self.money(owed_now)
            );
            return Err(Refusal::conflict("owed_changed", message).into());
        }
        let Some(box_id) = self.store.newest_box(&manager.site)? else {
            return Err(Refusal::not_found("gateway at this site").into());
        };
        let fact = HandedIn {
            manager: manager.id,
            owed_minor,
            here_minor: self.store.owed_at_box(manager.id, box_id)?.clamp(0, owed_minor),
            counted_minor: counted.counted_minor,
            time: self.now(),
        };
        let detail = format!(
            "{} counted of {} owed",
            self.money(fact.counted_minor),
            self.money(owed_minor)
        );
        self.audit(by, "cash handed in", &manager.subject(), &detail)?;
        self.write(box_id, Fact::HandedIn(fact))?;
        Ok(Response::Done)
    }

    /// A difference is made good in cash, either way, or given up.
    pub fn settle_difference(
        &mut self,
        by: &Actor,
        site: &SiteName,
        login: &str,
        amount_minor: i64,
        how: Settling,
    ) -> Result<Response, Halt> {
        let manager = self.known_manager(site, login)?;
        let account = Account::Difference(manager.id);
        let difference = self.store.balance(&account, self.settings.currency)?;
        if amount_minor <= 0 || amount_minor.unsigned_abs() > difference.unsigned_abs() {
            let message = format!(
                "from 1 to the difference, which is {}",
                self.money(difference.saturating_abs())
            );
            return Err(Refusal::invalid("amount_minor", "out_of_range", message).into());
        }
        let amount = self.money(amount_minor);
        let (what, forward) = match how {
            Settling::Paid => (
                "difference paid",
                Postings::difference_paid(manager.id, manager.site.clone(), amount),
            ),
            Settling::GivenUp => ("difference given up", Postings::difference_given_up(manager.id, amount)),
        };
        // Too much was handed in: it is paid back, or kept where nobody misses it.
        let postings = if difference < 0 {
            forward.map(Postings::reversed)
        } else {
            forward
        };
        self.book(what, postings)?;
        self.audit(by, what, &manager.subject(), &amount.to_string())?;
        self.settle_float(manager.id)?;
        Ok(Response::Done)
    }

    fn known_manager(&self, site: &SiteName, login: &str) -> Result<ManagerRow, Halt> {
        let known = self.store.manager_at(site, login)?;
        Ok(known.ok_or_else(|| Refusal::not_found("manager with a float at this site"))?)
    }

    /// Cash that a manager has taken and not handed in, by the books.
    pub fn owed_minor(&self, manager: ManagerId) -> Result<i64, HubError> {
        Ok(self.store.balance(&Account::Float(manager), self.settings.currency)?)
    }

    /// Gives what is free of a manager's limit, or asks back what lacks. While floats are on their way back and others
    /// still sell nothing is given: they come first, so that many small ones become one. A manager who has no other gets
    /// what is free at once, for the site may be cut off before they come. While the hub is in doubt it gives none at all, for
    /// cash is no new money before it is counted.
    pub fn settle_float(&mut self, manager: ManagerId) -> Result<(), HubError> {
        let Some(row) = self.store.manager(manager)? else {
            return Ok(());
        };
        if self.in_doubt()? {
            return Ok(());
        }
        let awaited = Awaited::Float(row.id);
        if self.parked.waits_for(awaited) {
            self.parked.note_freed(awaited);
            return Ok(());
        }
        let open = self.store.open_floats(manager)?;
        let open_minor = open.iter().map(FloatRow::left_minor).sum();
        let short = self
            .store
            .balance(&Account::Difference(row.id), self.settings.currency)?;
        let free = free_minor(row.limit_minor, self.owed_minor(row.id)?, short, open_minor);
        if free < 0 {
            return self.recall_newest(&open, free.saturating_neg());
        }
        let price = self.settings.tariff.price_per_m3_minor;
        let is_selling =
            |float: &&FloatRow| !float.recalled && float.left_minor() > 0 && float.price_per_m3_minor == price;
        let selling = open.iter().filter(is_selling).count();
        let is_crowded = free > 0 && open.iter().filter(|float| !float.recalled).count() >= OPEN_MAX;
        // Those that sold out go first: nothing is missed while they are on their way.
        let is_many = free > 0 && selling >= OPEN_MAX;
        let mut is_coming = false;
        for float in &open {
            let goes = is_many || !is_selling(&float) && (is_crowded || float.price_per_m3_minor != price);
            if goes {
                self.recall_float(float)?;
            }
            is_coming |= (goes || float.recalled) && float.left_minor() > 0;
        }
        if is_coming && selling > 0 && !is_many {
            return Ok(());
        }
        let enrolment = self.store.current_enrolment(&row.site)?;
        let (true, Some(enrolment)) = (free > 0, enrolment) else {
            return Ok(());
        };
        let float = GrantId {
            epoch: self.run,
            number: self.store.next_grant_number(self.run)?,
        };
        let granted = FloatGranted {
            float,
            manager,
            login: row.login,
            amount_minor: free.min(AMOUNT_MINOR_MAX),
            price_per_m3_minor: price,
        };
        self.write(enrolment.box_id, Fact::FloatGranted(granted))
    }

    /// Asks floats back until what they may still take covers what lacks, the newest first. Those that were asked for
    /// before count.
    pub fn recall_newest(&mut self, open: &[FloatRow], mut lacking_minor: i64) -> Result<(), HubError> {
        for float in open.iter().rev() {
            if lacking_minor <= 0 {
                break;
            }
            self.recall_float(float)?;
            lacking_minor -= float.left_minor();
        }
        Ok(())
    }

    fn recall_float(&mut self, float: &FloatRow) -> Result<(), HubError> {
        match self.store.grant(float.float)? {
            Some(row) => self.recall(&row),
            None => Ok(()),
        }
    }

    /// Settles the floats of a site, or of all.
    pub fn settle_floats(&mut self, site: Option<&SiteName>) -> Result<(), HubError> {
        for manager in self.store.managers(site)? {
            self.settle_float(manager.id)?;
        }
        Ok(())
    }

    /// A float that this hub gave, now or before it was restored.
    pub fn fold_float_granted(&mut self, box_id: BoxId, granted: &FloatGranted, when: Wall) -> Result<(), HubError> {
        if self.store.float(granted.float)?.is_some() {
            return Ok(());
        }
        let Some(enrolment) = self.store.enrolment(box_id)? else {
            return Ok(());
        };
        let mut row = self.grant_row(granted.float)?;
        if row.volume.is_some() && !self.take_name_from_sale(&row)? {
            return self.foreign_grant(box_id, granted.float);
        }
        row = self.hubs_word_of(box_id, row)?;
        row.granted = when;
        if !enrolment.current {
            row.written_off.get_or_insert_default();
        }
        self.store.put_grant(&row)?;
        let (given_to, known) = (granted.manager, self.store.manager(granted.manager)?);
        let manager = match &known {
            Some(manager) => manager.id,
            None => self.recall_manager(&enrolment.site, granted)?,
        };
        let granted = FloatGranted {
            manager,
            ..granted.clone()
        };
        self.store.add_float(&granted, when)?;
        self.look_again_at_sales(kiosk::float::Doubtful::UnknownFloat)?;
        self.look_again_at_hand_ins(given_to)
    }

    /// Cash that was handed in by a manager who is known now.
    fn look_again_at_hand_ins(&mut self, manager: ManagerId) -> Result<(), HubError> {
        for id in self.store.take_waiting_hand_ins(manager)? {
            let stored = SqlLogs::new(self.store.0).read(&id.log, id.seq, 1)?;
            let Some(Stored::Bytes(bytes)) = stored.into_iter().next() else {
                continue;
            };
            if let Ok(Record::Fact(Fact::HandedIn(handed_in))) = Record::decode(id.log.by, id.log.lane, &bytes) {
                self.fold_handed_in(id, &handed_in)?;
            }
        }
        Ok(())
    }

    /// The hub's doubt is over: what it still lacks of a manager's cash is said, and what was held back is given. Once every
    /// site was heard those sales are lost; before, they may still come.
    pub fn floats_after_doubt(&mut self, all_heard: bool) -> Result<(), HubError> {
        self.sales_after_doubt()?;
        for manager in self.store.managers(None)? {
            let owed = self.owed_minor(manager.id)?;
            if owed < 0 {
                let over = self.money(owed.saturating_neg());
                let (site, login) = (&manager.site, &manager.login);
                let known = format!("site {site}: {login} handed in {over} more than the sales that this hub knows");
                // What waits for an operator's word may be what was handed in for.
                let all_heard = all_heard && !self.store.has_cash_sale_waiting(&manager.site)?;
                let detail = match all_heard {
                    true => format!("{known}; they were lost with its past, and the money lies in suspense"),
                    false => format!("{known}; they wait on the page Cash, or for a site that is still to be heard"),
                };
                if all_heard {
                    self.book("cash of lost sales", Postings::sales_lost(manager.id, over))?;
                }
                self.alarm_at(&manager.site, "float_overpaid", detail)?;
            }
        }
        self.settle_floats(None)
    }

    /// A manager whom this hub had forgotten. What they held is taken for their limit until an operator sets it.
    fn recall_manager(&mut self, site: &SiteName, granted: &FloatGranted) -> Result<ManagerId, HubError> {
        if let Some(known) = self.store.manager_at(site, &granted.login)? {
            self.store.put_manager_alias(granted.manager, known.id)?;
            return Ok(known.id);
        }
        let row = ManagerRow {
            id: granted.manager,
            site: site.clone(),
            login: granted.login.clone(),
            limit_minor: granted.amount_minor,
        };
        self.store.put_manager(&row, self.now())?;
        let held = self.money(granted.amount_minor);
        let detail = format!(
            "site {site}: {} has a float that this hub had forgotten; it takes {held} for the limit",
            row.login
        );
        self.alarm_at(site, "float_recalled", detail)?;
        Ok(row.id)
    }

    /// Cash was handed in, now or before this hub was restored: booked once per record.
    pub fn fold_handed_in(&mut self, id: RecordId, handed_in: &HandedIn) -> Result<(), HubError> {
        let Some(manager) = self.store.manager(handed_in.manager)? else {
            self.store.add_waiting_hand_in(id, handed_in.manager)?;
            let detail = format!(
                "cash of manager {}, whom this hub does not know, was handed in; it is booked when their float comes back",
                handed_in.manager
            );
            return self.alarm("hand_in_unknown", detail);
        };
        let known = HandedIn {
            manager: manager.id,
            ..handed_in.clone()
        };
        if !self.store.add_hand_in(id, &known)? {
            return Ok(());
        }
        let (owed, counted) = (self.money(handed_in.owed_minor), self.money(handed_in.counted_minor));
        let postings = Postings::handed_in(HandIn {
            manager: manager.id,
            site: manager.site.clone(),
            owed,
            counted,
        });
        self.about(Event::HandIn(id), |turn| turn.book("cash handed in", postings))?;
        self.settle_float(manager.id)
    }
}

impl ManagerRow {
    /// How the audit names them.
    fn subject(&self) -> String {
        format!("{}/{}", self.site, self.login)
    }
}
