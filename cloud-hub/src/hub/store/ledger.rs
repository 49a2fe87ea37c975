//! Double entry: entries, their postings, and the running balance of each account.

use kiosk::{
    ids::CustomerId,
    ledger::{Account, Postings},
    moment::Wall,
    units::Currency,
};
use rusqlite::params;

use super::{Store, Stored};

/// What an entry did to a wallet.
#[derive(Clone, Debug)]
pub(in crate::hub) struct WalletRow {
    pub what: String,
    pub time: Wall,
    pub minor: i64,
}

impl Store<'_> {
    /// Books a set of postings as one entry.
    pub fn add_entry(&self, what: &str, event: Option<&str>, postings: &Postings, now: Wall) -> Stored<()> {
        let entry: Option<i64> = self.one(
            "INSERT INTO entry (time_ms, what, event) VALUES (?1, ?2, ?3) RETURNING id",
            params![now.0, what, event],
            |row| row.get(0),
        )?;
        for (line, (account, amount)) in (0_u32..).zip(postings.lines()) {
            let (account, currency) = (account.to_string(), amount.currency.code());
            self.execute(
                "INSERT INTO posting (entry, line, account, currency, minor) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![entry, line, account, currency, amount.minor],
            )?;
            self.execute(
                "INSERT INTO balance (account, currency, minor) VALUES (?1, ?2, ?3)
                 ON CONFLICT (account, currency) DO UPDATE SET minor = minor + excluded.minor",
                params![account, currency, amount.minor],
            )?;
        }
        Ok(())
    }

    /// What moved a customer's wallet last, the newest first: what each entry changed in it, above zero when it grew.
    pub fn wallet_movements(&self, customer: CustomerId, currency: Currency, limit: u32) -> Stored<Vec<WalletRow>> {
        self.all(
            "SELECT entry.what AS what, entry.time_ms AS time_ms, -sum(posting.minor) AS minor
             FROM posting JOIN entry ON entry.id = posting.entry
             WHERE posting.account = ?1 AND posting.currency = ?2
             GROUP BY posting.entry HAVING sum(posting.minor) <> 0 ORDER BY posting.entry DESC LIMIT ?3",
            params![Account::Wallet(customer).to_string(), currency.code(), limit],
            |row| {
                Ok(WalletRow {
                    what: row.get("what")?,
                    time: Wall(row.get("time_ms")?),
                    minor: row.get("minor")?,
                })
            },
        )
    }

    /// The balance of one account.
    pub fn balance(&self, account: &Account, currency: Currency) -> Stored<i64> {
        let minor = self.one(
            "SELECT minor FROM balance WHERE account = ?1 AND currency = ?2",
            params![account.to_string(), currency.code()],
            |row| row.get(0),
        )?;
        Ok(minor.unwrap_or_default())
    }
}
