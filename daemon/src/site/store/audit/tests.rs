//! Whoever has the file and not the key: every edit, deletion, swap and cut is found (RELIABILITY row 38).

use std::path::PathBuf;

use kiosk::ids::{BoxId, Epoch};
use store::{Database, Durability};
use sync::{journal::Pen, seal::SecretKey, vault::Vault};

use super::*;
use crate::site::store::{logs, open};

const ROWS: u64 = 12;

struct Books {
    folder: PathBuf,
    database: Database,
}

impl Books {
    /// An audit of twelve rows.
    fn new(name: &str) -> Books {
        let folder = std::env::temp_dir().join(format!("kisima-audit-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let vault = Vault::new(&SecretKey::new([7; 32]));
        let database = open(&folder.join("site.db"), Durability::Relaxed, &vault).unwrap();
        let books = Books { folder, database };
        books.add(ROWS);
        books
    }

    fn connection(&self) -> &Connection {
        self.database.connection()
    }

    fn add(&self, rows: u64) {
        for number in 0..rows {
            insert(
                self.connection(),
                Wall(1_000 + number.cast_signed()),
                "asha",
                "token_added",
                "till",
            )
            .unwrap();
        }
    }

    fn verify(&self) -> Result<u64, Broken> {
        verify(self.connection()).unwrap()
    }

    /// What verify says while `sql` is done; then it is undone.
    fn after(&self, sql: &str) -> Result<u64, Broken> {
        self.after_and(sql, 0)
    }

    /// The same, with rows that the program adds afterwards, none the wiser.
    fn after_and(&self, sql: &str, rows: u64) -> Result<u64, Broken> {
        self.database.begin().unwrap();
        self.connection().execute_batch(sql).unwrap();
        self.add(rows);
        let said = self.verify();
        self.database.abandon();
        assert_eq!(self.verify(), Ok(ROWS), "undone: {sql}");
        said
    }

    /// The first broken row, now and after the program has gone on.
    fn broken_at(&self, sql: &str) -> u64 {
        let now = self.after(sql).expect_err(sql).row;
        assert_eq!(
            self.after_and(sql, 3).expect_err(sql).row,
            now,
            "and when it goes on: {sql}"
        );
        now
    }
}

impl Drop for Books {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

#[test]
fn every_field_of_every_row_is_under_the_chain() {
    let books = Books::new("fields");
    assert_eq!(books.verify(), Ok(ROWS));
    for row in 1..=ROWS {
        for edit in [
            "time = time + 1",
            "content = substr(content, 1, length(content) - 1) || x'00'",
            "content = CAST(substr(content, 1, length(content) - 1) AS BLOB)",
            "content = zeroblob(60)",
            "chain = zeroblob(32)",
            "chain = (SELECT chain FROM audit AS other WHERE other.id <> audit.id LIMIT 1)",
        ] {
            let edit = edit.replace(
                "substr(content, 1, length(content) - 1) || x'00'",
                "CAST(content || x'00' AS BLOB)",
            );
            let at = books.broken_at(&format!("UPDATE audit SET {edit} WHERE id = {row}"));
            assert_eq!(at, row, "{edit}");
        }
        let moved = books.broken_at(&format!("UPDATE audit SET id = id + 1000 WHERE id = {row}"));
        assert_eq!(moved, row);
    }
}

#[test]
fn deletions_swaps_and_cuts_are_named_by_their_first_row() {
    let books = Books::new("rows");
    for row in 1..=ROWS {
        assert_eq!(books.broken_at(&format!("DELETE FROM audit WHERE id = {row}")), row);
        assert_eq!(
            books.broken_at(&format!("DELETE FROM audit WHERE id >= {row}")),
            row,
            "cut off"
        );
        let closed_up = format!("DELETE FROM audit WHERE id = {row}; UPDATE audit SET id = id - 1 WHERE id > {row}");
        assert_eq!(books.broken_at(&closed_up), row, "the gap closed up");
        let copied = format!(
            "UPDATE audit SET id = id + 100 WHERE id > {row}; UPDATE audit SET id = id - 99 WHERE id > 100;
             INSERT INTO audit SELECT {row} + 1, time, content, chain FROM audit WHERE id = {row}"
        );
        assert_eq!(books.broken_at(&copied), row + 1, "a row twice");
    }
    for (one, other) in [(1, 2), (3, 9), (11, 12)] {
        let swap = format!(
            "UPDATE audit SET id = -1 WHERE id = {one}; UPDATE audit SET id = {one} WHERE id = {other};
             UPDATE audit SET id = {other} WHERE id = -1"
        );
        assert_eq!(books.broken_at(&swap), one);
    }
}

#[test]
fn a_head_that_was_touched_is_found() {
    let books = Books::new("head");
    for edit in [
        "DELETE FROM audit_head",
        "UPDATE audit_head SET rows = 11",
        "UPDATE audit_head SET chain = zeroblob(32)",
        "UPDATE audit_head SET seal = zeroblob(32)",
        "DELETE FROM audit; DELETE FROM audit_head",
        "DELETE FROM audit WHERE id = 12; UPDATE audit_head SET rows = 11, chain = (SELECT chain FROM audit WHERE id = 11)",
    ] {
        books.after(edit).expect_err(edit);
        books.after_and(edit, 3).expect_err(edit);
    }
}

/// Rows and their head set back together to what they were: only what the hub was told shows it.
#[test]
fn an_audit_set_back_whole_is_shorter_than_the_hub_was_told() {
    let books = Books::new("set-back");
    let connection = books.connection();
    let older: (i64, Vec<u8>, Vec<u8>) = connection
        .query_row("SELECT rows, chain, seal FROM audit_head", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    books.add(5);
    let AuditHead { rows, chain } = head(connection).unwrap().unwrap();
    assert_eq!(rows, ROWS + 5);
    let pen = Pen {
        by: Writer::Site,
        epoch: Epoch(3),
    };
    let record = Record::AuditHead { rows, chain };
    pen.write(&mut logs(connection), BoxId(9), Lane::Telemetry, &record)
        .unwrap();
    assert_eq!(books.verify(), Ok(ROWS + 5));

    connection.execute("DELETE FROM audit WHERE id > 12", []).unwrap();
    let sql = "UPDATE audit_head SET rows = ?1, chain = ?2, seal = ?3";
    connection.execute(sql, older).unwrap();
    assert_eq!(books.verify().unwrap_err().row, ROWS + 1);
    for _ in 0..5 {
        insert(connection, Wall(9_000), "nobody", "nothing", "").unwrap();
    }
    assert_eq!(
        books.verify().unwrap_err().row,
        ROWS + 5,
        "other rows in the place of those that were told"
    );
}
