//! A site and a hub, both over SQL: what flows in memory flows here, across cuts and a rolled back card.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use kiosk::{
    fact::{Alarm, Severity},
    ids::{BoxId, Epoch, Lane, Writer},
    moment::{Draw, Moment, Trust, Wall},
};
use kisima_store::journal::{SCHEMA, SqlLogs};
use rusqlite::Connection;
use sync::{
    journal::{Logs as _, Pen},
    record::Record,
    seal::{Identity, PairKey, SecretKey},
    session::{Action, Event, Session, Setup},
};

const BOX: BoxId = BoxId(0xf000_0000_0000_0001);

struct End {
    side: Writer,
    disk: Connection,
    run: u64,
}

impl End {
    fn new(side: Writer) -> End {
        let disk = Connection::open_in_memory().unwrap();
        disk.execute_batch(SCHEMA).unwrap();
        End { side, disk, run: 1 }
    }

    fn write(&self, count: u32) {
        let pen = Pen {
            by: self.side,
            epoch: Epoch(self.run),
        };
        for n in 0..count {
            let alarm = Alarm {
                severity: Severity::Info,
                code: "test".to_owned(),
                detail: format!("{n} by {:?} in run {}", self.side, self.run),
                time: Wall(0),
            };
            pen.write(&mut SqlLogs::new(&self.disk), BOX, Lane::Alarms, &Record::Alarm(alarm))
                .unwrap();
        }
    }

    fn session(&self) -> Session {
        let key = |side: Writer| Identity::from_seed(&SecretKey::new([side.number() + 1; 32]));
        Session::new(Setup {
            side: self.side,
            box_id: BOX,
            run: Epoch(self.run),
            pair: PairKey::new(&SecretKey::new([3; 32])),
            identity: key(self.side),
            peer_public: key(self.side.other()).public(),
            medium: [0; 8],
            linger_ms: sync::thin::LINGER_MS,
            refuse: None,
        })
    }

    /// Every record and mark, in order.
    fn rows(&self) -> Vec<(i64, i64, i64, Vec<u8>)> {
        let sql = "SELECT writer, epoch, seq, bytes FROM journal_records JOIN journal_logs ON log = number
                   WHERE mark = acked ORDER BY writer, epoch, seq";
        let mut statement = self.disk.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    }
}

/// Runs one connection until it is quiet or `frames` were delivered.
fn connect(ends: [&End; 2], seed: u8, frames: usize) {
    let moment = Moment {
        wall: Wall(0),
        trust: Trust::None,
        monotonic_ms: 1,
        draw: Draw::new([seed; 32]),
    };
    let mut sessions = ends.map(End::session);
    let mut wires: [Vec<Vec<u8>>; 2] = [Vec::new(), Vec::new()];
    let mut handle = |at: usize, event: Event<'_>| -> Vec<Vec<u8>> {
        let actions = sessions[at]
            .handle(&moment, event, &mut SqlLogs::new(&ends[at].disk))
            .unwrap();
        let frames = actions.into_iter().filter_map(|action| match action {
            Action::Send(bytes) => Some(bytes),
            Action::Close(why) => panic!("{why:?}"),
            _ => None,
        });
        frames.collect()
    };
    for (at, wire) in wires.iter_mut().enumerate() {
        wire.extend(handle(at, Event::Opened));
    }
    for _ in 0..frames {
        let Some(from) = (0..2).find(|at| !wires[*at].is_empty()) else {
            return;
        };
        let frame = wires[from].remove(0);
        let answer = handle(1 - from, Event::Frame(&frame));
        wires[1 - from].extend(answer);
    }
}

#[test]
fn what_flows_in_memory_flows_over_sql() {
    let (mut site, mut hub) = (End::new(Writer::Site), End::new(Writer::Hub));
    for run in 1..6_u8 {
        (site.run, hub.run) = (u64::from(run), u64::from(run) << 60);
        site.write(300);
        hub.write(40);
        connect([&site, &hub], run, 6);
    }
    // The card is replaced by an empty one under the same enrolment: its past comes back.
    connect([&site, &hub], 100, usize::MAX);
    assert_eq!(site.rows(), hub.rows());
    assert_eq!(site.rows().len(), 5 * (301 + 41));
    let mut empty = End::new(Writer::Site);
    empty.run = 77;
    connect([&empty, &hub], 101, usize::MAX);
    assert_eq!(empty.rows(), hub.rows());
    let tips = SqlLogs::new(&empty.disk).tips(BOX).unwrap();
    assert_eq!(tips.len(), 2, "one line of each writer");
}
