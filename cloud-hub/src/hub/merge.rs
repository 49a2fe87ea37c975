//! Writing and folding records: the hub's own and those of sites. Both change state here and nowhere else, so a record
//! counts the same whether it was written, received or given back (PROTOCOL rule 8).

use kiosk::{
    fact::{Answered, AnsweredState, Fact, Granted, Poured, Purse, Severity},
    grant::Charge,
    ids::{BoxId, CustomerId, GrantId, Lane, LogKey, RecordId, Writer},
    moment::Wall,
    units::Volume,
};
use store::journal::SqlLogs;
use sync::{
    journal::{Logs, Pen, Stored},
    record::{Edit, Record},
};

use super::{
    effect::LiveEvent,
    ledger::Event,
    store::{GrantRow, HistoryRow, PurseKey},
    turn::{HubError, Turn},
};

impl Turn<'_> {
    /// Writes a fact about a box and folds it.
    pub fn write(&mut self, box_id: BoxId, fact: Fact) -> Result<(), HubError> {
        self.write_record(box_id, Lane::Money, &Record::Fact(fact))
    }

    /// Writes a record of the edits lane; what it says was done before.
    pub fn write_edit(&mut self, box_id: BoxId, edit: Edit) -> Result<(), HubError> {
        self.write_record(box_id, Lane::Edits, &Record::Edit(edit))
    }

    fn write_record(&mut self, box_id: BoxId, lane: Lane, record: &Record) -> Result<(), HubError> {
        let pen = Pen {
            by: Writer::Hub,
            epoch: self.run,
        };
        let written = pen.write(&mut SqlLogs::new(self.store.0), box_id, lane, record)?;
        self.written.insert(box_id);
        match written.record {
            Record::Fact(fact) => self.fold_fact(written.id, fact, true),
            _ => Ok(()),
        }
    }

    /// Folds a record that arrived.
    pub fn fold(&mut self, id: RecordId, record: Record) -> Result<(), HubError> {
        let box_id = id.log.box_id;
        match record {
            Record::Fact(Fact::Poured(poured)) => match self.store.enrolment(box_id)? {
                Some(enrolment) => self.about(Event::Record(enrolment.site, id), |turn| turn.fold_poured(id, &poured)),
                None => self.fold_poured(id, &poured),
            },
            Record::Fact(fact) => self.fold_fact(id, fact, false),
            Record::Edit(edit) => self.fold_edit(box_id, edit),
            Record::Alarm(alarm) => self.fold_alarm(box_id, &alarm),
            Record::Unknown { .. } => Ok(self.store.add_unknown(id)?),
            Record::Hour(hour) => match self.store.enrolment(box_id)? {
                // An hour of a clock that is ahead would hide that a dispenser is silent until then.
                Some(enrolment) => {
                    Ok(self
                        .store
                        .dispenser_heard(&enrolment.site, &hour.dispenser, hour.hour.min(self.now()))?)
                }
                None => Ok(()),
            },
            // Of the site's audit it is enough that the log keeps the head.
            Record::Began { .. } | Record::AuditHead { .. } => Ok(()),
        }
    }

    /// Records that an older version kept without knowing their kind.
    pub fn fold_unknown(&mut self) -> Result<(), HubError> {
        for id in self.store.unknown_records()? {
            let stored = SqlLogs::new(self.store.0).read(&id.log, id.seq, 1)?;
            let Some(Stored::Bytes(bytes)) = stored.into_iter().next() else {
                continue;
            };
            match Record::decode(id.log.by, id.log.lane, &bytes) {
                Ok(Record::Unknown { .. }) | Err(_) => {}
                Ok(known) => {
                    self.store.remove_unknown(id)?;
                    self.fold(id, known)?;
                }
            }
        }
        Ok(())
    }

    fn fold_fact(&mut self, id: RecordId, fact: Fact, own: bool) -> Result<(), HubError> {
        let box_id = id.log.box_id;
        match fact {
            // Nobody else grants in this run's name; a number taken now would hide the grant that is to have it.
            Fact::Granted(granted) if !own && granted.grant.epoch == self.run => {
                self.foreign_grant(box_id, granted.grant)
            }
            Fact::FloatGranted(granted) if !own && granted.float.epoch == self.run => {
                self.foreign_grant(box_id, granted.float)
            }
            Fact::FloatGranted(granted) => {
                let when = if own { self.now() } else { Wall(0) };
                self.fold_float_granted(box_id, &granted, when)
            }
            Fact::FloatSold(sold) => self.fold_float_sold(id, &sold),
            Fact::HandedIn(handed_in) => self.fold_handed_in(id, &handed_in),
            Fact::Granted(granted) => {
                let when = if own { self.now() } else { Wall(0) };
                self.fold_granted(box_id, &granted, when)
            }
            // No code is told to anybody yet, so nobody can have typed one in.
            Fact::Redeemed(redeemed) => self.alarm(
                "token_redeemed",
                format!(
                    "box {box_id} redeemed token {}, and there are none",
                    redeemed.granted.grant.number
                ),
            ),
            Fact::Recalled { grant } => {
                let mut row = self.grant_row(grant)?;
                row.recalled = true;
                Ok(self.store.put_grant(&row)?)
            }
            Fact::Closed { grant } => self.fold_closed(box_id, grant),
            Fact::Poured(poured) => self.fold_poured(id, &poured),
            Fact::Answered(answered) => Ok(self.store.put_answered(answered.to, answered.state)?),
            Fact::Registered(registered) => self.fold_registered(box_id, &registered),
            Fact::PurchaseAsked(asked) => self.fold_purchase_asked(id, &asked),
            Fact::LoanAsked(asked) => self.fold_loan_asked(id, &asked),
            Fact::Forwarded(forwarded) => self.fold_forwarded(id, &forwarded),
            // Written here they only say what the rows say already; given back they tell a restored hub what it forgot.
            Fact::Listed(_) | Fact::Subscribed(_) | Fact::Merged { .. } if own => Ok(()),
            Fact::Listed(listed) => self.recall_listed(&listed),
            Fact::Subscribed(subscribed) => self.recall_subscribed(box_id, &subscribed),
            Fact::Merged { from, into } => self.recall_merged(from, into),
        }
    }

    /// Tells a site what became of a record that asked for something.
    pub fn answer(&mut self, to: RecordId, state: AnsweredState) -> Result<(), HubError> {
        if self.store.answered(to)? == Some(state) {
            return Ok(());
        }
        self.write(to.log.box_id, Fact::Answered(Answered { to, state }))
    }

    /// A grant, as far as it is known.
    pub fn grant_row(&self, grant: GrantId) -> Result<GrantRow, HubError> {
        Ok(self.store.grant(grant)?.unwrap_or_else(|| GrantRow::unknown(grant)))
    }

    /// The grant that a box speaks of; `None`, and an alarm, when it is another's. While its `Granted` is not known it
    /// counts as the first speaker's.
    fn claimed(&mut self, box_id: BoxId, grant: GrantId) -> Result<Option<GrantRow>, HubError> {
        let mut row = self.grant_row(grant)?;
        if *row.box_id.get_or_insert(box_id) == box_id {
            return Ok(Some(row));
        }
        self.foreign_grant(box_id, grant)?;
        Ok(None)
    }

    /// A box speaks of another's grant.
    pub fn foreign_grant(&mut self, box_id: BoxId, grant: GrantId) -> Result<(), HubError> {
        let GrantId { epoch, number } = grant;
        self.alarm(
            "foreign_grant",
            format!("box {box_id} speaks of grant {epoch}/{number}, which is not its own"),
        )
    }

    fn fold_granted(&mut self, box_id: BoxId, granted: &Granted, when: Wall) -> Result<(), HubError> {
        let mut row = self.grant_row(granted.grant)?;
        if row.volume.is_some() && !self.take_name_from_sale(&row)? {
            return Ok(());
        }
        let sold_to = row.key();
        let customer = self.store.root(granted.customer)?;
        let period = match (granted.purse, granted.valid_until) {
            (Purse::Allowance, Some(end)) => self.store.subscription_ending(customer, end)?.map(|row| row.id),
            _ => None,
        };
        let key = PurseKey {
            customer,
            purse: granted.purse,
            period: period.unwrap_or_default(),
        };
        row = self.hubs_word_of(box_id, row)?;
        row.granted_to = Some(granted.customer);
        row.customer = Some(customer);
        row.purse = Some(granted.purse);
        row.period = key.period;
        row.volume = Some(granted.volume);
        row.valid_until = granted.valid_until;
        row.granted = when;
        self.store.put_grant(&row)?;
        // Spends may have come before it.
        self.add_spent(key, Turn::charged(&row))?;
        if !row.spent.is_zero() {
            self.store.name_history(granted.grant, customer)?;
        }
        match sold_to {
            // A sale that lost its right to the hub's word: its water is free again.
            Some(key) => self.settle_purse(key),
            None => Ok(()),
        }
    }

    /// What is known of a grant that the hub gave to this box: what another box said of it never was, nor was a right that
    /// a sale opened under its name.
    pub fn hubs_word_of(&mut self, box_id: BoxId, row: GrantRow) -> Result<GrantRow, HubError> {
        let is_own = row.box_id.is_none_or(|claimer| claimer == box_id);
        if !is_own || row.volume.is_some() {
            self.foreign_grant(row.box_id.unwrap_or(box_id), row.grant)?;
            return Ok(GrantRow {
                box_id: Some(box_id),
                recalled: row.recalled,
                ..GrantRow::unknown(row.grant)
            });
        }
        Ok(GrantRow {
            box_id: Some(box_id),
            ..row
        })
    }

    /// No hold is open on it any more, and the log's order puts every spend before this: what is left is free again.
    fn fold_closed(&mut self, box_id: BoxId, grant: GrantId) -> Result<(), HubError> {
        let Some(mut row) = self.claimed(box_id, grant)? else {
            return Ok(());
        };
        row.closed = true;
        self.store.put_grant(&row)?;
        match (row.key(), self.store.float(grant)?) {
            (Some(key), _) => self.settle_purse(key),
            (None, Some(float)) => self.settle_float(float.manager),
            (None, None) => Ok(()),
        }
    }

    fn fold_poured(&mut self, id: RecordId, poured: &Poured) -> Result<(), HubError> {
        let box_id = id.log.box_id;
        let (before, after) = match poured.hold {
            Some(hold) => {
                let mut settlement = self.store.settlement(box_id, hold)?;
                let before = settlement.standing().map(|(_, charge)| charge);
                settlement.fold_fact(poured);
                self.store.put_settlement(box_id, hold, &settlement)?;
                let after = settlement.standing().map(|(_, charge)| charge);
                (before, after.unwrap_or_default())
            }
            None => {
                let loss = Charge {
                    parts: Vec::new(),
                    over: poured.over,
                };
                (None, loss)
            }
        };
        let is_correction = before.is_some();
        let before = before.unwrap_or_default();
        let mut grants: Vec<GrantId> = before
            .parts
            .iter()
            .chain(&after.parts)
            .map(|(grant, _)| *grant)
            .collect();
        grants.sort_unstable();
        grants.dedup();
        for grant in grants {
            let change = after.from_grant(grant).signed_ml() - before.from_grant(grant).signed_ml();
            self.change_spent(box_id, grant, change)?;
        }
        // Each worth by itself: the sum must not depend on how many corrections came between.
        let lost = self.worth_minor(after.over.signed_ml()) - self.worth_minor(before.over.signed_ml());
        self.book_change("water lost", lost, kiosk::ledger::Postings::lost)?;
        self.remember_pour(id, poured, is_correction, &before, &after)
    }

    /// What was spent on a grant changes by so much.
    fn change_spent(&mut self, box_id: BoxId, grant: GrantId, change_ml: i64) -> Result<(), HubError> {
        if change_ml == 0 {
            return Ok(());
        }
        let Some(mut row) = self.claimed(box_id, grant)? else {
            return Ok(());
        };
        let (charged, suspense) = (Turn::charged(&row), row.state().suspense(row.spent));
        row.spent = Volume::try_from_ml((row.spent.signed_ml() + change_ml).max(0)).unwrap_or(Volume::MAX);
        self.store.put_grant(&row)?;
        let late_now = row.state().suspense(row.spent);
        let late = self.worth_minor(late_now.signed_ml()) - self.worth_minor(suspense.signed_ml());
        self.book_change("late spend", late, kiosk::ledger::Postings::suspended)?;
        let Some(key) = row.key() else {
            return Ok(());
        };
        self.add_spent(key, Turn::charged(&row) - charged)?;
        // An open right costs its volume whatever is spent of it, so nothing is freed and nothing lacks.
        let is_plain = !row.closed && row.written_off.is_none() && row.volume.is_some_and(|volume| row.spent <= volume);
        if is_plain { Ok(()) } else { self.settle_purse(key) }
    }

    /// An alarm of a site.
    pub fn fold_alarm(&mut self, box_id: BoxId, alarm: &kiosk::fact::Alarm) -> Result<(), HubError> {
        let site = self.store.enrolment(box_id)?.map(|enrolment| enrolment.site);
        let severity = match alarm.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "critical",
        };
        self.store
            .add_alarm(site.as_ref(), severity, &alarm.code, &alarm.detail, alarm.time)?;
        self.live(LiveEvent::Alarm {
            code: "site",
            detail: alarm.detail.clone(),
        });
        Ok(())
    }

    fn remember_pour(
        &mut self,
        id: RecordId,
        poured: &Poured,
        is_correction: bool,
        before: &Charge,
        after: &Charge,
    ) -> Result<(), HubError> {
        let first = poured.parts.first().map(|(grant, _)| *grant);
        let customer = match first {
            Some(grant) => self.store.grant(grant)?.and_then(|row| row.customer),
            None => None,
        };
        let LogKey { box_id, epoch, .. } = id.log;
        let site = self.store.enrolment(box_id)?.map(|enrolment| enrolment.site);
        let receipt = site
            .as_ref()
            .map(|site| self.keys.site_receipts(site, box_id).receipt(epoch, id.seq).to_string());
        // What it changes for the customer, as the site's own row says; without a hold, what flowed and nobody pays.
        let volume_ml = match poured.hold {
            Some(_) => after.paid().signed_ml() - before.paid().signed_ml(),
            None => after.over.signed_ml(),
        };
        self.store.add_history(&HistoryRow {
            site: site.clone(),
            record: Some(id),
            customer,
            dispenser: Some(poured.dispenser.clone()),
            kind: match (poured.hold, is_correction) {
                (None, _) => "loss",
                (Some(_), false) => "dispense",
                (Some(_), true) => "correction",
            },
            volume_ml,
            amount_minor: 0,
            currency: self.settings.currency.code(),
            time: poured.time,
            clock_trusted: poured.clock_trusted,
            outcome: poured.outcome.map(kiosk::fact::Outcome::name),
            receipt,
            grant: first,
        })?;
        if let Some(site) = site {
            self.live(LiveEvent::Poured {
                site,
                customer,
                volume: after.poured(),
                time: poured.time,
            });
        }
        Ok(())
    }

    /// Adds a transaction of the hub's own to the history.
    pub fn remember(
        &mut self,
        customer: CustomerId,
        site: Option<&kiosk::ids::SiteName>,
        kind: &'static str,
        volume_ml: i64,
        amount_minor: i64,
    ) -> Result<(), HubError> {
        Ok(self.store.add_history(&HistoryRow {
            site: site.cloned(),
            record: None,
            customer: Some(customer),
            dispenser: None,
            kind,
            volume_ml,
            amount_minor,
            currency: self.settings.currency.code(),
            time: self.now(),
            clock_trusted: self.moment.trust.is_trusted(),
            outcome: None,
            receipt: None,
            grant: None,
        })?)
    }
}
