//! The books in detail: the accounts of one kind, the statement of one, the trial balance of a day, and whether it all adds
//! up. Nothing here ever adds two currencies.

use std::collections::BTreeMap;

use kiosk::{ledger::Account, moment::Wall, units::Currency};
use rusqlite::{Connection, Row, params};
use store::StoreError;

use super::{Page, Read, page};
use crate::hub::store::Store;

/// The most postings of one statement that are read at once, for a file.
pub const STATEMENT_MAX: u32 = 100_000;
/// The most accounts of one kind that are read at once, for a file.
pub const ACCOUNTS_MAX: u32 = 100_000;

/// An account's name, or that of its kind where each customer has one.
const KIND: &str = "CASE WHEN account LIKE 'wallet:%' OR account LIKE 'water:%' OR account LIKE 'bill:%'
    OR account LIKE 'loan:%' THEN substr(account, 1, instr(account, ':') - 1) ELSE account END";

/// One posting of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The entry, which is the cursor.
    pub entry: i64,
    /// When it was booked.
    pub time: Wall,
    /// What was booked, in words.
    pub what: String,
    /// What happened, such as `purchase:…`, `receipt:mpesa:…` or `transaction:SITE:EPOCH:SEQ`; `None` in what an older
    /// version booked.
    pub event: Option<String>,
    /// Minor units; a debit is positive.
    pub amount_minor: i64,
    /// What the account stood at after it.
    pub balance_minor: i64,
}

/// Which part of a statement is read.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// Nothing booked before this.
    pub from: Wall,
    /// Nothing booked at or after this.
    pub to: Wall,
    /// Only what lies behind this entry; 0 for the first page.
    pub after: i64,
}

impl Span {
    /// All there is.
    pub const WHOLE: Span = Span {
        from: Wall(i64::MIN),
        to: Wall(i64::MAX),
        after: 0,
    };
}

/// The statement of an account in the order of booking, the oldest first. The balance beside a line is what the account
/// stood at after it, whatever the span leaves out. An account nobody has booked on has no lines.
pub fn statement(
    connection: &Connection,
    account: &Account,
    currency: Currency,
    span: Span,
    limit: u32,
) -> Read<Page<Line>> {
    let (account, currency) = (account.to_string(), currency.code());
    let limit = limit.clamp(1, STATEMENT_MAX);
    let listed = Store(connection).all(
        "SELECT posting.entry, entry.time_ms, entry.what, entry.event, posting.minor FROM posting
         JOIN entry ON entry.id = posting.entry
         WHERE account = ?1 AND currency = ?2 AND posting.entry > ?3 AND time_ms >= ?4 AND time_ms < ?5
         ORDER BY posting.entry LIMIT ?6",
        params![
            account,
            currency,
            span.after,
            span.from.0,
            span.to.0,
            i64::from(limit) + 1
        ],
        |row| {
            Ok(Line {
                entry: row.get(0)?,
                time: Wall(row.get(1)?),
                what: row.get(2)?,
                event: row.get(3)?,
                amount_minor: row.get(4)?,
                balance_minor: 0,
            })
        },
    )?;
    let mut listed = page(listed, limit, |line| line.entry);
    if let (Some(first), Some(last)) = (listed.items.first(), listed.items.last()) {
        let balances = balances_after(connection, &account, currency, (first.entry, last.entry))?;
        for line in &mut listed.items {
            line.balance_minor = balances.get(&line.entry).copied().unwrap_or_default();
        }
    }
    Ok(listed)
}

/// What an account stood at after each of its entries in a stretch; an entry has each account once.
fn balances_after(
    connection: &Connection,
    account: &str,
    currency: &str,
    (first, last): (i64, i64),
) -> Read<BTreeMap<i64, i64>> {
    let store = Store(connection);
    let before = store.one(
        "SELECT coalesce(sum(minor), 0) FROM posting WHERE account = ?1 AND currency = ?2 AND entry < ?3",
        params![account, currency, first],
        |row| row.get(0),
    )?;
    let mut balance: i64 = before.unwrap_or_default();
    let changes = store.all(
        "SELECT entry, minor FROM posting WHERE account = ?1 AND currency = ?2 AND entry BETWEEN ?3 AND ?4 ORDER BY entry",
        params![account, currency, first, last],
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
    )?;
    let after = |(entry, minor): (i64, i64)| {
        balance += minor;
        (entry, balance)
    };
    Ok(changes.into_iter().map(after).collect())
}

/// An account with what it stands at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountBalance {
    /// The account's name.
    pub account: String,
    /// ISO 4217.
    pub currency: String,
    /// Minor units; debits above zero.
    pub balance_minor: i64,
}

/// The accounts of one kind (`wallet`, `water`, `bill` …) by name and currency, behind one of them, such as
/// `wallet:1f,KES`; the empty text for the first page. The second value is where the next page begins.
pub fn accounts_of(
    connection: &Connection,
    kind: &str,
    after: &str,
    limit: u32,
) -> Read<(Vec<AccountBalance>, Option<String>)> {
    let limit = limit.clamp(1, ACCOUNTS_MAX);
    // A bare name, as older pages gave it, stands behind all currencies of that account.
    let (account, currency) = after.split_once(',').unwrap_or((after, "~"));
    let mut found = Store(connection).all(
        // ';' stands next to ':', so that what lies between is this kind.
        "SELECT account, currency, minor FROM balance
         WHERE (account = ?1 OR (account >= ?1 || ':' AND account < ?1 || ';')) AND (account, currency) > (?2, ?3)
         ORDER BY account, currency LIMIT ?4",
        params![kind, account, currency, i64::from(limit) + 1],
        |row| {
            Ok(AccountBalance {
                account: row.get(0)?,
                currency: row.get(1)?,
                balance_minor: row.get(2)?,
            })
        },
    )?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| has_more);
    let next = next.map(|last| format!("{},{}", last.account, last.currency));
    Ok((found, next))
}

