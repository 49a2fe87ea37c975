//! Purchases, transactions, the ledger, the outbox, the front page.

use std::collections::BTreeMap;

use kiosk::{
    ids::{CustomerId, Epoch, SiteName},
    moment::Wall,
    units::Currency,
};
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter, types::Value};
use store::StoreError;

use super::{LIMIT_MAX, Page, Read, page};
use crate::hub::{
    inbox::TextFound,
    input::PurchaseId,
    store::{Store, id, maybe_id, maybe_parsed, maybe_wall, signed, wrong},
};

/// A purchase.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// The id.
    pub id: PurchaseId,
    /// Whose.
    pub customer: CustomerId,
    /// `topup`, `deposit`, `subscription` or `bill`.
    pub kind: String,
    /// Litres bought.
    pub volume_ml: Option<i64>,
    /// The plan bought.
    pub plan: Option<String>,
    /// What it costs.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// `prompt` or `wallet`.
    pub pay: String,
    /// The provider.
    pub provider: Option<String>,
    /// Where it stands, in the words of CONTRACTS section 6.
    pub state: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// The provider's receipt.
    pub receipt: Option<String>,
    /// When it was made.
    pub created: Wall,
    /// When it was settled.
    pub settled: Option<Wall>,
}

/// A transaction.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Its row, which is the cursor.
    pub row: i64,
    /// `site:epoch:seq`, or `hub:ID` for rows of the hub's own.
    pub id: String,
    /// Where.
    pub site: Option<SiteName>,
    /// Who.
    pub customer: Option<CustomerId>,
    /// The dispenser.
    pub dispenser: Option<String>,
    /// What it was.
    pub kind: String,
    /// Millilitres.
    pub volume_ml: i64,
    /// Money.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// When.
    pub time: Wall,
    /// Whether the clock was trusted then.
    pub clock_trusted: bool,
    /// What the dispenser said.
    pub outcome: Option<String>,
    /// The receipt.
    pub receipt: Option<String>,
}

/// A text of the outbox.
#[derive(Clone, Debug)]
pub struct OutboxText {
    /// The row.
    pub id: i64,
    /// To whom.
    pub phone: String,
    /// What.
    pub text: String,
    /// `queued`, `sending`, `sent`, `delivered`, `failed` or `unknown`.
    pub state: String,
    /// The provider's word for what went wrong last, or the site's.
    pub reason: Option<String>,
    /// The site whose SIM it was given to.
    pub site: Option<SiteName>,
    /// When it was queued.
    pub created: Wall,
}

/// A text that came.
#[derive(Clone, Debug)]
pub struct InboxText {
    /// From whom.
    pub phone: String,
    /// What, with nothing that may be a PIN.
    pub text: String,
    /// What was done of it.
    pub found: TextFound,
    /// The site whose own SIM it came to.
    pub site: Option<SiteName>,
    /// When it came.
    pub received: Wall,
}

/// A purchase by id.
pub fn purchase(connection: &Connection, purchase: PurchaseId) -> Read<Option<Purchase>> {
    Store(connection).one(
        "SELECT * FROM purchase WHERE id = ?1",
        [signed(purchase.0)],
        read_purchase,
    )
}

/// The newest purchases of a customer (FEATURES X15).
pub fn purchases(connection: &Connection, customer: CustomerId, limit: u32) -> Read<Vec<Purchase>> {
    Store(connection).all(
        "SELECT * FROM purchase WHERE customer = ?1 ORDER BY created_ms DESC, id LIMIT ?2",
        params![signed(customer.0), limit.clamp(1, LIMIT_MAX)],
        read_purchase,
    )
}

/// Purchases that an operator must look at.
pub fn purchases_for_operators(connection: &Connection) -> Read<Vec<Purchase>> {
    Store(connection).all(
        "SELECT * FROM purchase WHERE state = 'needs_operator' ORDER BY created_ms, id LIMIT ?1",
        [LIMIT_MAX],
        read_purchase,
    )
}

