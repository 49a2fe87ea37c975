//! What dispensers asked and were told, so that a retry gets the same bytes.

use kiosk::{
    ids::{DispenserId, Epoch, HoldId, RequestId},
    moment::Uptime,
};
use rusqlite::{Connection, OptionalExtension};
use store::StoreError;

use super::{rights, signed, unsigned};

/// A remembered request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestRow {
    /// A keyed hash of what was asked; empty for a pour that nobody asked for.
    pub content: Vec<u8>,
    /// The bytes of the answer.
    pub answer: Option<Vec<u8>>,
    /// The hold an approval opened.
    pub hold: Option<HoldId>,
    /// The bytes of the receipt, once the pour is recorded.
    pub receipt: Option<Vec<u8>>,
    /// How often it came again with nothing but another PIN.
    pub guesses: u32,
}

/// How many denied answers are kept of each dispenser. At the 99 asks a second that one may send they are those of 17
/// minutes and some 40 MB; a person who types wrongly once a minute fills them in 69 days.
pub const DENIED_MAX: i64 = 100_000;

/// The request of this dispenser, if it is remembered.
pub fn find(
    connection: &Connection,
    dispenser: &DispenserId,
    request: &RequestId,
) -> Result<Option<RequestRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT content, opened('request.answer', ?1 || '/' || ?2, answer), hold_epoch, hold_number,
           opened('request.receipt', ?1 || '/' || ?2, receipt), guesses FROM request WHERE request = ?2 AND dispenser = ?1",
    )?;
    let row = statement.query_row((dispenser.as_str(), request.as_str()), |row| {
        let hold: (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
        let hold = match hold {
            (Some(epoch), Some(number)) => Some(HoldId {
                epoch: Epoch(unsigned(epoch)),
                number: unsigned(number),
            }),
            _ => None,
        };
        Ok(RequestRow {
            content: row.get(0)?,
            answer: row.get(1)?,
            hold,
            receipt: row.get(4)?,
            guesses: row.get(5)?,
        })
    });
    Ok(row.optional()?)
}

/// What a request begins with that the machine made up for an ask without one.
const UNNAMED: &str = "unnamed-";
/// Among how many of the newest requests an equal one is looked for.
const EQUAL_AMONG_MAX: u32 = 5_000;

/// The request of an ask that came without one.
pub fn unnamed(number: u64) -> RequestId {
    format!("{UNNAMED}{number:016x}")
        .parse()
        .expect("letters, digits and a dash, 24 of them")
}

/// The newest such request of this dispenser with this content, made since then and not yet settled.
pub fn equal(
    connection: &Connection,
    dispenser: &DispenserId,
    content: &[u8],
    since: Uptime,
) -> Result<Option<RequestId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT request FROM (SELECT * FROM request ORDER BY id DESC LIMIT ?4)
         WHERE uptime_ms >= ?3 AND dispenser = ?1 AND content = ?2 AND receipt IS NULL AND substr(request, 1, 8) = ?5
         ORDER BY id DESC LIMIT 1",
    )?;
    let values = (
        dispenser.as_str(),
        content,
        since.0.cast_signed(),
        EQUAL_AMONG_MAX,
        UNNAMED,
    );
    let request: Option<String> = statement.query_row(values, |row| row.get(0)).optional()?;
    request
        .map(|request| request.parse().map_err(|_| StoreError::Row("a request")))
        .transpose()
}

/// Remembers a request that was not known. Of the dispenser's denied ones the oldest beyond [`DENIED_MAX`] are forgotten:
/// asked again, such a request is decided anew.
pub fn insert(
    connection: &Connection,
    dispenser: &DispenserId,
    request: &RequestId,
    row: &RequestRow,
    uptime: Uptime,
) -> Result<(), StoreError> {
    let is_denied = row.answer.is_some() && row.hold.is_none() && row.receipt.is_none();
    let denied = if is_denied {
        Some(next_denied(connection, dispenser)?)
    } else {
        None
    };
    let mut statement = connection.prepare_cached(
        "INSERT INTO request (dispenser, request, content, answer, hold_epoch, hold_number, receipt, uptime_ms, denied)
         VALUES (?1, ?2, ?3, sealed('request.answer', ?1 || '/' || ?2, ?4), ?5, ?6,
           sealed('request.receipt', ?1 || '/' || ?2, ?7), ?8, ?9)",
    )?;
    let values = (
        dispenser.as_str(),
        request.as_str(),
        &row.content,
        &row.answer,
        row.hold.map(|hold| signed(hold.epoch.0)),
        row.hold.map(|hold| signed(hold.number)),
        &row.receipt,
        uptime.0.cast_signed(),
        denied,
    );
    statement.execute(values)?;
    if let Some(number) = denied.filter(|number| *number > DENIED_MAX) {
        let mut statement = connection.prepare_cached("DELETE FROM request WHERE dispenser = ?1 AND denied <= ?2")?;
        statement.execute((dispenser.as_str(), number - DENIED_MAX))?;
    }
    Ok(())
}

