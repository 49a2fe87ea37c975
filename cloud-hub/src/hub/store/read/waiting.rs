//! Money that came without a prompt and waits for somebody to say whose it is.

use kiosk::moment::Wall;
use rusqlite::{Connection, params};

use super::{LIMIT_MAX, Read};
use crate::hub::store::Store;

/// Money that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneyWaiting {
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
}

/// Money whose receipt no purchase has: an STK payment may be told of twice, and is settled as a purchase.
const WAITS: &str = "FROM money_seen WHERE NOT EXISTS (
    SELECT 1 FROM purchase WHERE purchase.provider = money_seen.provider AND purchase.receipt = money_seen.receipt)";

/// Money that waits, the oldest first.
pub fn money_waiting(connection: &Connection, limit: u32) -> Read<Vec<MoneyWaiting>> {
    Store(connection).all(
        &format!("SELECT * {WAITS} ORDER BY id LIMIT ?1"),
        params![limit.min(LIMIT_MAX)],
        |row| {
            Ok(MoneyWaiting {
                provider: row.get("provider")?,
                receipt: row.get("receipt")?,
                amount_minor: row.get("amount_minor")?,
                currency: row.get("currency")?,
                payer: row.get("payer")?,
                reference: row.get("reference")?,
                short_code: row.get("short_code")?,
                paid: Wall(row.get("paid_ms")?),
                source: row.get("source")?,
            })
        },
    )
}

/// How many payments wait.
pub fn money_waiting_count(connection: &Connection) -> Read<i64> {
    let count = Store(connection).one(&format!("SELECT count(*) {WAITS}"), [], |row| row.get(0))?;
    Ok(count.unwrap_or_default())
}
