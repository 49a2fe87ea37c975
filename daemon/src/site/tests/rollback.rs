//! What is undone leaves nothing behind: a machine whose commit failed does, when the input comes again, what one does
//! that never failed.

use store::Connection;

use super::{
    super::{
        input::{Command, Heartbeat, Once, Order, ReplyId, TurnedAway},
        parked::Wait,
        room::Room,
        store::rights,
    },
    *,
};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

impl Bench {
    /// The input is decided, then SQLite undoes the batch by itself, as it does when the disk fails.
    pub(super) fn fail(&mut self, moment: &Moment, input: Input) {
        let site = self.site();
        site.begin().unwrap();
        site.handle(moment, input).unwrap();
        site.connection().execute_batch("ROLLBACK").unwrap();
        site.commit().unwrap_err();
        site.abandon();
    }
}

/// Every row of every table.
fn rows(connection: &Connection) -> Vec<String> {
    let list = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let cells = (0..columns).map(|column| row.get_ref(column).map(|cell| format!("{cell:?}")));
            cells.collect::<Result<Vec<_>, _>>().map(|cells| cells.join(" | "))
        });
        rows.unwrap().map(Result::unwrap).collect()
    };
    let mut statement = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap();
    let tables: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let of = |table: &String| list(&format!("SELECT '{table}', * FROM {table} ORDER BY 2, 3"));
    tables.iter().flat_map(of).collect()
}

/// One machine that never fails, and one that fails once at each input before it takes it.
struct Pair {
    sound: Bench,
    failing: Bench,
    lost_times: u64,
}

impl Pair {
    fn new(name: &str) -> Pair {
        Pair {
            sound: ready(&format!("{name}-sound")),
            failing: ready(&format!("{name}-failing")),
            lost_times: 0,
        }
    }

    fn both(&mut self, change: impl Fn(&mut Bench)) {
        change(&mut self.sound);
        change(&mut self.failing);
    }

    /// Gives both the input so long after the last one and compares all that they say and hold.
    fn step(&mut self, after_ms: u64, input: impl Fn() -> Input) -> Vec<Effect> {
        self.sound.monotonic_ms += after_ms;
        let moment = self.sound.moment();
        self.failing.fail(&moment, input());
        self.alike(moment, input)
    }

    /// One input fails and never comes again; whatever does come is taken alike.
    fn lost(&mut self, after_ms: u64, input: Input) {
        let moment = self.sound.moment();
        let later = Moment {
            monotonic_ms: moment.monotonic_ms + after_ms,
            wall: Wall(moment.wall.0 + after_ms.cast_signed()),
            ..moment
        };
        self.failing.fail(&later, input);
        self.lost_times += 1;
        let (request, pulses) = (format!("after-{}", self.lost_times), 9_000 + 450 * self.lost_times);
        let is_even = self.lost_times.is_multiple_of(2);
        let report = || Report {
            request: request.parse().unwrap(),
            volume: Volume::from_ml(1_000),
            outcome: Outcome::Complete,
        };
        let next: [&dyn Fn() -> Input; 6] = [
            &|| asked(&request, "4071"),
            &|| Input::Poured(door(), report()),
            &|| beat(pulses),
            &refused,
            &|| ordered(is_even),
            &|| Input::Tick,
        ];
        for input in next {
            let moment = self.sound.moment();
            self.alike(moment, input);
        }
        self.same_status();
    }

    /// Both take the input and say and hold the same.
    fn alike(&mut self, moment: Moment, input: impl Fn() -> Input) -> Vec<Effect> {
        self.failing.monotonic_ms = self.sound.monotonic_ms;
        let told = |bench: &mut Bench| {
            let effects = run_batch(bench.site(), [(moment, input())], |fault| panic!("{fault}"));
            (effects, rows(bench.site().connection()))
        };
        let (sound, failing) = (told(&mut self.sound), told(&mut self.failing));
        assert_eq!(failing.0, sound.0, "{:?}", input());
        for (row, sound) in failing.1.iter().zip(&sound.1) {
            assert_eq!(row, sound, "{:?}", input());
        }
        assert_eq!(failing.1.len(), sound.1.len(), "{:?}", input());
        sound.0
    }

