//! Cash that a manager takes, whether the hub can be heard or not (DESIGN section 4).
//!
//! The manager is who is logged in: the hub gives a float to an account of this site, and only a page or a token of that
//! name sells from it. A sale spends the float and opens the customer's right in one transaction.

use kiosk::{
    fact::{Fact, FloatSold, Granted, HandedIn, Purse},
    float::{NoQuote, Wish, quote},
    ids::{BoxId, CustomerId, GrantId, Lane, LogKey, RecordId, Writer},
    moment::Moment,
    units::Money,
};
use sync::{
    journal::{Logs as _, Stored},
    record::{Record, TEXT_BYTES_MAX},
};

use super::{
    Site, SiteError,
    effect::{CashTaken, Effect, Refusal, Told},
    manage::Outcome,
    store::{floats, people, rights, sales::SaleKind},
    tally::Counted,
};

/// So much of a log is read at a time.
const READ_BYTES: usize = 48_000;
/// Room for how many sales an alarm leaves out.
const MORE_BYTES: usize = " and 4294967295 more".len();

/// The right that a sale opens: it bears the name of the record.
fn opened_by(record: RecordId) -> GrantId {
    GrantId {
        epoch: record.log.epoch,
        number: u64::from(record.seq),
    }
}

impl Site {
    /// Sells water for cash. `shown_minor`: the price that the manager was shown, so that nobody pays another.
    pub(super) fn sell_for_cash(
        &mut self,
        moment: &Moment,
        customer: CustomerId,
        wish: Wish,
        shown_minor: Option<i64>,
    ) -> Result<Outcome, SiteError> {
        let Some(enrolled) = &self.enrolled else {
            return Ok(Err(Refusal::NotJoined));
        };
        let currency = enrolled.enrolment.currency;
        if self.is_degraded()? {
            return Ok(Err(Refusal::SellsNothing));
        }
        if let Err(refusal) = self.room_for_more() {
            return Ok(Err(refusal));
        }
        let customer = people::resolve(self.connection(), customer)?;
        let Some(row) = people::find(self.connection(), customer)? else {
            return Ok(Err(Refusal::Unknown("this customer")));
        };
        // Nobody pays for water that they could not draw here.
        if !row.can_draw() {
            return Ok(Err(Refusal::CannotDraw));
        }
        let standing = floats::standing(self.connection(), &self.actor)?;
        if !standing.is_known {
            return Ok(Err(Refusal::NoFloat));
        }
        let quote = match quote(&standing.open, wish, currency) {
            Ok(quote) => quote,
            Err(NoQuote::Nothing) => {
                return Ok(Err(Refusal::Field {
                    field: "amount",
                    message: NoQuote::Nothing.to_string(),
                }));
            }
            Err(none) => return Ok(Err(Refusal::Float(none))),
        };
        if shown_minor.is_some_and(|shown| shown != quote.amount.minor) {
            return Ok(Err(Refusal::PriceChanged(quote.amount)));
        }
        let fact = FloatSold {
            parts: quote.parts,
            customer,
            volume: quote.volume,
            time: moment.wall,
            clock_trusted: moment.trust.is_trusted(),
        };
        let (record, mut effects) = self.write_fact(moment, Fact::FloatSold(fact))?;
        effects.push(Effect::Live);
        let receipt = self.receipt_of(record)?;
        self.audit(moment, "cash_taken", &format!("{customer} {} {receipt}", quote.amount))?;
        let left = standing.left_minor() - quote.amount.minor;
        Ok(Ok((
            effects,
            Told::CashTaken(CashTaken {
                record,
                receipt,
                volume: quote.volume,
                amount: quote.amount,
                left: Money::new(left, currency),
            }),
        )))
    }

