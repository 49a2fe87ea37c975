//! Money that providers say has come without a prompt, and how far they were asked.

use kiosk::{
    ids::{CustomerId, ProviderReceipt, PurchaseId},
    incoming::{WITHIN_MS, Why},
    moment::{DAY_MS, Wall},
    provider::Provider,
    units::{Currency, Money},
};
use rusqlite::{Row, params};

use super::{PurchaseRow, Store, Stored, maybe_id, maybe_wall, purchase::read_purchase, signed, wrong};
use crate::hub::money::{Arrival, MoneyPlace, MoneySource};

/// One receipt's money.
#[derive(Clone, Debug)]
pub(in crate::hub) struct MoneyRow {
    pub arrival: Arrival,
    pub source: MoneySource,
    pub proven: bool,
    pub place: MoneyPlace,
}

/// How far a provider was asked for what it took.
#[derive(Clone, Copy, Debug)]
pub(in crate::hub) struct PullRow {
    pub asked: Wall,
    pub done: Option<Wall>,
    pub due: Wall,
    /// Payments of the last answer that could not be read; an alarm has told so many.
    pub unreadable: u32,
    /// An alarm has told that what came since then is out of the provider's reach.
    pub gap: Option<Wall>,
}

fn read_place(row: &Row<'_>) -> rusqlite::Result<MoneyPlace> {
    let (place, why): (String, Option<String>) = (row.get("place")?, row.get("why")?);
    let purchase = || maybe_id(row, "purchase")?.ok_or_else(|| wrong(row, "purchase"));
    let customer = || maybe_id(row, "customer")?.ok_or_else(|| wrong(row, "customer"));
    Ok(match place.as_str() {
        "waits" => MoneyPlace::Waits,
        "foreign" => MoneyPlace::Foreign,
        "purchase" => MoneyPlace::Purchase(PurchaseId(purchase()?)),
        "wallet" => MoneyPlace::Wallet(CustomerId(customer()?)),
        "returned" => MoneyPlace::Returned,
        _ => {
            let why = why.as_deref().and_then(Why::from_name);
            MoneyPlace::Suspense(why.ok_or_else(|| wrong(row, "why"))?)
        }
    })
}

pub(super) fn read_money(row: &Row<'_>) -> rusqlite::Result<MoneyRow> {
    let (provider, receipt): (String, String) = (row.get("provider")?, row.get("receipt")?);
    let (currency, source): (String, String) = (row.get("currency")?, row.get("source")?);
    let currency = Currency::from_code(&currency).ok_or_else(|| wrong(row, "currency"))?;
    Ok(MoneyRow {
        arrival: Arrival {
            provider: Provider::from_name(&provider).ok_or_else(|| wrong(row, "provider"))?,
            receipt: receipt.parse().map_err(|_| wrong(row, "receipt"))?,
            amount: Money::new(row.get("amount_minor")?, currency),
            payer: row.get("payer")?,
            reference: row.get("reference")?,
            short_code: row.get("short_code")?,
            // Only an offer is judged by it.
            at_till: false,
            time: Wall(row.get("paid_ms")?),
        },
        source: MoneySource::from_name(&source).ok_or_else(|| wrong(row, "source"))?,
        proven: row.get("proven")?,
        place: read_place(row)?,
    })
}

