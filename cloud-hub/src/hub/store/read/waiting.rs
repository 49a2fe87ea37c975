//! Money that came without a prompt and waits for somebody to say whose it is.

use kiosk::{ids::PurchaseId, moment::Wall, provider::Provider};
use rusqlite::{Connection, Row, params};

use super::{LIMIT_MAX, Page, Read, page};
use crate::hub::store::{Store, maybe_id};

/// Money that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneyWaiting {
    /// Its row, which is the cursor.
    pub row: i64,
    /// Who holds it: `mpesa` …
    pub provider: String,
    /// The payer's receipt.
    pub receipt: String,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// The payer as the provider shows them.
    pub payer: Option<String>,
    /// What the payer typed as the account.
    pub reference: Option<String>,
    /// Who was paid.
    pub short_code: String,
    /// When, as the provider says.
    pub paid: Wall,
    /// `confirmation`, `statement` or `pull`.
    pub source: String,
    /// Only a claim so far is not booked; proven money is, in suspense.
    pub proven: bool,
    /// `waits`, `foreign` or `suspense`.
    pub place: String,
    /// Why it is in suspense.
    pub why: Option<String>,
}

/// Money that is in nobody's name. A claim that tells the receipt of a settled purchase tells nothing new.
const WAITS: &str = "FROM money_seen seen WHERE place IN ('waits', 'foreign', 'suspense') AND NOT (
    place = 'waits' AND proven = 0 AND EXISTS (
        SELECT 1 FROM purchase WHERE provider = seen.provider AND receipt = seen.receipt AND state = 'succeeded'))";

/// Money that waits: what is booked to suspense, then the rest, the oldest first.
pub fn money_waiting(connection: &Connection, limit: u32) -> Read<Vec<MoneyWaiting>> {
    Store(connection).all(
        &format!("SELECT * {WAITS} ORDER BY place <> 'suspense', id LIMIT ?1"),
        params![limit.min(LIMIT_MAX)],
        read_waiting,
    )
}

fn read_waiting(row: &Row<'_>) -> rusqlite::Result<MoneyWaiting> {
    Ok(MoneyWaiting {
        row: row.get("id")?,
        provider: row.get("provider")?,
        receipt: row.get("receipt")?,
        amount_minor: row.get("amount_minor")?,
        currency: row.get("currency")?,
        payer: row.get("payer")?,
        reference: row.get("reference")?,
        short_code: row.get("short_code")?,
        paid: Wall(row.get("paid_ms")?),
        source: row.get("source")?,
        proven: row.get("proven")?,
        place: row.get("place")?,
        why: row.get("why")?,
    })
}

/// Money that waits in one place (`waits`, `foreign`, `suspense`), the oldest first, behind a row.
pub fn money_waiting_in(connection: &Connection, place: &str, after: i64, limit: u32) -> Read<Page<MoneyWaiting>> {
    let limit = limit.clamp(1, LIMIT_MAX);
    let items = Store(connection).all(
        &format!("SELECT * {WAITS} AND place = ?1 AND id > ?2 ORDER BY id LIMIT ?3"),
        params![place, after, i64::from(limit) + 1],
        read_waiting,
    )?;
    Ok(page(items, limit, |item: &MoneyWaiting| item.row))
}

/// How many payments wait.
pub fn money_waiting_count(connection: &Connection) -> Read<i64> {
    let count = Store(connection).one(&format!("SELECT count(*) {WAITS}"), [], |row| row.get(0))?;
    Ok(count.unwrap_or_default())
}

/// A payment by a provider that the books hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedMoney {
    /// The receipt; `None` for a purchase that was settled without one.
    pub receipt: Option<String>,
    /// Whether more than a callback has told the receipt.
    pub is_proven: bool,
    /// Our own or the provider's name of a purchase's payment.
    pub reference: Option<String>,
    /// The purchase; `None` for money in a wallet, in suspense or returned.
    pub purchase: Option<PurchaseId>,
    /// Minor units.
    pub amount_minor: i64,
    /// When it was paid; of a purchase, when its prompt left.
    pub since: Wall,
    /// When it was paid; of a purchase, when it was settled.
    pub until: Wall,
}

/// Payments by prompt that were settled, and other money that is booked.
const BOOKED: &str = "SELECT * FROM (
    SELECT receipt, receipt_proven, reference, id AS purchase, amount_minor, since_ms, coalesce(settled_ms, since_ms) AS until_ms FROM purchase
        WHERE provider = ?1 AND pay = 'prompt' AND settled_ms IS NOT NULL
    UNION ALL
    SELECT receipt, 1, NULL, NULL, amount_minor, paid_ms, paid_ms FROM money_seen
        WHERE provider = ?1 AND place IN ('wallet', 'suspense', 'returned'))";

fn read_booked(row: &Row<'_>) -> rusqlite::Result<BookedMoney> {
    Ok(BookedMoney {
        receipt: row.get("receipt")?,
        is_proven: row.get("receipt_proven")?,
        reference: row.get("reference")?,
        purchase: maybe_id(row, "purchase")?.map(PurchaseId),
        amount_minor: row.get("amount_minor")?,
        since: Wall(row.get("since_ms")?),
        until: Wall(row.get("until_ms")?),
    })
}

/// What the books hold under a receipt, once unless something is wrong; of a purchase that was settled without one, what
/// they hold under the name of its payment.
pub fn booked_under(
    connection: &Connection,
    provider: Provider,
    receipt: &str,
    reference: Option<&str>,
) -> Read<Vec<BookedMoney>> {
    // Each half by its own index: a statement has many lines.
    let sql = "SELECT receipt, receipt_proven, reference, id AS purchase, amount_minor, since_ms,
                   coalesce(settled_ms, since_ms) AS until_ms FROM purchase
               WHERE provider = ?1 AND pay = 'prompt' AND settled_ms IS NOT NULL
                   AND (receipt = ?2 OR (receipt IS NULL AND reference IN (?2, ?3)))
               UNION ALL
               SELECT receipt, 1, NULL, NULL, amount_minor, paid_ms, paid_ms FROM money_seen
               WHERE provider = ?1 AND receipt = ?2 AND place IN ('wallet', 'suspense', 'returned')";
    Store(connection).all(sql, params![provider.name(), receipt, reference], read_booked)
}

/// What the books hold that was certainly paid between two moments, the first first.
pub fn booked_between(connection: &Connection, provider: Provider, from: Wall, to: Wall) -> Read<Vec<BookedMoney>> {
    let sql = format!("{BOOKED} WHERE since_ms >= ?2 AND until_ms <= ?3 ORDER BY since_ms, receipt");
    Store(connection).all(&sql, params![provider.name(), from.0, to.0], read_booked)
}
