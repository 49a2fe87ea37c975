//! What pages and the API read, over a read-only connection ([`store::Database::open_read_only`]).

use std::collections::BTreeMap;

use kiosk::{
    digest::{GrantLine, state_hash},
    fact::Purse,
    ids::{AccountId, BoxId, CustomerId, Epoch, GrantId, Lane, SiteName, Writer},
    moment::Wall,
    phone::Phone,
    units::{Currency, Volume},
};
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter, types::Value};
use store::{StoreError, journal::SqlLogs};

use super::{
    Store,
    customer::{purse_from_number, read_customer},
    id, maybe_id, maybe_wall,
    operator::read_role,
    parsed, signed, wrong,
};
use crate::hub::{input::PurchaseId, operator::Role};

/// What a read function returns.
type Read<T> = Result<T, StoreError>;
/// The most rows a list gives at once.
pub const LIMIT_MAX: u32 = 200;

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<i64>,
}

/// A customer, with what is theirs (CONTRACTS section 6).
#[derive(Clone, Debug)]
pub struct Customer {
    /// The id.
    pub id: CustomerId,
    /// The account; none while a registration is provisional.
    pub account: Option<AccountId>,
    /// The phone.
    pub phone: Option<Phone>,
    /// The name.
    pub name: String,
    /// The city.
    pub city: String,
    /// `en`, `sw` or `fr`.
    pub language: String,
    /// The home site.
    pub site: Option<SiteName>,
    /// Credited less all spends known.
    pub balance_ml: i64,
    /// What is left of allowances that are not over.
    pub allowance_ml: i64,
    /// What the wallet holds.
    pub wallet_minor: i64,
    /// False when blocked.
    pub active: bool,
    /// Whether there is a PIN.
    pub has_pin: bool,
    /// The most in a day.
    pub daily_limit: Option<Volume>,
    /// The newest subscription.
    pub subscription: Option<Subscription>,
    /// The one this registration was merged into.
    pub merged_into: Option<CustomerId>,
    /// When they were registered.
    pub created: Wall,
    /// When they last changed.
    pub updated: Wall,
}

/// A subscription.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// The site.
    pub site: SiteName,
    /// The plan.
    pub plan: String,
    /// Whether it is over.
    pub expired: bool,
    /// The first moment at which it is over.
    pub valid_until: Wall,
    /// The site's time zone, in which `valid_until` ends a day.
    pub time_zone: String,
    /// The monthly code, seven digits.
    pub code: String,
}

/// A purchase.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// The id.
    pub id: PurchaseId,
    /// Whose.
    pub customer: CustomerId,
    /// `topup`, `deposit` or `subscription`.
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

/// A site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its name, which is its id.
    pub name: SiteName,
    /// What people call it.
    pub title: String,
    /// Its time zone.
    pub time_zone: String,
    /// Whether it has a socket.
    pub online: bool,
    /// When it was last seen.
    pub last_seen: Option<Wall>,
    /// Its current box.
    pub box_id: Option<BoxId>,
    /// The newest tip of its money lane that the hub holds.
    pub journal_through: Option<(Epoch, u32)>,
    /// What the box is not known to hold of the hub's records, by lane: money, edits, alarms, telemetry.
    pub queue: [u64; Lane::ALL.len()],
    /// The digest of its box's rights; equal to the gateway's when both know the same.
    pub state_hash: String,
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
    /// `queued`, `sending`, `sent`, `failed` or `unknown`.
    pub state: String,
    /// When it was queued.
    pub created: Wall,
}

/// Who an API token or a page session belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The token's name, or the login.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The site a token is bound to.
    pub site: Option<SiteName>,
    /// A page session's person must choose a new password first.
    pub change_password: bool,
}

/// A customer by id; one that was merged is shown as the one that stays.
pub fn customer(connection: &Connection, customer: CustomerId) -> Read<Option<Customer>> {
    let root = Store(connection).root(customer)?;
    shown(connection, Store(connection).customer(root)?)
}

/// A customer by phone.
pub fn customer_by_phone(connection: &Connection, phone: Phone) -> Read<Option<Customer>> {
    shown(connection, Store(connection).customer_by_phone(phone)?)
}

/// A customer by account.
pub fn customer_by_account(connection: &Connection, account: AccountId) -> Read<Option<Customer>> {
    shown(connection, Store(connection).customer_by_account(account)?)
}

/// Customers in the order of their accounts, after this account number.
pub fn customers(connection: &Connection, site: Option<&SiteName>, after: i64, limit: u32) -> Read<Page<Customer>> {
    let limit = limit.clamp(1, LIMIT_MAX);
    let rows = Store(connection).all(
        "SELECT * FROM customer WHERE account > ?1 AND (?2 IS NULL OR site = ?2) ORDER BY account LIMIT ?3",
        params![after, site.map(SiteName::as_str), limit + 1],
        read_customer,
    )?;
    let mut items = Vec::new();
    for row in rows {
        items.extend(shown(connection, Some(row))?);
    }
    Ok(page(items, limit, |item: &Customer| {
        item.account.map_or(0, |account| i64::from(account.number()))
    }))
}

