//! Purchases, the ledger, texts that wait.

use std::collections::BTreeMap;

use kiosk::{
    ids::{AccountId, CustomerId},
    moment::Wall,
    payment::PaymentState,
};
use rusqlite::{Row, params};

use super::{ROWS_MAX, Reader};
use crate::hub::{
    input::PurchaseId,
    store::{Stored, id, maybe_wall, signed, wrong},
};

/// A purchase as pages and the API show it.
#[derive(Clone, Debug)]
pub struct PurchaseView {
    /// The id.
    pub id: PurchaseId,
    /// Who buys.
    pub customer: CustomerId,
    /// Their name.
    pub name: String,
    /// Their account number.
    pub account: Option<AccountId>,
    /// `topup`, `deposit` or `subscription`.
    pub kind: String,
    /// Litres bought.
    pub volume_ml: Option<i64>,
    /// The plan's name.
    pub plan: Option<String>,
    /// The price.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// `prompt` or `wallet`.
    pub pay: String,
    /// The provider's name.
    pub provider: Option<String>,
    /// The phone that pays, digits with the calling code.
    pub payer: u64,
    /// Where it stands.
    pub state: PaymentState,
    /// Why it failed.
    pub failure: Option<String>,
    /// The provider's receipt.
    pub receipt: Option<String>,
    /// When it began.
    pub created: Wall,
    /// When it ended.
    pub settled: Option<Wall>,
}

/// A text in the outbox.
#[derive(Clone, Debug)]
pub struct TextView {
    /// Its place in the list.
    pub row: i64,
    /// To whom.
    pub phone: String,
    /// What.
    pub text: String,
    /// `queued`, `sending`, `sent`, `failed` or `unknown`.
    pub state: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next.
    pub due: Option<Wall>,
    /// When it was written.
    pub created: Wall,
}

/// The balances of one currency by account, debits positive.
pub type Balances = BTreeMap<String, i64>;

const PURCHASE: &str = "SELECT purchase.*, customer.name, customer.account FROM purchase
    JOIN customer ON customer.id = purchase.customer";

fn read_purchase(row: &Row<'_>) -> rusqlite::Result<PurchaseView> {
    let state: String = row.get("state")?;
    Ok(PurchaseView {
        id: PurchaseId(id(row, "id")?),
        customer: CustomerId(id(row, "customer")?),
        name: row.get("name")?,
        account: row.get::<_, Option<u32>>("account")?.and_then(AccountId::new),
        kind: row.get("kind")?,
        volume_ml: row.get("volume_ml")?,
        plan: row.get("plan")?,
        amount_minor: row.get("amount_minor")?,
        currency: row.get("currency")?,
        pay: row.get("pay")?,
        provider: row.get("provider")?,
        payer: id(row, "payer")?,
        state: PaymentState::from_name(&state).ok_or_else(|| wrong(row, "state"))?,
        failure: row.get("failure")?,
        receipt: row.get("receipt")?,
        created: Wall(row.get("created_ms")?),
        settled: maybe_wall(row, "settled_ms")?,
    })
}

impl Reader {
    /// A purchase.
    pub fn purchase(&self, purchase: PurchaseId) -> Stored<Option<PurchaseView>> {
        self.one(
            &format!("{PURCHASE} WHERE purchase.id = ?1"),
            [signed(purchase.0)],
            read_purchase,
        )
    }

    /// Purchases, the newest first, of those that began before `before`: a time and, for those of the same time, an id.
    pub fn purchases(
        &self,
        customer: Option<CustomerId>,
        state: Option<PaymentState>,
        before: Option<(Wall, PurchaseId)>,
        limit: u32,
    ) -> Stored<Vec<PurchaseView>> {
        let (time, last) = before.map_or((i64::MAX, i64::MAX), |(time, last)| (time.0, signed(last.0)));
        self.all(
            &format!(
                "{PURCHASE} WHERE (?1 IS NULL OR customer = ?1) AND (?2 IS NULL OR state = ?2)
                 AND (purchase.created_ms, purchase.id) < (?3, ?4)
                 ORDER BY purchase.created_ms DESC, purchase.id DESC LIMIT ?5"
            ),
            params![
                customer.map(|customer| signed(customer.0)),
                state.map(PaymentState::name),
                time,
                last,
                limit.min(ROWS_MAX + 1),
            ],
            read_purchase,
        )
    }

    /// All balances, by currency and account. Accounts of single customers are summed up by kind, such as `wallet`.
    pub fn balances(&self) -> Stored<BTreeMap<String, Balances>> {
        let rows = self.all(
            "SELECT currency, CASE WHEN substr(account, 1, instr(account, ':')) IN ('wallet:', 'water:', 'bill:', 'loan:')
                                   THEN substr(account, 1, instr(account, ':') - 1) ELSE account END AS kind,
                    sum(minor) FROM balance GROUP BY currency, kind",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let mut balances: BTreeMap<String, Balances> = BTreeMap::new();
        for (currency, account, minor) in rows {
            balances.entry(currency).or_default().insert(account, minor);
        }
        Ok(balances)
    }

    /// Texts, the newest first, of those before the row `before`; without `state` those that wait or are under way.
    pub fn texts(&self, state: Option<&str>, before: Option<i64>, limit: u32) -> Stored<Vec<TextView>> {
        self.all(
            "SELECT * FROM outbox WHERE id < ?1 AND (state = ?2 OR (?2 IS NULL AND state IN ('queued', 'sending')))
             ORDER BY id DESC LIMIT ?3",
            params![before.unwrap_or(i64::MAX), state, limit.min(ROWS_MAX + 1)],
            |row| {
                Ok(TextView {
                    row: row.get("id")?,
                    phone: row.get("phone")?,
                    text: row.get("text")?,
                    state: row.get("state")?,
                    tries: row.get("tries")?,
                    due: maybe_wall(row, "due_ms")?,
                    created: Wall(row.get("created_ms")?),
                })
            },
        )
    }

    /// How many texts stand in each state.
    pub fn texts_by_state(&self) -> Stored<BTreeMap<String, u64>> {
        let rows = self.all("SELECT state, count(*) FROM outbox GROUP BY state", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        Ok(rows.into_iter().collect())
    }

    /// How many purchases stand in each state.
    pub fn purchases_by_state(&self) -> Stored<BTreeMap<String, u64>> {
        let rows = self.all("SELECT state, count(*) FROM purchase GROUP BY state", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        Ok(rows.into_iter().collect())
    }
}
