//! Money that goes out.

use kiosk::{
    ids::{CustomerId, PayoutId, ProviderReceipt, ProviderReference, PurchaseId},
    incoming::Why,
    moment::Wall,
    payment::{Failure, Msisdn},
    payout::{Payout, PayoutState},
    provider::Provider,
    units::{Currency, Money, Volume},
};
use rusqlite::{Row, params};

use super::{PurseKey, Store, Stored, id, maybe_id, maybe_parsed, maybe_wall, parsed, signed, wrong};
use crate::hub::payout::{PayoutKind, PayoutWay, SourceKind};

/// A payout, and all that it moves.
#[derive(Clone, Debug)]
pub(in crate::hub) struct PayoutRow {
    pub id: PayoutId,
    pub kind: PayoutKind,
    pub source: SourceKind,
    pub customer: Option<CustomerId>,
    pub purchase: Option<PurchaseId>,
    /// Nobody where the money stays in the house.
    pub provider: Option<Provider>,
    pub way: PayoutWay,
    pub payout: Payout,
    pub to_wallet: Money,
    pub taken_back: Volume,
    pub moves: u32,
    pub token: String,
    pub question: String,
    pub why: Option<Why>,
    pub fee: Money,
    pub reason: String,
    pub asked_by: String,
    pub created: Wall,
    pub ended: Option<Wall>,
}

fn read_way(row: &Row<'_>) -> rusqlite::Result<PayoutWay> {
    let way: String = row.get("way")?;
    Ok(match way.as_str() {
        "transfer" => PayoutWay::Transfer,
        "reversal" => PayoutWay::Reversal(parsed(row, "original")?),
        "hand" => PayoutWay::Hand,
        "wallet" => PayoutWay::Wallet,
        _ => return Err(wrong(row, "way")),
    })
}

fn read_own(row: &Row<'_>, currency: Currency) -> rusqlite::Result<Payout> {
    let (state, failure): (String, Option<String>) = (row.get("state")?, row.get("failure")?);
    Ok(Payout {
        amount: Money::new(row.get("amount_minor")?, currency),
        payee: Msisdn(id(row, "payee")?),
        key: parsed(row, "key")?,
        state: PayoutState::from_name(&state).ok_or_else(|| wrong(row, "state"))?,
        failure: failure
            .map(|name| Failure::from_name(&name).ok_or_else(|| wrong(row, "failure")))
            .transpose()?,
        reference: maybe_parsed(row, "reference")?,
        receipt: maybe_parsed(row, "receipt")?,
        reserved: row.get("reserved")?,
        claimed: row.get("claimed")?,
        mismatched: row.get("mismatched")?,
        since: Wall(row.get("since_ms")?),
        retries: row.get("retries")?,
        due: maybe_wall(row, "due_ms")?,
    })
}

pub(super) fn read_payout(row: &Row<'_>) -> rusqlite::Result<PayoutRow> {
    let currency: String = row.get("currency")?;
    let currency = Currency::from_code(&currency).ok_or_else(|| wrong(row, "currency"))?;
    let (kind, source): (String, String) = (row.get("kind")?, row.get("source")?);
    let (provider, why): (Option<String>, Option<String>) = (row.get("provider")?, row.get("why")?);
    Ok(PayoutRow {
        id: PayoutId(id(row, "id")?),
        kind: PayoutKind::from_name(&kind).ok_or_else(|| wrong(row, "kind"))?,
        source: SourceKind::from_name(&source).ok_or_else(|| wrong(row, "source"))?,
        customer: maybe_id(row, "customer")?.map(CustomerId),
        purchase: maybe_id(row, "purchase")?.map(PurchaseId),
        provider: provider
            .map(|name| Provider::from_name(&name).ok_or_else(|| wrong(row, "provider")))
            .transpose()?,
        way: read_way(row)?,
        payout: read_own(row, currency)?,
        to_wallet: Money::new(row.get("to_wallet_minor")?, currency),
        taken_back: Volume::from_ml(id(row, "taken_back_ml")?),
        moves: row.get("moves")?,
        token: row.get("token")?,
        question: row.get("question")?,
        why: why
            .map(|name| Why::from_name(&name).ok_or_else(|| wrong(row, "why")))
            .transpose()?,
        fee: Money::new(row.get("fee_minor")?, currency),
        reason: row.get("reason")?,
        asked_by: row.get("asked_by")?,
        created: Wall(row.get("created_ms")?),
        ended: maybe_wall(row, "ended_ms")?,
    })
}