    /// The same for what the page shows, without a failure before it. Commits are counted as they were made.
    fn same_status(&mut self) {
        let status = |bench: &mut Bench| {
            let effects = bench.give(Input::Told(ReplyId(1), Command::Status));
            let told = effects.into_iter().find_map(|effect| match effect {
                Effect::Reply(_, Ok(Told::Status(status))) => Some(*status),
                _ => None,
            });
            told.unwrap()
        };
        assert_eq!(status(&mut self.failing), status(&mut self.sound));
    }

    fn ask(&mut self, request: &str) -> String {
        delivered(self.step(0, || asked(request, "4071")))
    }

    fn pour(&mut self, request: &str) -> String {
        delivered(self.step(0, || {
            let report = Report {
                request: request.parse().unwrap(),
                volume: Volume::from_ml(1_000),
                outcome: Outcome::Complete,
            };
            Input::Poured(door(), report)
        }))
    }

    fn tick(&mut self, after_ms: u64) {
        self.step(after_ms, || Input::Tick);
    }

    fn beat(&mut self, pulses_total: u64) {
        self.step(0, || beat(pulses_total));
    }
}

fn asked(request: &str, pin: &str) -> Input {
    let ask = Ask {
        request: request.parse().unwrap(),
        who: Who::User("0700000102".to_owned()),
        pin: pin.to_owned(),
        token: None,
        volume_ml: 1_000,
    };
    Input::Asked(door(), ask)
}

fn beat(pulses_total: u64) -> Input {
    let beat = Heartbeat {
        firmware: "1.4.2".to_owned(),
        config_revision: Some(1),
        state: "idle".to_owned(),
        pulses_total: Some(pulses_total),
        rssi_dbm: None,
    };
    Input::Heartbeat("tap-1".parse().unwrap(), beat)
}

fn refused() -> Input {
    Input::TurnedAway(TurnedAway {
        user: Some("tap-9".to_owned()),
        from: "10.0.0.9".to_owned(),
        why: "bad_credentials",
        untold: 1,
    })
}

/// A command that the audit names.
fn ordered(enabled: bool) -> Input {
    let command = Command::EnableDispenser {
        dispenser: "tap-2".parse().unwrap(),
        enabled,
    };
    let order = Order {
        who: "asha".to_owned(),
        once: Some(Once {
            key: format!("once-{enabled}"),
            content: [u8::from(enabled); 32],
        }),
        command,
    };
    Input::Told(ReplyId(1), Command::By(Box::new(order)))
}

fn joined(title: &str, time_zone: &str) -> Input {
    Input::Joined(Box::new(Enrolment {
        title: title.to_owned(),
        time_zone: time_zone.to_owned(),
        ..enrolment()
    }))
}

fn room(free_mib: u64) -> Input {
    Input::Room(Room {
        free_bytes: free_mib << 20,
        has_ballast: true,
        is_owed: false,
    })
}

#[test]
fn a_day_with_a_failure_at_every_input_ends_like_one_without() {
    let mut pair = Pair::new("day");
    pair.both(|bench| _ = bench.grant(20_000));
    pair.tick(0);
    pair.step(0, || Input::Connected("tap-1".parse().unwrap()));
    pair.beat(9_000);
    pair.beat(9_010);
    assert_eq!(pair.ask("a1"), "verified 1000 Some(20000)");
    assert_eq!(pair.pour("a1"), "receipt 1000 Some(19000)");
    pair.step(0, || joined("Kibera 3 anew", "Africa/Kampala"));
    assert_eq!(pair.ask("a2"), "verified 1000 Some(19000)");
    // The limit of that pour, the clock and the uptime are due; then the hour, the audit's head and the day.
    pair.tick(MINUTE_MS + 10);
    pair.step(0, || ordered(false));
    pair.step(0, || ordered(true));
    for _ in 0..3 {
        pair.step(0, refused);
    }
    pair.tick(MINUTE_MS);
    pair.tick(16 * MINUTE_MS);
    pair.step(HOUR_MS, || beat(9_460));
    pair.tick(0);
    pair.tick(25 * HOUR_MS);
    pair.step(0, || beat(9_470));
    pair.step(0, || room(100));
    pair.step(0, || room(4));
    pair.step(0, || room(100));
    pair.same_status();
    pair.step(0, || Input::LinkUp(1));
    pair.same_status();
}

