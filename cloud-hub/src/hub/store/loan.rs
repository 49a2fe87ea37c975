//! Loans between people, what was paid back of them, and the one-time codes that were sent for them.

use kiosk::{
    day::Day,
    ids::{BoxId, CustomerId, Epoch, Lane, LoanId, LogKey, PurchaseId, RecordId, RepaymentId, SiteName, Writer},
    loan::{Cause, Lender, Loan, LoanState, Repayment},
    moment::Wall,
    phone::Phone,
    units::{Currency, Money},
};
use rusqlite::{Row, params};

use super::{
    Store, Stored, customer::maybe_phone, id, maybe_id, maybe_parsed, maybe_wall, merge::record_columns, signed, wrong,
};
use crate::hub::code::CodeFor;

/// The states in which a loan is not over.
const OPEN: &str = "state IN ('invited', 'asked', 'repaying')";

/// A loan, and how it came here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hub) struct LoanRow {
    pub loan: Loan,
    /// The record of a site that asked for it.
    pub request: Option<RecordId>,
    pub asked_by: String,
    /// The last local day on which the day's work looked at it.
    pub looked: Option<Day>,
    pub created: Wall,
    pub ended: Option<Wall>,
}

/// A one-time code that was sent.
#[derive(Clone, Debug)]
pub(in crate::hub) struct CodeRow {
    pub id: i64,
    pub what: CodeFor,
    pub sealed: Vec<u8>,
    pub since: Wall,
    pub wrong: u8,
    pub used: bool,
}

pub(super) fn read_loan(row: &Row<'_>) -> rusqlite::Result<LoanRow> {
    let (currency, state): (String, String) = (row.get("currency")?, row.get("state")?);
    let currency = Currency::from_code(&currency).ok_or_else(|| wrong(row, "currency"))?;
    let invited = maybe_phone(row, "invited")?.map(Lender::Invited);
    let known = maybe_id(row, "lender")?.map(|lender| Lender::Known(CustomerId(lender)));
    let request = match (maybe_id(row, "box")?, maybe_id(row, "epoch")?, row.get("seq")?) {
        (Some(box_id), Some(epoch), Some(seq)) => Some(RecordId {
            log: LogKey {
                box_id: BoxId(box_id),
                by: Writer::Site,
                lane: Lane::Money,
                epoch: Epoch(epoch),
            },
            seq,
        }),
        _ => None,
    };
    Ok(LoanRow {
        loan: Loan {
            id: LoanId(id(row, "id")?),
            borrower: CustomerId(id(row, "borrower")?),
            lender: known.or(invited).ok_or_else(|| wrong(row, "lender"))?,
            amount: Money::new(row.get("amount_minor")?, currency),
            repayment: Money::new(row.get("repayment_minor")?, currency),
            every_days: row.get("every_days")?,
            state: LoanState::from_name(&state).ok_or_else(|| wrong(row, "state"))?,
            asked: maybe_wall(row, "asked_ms")?,
            given: maybe_parsed(row, "given")?,
            reminded: maybe_parsed(row, "reminded")?,
            history: Vec::new(),
        },
        request,
        asked_by: row.get("asked_by")?,
        looked: maybe_parsed(row, "looked")?,
        created: Wall(row.get("created_ms")?),
        ended: maybe_wall(row, "ended_ms")?,
    })
}

fn read_repayment(row: &Row<'_>, currency: Currency) -> rusqlite::Result<Repayment> {
    let (cause, cause_id): (String, u64) = (row.get("cause")?, id(row, "cause_id")?);
    Ok(Repayment {
        cause: match cause.as_str() {
            "hand" => Cause::Hand(RepaymentId(cause_id)),
            "deposit" => Cause::Deposit(PurchaseId(cause_id)),
            _ => return Err(wrong(row, "cause")),
        },
        amount: Money::new(row.get("amount_minor")?, currency),
        at: Wall(row.get("time_ms")?),
    })
}

const fn cause_columns(cause: Cause) -> (&'static str, i64) {
    match cause {
        Cause::Hand(wish) => ("hand", signed(wish.0)),
        Cause::Deposit(purchase) => ("deposit", signed(purchase.0)),
    }
}

fn lender_columns(lender: Lender) -> (Option<i64>, Option<String>) {
    match lender {
        Lender::Known(lender) => (Some(signed(lender.0)), None),
        Lender::Invited(phone) => (None, Some(phone.e164())),
    }
}

/// A loan with what was paid back of it.
pub(super) fn with_history(store: Store<'_>, mut row: LoanRow) -> Stored<LoanRow> {
    let currency = row.loan.amount.currency;
    row.loan.history = store.all(
        "SELECT * FROM loan_repayment WHERE loan = ?1 ORDER BY number",
        [signed(row.loan.id.0)],
        |line| read_repayment(line, currency),
    )?;
    Ok(row)
}

