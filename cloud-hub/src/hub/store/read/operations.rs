//! What an operator decides about: a doubt, a box to be written off, logins and tokens, loans that were asked.

use kiosk::{
    ids::{BoxId, CustomerId, Epoch, Lane, LogKey, RecordId, SiteName, Writer},
    moment::Wall,
};
use rusqlite::Connection;
use store::{StoreError, journal::SqlLogs};
use sync::{
    doubt::{hub_heard, hub_in_doubt},
    journal::JournalError,
};

use super::{LIMIT_MAX, Read};
use crate::hub::{
    operator::Role,
    store::{Store, id, maybe_parsed, maybe_wall, operator::read_role, parsed, signed},
};

/// What the hub does not know while part of its past may be missing (PROTOCOL rule 17).
#[derive(Clone, Debug)]
pub struct Doubt {
    /// Since when.
    pub since: Option<Wall>,
    /// Sites with a gateway that has not been heard since.
    pub unheard: Vec<SiteName>,
    /// The sum at risk, in millilitres: what looks free and is granted at the end of the doubt, though the missing past
    /// may have given it away already.
    pub at_risk_ml: i64,
}

/// A person who may log in.
#[derive(Clone, Debug)]
pub struct User {
    /// The login.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// They have not chosen a password of their own yet.
    pub change_password: bool,
}

/// An API token; the token itself is not kept.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The site it is bound to.
    pub site: Option<SiteName>,
    /// When it was made.
    pub created: Wall,
}

/// A loan asked at a site.
#[derive(Clone, Debug)]
pub struct LoanRequest {
    /// The record that asked.
    pub record: RecordId,
    /// Where.
    pub site: Option<SiteName>,
    /// Who asks.
    pub borrower: CustomerId,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// Paid back a week, in minor units.
    pub repayment_minor: i64,
    /// When.
    pub time: Wall,
}

fn journal(error: JournalError<StoreError>) -> StoreError {
    match error {
        JournalError::Store(error) => error,
        _ => StoreError::Row("the journal's own values"),
    }
}

/// Whether the hub is in doubt.
pub fn in_doubt(connection: &Connection) -> Read<bool> {
    hub_in_doubt(&SqlLogs::new(connection)).map_err(journal)
}

/// The hub's doubt; `None` when it is in none. Reads every purse.
pub fn doubt(connection: &Connection) -> Read<Option<Doubt>> {
    if !in_doubt(connection)? {
        return Ok(None);
    }
    let store = Store(connection);
    let boxes = store.all(
        "SELECT box, site FROM enrolment WHERE state = 'current' ORDER BY site",
        [],
        |row| Ok((BoxId(id(row, "box")?), parsed::<SiteName>(row, "site")?)),
    )?;
    let mut unheard = Vec::new();
    for (box_id, site) in boxes {
        if !hub_heard(&SqlLogs::new(connection), box_id).map_err(journal)? {
            unheard.push(site);
        }
    }
    let since = store.one("SELECT doubt_since_ms FROM hub", [], |row| {
        maybe_wall(row, "doubt_since_ms")
    })?;
    Ok(Some(Doubt {
        since: since.flatten(),
        unheard,
        at_risk_ml: free_ml(connection)?,
    }))
}

/// What is free of all purses: credited, less what rights cost (PROTOCOL rule 21), less draws at the hub.
pub(in crate::hub) fn free_ml(connection: &Connection) -> Read<i64> {
    let free = Store(connection).one(
        "SELECT coalesce(sum(free), 0) FROM (
             SELECT max(0, own.credited_ml
                 - (SELECT coalesce(sum(CASE WHEN written_off_ml IS NOT NULL THEN written_off_ml
                                             WHEN closed <> 0 THEN spent_ml
                                             ELSE max(coalesce(volume_ml, 0), spent_ml) END), 0)
                    FROM grants WHERE customer = own.customer AND purse = own.purse AND period = own.period)
                 - (SELECT coalesce(sum(cost_ml), 0)
                    FROM draw_part WHERE customer = own.customer AND purse = own.purse AND period = own.period)) AS free
             FROM purse AS own
             WHERE own.purse = 1 OR own.period IN (SELECT subscription.id FROM subscription WHERE state = 'valid'))",
        [],
        |row| row.get(0),
    )?;
    Ok(free.unwrap_or_default())
}

/// What a box may still give out of the rights it holds, in millilitres: what a write-off gives a second time at most.
pub fn held_ml(connection: &Connection, box_id: BoxId) -> Read<i64> {
    let held = Store(connection).one(
        "SELECT coalesce(sum(max(0, coalesce(volume_ml, 0) - spent_ml)), 0) FROM grants
         WHERE box = ?1 AND closed = 0 AND written_off_ml IS NULL",
        [signed(box_id.0)],
        |row| row.get(0),
    )?;
    Ok(held.unwrap_or_default())
}

/// All people who may log in, by name.
pub fn users(connection: &Connection) -> Read<Vec<User>> {
    Store(connection).all("SELECT * FROM user ORDER BY name", [], |row| {
        Ok(User {
            name: row.get("name")?,
            role: read_role(row, "role")?,
            change_password: row.get("change_password")?,
        })
    })
}

/// All API tokens, by name.
pub fn tokens(connection: &Connection) -> Read<Vec<Token>> {
    Store(connection).all("SELECT * FROM token ORDER BY name", [], |row| {
        Ok(Token {
            name: row.get("name")?,
            role: read_role(row, "role")?,
            site: maybe_parsed(row, "site")?,
            created: Wall(row.get("created_ms")?),
        })
    })
}

/// Of loans that sites asked for those that became none here and that nobody has closed yet.
const OPEN_LOANS: &str = "NOT EXISTS (SELECT 1 FROM loan WHERE loan.box = loan_request.box
    AND loan.epoch = loan_request.epoch AND loan.seq = loan_request.seq) AND NOT EXISTS (SELECT 1 FROM answered WHERE answered.box = loan_request.box
    AND answered.epoch = loan_request.epoch AND answered.seq = loan_request.seq AND state <> 'taken')";

/// Loans that were asked at sites and wait for an operator, the newest first.
pub fn loan_requests(connection: &Connection, limit: u32) -> Read<Vec<LoanRequest>> {
    Store(connection).all(
        &format!(
            "SELECT loan_request.*, enrolment.site FROM loan_request
             LEFT JOIN enrolment ON enrolment.box = loan_request.box
             WHERE {OPEN_LOANS} ORDER BY time_ms DESC, seq DESC LIMIT ?1"
        ),
        [limit.min(LIMIT_MAX)],
        |row| {
            Ok(LoanRequest {
                record: RecordId {
                    log: LogKey {
                        box_id: BoxId(id(row, "box")?),
                        by: Writer::Site,
                        lane: Lane::Money,
                        epoch: Epoch(id(row, "epoch")?),
                    },
                    seq: row.get("seq")?,
                },
                site: maybe_parsed(row, "site")?,
                borrower: CustomerId(id(row, "borrower")?),
                amount_minor: row.get("amount_minor")?,
                repayment_minor: row.get("repayment_minor")?,
                time: Wall(row.get("time_ms")?),
            })
        },
    )
}

/// How many loans that were asked at sites wait for an operator.
pub fn loans_asked(connection: &Connection) -> Read<i64> {
    let count = format!("SELECT count(*) FROM loan_request WHERE {OPEN_LOANS}");
    let count = Store(connection).one(&count, [], |row| row.get(0))?;
    Ok(count.unwrap_or_default())
}
