//! Accounts that are to go along to another number, as pages and the API show them.

use kiosk::{ids::CustomerId, moment::Wall, phone::Phone};
use rusqlite::{Connection, params};

use super::{LIMIT_MAX, Page, Read, page};
use crate::hub::store::{Store, number::read_number};

/// A request to take an account along.
#[derive(Clone, Debug)]
pub struct NumberRequest {
    /// Its number.
    pub id: i64,
    /// Whose account.
    pub customer: CustomerId,
    /// The number that has it, or had it.
    pub old: Phone,
    /// The number that asked.
    pub new: Phone,
    /// `open`, `yes`, `no` or `expired`.
    pub state: String,
    /// When it was asked.
    pub asked: Wall,
    /// When it was decided.
    pub decided: Option<Wall>,
    /// Who said yes or no.
    pub decided_by: Option<String>,
}

/// Requests, or those in a state, below `before`, the newest first.
pub fn number_requests(
    connection: &Connection,
    state: Option<&str>,
    before: i64,
    limit: u32,
) -> Read<Page<NumberRequest>> {
    let limit = limit.clamp(1, LIMIT_MAX);
    let rows = Store(connection).all(
        "SELECT * FROM number_request WHERE id < ?1 AND (?2 IS NULL OR state = ?2) ORDER BY id DESC LIMIT ?3",
        params![before, state, limit + 1],
        read_number,
    )?;
    let shown = rows.into_iter().map(|row| NumberRequest {
        id: row.id,
        customer: row.customer,
        old: row.old,
        new: row.new,
        state: row.state,
        asked: row.asked,
        decided: row.decided,
        decided_by: row.decided_by,
    });
    Ok(page(shown.collect(), limit, |row| row.id))
}