#[test]
fn what_failed_and_never_came_again_leaves_nothing() {
    let mut pair = Pair::new("lost");
    pair.both(|bench| _ = bench.grant(100_000));
    pair.tick(0);
    pair.lost(0, asked("lost", "4071"));
    pair.lost(0, joined("Kisumu 1", "Asia/Tokyo"));
    let other_box = Enrolment {
        box_id: BoxId(10),
        receipt_key: SecretKey::new([5; 32]),
        ..enrolment()
    };
    pair.lost(0, Input::Joined(Box::new(other_box)));
    pair.lost(0, beat(1));
    pair.lost(0, room(4));
    pair.lost(0, refused());
    pair.lost(3 * MINUTE_MS, Input::Tick);
    pair.lost(20 * MINUTE_MS, Input::Tick);
    pair.lost(2 * HOUR_MS, beat(2));
    pair.lost(50 * HOUR_MS, Input::Tick);
    pair.tick(30 * HOUR_MS);
}

#[test]
fn asks_that_wait_are_decided_alike_after_a_failure() {
    let mut pair = Pair::new("parked");
    pair.both(|bench| _ = bench.grant(20_000));
    pair.both(|bench| {
        let moment = bench.moment();
        let Input::Asked(door, ask) = asked("a1", "4071") else {
            unreachable!("it is an ask")
        };
        bench.site().parked.put(&moment, Wait::Hub { id: 5 }, door, ask);
    });
    pair.step(0, || asked("a1", "0001"));
    pair.step(0, || asked("a1", "4071"));
    pair.step(0, || Input::LinkDown);
    let answers = pair.step(0, || Input::Tick);
    let answers = answers.iter().filter(|effect| matches!(effect, Effect::Deliver(..)));
    assert_eq!(answers.count(), 2, "the ask and its repeat");
}

#[test]
fn a_recalled_grant_is_closed_though_the_first_try_failed() {
    let mut pair = Pair::new("recalled");
    pair.both(|bench| {
        let grant = bench.grant(20_000);
        bench.hear(Lane::Money, Record::Fact(Fact::Recalled { grant }));
    });
    // Any input closes it, also one that has nothing to do with it.
    pair.step(0, || Input::Connected("tap-1".parse().unwrap()));
    let state = |bench: &mut Bench| -> i64 {
        let connection = bench.site().connection();
        connection
            .query_row("SELECT state FROM grants", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(state(&mut pair.failing), 2);
}

#[test]
fn a_box_that_could_not_be_enrolled_anew_reuses_no_hold() {
    let mut bench = ready("rejoined");
    bench.grant(20_000);
    bench.ask("a1", "4071", 5_000);
    bench.pour("a1", 5_000);
    let moment = bench.moment();
    bench.fail(&moment, joined("Kibera 3", "Africa/Nairobi"));
    assert_eq!(bench.ask("a2", "4071", 1_000), "verified 1000 Some(15000)");
    assert_eq!(bench.pour("a1", 5_000), "receipt 5000 Some(15000)");
    assert_eq!(bench.pour("a2", 1_000), "receipt 1000 Some(14000)");
    assert_eq!(
        bench.sales(),
        [("dispense".to_owned(), 5_000), ("dispense".to_owned(), 1_000)]
    );
}

#[test]
fn a_hold_that_is_there_is_never_opened_again() {
    let mut bench = ready("taken");
    bench.grant(20_000);
    bench.ask("a1", "4071", 5_000);
    bench.pour("a1", 5_000);
    let id = kiosk::ids::HoldId {
        epoch: Epoch(2),
        number: 1,
    };
    let connection = bench.site().connection();
    let settled = rights::hold(connection, id).unwrap().unwrap();
    let other = rights::HoldRow {
        settlement: kiosk::grant::Settlement::default(),
        ..settled.clone()
    };
    rights::open_hold(connection, id, &other, 0).unwrap_err();
    assert_eq!(rights::hold(connection, id).unwrap(), Some(settled));
}

#[test]
fn what_the_link_told_goes_back_with_what_it_brought() {
    let mut bench = ready("heard");
    let now = bench.moment().wall;
    let site = bench.site();
    site.begin().unwrap();
    site.last_heard = Some(now);
    site.link_was = (true, Some(now));
    site.abandon();
    assert_eq!((site.last_heard, site.link_was), (None, (false, None)));
}