impl Store<'_> {
    /// What is known of a receipt.
    pub fn money(&self, provider: Provider, receipt: &ProviderReceipt) -> Stored<Option<MoneyRow>> {
        self.one(
            "SELECT * FROM money_seen WHERE provider = ?1 AND receipt = ?2",
            [provider.name(), receipt.as_str()],
            read_money,
        )
    }

    /// Proven money that has no place yet, the oldest first.
    pub fn money_to_place(&self, limit: u32) -> Stored<Vec<MoneyRow>> {
        self.all(
            "SELECT * FROM money_seen WHERE place = 'waits' AND proven = 1 ORDER BY id LIMIT ?1",
            [limit],
            read_money,
        )
    }

    /// When the oldest money was paid that a provider claimed after a moment and that nothing proves yet.
    pub fn oldest_claim(&self, provider: Provider, after: Wall) -> Stored<Option<Wall>> {
        let oldest = self.one(
            "SELECT min(paid_ms) AS paid_ms FROM money_seen seen
             WHERE place = 'waits' AND proven = 0 AND provider = ?1 AND seen_ms > ?2 AND NOT EXISTS (
                 SELECT 1 FROM purchase WHERE provider = seen.provider AND receipt = seen.receipt
                     AND state = 'succeeded')",
            params![provider.name(), after.0],
            |row| maybe_wall(row, "paid_ms"),
        )?;
        Ok(oldest.flatten())
    }

    /// Writes money down, or what is known of it now. Where it counts as money that came is decided when it is first booked:
    /// what becomes of it later moves it to no other day and no other site.
    pub fn put_money(&self, row: &MoneyRow, now: Wall) -> Stored<()> {
        let Arrival {
            provider,
            receipt,
            amount,
            payer,
            reference,
            short_code,
            time,
            ..
        } = &row.arrival;
        let why = match row.place {
            MoneyPlace::Suspense(why) => Some(why.name()),
            _ => None,
        };
        let purchase = match row.place {
            MoneyPlace::Purchase(purchase) => Some(signed(purchase.0)),
            _ => None,
        };
        let customer = match row.place {
            MoneyPlace::Wallet(customer) => Some(signed(customer.0)),
            _ => None,
        };
        self.execute(
            "INSERT INTO money_seen (provider, receipt, amount_minor, currency, payer, reference, short_code, paid_ms,
                 source, seen_ms, proven, place, why, purchase, customer, counts_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, CASE ?12
                 WHEN 'suspense' THEN ''
                 WHEN 'wallet' THEN coalesce((SELECT coalesce(stays.site, own.site) FROM customer AS own
                     LEFT JOIN customer AS stays ON stays.id = own.merged_into WHERE own.id = ?15), '') END)
             ON CONFLICT (provider, receipt) DO UPDATE SET
                 amount_minor = excluded.amount_minor, currency = excluded.currency, payer = excluded.payer,
                 reference = excluded.reference, short_code = excluded.short_code, paid_ms = excluded.paid_ms,
                 source = excluded.source, proven = excluded.proven, place = excluded.place, why = excluded.why,
                 purchase = excluded.purchase, customer = excluded.customer,
                 counts_at = coalesce(counts_at, excluded.counts_at)",
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
                now.0,
                row.proven,
                row.place.name(),
                why,
                purchase,
                customer
            ],
        )
        .map(drop)
    }

    /// Every purchase by prompt whose money this could be: those of its amount that lived near its time, and the one that
    /// names its receipt. One whose receipt is proven waits for no other. Few live longer than a day: they have an index of
    /// their own.
    pub fn purchases_of_money(&self, arrival: &Arrival) -> Stored<Vec<PurchaseRow>> {
        let (first, last) = (arrival.time.plus_ms(-WITHIN_MS), arrival.time.plus_ms(WITHIN_MS));
        let first_made = first.plus_ms(-DAY_MS);
        self.all(
            "SELECT * FROM purchase WHERE pay = 'prompt' AND provider = ?1 AND amount_minor = ?2
                 AND receipt_proven = 0 AND created_ms BETWEEN ?3 AND ?4
             UNION
             SELECT * FROM purchase WHERE pay = 'prompt' AND provider = ?1 AND amount_minor = ?2
                 AND receipt_proven = 0 AND max(coalesce(settled_ms, 0), since_ms) - created_ms > 86400000
                 AND created_ms <= ?4 AND max(coalesce(settled_ms, 0), since_ms) >= ?5
             UNION
             SELECT * FROM purchase WHERE pay = 'prompt' AND provider = ?1 AND receipt = ?6",
            params![
                arrival.provider.name(),
                arrival.amount.minor,
                first_made.0,
                last.0,
                first.0,
                arrival.receipt.as_str()
            ],
            read_purchase,
        )
    }

    /// Whether a claim is to be asked about, which is noted: when it is new, or not in the last `apart_ms`.
    pub fn ask_about_claim(&self, claim: &Arrival, now: Wall, apart_ms: i64) -> Stored<bool> {
        if self.money(claim.provider, &claim.receipt)?.is_none() {
            return Ok(true);
        }
        let noted = self.execute(
            "UPDATE money_seen SET asked_ms = ?3
             WHERE provider = ?1 AND receipt = ?2 AND coalesce(asked_ms, seen_ms) <= ?4",
            params![
                claim.provider.name(),
                claim.receipt.as_str(),
                now.0,
                now.plus_ms(-apart_ms).0
            ],
        )?;
        Ok(noted > 0)
    }

    /// How far a provider was asked.
    pub fn pull(&self, provider: Provider) -> Stored<Option<PullRow>> {
        self.one("SELECT * FROM pull WHERE provider = ?1", [provider.name()], |row| {
            Ok(PullRow {
                asked: Wall(row.get("asked_ms")?),
                done: maybe_wall(row, "done_ms")?,
                due: Wall(row.get("due_ms")?),
                unreadable: row.get("unreadable")?,
                gap: maybe_wall(row, "gap_ms")?,
            })
        })
    }

    /// Writes how far a provider was asked.
    pub fn put_pull(&self, provider: Provider, row: &PullRow) -> Stored<()> {
        self.execute(
            "INSERT INTO pull (provider, asked_ms, done_ms, due_ms, unreadable, gap_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (provider) DO UPDATE SET
                 asked_ms = excluded.asked_ms, done_ms = excluded.done_ms, due_ms = excluded.due_ms,
                 unreadable = excluded.unreadable, gap_ms = excluded.gap_ms",
            params![
                provider.name(),
                row.asked.0,
                row.done.map(|done| done.0),
                row.due.0,
                row.unreadable,
                row.gap.map(|gap| gap.0)
            ],
        )
        .map(drop)
    }
}
