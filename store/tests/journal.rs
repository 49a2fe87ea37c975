//! The logs in SQL: the same answers as maps in memory, undone by a rollback, and fast enough.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::time::Instant;

use kiosk::{
    fact::{Alarm, Severity},
    ids::{BoxId, Epoch, Lane, LogKey, RecordId, Writer},
    moment::Wall,
};
use kisima_store::journal::{SCHEMA, SqlLogs};
use rusqlite::Connection;
use sync::{
    journal::{Head, Logs as _, Pen, Stored, previous_of},
    record::Record,
};

const BOX: BoxId = BoxId(0xf000_0000_0000_0001);

fn connection() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(SCHEMA).unwrap();
    connection
}

fn alarm(n: u64) -> Record {
    Record::Alarm(Alarm {
        severity: Severity::Info,
        code: "test".to_owned(),
        detail: format!("number {n}"),
        time: Wall::from_seconds(n as i64),
    })
}

fn key(epoch: u64) -> LogKey {
    LogKey {
        box_id: BOX,
        by: Writer::Site,
        lane: Lane::Alarms,
        epoch: Epoch(epoch),
    }
}

fn write(logs: &mut SqlLogs<'_>, epoch: u64, count: u64) {
    let pen = Pen {
        by: Writer::Site,
        epoch: Epoch(epoch),
    };
    for n in 0..count {
        pen.write(logs, BOX, Lane::Alarms, &alarm(n)).unwrap();
    }
}

#[test]
fn runs_follow_one_another_and_only_the_last_is_a_tip() {
    let connection = connection();
    let mut logs = SqlLogs::new(&connection);
    // Numbers above the middle of the range, where the signed columns turn negative.
    let epochs = [0xffff_ffff_ffff_fff0, 0x10, 0x8000_0000_0000_0000];
    for epoch in epochs {
        write(&mut logs, epoch, 3);
    }
    let tips = logs.tips(BOX).unwrap();
    assert_eq!(
        tips.iter().map(|(log, state)| (*log, state.mark)).collect::<Vec<_>>(),
        [(key(epochs[2]), 4)]
    );
    assert_eq!(previous_of(&logs, &key(epochs[1])).unwrap(), [(Epoch(epochs[0]), 4)]);
    let all = logs.logs(BOX, Writer::Site, Lane::Alarms).unwrap();
    let ordered: Vec<_> = all.iter().map(|(epoch, _)| epoch.0).collect();
    assert_eq!(ordered, [0x10, 0x8000_0000_0000_0000, 0xffff_ffff_ffff_fff0]);
    assert_eq!(logs.tips(BoxId(1)).unwrap(), []);
    assert_eq!(logs.waiting(BOX, Writer::Site).unwrap(), [0, 0, 12, 0]);
    logs.set_acked(&key(0x10), 3).unwrap();
    assert_eq!(logs.waiting(BOX, Writer::Site).unwrap(), [0, 0, 9, 0]);
}

#[test]
fn what_was_kept_is_read_back() {
    let connection = connection();
    let mut logs = SqlLogs::new(&connection);
    write(&mut logs, 1, 50);
    assert_eq!(logs.read(&key(1), 1, 1).unwrap().len(), 1, "one at least");
    assert_eq!(logs.read(&key(1), 1, 1 << 20).unwrap().len(), 51);
    assert_eq!(logs.read(&key(1), 52, 1 << 20).unwrap().len(), 0);
    assert_eq!(logs.read(&key(2), 1, 1 << 20).unwrap().len(), 0);
    let some = logs.read(&key(1), 10, 100).unwrap();
    assert!((2..8).contains(&some.len()) && some.iter().map(Stored::len).sum::<usize>() <= 100);
    let head = Head {
        seq: 51,
        signature: [7; 64],
    };
    logs.set_head(&key(1), &head).unwrap();
    assert_eq!(logs.log(&key(1)).unwrap().unwrap().head, Some(head));
    let before = logs.read(&key(1), 3, 1).unwrap().remove(0);
    let place = RecordId { log: key(1), seq: 3 };
    logs.blank(&place).unwrap();
    logs.blank(&place).unwrap();
    assert_eq!(logs.read(&key(1), 3, 1).unwrap(), [Stored::Blank(before.hash())]);
    assert!(logs.blank(&RecordId { seq: 99, ..place }).is_err());
    logs.put_meta("a", &[1]).unwrap();
    logs.put_meta("a", &[2]).unwrap();
    assert_eq!(logs.meta("a").unwrap(), Some(vec![2]));
    assert_eq!(logs.meta("b").unwrap(), None);
}

#[test]
fn a_gap_cannot_be_stored() {
    let connection = connection();
    let mut logs = SqlLogs::new(&connection);
    write(&mut logs, 1, 3);
    let record = [Stored::Bytes(vec![0x81, 0])];
    assert!(logs.append(&key(1), 6, &record, &[0; 32]).is_err());
    assert!(logs.append(&key(2), 2, &record, &[0; 32]).is_err());
    assert!(
        logs.append(&key(1), 4, &record, &[0; 32]).is_err(),
        "a record that stands already"
    );
    assert!(logs.set_acked(&key(9), 1).is_err());
}

#[test]
fn a_rollback_undoes_everything() {
    let mut connection = connection();
    write(&mut SqlLogs::new(&connection), 1, 3);
    let before = SqlLogs::new(&connection).log(&key(1)).unwrap();
    let transaction = connection.transaction().unwrap();
    write(&mut SqlLogs::new(&transaction), 1, 5);
    write(&mut SqlLogs::new(&transaction), 2, 5);
    drop(transaction);
    let mut logs = SqlLogs::new(&connection);
    assert_eq!(logs.log(&key(1)).unwrap(), before);
    assert_eq!(logs.log(&key(2)).unwrap(), None);
    write(&mut logs, 1, 1);
    assert_eq!(logs.log(&key(1)).unwrap().unwrap().mark, 5);
}

#[test]
fn ten_thousand_records_are_written_in_a_moment() {
    let mut connection = connection();
    let transaction = connection.transaction().unwrap();
    let mut logs = SqlLogs::new(&transaction);
    let began = Instant::now();
    write(&mut logs, 1, 10_000);
    let each = began.elapsed() / 10_000;
    println!("{each:?} a record");
    transaction.commit().unwrap();
    assert!(each.as_micros() < 1_000, "{each:?} a record");
}