/// One account in the trial balance of a day; minor units, the two middle ones never below zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Movement {
    /// What it stood at before the day.
    pub opening_minor: i64,
    /// All debits of the day.
    pub debit_minor: i64,
    /// All credits of the day.
    pub credit_minor: i64,
    /// What it stood at after the day.
    pub closing_minor: i64,
}

/// The trial balance of a day that begins and ends at these moments: by currency and account, those of customers added up
/// by kind. It starts from what accounts stand at now, and looks at what was booked since the day began alone.
pub fn trial_balance(
    connection: &Connection,
    (begin, end): (Wall, Wall),
) -> Read<BTreeMap<Currency, BTreeMap<String, Movement>>> {
    let store = Store(connection);
    let mut trial: BTreeMap<Currency, BTreeMap<String, Movement>> = BTreeMap::new();
    let now = store.all(
        &format!("SELECT currency, {KIND} AS kind, sum(minor) FROM balance GROUP BY currency, kind"),
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?)),
    )?;
    for (currency, kind, minor) in now {
        movement(&mut trial, currency, kind)?.closing_minor = minor;
    }
    let since = store.all(
        &format!(
            "SELECT currency, {KIND} AS kind, sum(CASE WHEN time_ms < ?2 AND minor > 0 THEN minor ELSE 0 END),
                 sum(CASE WHEN time_ms < ?2 AND minor < 0 THEN -minor ELSE 0 END),
                 sum(CASE WHEN time_ms >= ?2 THEN minor ELSE 0 END)
             FROM entry JOIN posting ON posting.entry = entry.id WHERE time_ms >= ?1 GROUP BY currency, kind"
        ),
        [begin.0, end.0],
        |row: &Row<'_>| {
            let sums: (i64, i64, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
            Ok((row.get(0)?, row.get(1)?, sums))
        },
    )?;
    for (currency, kind, (debit, credit, later)) in since {
        let moved = movement(&mut trial, currency, kind)?;
        moved.closing_minor -= later;
        (moved.debit_minor, moved.credit_minor) = (debit, credit);
    }
    for accounts in trial.values_mut() {
        for moved in accounts.values_mut() {
            moved.opening_minor = moved.closing_minor - moved.debit_minor + moved.credit_minor;
        }
        // Of no account is told before something was booked on it.
        accounts.retain(|_, moved| *moved != Movement::default());
    }
    trial.retain(|_, accounts| !accounts.is_empty());
    Ok(trial)
}

fn movement(
    trial: &mut BTreeMap<Currency, BTreeMap<String, Movement>>,
    currency: String,
    kind: String,
) -> Read<&mut Movement> {
    let currency = Currency::from_code(&currency).ok_or(StoreError::Row("a currency"))?;
    Ok(trial.entry(currency).or_default().entry(kind).or_default())
}

/// What does not add up in the ledger, one sentence each, at most 20; none when all is well.
///
/// It reads every posting twice, out of two indexes and without sorting: `kisima-hub ledger check` takes 0.4 s of one
/// processor for a million of them, by measure, so that all of it is done at each start. Each entry must come to zero in one currency, each account must stand at the sum of its postings, and
/// the accounts of each currency must come to zero.
pub fn ledger_faults(connection: &Connection) -> Read<Vec<String>> {
    let store = Store(connection);
    let mut faults = store.all(
        "SELECT entry, sum(minor), min(currency), max(currency) FROM posting GROUP BY entry
         HAVING sum(minor) <> 0 OR min(currency) <> max(currency) LIMIT 20",
        [],
        |row| {
            let (entry, off): (i64, i64) = (row.get(0)?, row.get(1)?);
            let (one, other): (String, String) = (row.get(2)?, row.get(3)?);
            Ok(match one == other {
                true => format!("entry {entry} is off by {off} minor units of {one}"),
                false => format!("entry {entry} mixes {one} and {other}"),
            })
        },
    )?;
    faults.extend(store.all(
        "SELECT account, currency, sum(minor), sum(kept) FROM (
             SELECT account, currency, sum(minor) AS minor, 0 AS kept FROM posting GROUP BY account, currency
             UNION ALL SELECT account, currency, 0, minor FROM balance)
         GROUP BY account, currency HAVING sum(minor) <> sum(kept) LIMIT 20",
        [],
        |row| {
            let (account, currency): (String, String) = (row.get(0)?, row.get(1)?);
            let (booked, kept): (i64, i64) = (row.get(2)?, row.get(3)?);
            Ok(format!(
                "account {account} stands at {kept} minor units of {currency}, and its postings come to {booked}"
            ))
        },
    )?);
    faults.extend(store.all(
        "SELECT currency, sum(minor) FROM balance GROUP BY currency HAVING sum(minor) <> 0",
        [],
        |row| {
            let (currency, off): (String, i64) = (row.get(0)?, row.get(1)?);
            Ok(format!(
                "all accounts in {currency} together are off by {off} minor units"
            ))
        },
    )?);
    faults.truncate(20);
    Ok(faults)
}
