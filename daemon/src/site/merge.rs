//! Folding records into rows: the same fold for records written here, received, and given back (PROTOCOL rule 8).

use kiosk::{
    fact::{Fact, Granted, Poured, PurchaseItem},
    grant::{Charge, Part, Settlement},
    ids::{CustomerId, GrantId, Lane, RecordId},
    moment::Moment,
    units::Volume,
};
use sync::{
    journal::{Logs as _, Stored},
    record::Record,
};

use super::{
    Site, SiteError,
    effect::Effect,
    store::{
        self, asked, floats, people, rights,
        rights::{HoldRow, Stage},
        sales::{self, SaleKind, SaleRow},
        unknown,
    },
    tally::Counted,
};

impl Site {
    /// Appends a fact of this site and folds it, in one transaction.
    pub(super) fn write_fact(&mut self, moment: &Moment, fact: Fact) -> Result<(RecordId, Vec<Effect>), SiteError> {
        self.write(moment, Lane::Money, &Record::Fact(fact))
    }

    /// Appends a record of this site and folds it, in one transaction.
    pub(super) fn write(
        &mut self,
        moment: &Moment,
        lane: Lane,
        record: &Record,
    ) -> Result<(RecordId, Vec<Effect>), SiteError> {
        let box_id = self.enrolled()?.enrolment.box_id;
        let written = self
            .pen
            .write(&mut store::logs(self.connection()), box_id, lane, record)?;
        self.has_written = true;
        let effects = self.fold(moment, written.id, written.record)?;
        Ok((written.id, effects))
    }

    /// Folds a record, whoever wrote it.
    pub(super) fn fold(&mut self, moment: &Moment, id: RecordId, record: Record) -> Result<Vec<Effect>, SiteError> {
        match record {
            Record::Fact(fact) => self.fold_fact(id, fact)?,
            Record::Edit(edit) => return self.fold_edit(moment, id, edit),
            Record::Unknown { .. } => unknown::put(self.connection(), id)?,
            // Alarms, hours and heads of the audit are this site's own words to the hub.
            Record::Began { .. } | Record::Alarm(_) | Record::Hour(_) | Record::AuditHead { .. } => {}
        }
        Ok(Vec::new())
    }

    /// After an upgrade: folds what an older version kept without knowing it (PROTOCOL rule 8).
    pub(super) fn fold_unknown(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        let Some(enrolled) = &self.enrolled else {
            return Ok(Vec::new());
        };
        let mut effects = Vec::new();
        for id in unknown::all(self.connection(), enrolled.enrolment.box_id)? {
            let stored = self.logs().read(&id.log, id.seq, 1)?.into_iter().next();
            let Some(Stored::Bytes(bytes)) = stored else { continue };
            match Record::decode(id.log.by, id.log.lane, &bytes) {
                Ok(Record::Unknown { .. }) => {}
                Ok(record) => {
                    unknown::delete(self.connection(), id)?;
                    effects.extend(self.fold(moment, id, record)?);
                }
                Err(error) => tracing::warn!(?id, %error, "a record that was kept cannot be read"),
            }
        }
        Ok(effects)
    }

    fn fold_fact(&mut self, id: RecordId, fact: Fact) -> Result<(), SiteError> {
        let connection = self.connection();
        match fact {
            Fact::Listed(listed) => people::list(connection, &listed)?,
            Fact::Subscribed(subscribed) => people::subscribe(connection, &subscribed)?,
            Fact::Granted(granted) => self.fold_grant(&granted)?,
            Fact::Redeemed(redeemed) => self.fold_grant(&redeemed.granted)?,
            Fact::Recalled { grant } => {
                rights::raise(connection, grant, Stage::Recalled)?;
                self.may_close = true;
            }
            Fact::Closed { grant } => rights::raise(connection, grant, Stage::Closed)?,
            Fact::Merged { from, into } => {
                people::merge(connection, from, into)?;
                rights::merge(connection, from, people::resolve(connection, into)?)?;
            }
            Fact::Answered(answered) => asked::answer(connection, answered.to, answered.state)?,
            Fact::Poured(poured) => self.fold_poured(id, &poured)?,
            Fact::Registered(registered) => people::ensure(connection, registered.customer)?,
            Fact::PurchaseAsked(ask) => {
                asked::insert(connection, id, "purchase", ask.customer, &describe(&ask.item), ask.time)?;
            }
            Fact::FloatGranted(granted) => floats::grant(connection, &granted)?,
            Fact::FloatSold(sold) => self.fold_float_sold(id, &sold)?,
            Fact::HandedIn(handed_in) => self.fold_handed_in(id, &handed_in)?,
            // It asks the hub something, and is nothing here.
            Fact::Forwarded(_) => {}
            Fact::LoanAsked(loan) => {
                asked::insert(
                    connection,
                    id,
                    "loan",
                    loan.borrower,
                    &loan.amount_minor.to_string(),
                    loan.time,
                )?;
            }
        }
        Ok(())
    }

