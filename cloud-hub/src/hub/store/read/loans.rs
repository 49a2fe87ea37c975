//! Loans between people, what sites asked for, and tickets, as pages and the API show them.

use kiosk::{
    ids::{CustomerId, LoanId, SiteName},
    loan::{Loan, LoanState},
    moment::Wall,
};
use rusqlite::{Connection, Row, params};

use super::{LIMIT_MAX, Page, Read, page};
use crate::hub::store::{
    LoanRow, Store, TicketRow, id,
    loan::{read_loan, with_history},
    maybe_id, maybe_parsed, signed,
    sms::read_ticket,
};

/// A loan, and how it came here.
#[derive(Clone, Debug)]
pub struct LoanShown {
    /// Its row, which is the cursor.
    pub row: i64,
    /// The loan itself, with what was paid back.
    pub loan: Loan,
    /// The site that asked for it.
    pub site: Option<SiteName>,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub created: Wall,
    /// When it was over.
    pub ended: Option<Wall>,
}

/// Which loans are listed.
#[derive(Clone, Debug, Default)]
pub struct LoanFilter {
    /// In this state.
    pub state: Option<LoanState>,
    /// Of this customer, as borrower or as lender.
    pub customer: Option<CustomerId>,
}

/// What a site asked for in the hub's absence (FEATURES C27).
#[derive(Clone, Debug)]
pub struct Queued {
    /// The record that asked: box, run and number.
    pub id: String,
    /// The loan that it became.
    pub loan: Option<LoanId>,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// Paid back each period, in minor units.
    pub repayment_minor: i64,
    /// When it was asked at the site.
    pub time: Wall,
    /// The hub has acted on it.
    pub synced: bool,
}

const LOANS: &str = "SELECT loan.*, enrolment.site AS site FROM loan LEFT JOIN enrolment ON enrolment.box = loan.box";

fn read_shown(row: &Row<'_>) -> rusqlite::Result<(i64, Option<SiteName>, LoanRow)> {
    Ok((row.get("number")?, maybe_parsed(row, "site")?, read_loan(row)?))
}

fn shown(store: Store<'_>, (row, site, loan): (i64, Option<SiteName>, LoanRow)) -> Read<LoanShown> {
    let loan = with_history(store, loan)?;
    Ok(LoanShown {
        row,
        site,
        asked_by: loan.asked_by,
        created: loan.created,
        ended: loan.ended,
        loan: loan.loan,
    })
}

/// A loan by id.
pub fn loan(connection: &Connection, loan: LoanId) -> Read<Option<LoanShown>> {
    let store = Store(connection);
    let found = store.one(&format!("{LOANS} WHERE loan.id = ?1"), [signed(loan.0)], read_shown)?;
    found.map(|found| shown(store, found)).transpose()
}

/// Loans, the newest first, before this row (`i64::MAX` for the first page).
pub fn loans(connection: &Connection, filter: &LoanFilter, before: i64, limit: u32) -> Read<Page<LoanShown>> {
    let (store, limit) = (Store(connection), limit.clamp(1, LIMIT_MAX));
    let rows = store.all(
        &format!(
            "{LOANS} WHERE loan.number < ?1 AND (?2 IS NULL OR loan.state = ?2)
             AND (?3 IS NULL OR loan.borrower = ?3 OR loan.lender = ?3) ORDER BY loan.number DESC LIMIT ?4"
        ),
        params![
            before,
            filter.state.map(LoanState::name),
            filter.customer.map(|customer| signed(customer.0)),
            i64::from(limit) + 1
        ],
        read_shown,
    )?;
    let items = rows.into_iter().map(|row| shown(store, row)).collect::<Read<_>>()?;
    Ok(page(items, limit, |item: &LoanShown| item.row))
}

/// The loans that sites asked for a borrower, the oldest first.
pub fn queue_of(connection: &Connection, borrower: CustomerId) -> Read<Vec<Queued>> {
    Store(connection).all(
        "SELECT asked.*, loan.id AS loan, answered.state AS said FROM loan_request AS asked
         LEFT JOIN loan ON loan.box = asked.box AND loan.epoch = asked.epoch AND loan.seq = asked.seq
         LEFT JOIN answered ON answered.box = asked.box AND answered.epoch = asked.epoch AND answered.seq = asked.seq
         WHERE asked.borrower = ?1 OR asked.borrower IN (SELECT id FROM customer WHERE merged_into = ?1)
         ORDER BY asked.time_ms, asked.seq LIMIT ?2",
        params![signed(borrower.0), LIMIT_MAX],
        |row| {
            let said: Option<String> = row.get("said")?;
            let loan = maybe_id(row, "loan")?.map(LoanId);
            let (box_id, epoch, seq) = (id(row, "box")?, id(row, "epoch")?, row.get::<_, u32>("seq")?);
            Ok(Queued {
                id: format!("{box_id:016x}:{epoch:016x}:{seq}"),
                synced: loan.is_some() || said.is_some_and(|said| said != "taken"),
                loan,
                amount_minor: row.get("amount_minor")?,
                repayment_minor: row.get("repayment_minor")?,
                time: Wall(row.get("time_ms")?),
            })
        },
    )
}

/// Tickets, the newest first, before this number; `open` those that are or are not solved.
pub fn tickets(connection: &Connection, open: Option<bool>, before: i64, limit: u32) -> Read<Page<TicketRow>> {
    let limit = limit.clamp(1, LIMIT_MAX);
    let items = Store(connection).all(
        "SELECT * FROM ticket WHERE number < ?1 AND (?2 IS NULL OR (solved_ms IS NULL) = ?2)
         ORDER BY number DESC LIMIT ?3",
        params![before, open, i64::from(limit) + 1],
        read_ticket,
    )?;
    Ok(page(items, limit, |item: &TicketRow| item.number))
}
