//! The audit and the first answers to requests with a key.

use hmac::{Hmac, KeyInit, Mac};
use kiosk::moment::Wall;
use rusqlite::params;
use sha2::Sha256;
use sync::seal::SecretKey;

use super::{Store, Stored};

/// A request with a key that was answered before.
#[derive(Clone, Debug)]
pub(in crate::hub) struct AnswerRow {
    pub request_hash: [u8; 32],
    pub answer: Vec<u8>,
    pub created: Wall,
}

/// What chains and seals the audit. Only the hub has the key it is made from: whoever can write the database alone can
/// neither add a row nor move the head.
#[derive(Clone, Debug)]
pub struct AuditSeal(Hmac<Sha256>);

impl AuditSeal {
    /// The seal of the hub with this master key.
    pub fn new(master: &SecretKey) -> AuditSeal {
        let key = master.derive(&[], "kisima audit");
        AuditSeal(<Hmac<Sha256> as KeyInit>::new_from_slice(key.expose()).expect("HMAC takes a key of any length"))
    }

    /// The chain over one row more: HMAC-SHA-256 of the chain before it and the row's fields, each with its length.
    pub(super) fn chain(&self, before: &[u8], time: Wall, fields: [&str; 4]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(b"row");
        mac.update(before);
        mac.update(&time.0.to_be_bytes());
        for field in fields {
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }

    /// The head: so many rows, and the chain of the last.
    pub(super) fn head(&self, rows: i64, chain: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(b"head");
        mac.update(&rows.to_be_bytes());
        mac.update(chain);
        mac.finalize().into_bytes().into()
    }
}

/// The head as it is kept apart from the rows.
#[derive(Clone, Debug)]
pub(super) struct AuditHead {
    pub rows: i64,
    pub chain: Vec<u8>,
    seal: Vec<u8>,
}

impl AuditHead {
    /// Whether the hub made it. Before the first row there is none.
    pub fn is_whole(&self, seal: &AuditSeal) -> bool {
        let begins = self.rows == 0 && self.chain.is_empty() && self.seal.is_empty();
        begins || self.seal == seal.head(self.rows, &self.chain)
    }
}

impl Store<'_> {
    /// The audit's head.
    pub(super) fn audit_head(&self) -> Stored<AuditHead> {
        let head = self.one("SELECT audit_rows, audit_chain, audit_head FROM hub", [], |row| {
            Ok(AuditHead {
                rows: row.get(0)?,
                chain: row.get(1)?,
                seal: row.get(2)?,
            })
        })?;
        head.ok_or(store::StoreError::Row("the audit's head"))
    }

    /// Adds a row to the audit, chained to the head, and moves the head. A head that was tampered with is not made good
    /// by this: its seal stays as it is, and so it stays found.
    pub fn add_audit(&self, seal: &AuditSeal, time: Wall, row: [&str; 4]) -> Stored<()> {
        let head = self.audit_head()?;
        let chain = seal.chain(&head.chain, time, row);
        let [actor, action, subject, detail] = row;
        let id = self.one(
            "INSERT INTO audit (id, time_ms, actor, action, subject, detail, chain)
             VALUES ((SELECT max(coalesce(max(id), 0), ?1) + 1 FROM audit), ?2, ?3, ?4, ?5, ?6, ?7) RETURNING id",
            params![head.rows, time.0, actor, action, subject, detail, chain],
            |row| row.get::<_, i64>(0),
        )?;
        let rows = id.unwrap_or(head.rows);
        let sealed = match head.is_whole(seal) {
            true => seal.head(rows, &chain).to_vec(),
            false => head.seal,
        };
        self.execute(
            "UPDATE hub SET audit_rows = ?1, audit_chain = ?2, audit_head = ?3",
            params![rows, chain, sealed],
        )
        .map(drop)
    }

    /// The first answer to a request with this key, as it was kept.
    pub fn first_answer(&self, actor: &str, key: &str) -> Stored<Option<AnswerRow>> {
        self.one(
            "SELECT request_hash, answer, created_ms FROM idempotency WHERE actor = ?1 AND key = ?2",
            [actor, key],
            |row| {
                Ok(AnswerRow {
                    request_hash: row.get(0)?,
                    answer: row.get(1)?,
                    created: Wall(row.get(2)?),
                })
            },
        )
    }

    /// Keeps the first answer to a request with a key.
    pub fn put_answer(&self, actor: &str, key: &str, row: &AnswerRow) -> Stored<()> {
        self.execute(
            "INSERT INTO idempotency (actor, key, request_hash, answer, created_ms) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (actor, key) DO UPDATE SET request_hash = excluded.request_hash, answer = excluded.answer,
                 created_ms = excluded.created_ms",
            params![actor, key, row.request_hash, row.answer, row.created.0],
        )
        .map(drop)
    }

    /// Forgets answers given before a moment.
    pub fn forget_answers(&self, before: Wall) -> Stored<()> {
        self.execute("DELETE FROM idempotency WHERE created_ms < ?1", [before.0])
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::store::{MIGRATIONS, read::audit_verify};
    use store::{Database, Durability};

    /// RELIABILITY row 38, by hand: `cargo nextest run -p kisima-hub --run-ignored only million`.
    #[test]
    #[ignore = "measures: writes a million rows"]
    fn a_million_rows_verify() {
        let path = std::env::temp_dir().join(format!("kisima-hub-audit-{}.db", std::process::id()));
        let master = SecretKey::new([7; 32]);
        let database = Database::open(&path, Durability::Relaxed, &MIGRATIONS).unwrap();
        database.begin().unwrap();
        let store = Store(database.connection());
        for row in 0..1_000_000 {
            let fields = ["user amina", "credited", "00000000000000aa", "20000 ml, a gift"];
            store.add_audit(&AuditSeal::new(&master), Wall(row), fields).unwrap();
        }
        database.commit().unwrap();
        let began = std::time::Instant::now();
        assert_eq!(audit_verify(database.connection(), &master).unwrap(), Ok(1_000_000));
        eprintln!("a million rows in {:?}", began.elapsed());
        drop(database);
        std::fs::remove_file(&path).unwrap();
    }
}