fn page<T>(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> i64) -> Page<T> {
    let has_more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| has_more).map(cursor);
    Page { items, next }
}

fn shown(connection: &Connection, row: Option<super::CustomerRow>) -> Read<Option<Customer>> {
    let Some(row) = row else { return Ok(None) };
    let (balance_ml, allowance_ml) = purses(connection, row.id)?;
    let wallet = Store(connection).one(
        "SELECT coalesce(sum(minor), 0) FROM balance WHERE account = ?1",
        [kiosk::ledger::Account::Wallet(row.id).to_string()],
        |row| row.get::<_, i64>(0),
    )?;
    Ok(Some(Customer {
        balance_ml,
        allowance_ml,
        // Owed to the customer, so below zero in the books.
        wallet_minor: wallet.unwrap_or_default().saturating_neg(),
        subscription: newest_subscription(connection, row.id)?,
        id: row.id,
        account: row.account,
        phone: row.phone,
        name: row.name,
        city: row.city,
        language: row.language,
        site: row.site,
        active: row.active,
        has_pin: row.sealed_pin.is_some(),
        daily_limit: row.daily_limit,
        merged_into: row.merged_into,
        created: row.created,
        updated: row.updated,
    }))
}

/// Prepaid litres, and what is left of allowances that are not over.
fn purses(connection: &Connection, customer: CustomerId) -> Read<(i64, i64)> {
    let rows = Store(connection).all(
        "SELECT purse, credited_ml - spent_ml AS left_ml FROM purse
         WHERE customer = ?1 AND (purse = 1 OR period IN (SELECT id FROM subscription WHERE state = 'valid'))",
        [signed(customer.0)],
        |row| Ok((row.get::<_, i64>("purse")?, row.get::<_, i64>("left_ml")?)),
    )?;
    let sum = |purse: Purse| {
        let own = rows
            .iter()
            .filter(|(number, _)| purse_from_number(*number) == Some(purse));
        own.map(|(_, left)| left).sum()
    };
    let allowance: i64 = sum(Purse::Allowance);
    Ok((sum(Purse::Prepaid), allowance.max(0)))
}

