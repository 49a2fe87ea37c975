//! What a hub's books hold about payments, read beside it, and the providers' own books beside them.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, ensure};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use world::{http::Api, processes::wait_for, programme::Programme};

/// How long the hub may take to tell its ledger.
const TOLD_WITHIN: Duration = Duration::from_secs(30);

/// Opens the hub's database to read. Not to be kept over a kill: whoever starts next is to find no helper.
pub fn open(programme: &Programme) -> anyhow::Result<Connection> {
    let file = programme.hub.data().join("hub.db");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(&file, flags).with_context(|| file.display().to_string())
}

/// One number of the books.
pub fn number(books: &Connection, statement: &str) -> anyhow::Result<i64> {
    Ok(books.query_row(statement, [], |row| row.get(0))?)
}

/// How far the work is: entries of the ledger, and payments about which something is still to be done.
pub fn progress(programme: &Programme) -> anyhow::Result<(usize, usize)> {
    let books = open(programme)?;
    let entries = number(&books, "SELECT coalesce(max(id), 0) FROM entry")?;
    let open = number(&books, "SELECT count(*) FROM purchase WHERE due_ms IS NOT NULL")?;
    Ok((usize::try_from(entries)?, usize::try_from(open)?))
}

/// The ledger is zero: each entry, the balances, and the sum that the API tells.
pub async fn is_zero(programme: &Programme) -> anyhow::Result<()> {
    let books = open(programme)?;
    let torn = "SELECT count(*) FROM (SELECT 1 FROM posting GROUP BY entry, currency HAVING sum(minor) <> 0)";
    ensure!(number(&books, torn)? == 0, "an entry does not sum to zero");
    let apart = "SELECT (SELECT coalesce(sum(abs(minor)), 0) FROM balance)
         - (SELECT coalesce(sum(abs(held)), 0) FROM (SELECT sum(minor) AS held FROM posting GROUP BY account, currency))";
    ensure!(number(&books, apart)? == 0, "the balances are not what was posted");
    // A connection that was kept open since before a kill is noticed as gone only when it is used.
    let ledger = wait_for("the ledger is told", TOLD_WITHIN, async || {
        programme.api.get("/api/v1/ledger/balance").await.ok()?.expect(200).ok()
    })
    .await?;
    let currencies = ledger.as_object().context("a ledger")?;
    ensure!(currencies.values().all(|one| one["total"] == 0), "{ledger}");
    Ok(())
}

/// What the providers took beside what the hub gave.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    /// Payments in the providers' books.
    pub taken: usize,
    /// Credited exactly once.
    pub once: usize,
    /// Credited more than once.
    pub double: usize,
    /// Neither credited nor on the list of those whom an operator is to look at.
    pub lost: usize,
    /// On that list.
    pub with_operator: usize,
    /// Credits without a payment.
    pub unpaid: i64,
    /// What the tills hold more than the providers took without those on the list, in minor units.
    pub till_difference: i64,
}

struct Stands {
    state: String,
    reference: Option<String>,
}

/// Compares the two. A customer never asks twice for the same amount here, so provider, phone and amount name a payment
/// whose name at the provider the hub never heard.
pub async fn compare(programme: &Programme, sandbox: &Api) -> anyhow::Result<Verdict> {
    let told = sandbox.get("/control/ledger").await?.expect(200)?;
    let lines = told["items"].as_array().context("the providers' books")?;
    let books = open(programme)?;
    let mut credits: BTreeMap<String, usize> = BTreeMap::new();
    let mut read = books.prepare("SELECT source, count(*) FROM credit GROUP BY source")?;
    let rows = read.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
    for row in rows {
        let (source, count) = row?;
        credits.insert(source, usize::try_from(count)?);
    }
    let mut purchases = BTreeMap::new();
    let mut read = books.prepare("SELECT provider, payer, amount_minor, state, reference FROM purchase")?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let key: (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let stands = Stands {
            state: row.get(3)?,
            reference: row.get(4)?,
        };
        ensure!(purchases.insert(key, stands).is_none(), "two payments are alike");
    }
    let mut verdict = Verdict {
        taken: lines.len(),
        ..Verdict::default()
    };
    let mut due_minor = 0;
    for line in lines {
        // M-PESA's lines say which prompt they answered in words of their own.
        let provider = line["provider"].as_str().unwrap_or("mpesa");
        let (phone, amount) = (whole(&line["phone"])?, 100 * whole(&line["amount"])?);
        let receipt = line["receipt"].as_str().context("a receipt")?;
        let stands = purchases.get(&(provider.to_owned(), phone, amount));
        let reference = stands.and_then(|stands| stands.reference.as_ref());
        let mut count = credits.remove(&format!("{provider}:{receipt}")).unwrap_or(0);
        if let Some(reference) = reference {
            count += credits
                .remove(&format!("{provider}:reference {reference}"))
                .unwrap_or(0);
        }
        due_minor += if count > 0 { amount } else { 0 };
        match count {
            0 if stands.is_some_and(|stands| stands.state == "needs_operator") => verdict.with_operator += 1,
            0 => verdict.lost += 1,
            1 => verdict.once += 1,
            _ => verdict.double += 1,
        }
    }
    verdict.unpaid = i64::try_from(credits.values().sum::<usize>())?;
    verdict.till_difference = number(
        &books,
        "SELECT coalesce(sum(minor), 0) FROM balance WHERE account LIKE 'till:%'",
    )? - due_minor;
    Ok(verdict)
}

fn whole(value: &Value) -> anyhow::Result<i64> {
    value.as_i64().with_context(|| format!("{value} is not a whole number"))
}
