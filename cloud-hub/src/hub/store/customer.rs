//! Customers, their purses and their credits.

use kiosk::{
    fact::Purse,
    ids::{AccountId, CustomerId, SiteName},
    moment::Wall,
    phone::{Country, Phone},
    units::Volume,
};
use rusqlite::{Row, params};

use super::{Store, Stored, id, maybe_id, maybe_parsed, maybe_wall, signed, wrong};

/// A customer as the hub keeps them.
#[derive(Clone, Debug)]
pub(in crate::hub) struct CustomerRow {
    pub id: CustomerId,
    pub account: Option<AccountId>,
    pub phone: Option<Phone>,
    pub name: String,
    pub city: String,
    pub language: String,
    pub site: Option<SiteName>,
    pub active: bool,
    pub bill_overdue: bool,
    pub daily_limit: Option<Volume>,
    pub sealed_pin: Option<Vec<u8>>,
    pub revision: u64,
    pub merged_into: Option<CustomerId>,
    pub pin_wrong: u32,
    pub pin_lock_since: Option<Wall>,
    pub pin_lock_ms: i64,
    pub created: Wall,
    pub updated: Wall,
}

/// One purse of one customer: prepaid litres (period 0) or the allowance of one subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::hub) struct PurseKey {
    pub customer: CustomerId,
    pub purse: Purse,
    pub period: i64,
}

impl PurseKey {
    /// The prepaid litres of a customer.
    pub fn prepaid(customer: CustomerId) -> PurseKey {
        PurseKey {
            customer,
            purse: Purse::Prepaid,
            period: 0,
        }
    }

    /// The allowance of one subscription of a customer.
    pub fn allowance(customer: CustomerId, subscription: i64) -> PurseKey {
        PurseKey {
            customer,
            purse: Purse::Allowance,
            period: subscription,
        }
    }

    /// Customer, purse and period as columns.
    pub fn columns(&self) -> (i64, i64, i64) {
        (signed(self.customer.0), purse_number(self.purse), self.period)
    }
}

/// The running totals of a purse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::hub) struct PurseRow {
    pub credited_ml: i64,
    pub credited_minor: i64,
    pub spent_ml: i64,
    pub released_minor: i64,
}

/// 0 allowance, 1 prepaid, as in the state hash.
pub(in crate::hub) const fn purse_number(purse: Purse) -> i64 {
    match purse {
        Purse::Allowance => 0,
        Purse::Prepaid => 1,
    }
}

/// The purse with this number.
pub(super) fn purse_from_number(number: i64) -> Option<Purse> {
    [Purse::Allowance, Purse::Prepaid]
        .into_iter()
        .find(|purse| purse_number(*purse) == number)
}

/// Reads a volume column that may be empty.
pub(super) fn maybe_volume(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Volume>> {
    let ml: Option<i64> = row.get(column)?;
    ml.map(|ml| Volume::try_from_ml(ml).ok_or_else(|| wrong(row, column)))
        .transpose()
}

/// Reads a phone column that may be empty.
pub(super) fn maybe_phone(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Phone>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| Phone::parse(&text, Country::Kenya).map_err(|_| wrong(row, column)))
        .transpose()
}

pub(super) fn read_customer(row: &Row<'_>) -> rusqlite::Result<CustomerRow> {
    Ok(CustomerRow {
        id: CustomerId(id(row, "id")?),
        account: row.get::<_, Option<u32>>("account")?.and_then(AccountId::new),
        phone: maybe_phone(row, "phone")?,
        name: row.get("name")?,
        city: row.get("city")?,
        language: row.get("language")?,
        site: maybe_parsed(row, "site")?,
        active: row.get("active")?,
        bill_overdue: row.get("bill_overdue")?,
        daily_limit: maybe_volume(row, "daily_limit_ml")?,
        sealed_pin: row.get("sealed_pin")?,
        revision: id(row, "revision")?,
        merged_into: maybe_id(row, "merged_into")?.map(CustomerId),
        pin_wrong: row.get("pin_wrong")?,
        pin_lock_since: maybe_wall(row, "pin_lock_since_ms")?,
        pin_lock_ms: row.get("pin_lock_ms")?,
        created: Wall(row.get("created_ms")?),
        updated: Wall(row.get("updated_ms")?),
    })
}

