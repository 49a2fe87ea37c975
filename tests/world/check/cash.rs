//! Cash: what managers took, by their receipts, by the raw records, and by the rows of both ends.

use std::collections::BTreeMap;

use kiosk::{
    fact::Fact,
    ids::{BoxId, Epoch, GrantId, Lane, Writer},
};
use rusqlite::Connection;
use sync::record::Record;

use super::{Findings, look::rows};
use crate::town::World;

pub(super) fn check(world: &World, findings: &mut Findings) {
    let Some(hub) = world.hub_rows() else { return };
    findings.rule("each cash sale is credited exactly once");
    credited_once(world, hub, findings);
    findings.rule("a manager owes what was sold and not handed in");
    owed(hub, findings);
    for (station, card) in &world.books.boxes {
        let Some(box_id) = card.box_id else { continue };
        let name = &world.stations[*station].name;
        // A card that was set back sells once more what its image thought free (PROTOCOL section 8).
        if card.set_back == 0 {
            findings.rule("no more cash is taken than the float");
            for (float, (granted, spent)) in findings.got(floats_told(hub, box_id)).unwrap_or_default() {
                findings.unless(spent <= granted, || {
                    format!("{name}: {spent} of {granted} of {float:?}")
                });
            }
        }
        let site = world.box_rows(*station).filter(|_| !world.stations[*station].is_gone);
        if let Some(site) = site.filter(|_| card.set_back == 0) {
            findings.rule("after quiet, hub and site have the same floats");
            let there = findings.got(hub_floats(hub, box_id));
            let here = findings.got(site_floats(site));
            findings.unless(here == there, || {
                format!("{name}: the site {here:?}, the hub {there:?}")
            });
        }
    }
}

/// Each receipt stands once at the hub, and each sale there has one credit.
fn credited_once(world: &World, hub: &Connection, findings: &mut Findings) {
    for sale in &world.books.cash {
        let Some(receipt) = &sale.receipt else { continue };
        let statement = "SELECT count(*) FROM history WHERE kind = 'cash' AND receipt = ?1";
        let count: i64 = findings
            .got(rows(hub, statement, [receipt], |row| row.get(0)))
            .map_or(0, |counts| counts[0]);
        let is_good = count == 1 || (count == 0 && sale.may_be_lost);
        findings.unless(is_good, || format!("receipt {receipt} stands {count} times"));
    }
    let statement = "SELECT (SELECT count(*) FROM cash_sale WHERE state = 'booked'),
         (SELECT count(*) FROM credit WHERE source LIKE 'cash:%'), (SELECT count(*) FROM history WHERE kind = 'cash')";
    let counts = rows(hub, statement, [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    });
    for (sales, credits, shown) in findings.got(counts).unwrap_or_default() {
        findings.unless(sales == credits && sales == shown, || {
            format!("{sales} sales, {credits} credits, {shown} rows of the history")
        });
    }
}

/// By the rows of sales and of what was handed in, against the ledger.
fn owed(hub: &Connection, findings: &mut Findings) {
    let statement =
        "SELECT id, coalesce((SELECT sum(amount_minor) FROM cash_sale WHERE manager = m.id AND state = 'booked'), 0)
           - coalesce((SELECT sum(owed_minor) FROM hand_in WHERE manager = m.id), 0),
         coalesce((SELECT sum(minor) FROM balance WHERE account = 'float:' || printf('%016x', m.id)), 0)
         FROM manager AS m";
    let read = rows(hub, statement, [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    });
    for (manager, due, booked) in findings.got(read).unwrap_or_default() {
        findings.unless(due == booked, || {
            format!("{manager:016x}: {booked} in the ledger, {due} are due")
        });
    }
}

/// What each float of a box was given and spent, by the raw records.
fn floats_told(hub: &Connection, box_id: BoxId) -> rusqlite::Result<BTreeMap<GrantId, (i64, i64)>> {
    let statement = "SELECT writer, bytes FROM journal_records JOIN journal_logs ON journal_logs.number = log
         WHERE box = ?1 AND lane = ?2 AND bytes IS NOT NULL";
    let read = rows(hub, statement, (box_id.0.cast_signed(), Lane::Money.number()), |row| {
        Ok((row.get::<_, u8>(0)?, row.get::<_, Vec<u8>>(1)?))
    })?;
    let mut told: BTreeMap<GrantId, (i64, i64)> = BTreeMap::new();
    for (writer, bytes) in read {
        let writer = Writer::from_number(writer).unwrap_or(Writer::Site);
        match Record::decode(writer, Lane::Money, &bytes) {
            Ok(Record::Fact(Fact::FloatGranted(granted))) => {
                told.entry(granted.float).or_default().0 = granted.amount_minor;
            }
            Ok(Record::Fact(Fact::FloatSold(sold))) => {
                for (float, minor) in sold.parts {
                    told.entry(float).or_default().1 += minor;
                }
            }
            _ => {}
        }
    }
    Ok(told)
}

/// Each float with its amount, what was spent of it, and whether it is closed.
type Floats = Vec<(GrantId, i64, i64, bool)>;

fn hub_floats(hub: &Connection, box_id: BoxId) -> rusqlite::Result<Floats> {
    let statement = "SELECT epoch, number, amount_minor, spent_minor, closed
         FROM cash_float JOIN grants USING (epoch, number) WHERE box = ?1 ORDER BY epoch, number";
    rows(hub, statement, [box_id.0.cast_signed()], float_row)
}

fn site_floats(site: &Connection) -> rusqlite::Result<Floats> {
    let statement = "SELECT epoch, number, amount_minor, spent_minor, coalesce(state, 0) = 2
         FROM cash_float LEFT JOIN grants USING (epoch, number) ORDER BY epoch, number";
    rows(site, statement, [], float_row)
}

fn float_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<(GrantId, i64, i64, bool)> {
    let float = GrantId {
        epoch: Epoch(row.get::<_, i64>(0)?.cast_unsigned()),
        number: row.get::<_, i64>(1)?.cast_unsigned(),
    };
    Ok((float, row.get(2)?, row.get(3)?, row.get(4)?))
}
