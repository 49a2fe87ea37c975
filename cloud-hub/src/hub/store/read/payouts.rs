//! Money that goes out, as pages and the API show it.

use kiosk::{
    ids::{CustomerId, PayoutId, PurchaseId},
    moment::Wall,
    payout::PayoutState,
    provider::Provider,
};
use rusqlite::{Connection, Row, params};

use super::{LIMIT_MAX, Page, Read, page};
use crate::hub::store::{Store, id, maybe_id, maybe_wall, signed};

/// A payout.
#[derive(Clone, Debug)]
pub struct Payout {
    /// Its row, which is the cursor.
    pub row: i64,
    /// The id.
    pub id: PayoutId,
    /// `refund`, `withdrawal` or `return`.
    pub kind: String,
    /// Whose money it is; nobody's that we know when it goes back to a payer.
    pub customer: Option<CustomerId>,
    /// What is refunded.
    pub purchase: Option<PurchaseId>,
    /// Who pays it out; nobody where it went into the wallet.
    pub provider: Option<String>,
    /// `transfer`, `reversal`, `hand` or `wallet`.
    pub way: String,
    /// The receipt that is reversed.
    pub original: Option<String>,
    /// What goes out.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// What went into the wallet beside it.
    pub to_wallet_minor: i64,
    /// Millilitres that the customer no longer has.
    pub taken_back_ml: i64,
    /// Our name for it at the provider.
    pub key: String,
    /// Where it stands.
    pub state: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// The provider's receipt.
    pub receipt: Option<String>,
    /// The provider says by itself that it ended, and has not confirmed it.
    pub claimed: bool,
    /// What the provider keeps for it.
    pub fee_minor: i64,
    /// Why.
    pub reason: String,
    /// Who asked for it.
    pub asked_by: String,
    /// When it was asked for.
    pub created: Wall,
    /// When it ended.
    pub ended: Option<Wall>,
}

/// Which payouts are listed.
#[derive(Clone, Debug, Default)]
pub struct PayoutFilter {
    /// In this state.
    pub state: Option<PayoutState>,
    /// Of this customer.
    pub customer: Option<CustomerId>,
}

fn read_payout(row: &Row<'_>) -> rusqlite::Result<Payout> {
    Ok(Payout {
        row: row.get("number")?,
        id: PayoutId(id(row, "id")?),
        kind: row.get("kind")?,
        customer: maybe_id(row, "customer")?.map(CustomerId),
        purchase: maybe_id(row, "purchase")?.map(PurchaseId),
        provider: row.get("provider")?,
        way: row.get("way")?,
        original: row.get("original")?,
        amount_minor: row.get("amount_minor")?,
        currency: row.get("currency")?,
        to_wallet_minor: row.get("to_wallet_minor")?,
        taken_back_ml: row.get("taken_back_ml")?,
        key: row.get("key")?,
        state: row.get("state")?,
        failure: row.get("failure")?,
        receipt: row.get("receipt")?,
        claimed: row.get("claimed")?,
        fee_minor: row.get("fee_minor")?,
        reason: row.get("reason")?,
        asked_by: row.get("asked_by")?,
        created: Wall(row.get("created_ms")?),
        ended: maybe_wall(row, "ended_ms")?,
    })
}

/// A payout by id.
pub fn payout(connection: &Connection, payout: PayoutId) -> Read<Option<Payout>> {
    Store(connection).one("SELECT * FROM payout WHERE id = ?1", [signed(payout.0)], read_payout)
}

/// Payouts, the newest first, before this row (`i64::MAX` for the first page).
pub fn payouts(connection: &Connection, filter: &PayoutFilter, before: i64, limit: u32) -> Read<Page<Payout>> {
    let limit = limit.clamp(1, LIMIT_MAX);
    let items = Store(connection).all(
        "SELECT * FROM payout WHERE number < ?1 AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR customer = ?3)
         ORDER BY number DESC LIMIT ?4",
        params![
            before,
            filter.state.map(PayoutState::name),
            filter.customer.map(|customer| signed(customer.0)),
            i64::from(limit) + 1
        ],
        read_payout,
    )?;
    Ok(page(items, limit, |item: &Payout| item.row))
}

/// The payouts of a purchase, the newest first.
pub fn payouts_of(connection: &Connection, purchase: PurchaseId) -> Read<Vec<Payout>> {
    Store(connection).all(
        "SELECT * FROM payout WHERE purchase = ?1 ORDER BY number DESC LIMIT ?2",
        params![signed(purchase.0), LIMIT_MAX],
        read_payout,
    )
}

/// The condition of the index `payout_with_operator`, word for word: else it is not used, and every payout ever made is
/// read for each view of the front page.
const FOR_OPERATORS: &str = "SELECT * FROM payout
    WHERE state = 'needs_operator' OR (retries > 3 AND (claimed = 1 OR state IN ('pending', 'unknown')))
    ORDER BY number LIMIT ?1";

/// Payouts that an operator must look at, the oldest first: what nobody can be asked about, and what a provider says it
/// did not make but does not confirm, or goes on saying that it is at work.
pub fn payouts_for_operators(connection: &Connection) -> Read<Vec<Payout>> {
    Store(connection).all(FOR_OPERATORS, [LIMIT_MAX], read_payout)
}

/// Since when payouts are left to a person, because the hub was restored.
pub fn payouts_held(connection: &Connection) -> Read<Option<Wall>> {
    Ok(Store(connection).hub()?.payouts_held)
}

/// A payout that the books hold as made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadePayout {
    /// Which.
    pub id: PayoutId,
    /// The provider's receipt; `None` when it never came.
    pub receipt: Option<String>,
    /// Minor units.
    pub amount_minor: i64,
    /// When it was sent.
    pub since: Wall,
    /// When it was booked as made.
    pub until: Wall,
}

const MADE: &str = "SELECT id, receipt, amount_minor, since_ms, coalesce(ended_ms, since_ms) AS until_ms FROM payout
    WHERE provider = ?1 AND state = 'succeeded'";

fn read_made(row: &Row<'_>) -> rusqlite::Result<MadePayout> {
    Ok(MadePayout {
        id: PayoutId(id(row, "id")?),
        receipt: row.get("receipt")?,
        amount_minor: row.get("amount_minor")?,
        since: Wall(row.get("since_ms")?),
        until: Wall(row.get("until_ms")?),
    })
}

/// The payout that the books hold under a receipt.
pub fn payout_under(connection: &Connection, provider: Provider, receipt: &str) -> Read<Option<MadePayout>> {
    Store(connection).one(
        &format!("{MADE} AND receipt = ?2 LIMIT 1"),
        [provider.name(), receipt],
        read_made,
    )
}

/// The payouts that were certainly made between two moments.
pub fn payouts_between(connection: &Connection, provider: Provider, from: Wall, to: Wall) -> Read<Vec<MadePayout>> {
    Store(connection).all(
        &format!("{MADE} AND since_ms >= ?2 AND coalesce(ended_ms, since_ms) <= ?3 ORDER BY since_ms, id"),
        params![provider.name(), from.0, to.0],
        read_made,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::store::MIGRATIONS;

    #[test]
    fn the_payouts_for_operators_are_found_by_their_index() {
        let connection = Connection::open_in_memory().unwrap();
        MIGRATIONS
            .iter()
            .for_each(|step| connection.execute_batch(step).unwrap());
        let sql = format!("EXPLAIN QUERY PLAN {FOR_OPERATORS}");
        let plan: String = connection.query_row(&sql, [LIMIT_MAX], |row| row.get(3)).unwrap();
        assert!(plan.contains("payout_with_operator"), "{plan}");
    }
}