fn newest_subscription(connection: &Connection, customer: CustomerId) -> Read<Option<Subscription>> {
    Store(connection).one(
        "SELECT subscription.*, site.time_zone FROM subscription JOIN site ON site.name = subscription.site
         WHERE customer = ?1 ORDER BY valid_until_ms DESC, id DESC LIMIT 1",
        [signed(customer.0)],
        |row| {
            Ok(Subscription {
                site: parsed(row, "site")?,
                plan: row.get("plan")?,
                expired: row.get::<_, String>("state")? == "expired",
                valid_until: Wall(row.get("valid_until_ms")?),
                time_zone: row.get("time_zone")?,
                code: row.get("code")?,
            })
        },
    )
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

fn read_purchase(row: &Row<'_>) -> rusqlite::Result<Purchase> {
    Ok(Purchase {
        id: PurchaseId(id(row, "id")?),
        customer: CustomerId(id(row, "customer")?),
        kind: row.get("kind")?,
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
    let (number, site): (i64, Option<SiteName>) = (row.get("id")?, super::maybe_parsed(row, "site")?);
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

/// All sites, by name.
pub fn sites(connection: &Connection) -> Read<Vec<Site>> {
    let mut sites = Store(connection).all(
        "SELECT site.*, enrolment.box FROM site
         LEFT JOIN enrolment ON enrolment.site = site.name AND enrolment.state = 'current' ORDER BY site.name",
        [],
        |row| {
            Ok(Site {
                name: parsed(row, "name")?,
                title: row.get("title")?,
                time_zone: row.get("time_zone")?,
                online: row.get("online")?,
                last_seen: maybe_wall(row, "last_seen_ms")?,
                box_id: maybe_id(row, "box")?.map(BoxId),
                journal_through: None,
                queue: [0; Lane::ALL.len()],
                state_hash: state_hash([]),
            })
        },
    )?;
    for site in &mut sites {
        if let Some(box_id) = site.box_id {
            let logs = SqlLogs::new(connection);
            site.queue = logs.waiting(box_id, Writer::Hub)?;
            site.journal_through = newest_tip(&logs, box_id)?;
            site.state_hash = state_hash(hashed_grants(connection, box_id)?);
        }
    }
    Ok(sites)
}

fn newest_tip(logs: &SqlLogs<'_>, box_id: BoxId) -> Read<Option<(Epoch, u32)>> {
    use sync::journal::Logs;
    let tips = logs.tips(box_id)?.into_iter();
    let own = tips.filter(|(log, _)| log.by == Writer::Site && log.lane == Lane::Money);
    Ok(own.map(|(log, state)| (log.epoch, state.mark)).next_back())
}

fn hashed_grants(connection: &Connection, box_id: BoxId) -> Read<Vec<GrantLine>> {
    Store(connection).all(
        "SELECT * FROM grants WHERE box = ?1 AND volume_ml IS NOT NULL",
        [signed(box_id.0)],
        |row| {
            let ml = |column: &str| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.unsigned_abs());
            let purse = purse_from_number(row.get("purse")?).ok_or_else(|| wrong(row, "purse"))?;
            Ok(GrantLine {
                grant: GrantId {
                    epoch: Epoch(id(row, "epoch")?),
                    number: id(row, "number")?,
                },
                customer: CustomerId(id(row, "granted_to")?),
                purse,
                volume_ml: ml("volume_ml")?,
                spent_ml: ml("spent_ml")?,
                state: match (row.get("closed")?, row.get("recalled")?) {
                    (true, _) => 2,
                    (false, true) => 1,
                    (false, false) => 0,
                },
            })
        },
    )
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
        "SELECT * FROM outbox ORDER BY id DESC LIMIT ?1",
        [limit.clamp(1, LIMIT_MAX)],
        |row| {
            Ok(OutboxText {
                id: row.get("id")?,
                phone: row.get("phone")?,
                text: row.get("text")?,
                state: row.get("state")?,
                created: Wall(row.get("created_ms")?),
            })
        },
    )
}

/// A person's password hash; `None` when there is no such login.
pub fn password_hash(connection: &Connection, login: &str) -> Read<Option<String>> {
    Store(connection).one("SELECT password_hash FROM user WHERE name = ?1", [login], |row| {
        row.get(0)
    })
}

/// Who holds an API token, by its hash ([`crate::hub::operator::secret_hash`]).
pub fn token(connection: &Connection, hash: [u8; 32]) -> Read<Option<Bearer>> {
    Store(connection).one("SELECT * FROM token WHERE hash = ?1", [hash], |row| {
        Ok(Bearer {
            name: row.get("name")?,
            role: read_role(row, "role")?,
            site: super::maybe_parsed(row, "site")?,
            change_password: false,
        })
    })
}

/// Who a page session belongs to, unless it is over by age or idleness.
pub fn session(connection: &Connection, hash: [u8; 32], now: Wall) -> Read<Option<Bearer>> {
    use crate::hub::operator::{SESSION_IDLE_MS, SESSION_MS_MAX};
    Store(connection).one(
        "SELECT user.name, user.role, user.change_password FROM page_session JOIN user ON user.name = page_session.user
         WHERE hash = ?1 AND page_session.created_ms > ?2 AND used_ms > ?3",
        params![hash, now.0 - SESSION_MS_MAX, now.0 - SESSION_IDLE_MS],
        |row| {
            Ok(Bearer {
                name: row.get("name")?,
                role: read_role(row, "role")?,
                site: None,
                change_password: row.get("change_password")?,
            })
        },
    )
}

/// The audit's rows, and the first whose chain is broken.
pub fn audit_verify(connection: &Connection) -> Read<Result<i64, i64>> {
    let mut statement = connection.prepare("SELECT * FROM audit ORDER BY id")?;
    let mut rows = statement.query([])?;
    let (mut before, mut count) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let text = |column: &str| row.get::<_, String>(column);
        let (actor, action) = (text("actor")?, text("action")?);
        let (subject, detail) = (text("subject")?, text("detail")?);
        let number: i64 = row.get("id")?;
        let chain = super::audit::audit_chain(&before, Wall(row.get("time_ms")?), [&actor, &action, &subject, &detail]);
        count += 1;
        if row.get::<_, Vec<u8>>("chain")? != chain || number != count {
            return Ok(Err(number));
        }
        before = chain.to_vec();
    }
    Ok(Ok(count))
}

/// What the front page counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Customers with an account.
    pub customers: i64,
    /// Millilitres drawn since a moment.
    pub drawn_ml: i64,
    /// Money paid since then, in minor units.
    pub paid_minor: i64,
    /// Sites that are online.
    pub sites_online: i64,
    /// Purchases that an operator must look at.
    pub purchases_waiting: i64,
}

/// What the front page counts, since a moment.
pub fn totals(connection: &Connection, since: Wall) -> Read<Totals> {
    let totals = connection
        .prepare_cached(
            "SELECT (SELECT count(*) FROM customer WHERE account IS NOT NULL),
                    (SELECT coalesce(sum(volume_ml), 0) FROM history
                     WHERE time_ms >= ?1 AND kind IN ('dispense', 'correction', 'loss')),
                    (SELECT coalesce(sum(amount_minor), 0) FROM history
                     WHERE time_ms >= ?1 AND kind IN ('topup', 'deposit', 'subscription')),
                    (SELECT count(*) FROM site WHERE online <> 0),
                    (SELECT count(*) FROM purchase WHERE state = 'needs_operator')",
        )?
        .query_row([since.0], |row| {
            Ok(Totals {
                customers: row.get(0)?,
                drawn_ml: row.get(1)?,
                paid_minor: row.get(2)?,
                sites_online: row.get(3)?,
                purchases_waiting: row.get(4)?,
            })
        })
        .optional()?;
    Ok(totals.unwrap_or_default())
}
