//! Boxes and the hub hold the same logs and have drawn the same conclusions.

use gateway::site::store::read as site_read;
use hub::hub::store::read as hub_read;
use kiosk::ids::BoxId;
use rusqlite::Connection;
use store::journal::SqlLogs;
use sync::doubt;

use super::{
    Findings,
    look::{BOX_BYTES, HUB_BYTES, left_behind, record_hashes, rows},
};
use crate::town::World;

pub(super) fn check(world: &World, findings: &mut Findings) {
    findings.rule("everything runs again");
    let Some(hub) = world.hub_rows() else {
        return findings.add("the hub is off");
    };
    let in_doubt = findings.got(doubt::hub_in_doubt(&SqlLogs::new(hub)));
    findings.unless(in_doubt == Some(false), || "the hub is still in doubt".to_owned());
    for (station, box_id) in world.standing() {
        let name = &world.stations[station].name;
        let Some(rows) = world.box_rows(station) else {
            findings.add(format!("the box of {name} is off"));
            continue;
        };
        findings.rule("everything runs again");
        let in_doubt = findings.got(doubt::site_in_doubt(&SqlLogs::new(rows)));
        findings.unless(in_doubt == Some(false), || format!("{name} is still in doubt"));
        findings.rule("after quiet, hub and site hold the same logs");
        compare_logs(findings, name.as_str(), box_id, rows, hub);
        findings.rule("after quiet, hub and site have the same state");
        compare_states(findings, name.as_str(), rows, hub);
    }
    findings.rule("one place in a log has one content");
    for box_ in world.stations.iter().filter(|box_| box_.is_gone) {
        if let (Some(enrolment), Ok(left)) = (&box_.enrolment, left_behind(box_)) {
            compare_common(findings, box_.name.as_str(), enrolment.box_id, &left, hub);
        }
    }
}

/// Writer, lane and epoch, then the mark and the chain up to it.
type LogRow = ((u8, u8, i64), u32, String);

/// Marks and chains: a chain covers every record up to its mark.
fn compare_logs(findings: &mut Findings, name: &str, box_id: BoxId, site: &Connection, hub: &Connection) {
    let statement = "SELECT writer, lane, epoch, mark, hex(chain) FROM journal_logs WHERE box = ?1 AND mark > 0
         ORDER BY writer, lane, epoch";
    let logs = |connection: &Connection| {
        rows(connection, statement, [box_id.0.cast_signed()], |row| {
            let key = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok::<LogRow, _>((key, row.get(3)?, row.get(4)?))
        })
    };
    let (Some(here), Some(there)) = (findings.got(logs(site)), findings.got(logs(hub))) else {
        return;
    };
    let lacks = |one: &[LogRow], other: &[LogRow]| -> Vec<String> {
        let only = one.iter().filter(|log| !other.contains(log));
        only.map(|((writer, lane, epoch), mark, _)| {
            format!(
                "writer {writer} lane {lane} epoch {:016x} to {mark}",
                epoch.cast_unsigned()
            )
        })
        .collect()
    };
    for log in lacks(&here, &there) {
        findings.add(format!("{name}: only the site has {log}"));
    }
    for log in lacks(&there, &here) {
        findings.add(format!("{name}: only the hub has {log}"));
    }
    compare_common(findings, name, box_id, site, hub);
}

/// What both have, record by record.
fn compare_common(findings: &mut Findings, name: &str, box_id: BoxId, site: &Connection, hub: &Connection) {
    let here = findings.got(record_hashes(site, box_id, BOX_BYTES)).unwrap_or_default();
    let there = findings.got(record_hashes(hub, box_id, HUB_BYTES)).unwrap_or_default();
    for (place, bytes) in &here {
        let differs = there.get(place).is_some_and(|other| other != bytes);
        findings.unless(!differs, || format!("{name}: {place:?} has two contents"));
    }
}

fn compare_states(findings: &mut Findings, name: &str, site: &Connection, hub: &Connection) {
    let here = findings.got(site_read::state_hash(site));
    let sites = findings.got(hub_read::sites(hub)).unwrap_or_default();
    let there = sites
        .into_iter()
        .find(|site| site.name.as_str() == name)
        .map(|site| site.state_hash);
    findings.unless(here.is_some() && here == there, || {
        format!("{name}: the site's state is {here:?}, the hub's {there:?}")
    });
}