/// The number of this dispenser's next denied answer.
fn next_denied(connection: &Connection, dispenser: &DispenserId) -> Result<i64, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT denied FROM request WHERE dispenser = ?1 AND denied IS NOT NULL ORDER BY denied DESC LIMIT 1",
    )?;
    let newest: Option<i64> = statement.query_row([dispenser.as_str()], |row| row.get(0)).optional()?;
    Ok(newest.map_or(1, |newest| newest.saturating_add(1)))
}

/// Counts that a request came again with nothing but another PIN.
pub fn count_guess(connection: &Connection, dispenser: &DispenserId, request: &RequestId) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("UPDATE request SET guesses = guesses + 1 WHERE request = ?2 AND dispenser = ?1")?;
    Ok(statement.execute((dispenser.as_str(), request.as_str())).map(drop)?)
}

/// Remembers the receipt of a known request. With it, it is kept like any pour, whatever it was told.
pub fn put_receipt(
    connection: &Connection,
    dispenser: &DispenserId,
    request: &RequestId,
    receipt: &[u8],
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE request SET receipt = sealed('request.receipt', ?1 || '/' || ?2, ?3), denied = NULL
         WHERE dispenser = ?1 AND request = ?2",
    )?;
    Ok(statement
        .execute((dispenser.as_str(), request.as_str(), receipt))
        .map(drop)?)
}

