//! The groundwork: what is undone, kept and found again.

use super::*;

const FIRST: &str = "CREATE TABLE tap (id INTEGER PRIMARY KEY) STRICT";

fn count(connection: &Connection) -> i64 {
    connection
        .query_row("SELECT count(*) FROM tap", [], |row| row.get(0))
        .unwrap()
}

struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("kisima-store-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn database(&self, migrations: &[&str]) -> Result<Database, StoreError> {
        Database::open(&self.0.join("test.db"), Durability::Full, migrations)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

#[test]
fn what_fails_is_undone_alone() {
    let folder = Folder::new("alone");
    let database = folder.database(&[FIRST]).unwrap();
    database.begin().unwrap();
    for id in 1..=3 {
        database.save().unwrap();
        database
            .connection()
            .execute("INSERT INTO tap (id) VALUES (?1)", [id])
            .unwrap();
        if id == 2 {
            database.undo().unwrap()
        } else {
            database.keep().unwrap()
        }
    }
    database.commit().unwrap();
    assert_eq!(count(database.connection()), 2);
}

#[test]
fn after_sqlite_undid_a_batch_nothing_more_of_it_is_kept() {
    let folder = Folder::new("undone");
    let database = folder.database(&[FIRST]).unwrap();
    let insert = |id: i64| {
        database.alone(|connection| -> Result<(), StoreError> {
            connection.execute("INSERT INTO tap (id) VALUES (?1)", [id])?;
            if id == 2 {
                // What SQLite does by itself when the disk fails or is full.
                connection.execute_batch("ROLLBACK")?;
                return Err(StoreError::Row("the second"));
            }
            Ok(())
        })
    };
    database.begin().unwrap();
    insert(1).unwrap();
    assert!(
        matches!(insert(2), Err(StoreError::Row("the second"))),
        "the cause is told"
    );
    assert!(matches!(insert(3), Err(StoreError::NoBatch)));
    database.commit().unwrap_err();
    database.abandon();
    assert_eq!(count(database.connection()), 0);
    database.begin().unwrap();
    insert(4).unwrap();
    database.commit().unwrap();
    assert_eq!(count(database.connection()), 1, "the next batch is whole again");
}

#[test]
fn a_newer_schema_is_refused_with_a_way_out() {
    let folder = Folder::new("newer");
    drop(
        folder
            .database(&[FIRST, "CREATE TABLE pipe (id INTEGER PRIMARY KEY) STRICT"])
            .unwrap(),
    );
    let error = folder.database(&[FIRST]).map(drop).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("written by a newer version (schema 2, this program knows 1)"),
        "{error}"
    );
}

#[test]
fn a_damaged_file_is_found_at_start() {
    let folder = Folder::new("damaged");
    let database = folder.database(&[FIRST]).unwrap();
    database.begin().unwrap();
    for id in 0..2_000 {
        database
            .connection()
            .execute("INSERT INTO tap (id) VALUES (?1)", [id])
            .unwrap();
    }
    database.commit().unwrap();
    database.checkpoint().unwrap();
    drop(database);
    let path = folder.0.join("test.db");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8_192..8_704].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    assert!(matches!(
        folder.database(&[FIRST]).map(drop),
        Err(StoreError::Damaged { .. } | StoreError::Open { .. })
    ));
}

#[test]
fn a_rewrite_that_fails_leaves_sorting_in_memory() {
    let folder = Folder::new("rewrite");
    let database = folder.database(&[FIRST]).unwrap();
    let temp_store = || -> i64 {
        let connection = database.connection();
        connection.query_row("PRAGMA temp_store", [], |row| row.get(0)).unwrap()
    };
    // SQLite's number for MEMORY.
    assert_eq!(temp_store(), 2);
    let connection = database.connection();
    connection
        .execute_batch("INSERT INTO tap (id) VALUES (1), (2)")
        .unwrap();
    let mut statement = connection.prepare("SELECT id FROM tap").unwrap();
    let mut rows = statement.query([]).unwrap();
    rows.next().unwrap();
    assert!(database.rewrite().is_err(), "no VACUUM while a statement runs");
    drop(rows);
    assert_eq!(temp_store(), 2);
    database.rewrite().unwrap();
    assert_eq!(temp_store(), 2);
}

#[test]
fn a_backup_holds_what_was_committed() {
    let folder = Folder::new("backup");
    let database = folder.database(&[FIRST]).unwrap();
    database
        .connection()
        .execute("INSERT INTO tap (id) VALUES (7)", [])
        .unwrap();
    database.backup(&folder.0.join("copy.db")).unwrap();
    let copy = Database::open_read_only(&folder.0.join("copy.db")).unwrap();
    assert_eq!(count(&copy), 1);
}
