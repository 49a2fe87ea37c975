//! The hub's tables: SQL in, plain structs out. One file a subject; [`read`] is for pages, over a read-only connection.

pub mod audit;
mod bill;
mod brake;
mod broadcast;
mod cash;
mod customer;
mod daily;
mod dispense;
mod fleet;
mod grant;
mod inbox;
mod ledger;
mod loan;
mod manager;
mod merge;
mod money;
mod number;
mod operator;
mod payout;
mod purchase;
pub mod read;
mod report;
mod said;
mod sms;
mod subscription;
mod talk;
mod thin;
mod ussd;

use kiosk::{ids::GrantId, moment::Wall};
use rusqlite::{Connection, OptionalExtension, Params, Row};
use store::StoreError;

pub use self::sms::TicketRow;
pub(super) use self::{
    audit::AnswerRow,
    bill::{BillRow, BillingRow},
    broadcast::{BroadcastBegin, BroadcastRow, WaitingPerson},
    cash::{CashSaleRow, FloatRow, ManagerRow, SalePlace},
    customer::{CreditRow, CustomerRow, PurseKey, PurseRow},
    daily::DailyRow,
    dispense::{DrawPart, DrawRow},
    fleet::{EnrolmentRow, JoinCodeRow, SiteRow},
    grant::GrantRow,
    inbox::InboxRow,
    loan::{CodeRow, LoanRow},
    manager::{DeedRow, SiteManagerRow},
    merge::HistoryRow,
    money::{MoneyRow, PullRow},
    number::{NumberRow, NumberTries},
    operator::UserRow,
    payout::PayoutRow,
    purchase::{PurchaseKind, PurchaseRow, Terms},
    report::ReportRow,
    subscription::SubscriptionRow,
    talk::{NewText, OutboxRow, TextHold, TextsOf},
    thin::ThinRow,
    ussd::UssdRow,
};

/// The schema, one step a version: the journal's tables, then the hub's own.
pub const MIGRATIONS: [&str; 20] = [
    store::journal::SCHEMA,
    include_str!("schema/001.sql"),
    include_str!("schema/002.sql"),
    include_str!("schema/003.sql"),
    include_str!("schema/004.sql"),
    include_str!("schema/005.sql"),
    include_str!("schema/006.sql"),
    include_str!("schema/007.sql"),
    include_str!("schema/008.sql"),
    include_str!("schema/009.sql"),
    include_str!("schema/010.sql"),
    include_str!("schema/011.sql"),
    include_str!("schema/012.sql"),
    include_str!("schema/013.sql"),
    include_str!("schema/014.sql"),
    include_str!("schema/015.sql"),
    include_str!("schema/016.sql"),
    include_str!("schema/017.sql"),
    include_str!("schema/018.sql"),
    include_str!("schema/019.sql"),
];

/// What a store function returns.
type Stored<T> = Result<T, StoreError>;

/// The connection of the open batch.
#[derive(Clone, Copy)]
pub(super) struct Store<'a>(pub &'a Connection);

impl Store<'_> {
    /// Runs a statement without parameters, such as a savepoint's.
    pub fn run(&self, sql: &str) -> Stored<()> {
        self.execute(sql, []).map(drop)
    }

    /// Runs a statement that changes rows; returns how many.
    fn execute(&self, sql: &str, params: impl Params) -> Stored<usize> {
        Ok(self.0.prepare_cached(sql)?.execute(params)?)
    }

    /// Reads the first row, where there is one.
    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Stored<Option<T>> {
        Ok(self.0.prepare_cached(sql)?.query_row(params, read).optional()?)
    }

    /// Reads all rows.
    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Stored<Vec<T>> {
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<rusqlite::Result<Vec<T>>>()?)
    }
}

/// 64 random bits as SQLite keeps them: a signed integer of the same bits.
pub(super) const fn signed(id: u64) -> i64 {
    id.cast_signed()
}

/// Those bits back.
pub(super) const fn unsigned(column: i64) -> u64 {
    column.cast_unsigned()
}

/// Reads an id column.
fn id(row: &Row<'_>, column: &str) -> rusqlite::Result<u64> {
    row.get(column).map(unsigned)
}

/// Reads an id column that may be empty.
fn maybe_id(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(unsigned))
}

/// Reads a time column that may be empty.
fn maybe_wall(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Wall>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Wall))
}

/// Reads a text column that holds a value of another type.
fn parsed<T: std::str::FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    text.parse().map_err(|_| wrong(row, column))
}

/// Reads a text column that may be empty.
fn maybe_parsed<T: std::str::FromStr>(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|_| wrong(row, column)))
        .transpose()
}

/// The error of a column that holds what no version of this program wrote.
fn wrong(row: &Row<'_>, column: &str) -> rusqlite::Error {
    let index = row.as_ref().column_index(column).unwrap_or_default();
    rusqlite::Error::InvalidColumnType(index, column.to_owned(), rusqlite::types::Type::Text)
}

/// A grant's two columns.
const fn grant_columns(grant: GrantId) -> (i64, i64) {
    (signed(grant.epoch.0), signed(grant.number))
}
