//! What was acknowledged is still there.

use std::collections::BTreeSet;

use super::{Findings, look::rows};
use crate::town::World;

pub(super) fn check(world: &World, findings: &mut Findings) {
    let Some(hub) = world.hub_rows() else { return };
    findings.rule("a receipted pour is known to the hub");
    let read = rows(
        hub,
        "SELECT receipt FROM history WHERE receipt IS NOT NULL",
        [],
        |row| row.get(0),
    );
    let known: BTreeSet<String> = findings.got(read).unwrap_or_default().into_iter().collect();
    for ((tap, request), visit) in &world.books.visits {
        if let (Some((receipt, _)), false) = (&visit.receipt, visit.is_doubtful) {
            findings.unless(known.contains(receipt), || {
                format!("{tap}: receipt {receipt} of {request} is gone")
            });
        }
    }
    findings.rule("a credit that was confirmed is still there, once");
    for credit in &world.books.credits {
        let statement = "SELECT count(*) FROM credit WHERE id = ?1 AND volume_ml = ?2";
        let read = rows(hub, statement, (credit.id.cast_signed(), credit.volume_ml), |row| {
            row.get(0)
        });
        let count: i64 = findings.got(read).map_or(0, |counts| counts[0]);
        findings.unless(count == 1 || credit.may_be_lost, || {
            format!(
                "credit {:016x} of {} ml stands {count} times",
                credit.id, credit.volume_ml
            )
        });
    }
    findings.rule("a purchase that was confirmed is still there");
    for bought in &world.books.purchases {
        let Some(id) = bought.purchase else { continue };
        let read = rows(
            hub,
            "SELECT count(*) FROM purchase WHERE id = ?1",
            [id.cast_signed()],
            |row| row.get(0),
        );
        let count: i64 = findings.got(read).map_or(0, |counts| counts[0]);
        findings.unless(count == 1 || bought.may_be_lost, || {
            format!("purchase {id:016x} is gone")
        });
    }
    findings.rule("a box that joined is still enrolled");
    for (station, card) in &world.books.boxes {
        let Some(box_id) = card.box_id else { continue };
        let statement = "SELECT state FROM enrolment WHERE box = ?1";
        let read = rows(hub, statement, [box_id.0.cast_signed()], |row| row.get(0));
        let state: Option<String> = findings.got(read).and_then(|states| states.into_iter().next());
        let due = if world.stations[*station].is_gone {
            "retired"
        } else {
            "current"
        };
        findings.unless(state.as_deref() == Some(due), || {
            format!("{}: {box_id:?} is {state:?}", world.stations[*station].name)
        });
    }
    findings.rule("a customer who was registered is still known");
    for person in &world.people {
        let Some(id) = person.id else { continue };
        let statement = "SELECT count(*) FROM customer WHERE id = ?1";
        let read = rows(hub, statement, [id.0.cast_signed()], |row| row.get(0));
        let count: i64 = findings.got(read).map_or(0, |counts| counts[0]);
        findings.unless(count == 1, || format!("{} is not", person.name));
    }
}