pub(super) fn read_purchase(row: &Row<'_>) -> rusqlite::Result<Purchase> {
    Ok(Purchase {
        id: PurchaseId(id(row, "id")?),
        customer: CustomerId(id(row, "customer")?),
        kind: match row.get("for_bills")? {
            true => "bill".to_owned(),
            false => row.get("kind")?,
        },
        volume_ml: row.get("volume_ml")?,
        plan: row.get("plan")?,
        amount_minor: row.get("amount_minor")?,
        currency: row.get("currency")?,
        pay: row.get("pay")?,
        provider: row.get("provider")?,
        state: row.get("state")?,
        failure: row.get("failure")?,
        receipt: row.get("receipt")?,
        created: Wall(row.get("created_ms")?),
        settled: maybe_wall(row, "settled_ms")?,
    })
}

/// Which transactions are listed.
#[derive(Clone, Debug, Default)]
pub struct TransactionFilter {
    /// Of this site.
    pub site: Option<SiteName>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
}

/// Transactions, the newest first, before this row (`i64::MAX` for the first page).
pub fn transactions(
    connection: &Connection,
    filter: &TransactionFilter,
    before: i64,
    limit: u32,
) -> Read<Page<Transaction>> {
    let limit = limit.clamp(1, LIMIT_MAX);
    let mut sql = "SELECT * FROM history WHERE id < ?".to_owned();
    let mut values = vec![Value::from(before)];
    if let Some(site) = &filter.site {
        sql.push_str(" AND site = ?");
        values.push(Value::from(site.as_str().to_owned()));
    }
    if let Some(customer) = filter.customer {
        sql.push_str(" AND customer = ?");
        values.push(Value::from(signed(customer.0)));
    }
    sql.push_str(" ORDER BY id DESC LIMIT ?");
    values.push(Value::from(i64::from(limit) + 1));
    let items = Store(connection).all(&sql, params_from_iter(values), read_transaction)?;
    Ok(page(items, limit, |item: &Transaction| item.row))
}

fn read_transaction(row: &Row<'_>) -> rusqlite::Result<Transaction> {
    let (number, site): (i64, Option<SiteName>) = (row.get("id")?, maybe_parsed(row, "site")?);
    let epoch = maybe_id(row, "epoch")?.map(Epoch);
    let name = match (epoch, &site) {
        (Some(epoch), Some(site)) => format!("{site}:{epoch}:{}", row.get::<_, u32>("seq")?),
        _ => format!("hub:{number}"),
    };
    Ok(Transaction {
        row: number,
        id: name,
        site,
        customer: maybe_id(row, "customer")?.map(CustomerId),
        dispenser: row.get("dispenser")?,
        kind: row.get("kind")?,
        volume_ml: row.get("volume_ml")?,
        amount_minor: row.get("amount_minor")?,
        currency: row.get("currency")?,
        time: Wall(row.get("time_ms")?),
        clock_trusted: row.get("clock_trusted")?,
        outcome: row.get("outcome")?,
        receipt: row.get("receipt")?,
    })
}

/// The ledger's accounts by currency; wallets and the like are added up over all customers.
pub fn ledger_balance(connection: &Connection) -> Read<BTreeMap<Currency, BTreeMap<String, i64>>> {
    let rows = Store(connection).all(
        "SELECT currency, kind, sum(minor) FROM (
             SELECT currency, minor, CASE
                 WHEN account LIKE 'wallet:%' OR account LIKE 'water:%' OR account LIKE 'bill:%'
                      OR account LIKE 'loan:%' THEN substr(account, 1, instr(account, ':') - 1)
                 ELSE account END AS kind FROM balance)
         GROUP BY currency, kind ORDER BY currency, kind",
        [],
        |row| {
            Ok((
                row.get::<_, String>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, i64>(2)?,
            ))
        },
    )?;
    let mut ledger: BTreeMap<Currency, BTreeMap<String, i64>> = BTreeMap::new();
    for (currency, account, minor) in rows {
        let currency = Currency::from_code(&currency).ok_or(StoreError::Row("a currency"))?;
        ledger.entry(currency).or_default().insert(account, minor);
    }
    Ok(ledger)
}

/// The newest texts of the outbox.
pub fn outbox(connection: &Connection, limit: u32) -> Read<Vec<OutboxText>> {
    Store(connection).all(
        "SELECT outbox.*, enrolment.site FROM outbox LEFT JOIN enrolment ON enrolment.box = outbox.say_box
         WHERE outbox.sync_box IS NULL ORDER BY outbox.id DESC LIMIT ?1",
        [limit.clamp(1, LIMIT_MAX)],
        |row| {
            Ok(OutboxText {
                id: row.get("id")?,
                phone: row.get("phone")?,
                text: row.get("text")?,
                state: row.get("state")?,
                reason: row.get("reason")?,
                site: maybe_parsed(row, "site")?,
                created: Wall(row.get("created_ms")?),
            })
        },
    )
}

