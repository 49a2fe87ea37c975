//! The audit and the first answers to requests with a key.

use kiosk::moment::Wall;
use rusqlite::params;
use sha2::{Digest, Sha256};

use super::{Store, Stored};

/// A request with a key that was answered before.
#[derive(Clone, Debug)]
pub(in crate::hub) struct AnswerRow {
    pub request_hash: [u8; 32],
    pub answer: Vec<u8>,
    pub created: Wall,
}

/// The chain over one row more: SHA-256 of the chain before it and the row's fields, each with its length.
pub(super) fn audit_chain(before: &[u8], time: Wall, fields: [&str; 4]) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update(before).chain_update(time.0.to_be_bytes());
    for field in fields {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field.as_bytes());
    }
    hash.finalize().into()
}

impl Store<'_> {
    /// Adds a row to the audit, chained to the row before it.
    pub fn add_audit(&self, time: Wall, actor: &str, action: &str, subject: &str, detail: &str) -> Stored<()> {
        let before = self.one("SELECT chain FROM audit ORDER BY id DESC LIMIT 1", [], |row| {
            row.get::<_, Vec<u8>>(0)
        })?;
        let chain = audit_chain(
            before.as_deref().unwrap_or_default(),
            time,
            [actor, action, subject, detail],
        );
        self.execute(
            "INSERT INTO audit (time_ms, actor, action, subject, detail, chain) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![time.0, actor, action, subject, detail, chain],
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