    pub(super) fn fold_grant(&self, granted: &Granted) -> Result<(), SiteError> {
        let owner = people::resolve(self.connection(), granted.customer)?;
        Ok(rights::grant(self.connection(), granted, owner)?)
    }

    /// A spend moves what its hold set aside to what is charged; a later one only corrects (PROTOCOL rule 23).
    fn fold_poured(&mut self, id: RecordId, poured: &Poured) -> Result<(), SiteError> {
        let Some(hold_id) = poured.hold else {
            return self.record_sale(id, poured, None, SaleKind::Loss, poured.over.signed_ml());
        };
        let connection = self.connection();
        let found = rights::hold(connection, hold_id)?;
        let is_known = found.is_some();
        let mut hold = match found {
            Some(hold) => hold,
            None => HoldRow {
                dispenser: poured.dispenser.clone(),
                request: None,
                customer: self.owner(&poured.parts)?,
                held: Vec::new(),
                settlement: Settlement::default(),
                day: 0,
            },
        };
        let before = hold.settlement.standing().map(|(_, charge)| charge);
        hold.settlement.fold_fact(poured);
        let after = hold.settlement.standing().map(|(_, charge)| charge).unwrap_or_default();
        if before.is_none() {
            for (grant, volume) in &hold.held {
                rights::adjust(connection, *grant, -volume.signed_ml(), 0)?;
            }
        }
        for (grant, difference_ml) in differences(before.as_ref(), &after) {
            rights::adjust(connection, grant, 0, difference_ml)?;
        }
        if is_known {
            rights::settle_hold(connection, hold_id, &hold)?;
        } else {
            rights::open_hold(connection, hold_id, &hold, 0)?;
        }
        self.may_close = true;
        let paid_before = before.as_ref().map_or(Volume::ZERO, Charge::paid);
        let kind = if before.is_some() {
            SaleKind::Correction
        } else {
            SaleKind::Dispense
        };
        self.record_sale(
            id,
            poured,
            Some(&hold),
            kind,
            after.paid().signed_ml() - paid_before.signed_ml(),
        )
    }

    fn owner(&self, parts: &[Part]) -> Result<Option<CustomerId>, SiteError> {
        let Some((grant, _)) = parts.first() else {
            return Ok(None);
        };
        Ok(rights::owner(self.connection(), *grant)?)
    }

    fn record_sale(
        &mut self,
        id: RecordId,
        poured: &Poured,
        hold: Option<&HoldRow>,
        kind: SaleKind,
        volume_ml: i64,
    ) -> Result<(), SiteError> {
        let receipt_key = &self.enrolled()?.receipt_key;
        let row = SaleRow {
            record: id,
            time: poured.time,
            clock_trusted: poured.clock_trusted,
            day: hold.map_or(self.today(), |hold| hold.day),
            kind,
            request: hold.and_then(|hold| hold.request.as_ref()),
            customer: hold.and_then(|hold| hold.customer),
            dispenser: &poured.dispenser,
            volume_ml,
            over_ml: poured.over.signed_ml(),
            outcome: poured.outcome,
            receipt: &receipt_key.receipt(id.log.epoch, id.seq).to_string(),
        };
        sales::insert(self.connection(), &row)?;
        self.tally.note(Counted::Sold(kind.name(), volume_ml));
        Ok(())
    }

    /// Closes what was asked back and on which nothing is held any more (PROTOCOL rule 24).
    pub(super) fn close_recalled(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        let mut effects = Vec::new();
        if !std::mem::take(&mut self.may_close) || self.in_doubt()? {
            return Ok(effects);
        }
        let mut ready = rights::ready_to_close(self.connection())?;
        ready.extend(floats::ready_to_close(self.connection())?);
        for grant in ready {
            effects.extend(self.write_fact(moment, Fact::Closed { grant })?.1);
        }
        Ok(effects)
    }
}

/// What changes on each grant from one charge to the next, in millilitres.
fn differences(before: Option<&Charge>, after: &Charge) -> Vec<(GrantId, i64)> {
    let spent = |charge: &Charge, sign: i64| {
        charge
            .parts
            .iter()
            .map(|(grant, volume)| (*grant, sign * volume.signed_ml()))
            .collect::<Vec<_>>()
    };
    let mut differences = before.map(|charge| spent(charge, -1)).unwrap_or_default();
    differences.extend(spent(after, 1));
    differences
}

fn describe(item: &PurchaseItem) -> String {
    match item {
        PurchaseItem::Litres(volume) => format!("{volume}"),
        PurchaseItem::Deposit(minor) => format!("deposit {minor}"),
        PurchaseItem::Plan(plan) => format!("plan {plan}"),
        PurchaseItem::Bill => "bill".to_owned(),
    }
}