impl Store<'_> {
    /// A customer by id, merged or not.
    pub fn customer(&self, customer: CustomerId) -> Stored<Option<CustomerRow>> {
        self.one(
            "SELECT * FROM customer WHERE id = ?1",
            [signed(customer.0)],
            read_customer,
        )
    }

    /// The customer with this phone.
    pub fn customer_by_phone(&self, phone: Phone) -> Stored<Option<CustomerRow>> {
        self.one("SELECT * FROM customer WHERE phone = ?1", [phone.e164()], read_customer)
    }

    /// The customer with this account.
    pub fn customer_by_account(&self, account: AccountId) -> Stored<Option<CustomerRow>> {
        self.one(
            "SELECT * FROM customer WHERE account = ?1",
            [account.number()],
            read_customer,
        )
    }

    /// Whoever a customer counts as: the end of the chain of mergers.
    pub fn root(&self, customer: CustomerId) -> Stored<CustomerId> {
        let mut root = customer;
        while let Some(next) = self.one(
            "SELECT merged_into FROM customer WHERE id = ?1 AND merged_into IS NOT NULL",
            [signed(root.0)],
            |row| id(row, "merged_into"),
        )? {
            root = CustomerId(next);
        }
        Ok(root)
    }

    /// Customers whose home is this site, after this one in the order of their columns.
    pub fn customers_of_site(&self, site: &SiteName, after: CustomerId, limit: u32) -> Stored<Vec<CustomerId>> {
        self.all(
            "SELECT id FROM customer WHERE site = ?1 AND id > ?2 AND merged_into IS NULL ORDER BY id LIMIT ?3",
            params![site.as_str(), signed(after.0), limit],
            |row| id(row, "id").map(CustomerId),
        )
    }

    /// Writes a customer, new or changed.
    pub fn put_customer(&self, row: &CustomerRow) -> Stored<()> {
        self.execute(
            "INSERT INTO customer (id, account, phone, name, city, language, site, active, bill_overdue, daily_limit_ml,
                                   sealed_pin, revision, merged_into, pin_wrong, pin_lock_since_ms, pin_lock_ms,
                                   created_ms, updated_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
             ON CONFLICT (id) DO UPDATE SET
                 account = excluded.account, phone = excluded.phone, name = excluded.name, city = excluded.city,
                 language = excluded.language, site = excluded.site, active = excluded.active,
                 bill_overdue = excluded.bill_overdue, daily_limit_ml = excluded.daily_limit_ml,
                 sealed_pin = excluded.sealed_pin, revision = excluded.revision, merged_into = excluded.merged_into,
                 pin_wrong = excluded.pin_wrong, pin_lock_since_ms = excluded.pin_lock_since_ms,
                 pin_lock_ms = excluded.pin_lock_ms, updated_ms = excluded.updated_ms",
            params![
                signed(row.id.0),
                row.account.map(AccountId::number),
                row.phone.map(Phone::e164),
                row.name,
                row.city,
                row.language,
                row.site.as_ref().map(SiteName::as_str),
                row.active,
                row.bill_overdue,
                row.daily_limit.map(Volume::signed_ml),
                row.sealed_pin,
                signed(row.revision),
                row.merged_into.map(|into| signed(into.0)),
                row.pin_wrong,
                row.pin_lock_since.map(|since| since.0),
                row.pin_lock_ms,
                row.created.0,
                row.updated.0,
            ],
        )
        .map(drop)
    }

    /// The next account number; nobody gets it again. `None` when six digits are used up.
    pub fn next_account(&self) -> Stored<Option<AccountId>> {
        let number = self.one(
            "UPDATE hub SET account_last = account_last + 1 RETURNING account_last",
            [],
            |row| row.get::<_, u32>(0),
        )?;
        Ok(number.and_then(AccountId::new))
    }

    /// An account number is known to be given out: a restored hub must not give it again.
    pub fn account_seen(&self, account: AccountId) -> Stored<()> {
        self.execute(
            "UPDATE hub SET account_last = max(account_last, ?1)",
            [account.number()],
        )
        .map(drop)
    }

    /// Leaves out the next account numbers, as long as that leaves half of the six digits.
    pub fn skip_accounts(&self, count: u32) -> Stored<()> {
        self.execute(
            "UPDATE hub SET account_last = account_last + ?1 WHERE account_last + ?1 <= ?2",
            [count, AccountId::MAX / 2],
        )
        .map(drop)
    }

    /// The totals of a purse.
    pub fn purse(&self, key: PurseKey) -> Stored<PurseRow> {
        let (customer, purse, period) = key.columns();
        let found = self.one(
            "SELECT * FROM purse WHERE customer = ?1 AND purse = ?2 AND period = ?3",
            (customer, purse, period),
            |row| {
                Ok(PurseRow {
                    credited_ml: row.get("credited_ml")?,
                    credited_minor: row.get("credited_minor")?,
                    spent_ml: row.get("spent_ml")?,
                    released_minor: row.get("released_minor")?,
                })
            },
        )?;
        Ok(found.unwrap_or_default())
    }

    /// Writes the totals of a purse.
    pub fn put_purse(&self, key: PurseKey, row: &PurseRow) -> Stored<()> {
        let (customer, purse, period) = key.columns();
        self.execute(
            "INSERT INTO purse (customer, purse, period, credited_ml, credited_minor, spent_ml, released_minor)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (customer, purse, period) DO UPDATE SET
                 credited_ml = excluded.credited_ml, credited_minor = excluded.credited_minor,
                 spent_ml = excluded.spent_ml, released_minor = excluded.released_minor",
            params![
                customer,
                purse,
                period,
                row.credited_ml,
                row.credited_minor,
                row.spent_ml,
                row.released_minor
            ],
        )
        .map(drop)
    }

    /// All purses of a customer.
    pub fn purses(&self, customer: CustomerId) -> Stored<Vec<PurseKey>> {
        self.all(
            "SELECT purse, period FROM purse WHERE customer = ?1 ORDER BY purse, period",
            [signed(customer.0)],
            |row| {
                let purse = purse_from_number(row.get("purse")?).ok_or_else(|| wrong(row, "purse"))?;
                Ok(PurseKey {
                    customer,
                    purse,
                    period: row.get("period")?,
                })
            },
        )
    }

    /// Customers with purses, after one.
    pub fn customers_with_purses(&self, after: CustomerId, limit: u32) -> Stored<Vec<CustomerId>> {
        self.all(
            "SELECT DISTINCT customer FROM purse WHERE customer > ?1 ORDER BY customer LIMIT ?2",
            [signed(after.0), i64::from(limit)],
            |row| Ok(CustomerId(id(row, "customer")?)),
        )
    }

    /// Takes a purse's row away: its totals went to another customer.
    pub fn remove_purse(&self, key: PurseKey) -> Stored<()> {
        self.execute(
            "DELETE FROM purse WHERE customer = ?1 AND purse = ?2 AND period = ?3",
            key.columns(),
        )
        .map(drop)
    }

    /// Writes a credit; false when it is known already.
    pub fn add_credit(&self, credit: &CreditRow) -> Stored<bool> {
        let (customer, purse, period) = credit.key.columns();
        let added = self.execute(
            "INSERT INTO credit (id, customer, purse, period, volume_ml, amount_minor, source, reason, time_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO NOTHING",
            params![
                signed(credit.id),
                customer,
                purse,
                period,
                credit.volume_ml,
                credit.amount_minor,
                credit.source,
                credit.reason,
                credit.time.0,
            ],
        )?;
        Ok(added == 1)
    }

    /// Whether a credit is known.
    pub fn has_credit(&self, id: u64) -> Stored<bool> {
        let found = self.one("SELECT 1 FROM credit WHERE id = ?1", [signed(id)], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// What was credited to a purse after a moment: what shares its millisecond counts as before, and so does what was
    /// bought before, for it may have been credited, and granted, in the past that is missing. So may what a wallet has
    /// paid.
    pub fn credited_since(&self, key: PurseKey, since: Wall) -> Stored<i64> {
        let (customer, purse, period) = key.columns();
        let sum = self.one(
            "SELECT coalesce(sum(volume_ml), 0) FROM credit
             WHERE customer = ?1 AND purse = ?2 AND period = ?3 AND time_ms > ?4 AND source NOT LIKE 'wallet:%'
               AND NOT EXISTS (SELECT 1 FROM purchase AS old
                               WHERE old.customer = ?1 AND old.created_ms <= ?4 AND credit.source IN (
                   old.provider || ':' || old.receipt,
                   old.provider || ':reference ' || old.reference,
                   old.provider || ':purchase ' || format('%016x', old.id)))",
            (customer, purse, period, since.0),
            |row| row.get(0),
        )?;
        Ok(sum.unwrap_or_default())
    }

    /// Everything of one customer's water and money counts as another's from now on.
    pub fn move_customer(&self, from: CustomerId, into: CustomerId) -> Stored<()> {
        for table in [
            "credit",
            "grants",
            "draw",
            "draw_part",
            "subscription",
            "purchase",
            "history",
            "bill",
            "payout",
        ] {
            self.execute(
                &format!("UPDATE {table} SET customer = ?2 WHERE customer = ?1"),
                [signed(from.0), signed(into.0)],
            )?;
        }
        Ok(())
    }
}

/// Litres or allowance given to a purse.
#[derive(Clone, Debug)]
pub(in crate::hub) struct CreditRow {
    pub id: u64,
    pub key: PurseKey,
    pub volume_ml: i64,
    pub amount_minor: i64,
    pub source: String,
    pub reason: String,
    pub time: Wall,
}