    /// The sale spends the floats and opens the customer's right, which bears the record's own name.
    pub(super) fn fold_float_sold(&mut self, id: RecordId, sold: &FloatSold) -> Result<(), SiteError> {
        for (float, minor) in &sold.parts {
            floats::spend(self.connection(), *float, *minor)?;
        }
        self.fold_grant(&Granted {
            grant: opened_by(id),
            customer: sold.customer,
            purse: Purse::Prepaid,
            volume: sold.volume,
            valid_until: None,
        })?;
        let customer = people::resolve(self.connection(), sold.customer)?;
        let row = floats::CashRow {
            record: id,
            time: sold.time,
            clock_trusted: sold.clock_trusted,
            day: self.today(),
            customer,
            volume: sold.volume,
            amount_minor: sold.amount_minor(),
            receipt: &self.receipt_of(id)?,
        };
        floats::insert_sale(self.connection(), &row)?;
        self.tally
            .note(Counted::Sold(SaleKind::Cash.name(), sold.volume.signed_ml()));
        Ok(())
    }

    /// What an older enrolment of this box sold for cash and its hub did not acknowledge, in words. The hub may know it all
    /// the same, for an acknowledgement is a hint that gets lost (PROTOCOL rule 12): so the sales are named, as many as an
    /// alarm has room for, and are to be looked for before anybody gives their water once more.
    pub(super) fn untold_cash(&self, old: BoxId) -> Result<Option<String>, SiteError> {
        let untold = self.untold_sales(old)?;
        if untold.is_empty() {
            return Ok(None);
        }
        let minor = untold.iter().map(|(_, sold)| sold.amount_minor());
        let amount = Money::new(minor.fold(0, i64::saturating_add), self.enrolled()?.enrolment.currency);
        let mut words = format!(
            "before this box joined anew it took {amount} in {} cash sales that the hub did not acknowledge, though it may know \
             them: look first on the page Cash and at the customers. Where it does not, count the cash and give by hand what \
             was not drawn. Record, customer, not drawn:",
            untold.len()
        );
        for (named, (record, sold)) in untold.iter().enumerate() {
            let left = rights::undrawn(self.connection(), opened_by(*record))?;
            let sale = format!(" {}:{} {} {left};", record.log.epoch, record.seq, sold.customer);
            if words.len() + sale.len() + MORE_BYTES > TEXT_BYTES_MAX {
                let more = untold.len() - named;
                return Ok(Some(format!("{words} and {more} more")));
            }
            words.push_str(&sale);
        }
        Ok(Some(words.trim_end_matches(';').to_owned()))
    }

    /// The cash sales of an older enrolment that its hub has not acknowledged, the oldest of each run first.
    fn untold_sales(&self, old: BoxId) -> Result<Vec<(RecordId, FloatSold)>, SiteError> {
        let mut untold = Vec::new();
        for (epoch, state) in self.logs().logs(old, Writer::Site, Lane::Money)? {
            let log = LogKey {
                box_id: old,
                by: Writer::Site,
                lane: Lane::Money,
                epoch,
            };
            let mut seq = state.acked;
            while seq < state.mark {
                let records = self.logs().read(&log, seq + 1, READ_BYTES)?;
                if records.is_empty() {
                    break;
                }
                for record in records {
                    seq += 1;
                    let Stored::Bytes(bytes) = record else { continue };
                    if let Ok(Record::Fact(Fact::FloatSold(sold))) = Record::decode(log.by, log.lane, &bytes) {
                        untold.push((RecordId { log, seq }, sold));
                    }
                }
            }
        }
        Ok(untold)
    }

    /// The hub counted cash.
    pub(super) fn fold_handed_in(&self, id: RecordId, handed_in: &HandedIn) -> Result<(), SiteError> {
        Ok(floats::hand_in(self.connection(), id, handed_in)?)
    }

    fn receipt_of(&self, record: RecordId) -> Result<String, SiteError> {
        let key = &self.enrolled()?.receipt_key;
        Ok(key.receipt(record.log.epoch, record.seq).to_string())
    }
}