impl Store<'_> {
    /// A loan by id.
    pub fn loan(&self, loan: LoanId) -> Stored<Option<LoanRow>> {
        let row = self.one("SELECT * FROM loan WHERE id = ?1", [signed(loan.0)], read_loan)?;
        row.map(|row| with_history(*self, row)).transpose()
    }

    /// The loan that a record of a site asked for.
    pub fn loan_of_request(&self, record: RecordId) -> Stored<Option<LoanRow>> {
        let row = self.one(
            "SELECT * FROM loan WHERE box = ?1 AND epoch = ?2 AND seq = ?3",
            record_columns(record),
            read_loan,
        )?;
        row.map(|row| with_history(*self, row)).transpose()
    }

    /// A customer's loans that are not over, as borrower, the oldest first.
    pub fn open_loans_of(&self, borrower: CustomerId) -> Stored<Vec<LoanRow>> {
        let sql = format!("SELECT * FROM loan WHERE borrower = ?1 AND {OPEN} ORDER BY number");
        self.loans(&sql, [signed(borrower.0)])
    }

    /// A customer's loans that are not over, as lender, the oldest first.
    pub fn open_loans_by(&self, lender: CustomerId) -> Stored<Vec<LoanRow>> {
        let sql = format!("SELECT * FROM loan WHERE lender = ?1 AND {OPEN} ORDER BY number");
        self.loans(&sql, [signed(lender.0)])
    }

    /// A customer's loans as either party: those that are open, the newest first, then the others.
    pub fn newest_loans(&self, customer: CustomerId, limit: u32) -> Stored<Vec<LoanRow>> {
        let sql =
            format!("SELECT * FROM loan WHERE borrower = ?1 OR lender = ?1 ORDER BY {OPEN} DESC, number DESC LIMIT ?2");
        self.loans(&sql, params![signed(customer.0), limit])
    }

    /// How many loans somebody asked for since then, whatever became of them.
    pub fn loans_asked_by(&self, borrower: CustomerId, since: Wall) -> Stored<u32> {
        let count = self.one(
            "SELECT count(*) FROM loan WHERE borrower = ?1 AND created_ms > ?2",
            params![signed(borrower.0), since.0],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or_default())
    }

    /// How many somebody was asked for since then.
    pub fn loans_asked_of(&self, lender: Lender, since: Wall) -> Stored<u32> {
        let (known, invited) = lender_columns(lender);
        let count = self.one(
            "SELECT count(*) FROM loan WHERE (lender = ?1 OR invited = ?2) AND created_ms > ?3",
            params![known, invited, since.0],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or_default())
    }

    /// Loans that wait for this number to be registered, the oldest first.
    pub fn loans_inviting(&self, phone: Phone) -> Stored<Vec<LoanRow>> {
        let sql = "SELECT * FROM loan WHERE invited = ?1 AND state = 'invited' ORDER BY number";
        self.loans(sql, [phone.e164()])
    }

    /// Loans that wait for a word since before a moment, the oldest first.
    pub fn loans_waiting_since(&self, before: Wall, limit: u32) -> Stored<Vec<LoanRow>> {
        let sql = format!(
            "SELECT * FROM loan WHERE {OPEN} AND state IN ('invited', 'asked') AND asked_ms <= ?1 ORDER BY number LIMIT ?2"
        );
        self.loans(&sql, params![before.0, limit])
    }

    /// Open loans of borrowers of a site (`None`: of none) that were not looked at on this day.
    pub fn loans_to_look_at(&self, site: Option<&SiteName>, day: Day, limit: u32) -> Stored<Vec<LoanRow>> {
        self.loans(
            "SELECT loan.* FROM loan JOIN customer ON customer.id = loan.borrower
             WHERE loan.state IN ('invited', 'asked', 'repaying') AND customer.site IS ?1
               AND (loan.looked IS NULL OR loan.looked < ?2)
             ORDER BY loan.number LIMIT ?3",
            params![site.map(SiteName::as_str), day.to_string(), limit],
        )
    }

    fn loans(&self, sql: &str, params: impl rusqlite::Params) -> Stored<Vec<LoanRow>> {
        let rows = self.all(sql, params, read_loan)?;
        rows.into_iter().map(|row| with_history(*self, row)).collect()
    }

    /// Writes a loan, new or changed, and what is new in its history.
    pub fn put_loan(&self, row: &LoanRow) -> Stored<()> {
        let loan = &row.loan;
        let (known, invited) = lender_columns(loan.lender);
        let request = row.request.map(record_columns);
        let day = |day: Option<Day>| day.map(|day| day.to_string());
        self.execute(
            "INSERT INTO loan (id, borrower, lender, invited, amount_minor, repayment_minor, currency, every_days, state,
                               asked_ms, given, reminded, looked, box, epoch, seq, asked_by, created_ms, ended_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
             ON CONFLICT (id) DO UPDATE SET
                 lender = excluded.lender, invited = excluded.invited, state = excluded.state,
                 asked_ms = excluded.asked_ms, given = excluded.given, reminded = excluded.reminded,
                 looked = excluded.looked, ended_ms = excluded.ended_ms",
            params![
                signed(loan.id.0),
                signed(loan.borrower.0),
                known,
                invited,
                loan.amount.minor,
                loan.repayment.minor,
                loan.amount.currency.code(),
                loan.every_days,
                loan.state.name(),
                loan.asked.map(|asked| asked.0),
                day(loan.given),
                day(loan.reminded),
                day(row.looked),
                request.map(|(box_id, _, _)| box_id),
                request.map(|(_, epoch, _)| epoch),
                request.map(|(_, _, seq)| seq),
                row.asked_by,
                row.created.0,
                row.ended.map(|ended| ended.0),
            ],
        )?;
        for line in &loan.history {
            let (cause, cause_id) = cause_columns(line.cause);
            self.execute(
                "INSERT INTO loan_repayment (loan, cause, cause_id, amount_minor, time_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
                params![signed(loan.id.0), cause, cause_id, line.amount.minor, line.at.0],
            )?;
        }
        Ok(())
    }

    /// The loans of one customer count as another's.
    pub fn move_loans(&self, from: CustomerId, into: CustomerId) -> Stored<()> {
        for party in ["borrower", "lender"] {
            self.execute(
                &format!("UPDATE loan SET {party} = ?2 WHERE {party} = ?1"),
                [signed(from.0), signed(into.0)],
            )?;
        }
        Ok(())
    }

    /// Requests of sites for loans to this borrower, or whoever counts as them, that wait for nobody's word but are no loans.
    pub fn loan_requests_of(&self, borrower: CustomerId) -> Stored<Vec<RecordId>> {
        self.all(
            "SELECT box, epoch, seq FROM loan_request AS asked
             WHERE held = 0 AND (borrower = ?1 OR borrower IN (SELECT id FROM customer WHERE merged_into = ?1))
               AND NOT EXISTS (SELECT 1 FROM loan
                               WHERE loan.box = asked.box AND loan.epoch = asked.epoch AND loan.seq = asked.seq)
               AND NOT EXISTS (SELECT 1 FROM answered WHERE answered.box = asked.box AND answered.epoch = asked.epoch
                               AND answered.seq = asked.seq AND answered.state <> 'taken')
             ORDER BY time_ms, box, epoch, seq",
            [signed(borrower.0)],
            |row| {
                Ok(RecordId {
                    log: LogKey {
                        box_id: BoxId(id(row, "box")?),
                        by: Writer::Site,
                        lane: Lane::Money,
                        epoch: Epoch(id(row, "epoch")?),
                    },
                    seq: row.get("seq")?,
                })
            },
        )
    }

    /// Keeps a code that goes to this number.
    pub fn add_code(&self, phone: Phone, what: CodeFor, sealed: &[u8], now: Wall) -> Stored<()> {
        let loan = match what {
            CodeFor::Loan(loan) => Some(signed(loan.0)),
            CodeFor::Pin => None,
        };
        self.execute(
            "INSERT INTO one_time_code (phone, loan, sealed, since_ms, wrong, used) VALUES (?1, ?2, ?3, ?4, 0, 0)",
            params![phone.e164(), loan, sealed, now.0],
        )
        .map(drop)
    }

    /// The codes that were sent to a number and are kept, the oldest first.
    pub fn codes_sent_to(&self, phone: Phone) -> Stored<Vec<CodeRow>> {
        self.all(
            "SELECT * FROM one_time_code WHERE phone = ?1 ORDER BY id",
            [phone.e164()],
            |row| {
                Ok(CodeRow {
                    id: row.get("id")?,
                    what: maybe_id(row, "loan")?.map_or(CodeFor::Pin, |loan| CodeFor::Loan(LoanId(loan))),
                    sealed: row.get("sealed")?,
                    since: Wall(row.get("since_ms")?),
                    wrong: row.get("wrong")?,
                    used: row.get("used")?,
                })
            },
        )
    }

    /// What became of a code.
    pub fn set_code(&self, code: i64, wrong: u8, used: bool) -> Stored<()> {
        self.execute(
            "UPDATE one_time_code SET wrong = ?2, used = ?3 WHERE id = ?1",
            params![code, wrong, used],
        )
        .map(drop)
    }

    /// Forgets codes of before a moment.
    pub fn forget_codes(&self, before: Wall) -> Stored<()> {
        self.execute("DELETE FROM one_time_code WHERE since_ms < ?1", [before.0])
            .map(drop)
    }
}