/// Forgets requests from before `before`, the oldest first, at most `count_max` of them, and their holds. One whose hold
/// is open stays: its report is still to come.
///
/// Rows stand in the order of their arrival, so the first young one ends the search, and none costs an index. After a
/// crash the uptime may have gone back by a minute; what arrived then is forgotten that much later.
pub fn forget(connection: &Connection, before: Uptime, count_max: u32) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id, uptime_ms, hold_epoch, hold_number FROM request ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut delete = connection.prepare_cached("DELETE FROM request WHERE id = ?1")?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        if count == count_max || row.get::<_, i64>(1)? >= before.0.cast_signed() {
            break;
        }
        if let (Some(epoch), Some(number)) = (row.get(2)?, row.get(3)?) {
            let hold = HoldId {
                epoch: Epoch(unsigned(epoch)),
                number: unsigned(number),
            };
            if rights::hold(connection, hold)?.is_some_and(|hold| hold.is_open()) {
                continue;
            }
            rights::forget_hold(connection, hold)?;
        }
        delete.execute([row.get::<_, i64>(0)?])?;
        count += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use kiosk::{
        grant::{Charge, Settlement},
        ids::GrantId,
        units::Volume,
    };
    use store::Durability;
    use sync::{seal::SecretKey, vault::Vault};

    use super::{super::rights::HoldRow, *};

    /// A database in a folder of its own.
    struct Rows(std::path::PathBuf, Option<store::Database>);

    impl Rows {
        fn new(name: &str) -> Rows {
            let folder = std::env::temp_dir().join(format!("kisima-requests-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let vault = Vault::new(&SecretKey::new([7; 32]));
            let database = super::super::open(&folder.join("site.db"), Durability::Relaxed, &vault).unwrap();
            Rows(folder, Some(database))
        }

        fn connection(&self) -> &Connection {
            self.1.as_ref().unwrap().connection()
        }

        fn insert(&self, request: &str, row: &RequestRow, uptime: u64) {
            let request = request.parse().unwrap();
            insert(self.connection(), &tap(), &request, row, Uptime(uptime)).unwrap();
        }

        fn known(&self) -> Vec<String> {
            let mut statement = self
                .connection()
                .prepare("SELECT request FROM request ORDER BY id")
                .unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        }

        /// A request with a hold, settled or not.
        fn approved(&self, request: &str, number: u64, is_open: bool, uptime: u64) {
            let id = HoldId {
                epoch: Epoch(1),
                number,
            };
            let grant = GrantId {
                epoch: Epoch(2),
                number: 1,
            };
            let held = vec![(grant, Volume::from_ml(500))];
            let mut settlement = Settlement::default();
            if !is_open {
                settlement.rule = Some(Charge::by_rule(&held));
            }
            let hold = HoldRow {
                dispenser: tap(),
                request: Some(request.parse().unwrap()),
                customer: None,
                held,
                settlement,
                day: 1,
            };
            rights::put_hold(self.connection(), id, &hold, 0).unwrap();
            let row = RequestRow {
                answer: Some(vec![1]),
                hold: Some(id),
                ..RequestRow::default()
            };
            self.insert(request, &row, uptime);
        }
    }

    impl Drop for Rows {
        fn drop(&mut self) {
            self.1 = None;
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn tap() -> DispenserId {
        "tap-1".parse().unwrap()
    }

    fn denied() -> RequestRow {
        RequestRow {
            answer: Some(vec![0]),
            ..RequestRow::default()
        }
    }

    #[test]
    fn the_first_young_request_ends_the_search_and_open_holds_stay_without_blocking_it() {
        let rows = Rows::new("forget");
        rows.approved("open-1", 1, true, 10);
        rows.approved("open-2", 2, true, 11);
        rows.approved("settled", 3, false, 12);
        rows.insert("denied-1", &denied(), 13);
        rows.insert("denied-2", &denied(), 14);
        rows.insert("young", &denied(), 100);
        rows.insert("after-a-crash", &denied(), 15);
        forget(rows.connection(), Uptime(50), 2).unwrap();
        let left = ["open-1", "open-2", "denied-2", "young", "after-a-crash"];
        assert_eq!(rows.known(), left, "two at a time, the oldest first");
        let hold = |number| {
            let id = HoldId {
                epoch: Epoch(1),
                number,
            };
            rights::hold(rows.connection(), id).unwrap()
        };
        assert!(hold(1).is_some() && hold(3).is_none());
        forget(rows.connection(), Uptime(50), 2).unwrap();
        assert_eq!(rows.known(), ["open-1", "open-2", "young", "after-a-crash"]);
        forget(rows.connection(), Uptime(101), 9).unwrap();
        assert_eq!(rows.known(), ["open-1", "open-2"]);
    }

    #[test]
    fn of_denied_answers_only_so_many_are_kept_and_what_was_poured_stays() {
        let rows = Rows::new("denied");
        rows.approved("approved", 1, true, 1);
        for request in ["d1", "d2", "d3"] {
            rows.insert(request, &denied(), 1);
        }
        put_receipt(
            rows.connection(),
            &tap(),
            &"d1".parse().unwrap(),
            b"poured all the same",
        )
        .unwrap();
        // As if very many had come between.
        let renumber = format!("UPDATE request SET denied = {DENIED_MAX} WHERE request = 'd3'");
        rows.connection().execute_batch(&renumber).unwrap();
        rows.insert("d4", &denied(), 1);
        assert_eq!(
            rows.known(),
            ["approved", "d1", "d2", "d3", "d4"],
            "the second is within"
        );
        rows.insert("d5", &denied(), 1);
        assert_eq!(rows.known(), ["approved", "d1", "d3", "d4", "d5"]);
    }

    #[test]
    fn the_bound_is_held_without_looking_at_every_row() {
        let rows = Rows::new("plan");
        for statement in [
            "SELECT denied FROM request WHERE dispenser = 'a' AND denied IS NOT NULL ORDER BY denied DESC LIMIT 1",
            "DELETE FROM request WHERE dispenser = 'a' AND denied <= 7",
        ] {
            let plan: String = rows
                .connection()
                .query_row(&format!("EXPLAIN QUERY PLAN {statement}"), [], |row| row.get(3))
                .unwrap();
            assert!(plan.contains("request_denied (dispenser=?"), "{plan}");
        }
    }
}