/// The newest texts that came.
pub fn inbox(connection: &Connection, limit: u32) -> Read<Vec<InboxText>> {
    Store(connection).all(
        "SELECT * FROM inbox ORDER BY received_ms DESC, id LIMIT ?1",
        [limit.clamp(1, LIMIT_MAX)],
        |row| {
            let found: String = row.get("state")?;
            Ok(InboxText {
                phone: row.get("phone")?,
                text: row.get("text")?,
                found: TextFound::from_name(&found).ok_or_else(|| wrong(row, "state"))?,
                site: maybe_parsed(row, "site")?,
                received: Wall(row.get("received_ms")?),
            })
        },
    )
}

/// Customers who want no texts but those about their own money, the newest first.
pub fn stopped(connection: &Connection, limit: u32) -> Read<Vec<(CustomerId, String, Wall)>> {
    Store(connection).all(
        "SELECT customer.id, customer.phone, stopped.since_ms FROM stopped JOIN customer ON customer.phone = stopped.phone
         ORDER BY stopped.since_ms DESC LIMIT ?1",
        [limit.clamp(1, LIMIT_MAX)],
        |row| {
            let customer = CustomerId(id(row, "id")?);
            Ok((customer, row.get("phone")?, Wall(row.get("since_ms")?)))
        },
    )
}

/// The provider's word for why it takes no texts at present.
pub fn texts_held(connection: &Connection) -> Read<Option<String>> {
    Ok(Store(connection).text_hold()?.map(|hold| hold.reason))
}

/// How many texts wait to be handed over.
pub fn texts_waiting(connection: &Connection) -> Read<u32> {
    let count = Store(connection).one(
        "SELECT count(*) FROM outbox WHERE due_ms IS NOT NULL AND state = 'queued' AND sync_box IS NULL",
        [],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// What the front page counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Customers with an account.
    pub customers: i64,
    /// Millilitres drawn since a moment.
    pub drawn_ml: i64,
    /// What tills, cash and managers have more since then: money in, less what went out, in minor units.
    pub gained_minor: i64,
    /// Sites that are online.
    pub sites_online: i64,
    /// Purchases that an operator must look at.
    pub purchases_waiting: i64,
}

/// Whether the books can be read at all.
pub fn answers(connection: &Connection) -> Read<i64> {
    Ok(connection.query_row("SELECT 1", [], |row| row.get(0))?)
}

/// What the front page counts, since a moment; money in this currency.
pub fn totals(connection: &Connection, since: Wall, currency: Currency) -> Read<Totals> {
    let totals = connection
        .prepare_cached(
            "SELECT (SELECT count(*) FROM customer WHERE account IS NOT NULL),
                    (SELECT coalesce(sum(volume_ml), 0) FROM history
                     WHERE time_ms >= ?1 AND kind IN ('dispense', 'correction', 'loss')),
                    (SELECT coalesce(sum(posting.minor), 0) FROM balance
                     CROSS JOIN posting ON posting.account = balance.account AND posting.currency = ?2
                         AND posting.entry >= (SELECT min(+id) FROM entry WHERE time_ms >= ?1)
                     CROSS JOIN entry ON entry.id = posting.entry AND entry.time_ms >= ?1
                     WHERE balance.currency = ?2 AND (balance.account BETWEEN 'till:' AND 'till;'
                         OR balance.account BETWEEN 'cash:' AND 'cash;' OR balance.account BETWEEN 'float:' AND 'float;')),
                    (SELECT count(*) FROM site WHERE online <> 0),
                    (SELECT count(*) FROM purchase WHERE state = 'needs_operator')",
        )?
        .query_row(params![since.0, currency.code()], |row| {
            Ok(Totals {
                customers: row.get(0)?,
                drawn_ml: row.get(1)?,
                gained_minor: row.get(2)?,
                sites_online: row.get(3)?,
                purchases_waiting: row.get(4)?,
            })
        })
        .optional()?;
    Ok(totals.unwrap_or_default())
}
