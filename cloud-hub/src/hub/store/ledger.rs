//! Double entry: entries, their postings, and the running balance of each account.

use kiosk::{ids::CustomerId, moment::Wall, units::Currency};
use rusqlite::params;

use super::{Store, Stored, signed};

impl Store<'_> {
    /// Opens an entry; its postings follow in the same transaction.
    pub fn add_entry(&self, what: &str, now: Wall) -> Stored<i64> {
        let id = self.one(
            "INSERT INTO entry (time_ms, what) VALUES (?1, ?2) RETURNING id",
            params![now.0, what],
            |row| row.get(0),
        )?;
        id.ok_or(store::StoreError::Row("a new entry"))
    }

    /// Adds a posting to an entry and to its account's balance.
    pub fn add_posting(
        &self,
        entry: i64,
        line: usize,
        account: &str,
        owner: Option<CustomerId>,
        currency: Currency,
        minor: i64,
    ) -> Stored<()> {
        let owner = owner.map_or(0, |owner| signed(owner.0));
        let line = i64::try_from(line).unwrap_or(i64::MAX);
        self.execute(
            "INSERT INTO posting (entry, line, account, owner, currency, minor) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![entry, line, account, owner, currency.code(), minor],
        )?;
        self.execute(
            "INSERT INTO balance (account, owner, currency, minor) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (account, owner, currency) DO UPDATE SET minor = minor + excluded.minor",
            params![account, owner, currency.code(), minor],
        )
        .map(drop)
    }

    /// The balance of one account of one owner.
    pub fn balance(&self, account: &str, owner: Option<CustomerId>, currency: Currency) -> Stored<i64> {
        let owner = owner.map_or(0, |owner| signed(owner.0));
        let minor = self.one(
            "SELECT minor FROM balance WHERE account = ?1 AND owner = ?2 AND currency = ?3",
            params![account, owner, currency.code()],
            |row| row.get(0),
        )?;
        Ok(minor.unwrap_or_default())
    }
}
