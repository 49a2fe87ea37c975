//! What people did by phone: nothing confirmed is bought twice, no PIN is kept, no text that was taken is gone.

use std::collections::BTreeSet;

use rusqlite::{Connection, types::ValueRef};

use super::{Findings, look::rows};
use crate::town::{FIRST_LITRES, World};

pub(super) fn check(world: &World, findings: &mut Findings) {
    let Some(hub) = world.hub_rows() else { return };
    findings.rule("one confirmed screen is one purchase");
    let statement = "SELECT volume_ml, count(*) AS times FROM purchase WHERE kind = 'topup' AND volume_ml >= ?1
         GROUP BY volume_ml HAVING times > 1";
    let least_ml = (FIRST_LITRES * 1_000).cast_signed();
    let read = rows(hub, statement, [least_ml], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    });
    for (volume_ml, times) in findings.got(read).unwrap_or_default() {
        findings.add(format!("{volume_ml} ml were bought {times} times"));
    }
    findings.rule("a text that was taken is kept, once");
    for text in world
        .calls
        .texts
        .iter()
        .filter(|text| text.is_taken && !text.may_be_lost)
    {
        let read = rows(hub, "SELECT count(*) FROM inbox WHERE id = ?1", [&text.id], |row| {
            row.get(0)
        });
        let count: i64 = findings.got(read).map_or(0, |counts| counts[0]);
        findings.unless(count == 1, || format!("{} stands {count} times", text.id));
    }
    findings.rule("no PIN is kept in the clear");
    let pins: BTreeSet<&str> = world.pins().collect();
    for (table, text) in findings.got(texts(hub)).unwrap_or_default() {
        // Random names of things and codes have groups of four digits, too, with dashes between.
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
        for word in words.filter(|word| pins.contains(word)) {
            findings.add(format!("{table} holds {word}: {text}"));
        }
    }
}

/// Every text of every table.
fn texts(hub: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> = rows(hub, tables, [], |row| row.get(0))?;
    let mut texts = Vec::new();
    for table in tables {
        let mut read = hub.prepare(&format!("SELECT * FROM \"{table}\""))?;
        let columns = read.column_count();
        let mut all = read.query([])?;
        while let Some(row) = all.next()? {
            for column in 0..columns {
                if let ValueRef::Text(bytes) = row.get_ref(column)? {
                    texts.push((table.clone(), String::from_utf8_lossy(bytes).into_owned()));
                }
            }
        }
    }
    Ok(texts)
}
