//! What pages and the API read, over a read-only connection ([`store::Database::open_read_only`]).

mod bill;
mod broadcast;
mod cash;
mod fleet;
mod ledger;
mod loans;
mod managers;
mod money;
mod numbers;
mod operations;
mod operator;
mod pages;
mod payouts;
mod report;
mod ussd;
mod waiting;

use kiosk::{
    fact::Purse,
    ids::{AccountId, CustomerId, SiteName},
    incoming::{Reference, SeenAs},
    moment::Wall,
    phone::{Country, Phone},
    units::Volume,
};
use rusqlite::{Connection, params};
use store::StoreError;

pub use self::{
    bill::{BillFilter, BillShown, Billing, bill, billing, bills, bills_listed, bills_owed, metered, readings},
    broadcast::{Broadcast, Progress, broadcast, broadcast_progress, broadcasts},
    cash::{DoubtfulSale, HandIn, Manager, doubtful_sales, hand_ins, managers, refused_sales},
    fleet::{Site, ThinSite, site, sites, sites_unhashed, thin_refused},
    ledger::{
        ACCOUNTS_MAX, AccountBalance, Line, Movement, STATEMENT_MAX, Span, accounts_of, ledger_faults, statement,
        trial_balance,
    },
    loans::{LoanFilter, LoanShown, Queued, loan, loans, queue_of, tickets},
    managers::{SiteManager, site_managers},
    money::{
        InboxText, OutboxText, Purchase, Totals, Transaction, TransactionFilter, answers, inbox, ledger_balance,
        outbox, purchase, purchases, purchases_for_operators, stopped, texts_held, texts_waiting, totals, transactions,
    },
    numbers::{NumberRequest, number_requests},
    operations::{
        Doubt, LoanRequest, Token, User, doubt, held_ml, in_doubt, loan_requests, loans_asked, tokens, users,
    },
    operator::{Bearer, Login, audit_verify, login, session, token},
    pages::{
        AlarmFilter, AlarmRow, DispenserRow, Names, alarms, alarms_unseen, back_up, customer_names, customers_named,
        dispensers, is_sound, join_code_until, newest_purchases,
    },
    payouts::{
        MadePayout, Payout, PayoutFilter, payout, payout_under, payouts, payouts_between, payouts_for_operators,
        payouts_held, payouts_of,
    },
    report::{Report, reports},
    ussd::{UssdSession, ussd_sessions, ussd_sessions_count},
    waiting::{
        BookedMoney, MoneyWaiting, booked_between, booked_under, money_waiting, money_waiting_count, money_waiting_in,
    },
};
use super::{
    CustomerRow, Store,
    customer::{purse_from_number, read_customer},
    parsed, signed,
};

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
    /// Whether water is denied for a bill that was not paid in time.
    pub bill_overdue: bool,
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

/// A customer by what a person types: an account or a phone; one that was merged is who it was merged into.
pub fn customer_named(connection: &Connection, typed: &str, home: Country) -> Read<Option<Customer>> {
    let store = Store(connection);
    let found = match Reference::read(typed, home) {
        Reference::Seen(SeenAs::Account(account)) => store.customer_by_account(account)?,
        Reference::Seen(SeenAs::Phone(phone)) => store.customer_by_phone(phone)?,
        _ => None,
    };
    match found {
        Some(row) => shown(connection, store.customer(store.root(row.id)?)?),
        None => Ok(None),
    }
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

fn shown(connection: &Connection, row: Option<CustomerRow>) -> Read<Option<Customer>> {
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
        bill_overdue: row.bill_overdue,
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
         WHERE customer = ?1 ORDER BY state = 'valid' DESC, valid_until_ms DESC, id DESC LIMIT 1",
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
