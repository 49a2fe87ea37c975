//! Money that providers say has come without a prompt.

use kiosk::moment::Wall;
use rusqlite::params;

use super::{Store, Stored};
use crate::hub::money::{Arrival, MoneySource};

/// Money to be written down.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct MoneySeenRow<'a> {
    pub arrival: &'a Arrival,
    pub source: MoneySource,
}

/// What was known of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hub) enum Noted {
    /// Nothing: it is written down now.
    New,
    /// The same.
    Before,
    /// Another amount, account or short code under this receipt, which stays.
    Otherwise,
}

impl Store<'_> {
    /// Writes money down, once per receipt. What a pull or a statement leaves out (account, payer) does not contradict.
    pub fn note_money(&self, row: &MoneySeenRow<'_>, now: Wall) -> Stored<Noted> {
        let Arrival {
            provider,
            receipt,
            amount,
            payer,
            reference,
            short_code,
            time,
            ..
        } = row.arrival;
        let known = self.one(
            "SELECT amount_minor = ?3 AND currency = ?4 AND short_code = ?5
                 AND (reference IS NULL OR ?6 IS NULL OR reference = ?6)
             FROM money_seen WHERE provider = ?1 AND receipt = ?2",
            params![
                provider.name(),
                receipt.as_str(),
                amount.minor,
                amount.currency.code(),
                short_code,
                reference
            ],
            |row| row.get::<_, bool>(0),
        )?;
        match known {
            Some(true) => return Ok(Noted::Before),
            Some(false) => return Ok(Noted::Otherwise),
            None => {}
        }
        self.execute(
            "INSERT INTO money_seen (provider, receipt, amount_minor, currency, payer, reference, short_code, paid_ms,
                 source, seen_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            params![
                provider.name(),
                receipt.as_str(),
                amount.minor,
                amount.currency.code(),
                payer,
                reference,
                short_code,
                time.0,
                row.source.name(),
                now.0
            ],
        )?;
        Ok(Noted::New)
    }
}