impl Store<'_> {
    /// A payout by id.
    pub fn payout(&self, payout: PayoutId) -> Stored<Option<PayoutRow>> {
        self.one("SELECT * FROM payout WHERE id = ?1", [signed(payout.0)], read_payout)
    }

    /// The payout whose result comes to the address with this end.
    pub fn payout_by_token(&self, token: &str) -> Stored<Option<PayoutRow>> {
        self.one("SELECT * FROM payout WHERE token = ?1", [token], read_payout)
    }

    /// The payout about which a question was put whose answer comes to the address with this end.
    pub fn payout_by_question(&self, question: &str) -> Stored<Option<PayoutRow>> {
        self.one("SELECT * FROM payout WHERE question = ?1", [question], read_payout)
    }

    /// The payout with this key at a provider, or that the provider calls so.
    pub fn payout_named(&self, provider: Provider, name: &ProviderReference) -> Stored<Option<PayoutRow>> {
        self.one(
            "SELECT * FROM payout WHERE provider = ?1 AND (key = ?2 OR reference = ?2) LIMIT 1",
            [provider.name(), name.as_str()],
            read_payout,
        )
    }

    /// The payout that a provider printed this receipt for.
    pub fn payout_by_receipt(&self, provider: Provider, receipt: &ProviderReceipt) -> Stored<Option<PayoutRow>> {
        self.one(
            "SELECT * FROM payout WHERE provider = ?1 AND receipt = ?2 AND state = 'succeeded' LIMIT 1",
            [provider.name(), receipt.as_str()],
            read_payout,
        )
    }

    /// Payouts that want a tick, those too whose time lies further ahead than any wait, `wait_ms_max`: a clock that ran
    /// ahead set it.
    pub fn payouts_due(&self, now: Wall, wait_ms_max: i64, limit: u32) -> Stored<Vec<PayoutRow>> {
        self.all(
            "SELECT * FROM payout WHERE due_ms <= ?1
             UNION ALL SELECT * FROM payout WHERE due_ms > ?2
             ORDER BY due_ms, id LIMIT ?3",
            [now.0, now.plus_ms(wait_ms_max).0, i64::from(limit)],
            read_payout,
        )
    }

    /// An open withdrawal of so much by a customer, or one that was made since a moment.
    pub fn equal_withdrawal(&self, customer: CustomerId, minor: i64, since: Wall) -> Stored<Option<PayoutId>> {
        self.one(
            "SELECT id FROM payout WHERE customer = ?1 AND kind = 'withdrawal' AND amount_minor = ?2
                 AND state != 'failed' AND (ended_ms IS NULL OR ended_ms >= ?3) LIMIT 1",
            [signed(customer.0), minor, since.0],
            |row| Ok(PayoutId(id(row, "id")?)),
        )
    }

    /// The same for a refund of so much of a purchase.
    pub fn equal_refund(&self, purchase: PurchaseId, minor: i64, since: Wall) -> Stored<Option<PayoutId>> {
        self.one(
            "SELECT id FROM payout WHERE purchase = ?1 AND amount_minor + to_wallet_minor = ?2
                 AND state != 'failed' AND (ended_ms IS NULL OR ended_ms >= ?3) LIMIT 1",
            [signed(purchase.0), minor, since.0],
            |row| Ok(PayoutId(id(row, "id")?)),
        )
    }

    /// What of a purchase was refunded or is on its way, in minor units and in millilitres.
    pub fn refunded_of(&self, purchase: PurchaseId) -> Stored<(i64, u64)> {
        let sums = self.one(
            "SELECT coalesce(sum(amount_minor + to_wallet_minor), 0) AS minor, coalesce(sum(taken_back_ml), 0) AS ml
             FROM payout WHERE purchase = ?1 AND (reserved OR state = 'succeeded')",
            [signed(purchase.0)],
            |row| Ok((row.get("minor")?, id(row, "ml")?)),
        )?;
        Ok(sums.unwrap_or_default())
    }

    /// Prepaid litres that a customer got after a moment, less those of them that were refunded, in millilitres.
    pub fn prepaid_since_ml(&self, customer: CustomerId, since: Wall) -> Stored<i64> {
        let (of, purse, period) = PurseKey::prepaid(customer).columns();
        let sum = self.one(
            "SELECT (SELECT coalesce(sum(volume_ml), 0) FROM credit
                     WHERE customer = ?1 AND purse = ?2 AND period = ?3 AND time_ms > ?4 AND volume_ml > 0
                         AND source NOT LIKE 'refund:%')
                  - (SELECT coalesce(sum(taken_back_ml), 0) FROM payout JOIN purchase ON purchase.id = payout.purchase
                     WHERE purchase.customer = ?1 AND purchase.kind = 'topup' AND purchase.settled_ms > ?4
                         AND (payout.reserved OR payout.state = 'succeeded'))",
            params![of, purse, period, since.0],
            |row| row.get(0),
        )?;
        Ok(sum.unwrap_or_default())
    }

    /// The period of the purse that a credit went into.
    pub fn credit_period(&self, credit: u64) -> Stored<Option<i64>> {
        self.one("SELECT period FROM credit WHERE id = ?1", [signed(credit)], |row| {
            row.get("period")
        })
    }

    /// A subscription that was ended early goes on to this moment.
    pub fn revive_subscription(&self, id: i64, valid_until: Wall) -> Stored<()> {
        self.execute(
            "UPDATE subscription SET state = 'valid', valid_until_ms = ?2, end_told = 0, reminded = NULL WHERE id = ?1",
            params![id, valid_until.0],
        )
        .map(drop)
    }

    /// Writes a payout, new or changed; what is paid out, to whom and why never changes.
    pub fn put_payout(&self, row: &PayoutRow) -> Stored<()> {
        let payout = &row.payout;
        let original = match &row.way {
            PayoutWay::Reversal(receipt) => Some(receipt.as_str()),
            PayoutWay::Transfer | PayoutWay::Hand | PayoutWay::Wallet => None,
        };
        self.execute(
            "INSERT INTO payout (id, kind, source, customer, purchase, provider, way, original, amount_minor, currency,
                                 to_wallet_minor, taken_back_ml, moves, payee, key, token, question, state, failure,
                                 reference, receipt, reserved, claimed, mismatched, since_ms, retries, due_ms, why,
                                 fee_minor, reason, asked_by, created_ms, ended_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                     ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33)
             ON CONFLICT (id) DO UPDATE SET
                 moves = excluded.moves, state = excluded.state, failure = excluded.failure,
                 reference = excluded.reference, receipt = excluded.receipt, reserved = excluded.reserved,
                 claimed = excluded.claimed, mismatched = excluded.mismatched, since_ms = excluded.since_ms,
                 retries = excluded.retries, due_ms = excluded.due_ms, fee_minor = excluded.fee_minor,
                 ended_ms = excluded.ended_ms",
            params![
                signed(row.id.0),
                row.kind.name(),
                row.source.name(),
                row.customer.map(|customer| signed(customer.0)),
                row.purchase.map(|purchase| signed(purchase.0)),
                row.provider.map(Provider::name),
                row.way.name(),
                original,
                payout.amount.minor,
                payout.amount.currency.code(),
                row.to_wallet.minor,
                row.taken_back.signed_ml(),
                row.moves,
                signed(payout.payee.0),
                payout.key.as_str(),
                row.token,
                row.question,
                payout.state.name(),
                payout.failure.map(Failure::name),
                payout.reference.as_ref().map(ProviderReference::as_str),
                payout.receipt.as_ref().map(ProviderReceipt::as_str),
                payout.reserved,
                payout.claimed,
                payout.mismatched,
                payout.since.0,
                payout.retries,
                payout.due.map(|due| due.0),
                row.why.map(Why::name),
                row.fee.minor,
                row.reason,
                row.asked_by,
                row.created.0,
                row.ended.map(|ended| ended.0),
            ],
        )
        .map(drop)
    }
}
