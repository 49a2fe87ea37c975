//! Cash that a manager takes.

use kiosk::{
    fact::{FloatGranted, HandedIn},
    float::{NoQuote, Wish},
    ids::ManagerId,
    units::Money,
};
use sync::journal::{Logs as _, Stored};

use super::{
    super::{
        effect::CashTaken,
        input::{Command, Once, Order, ReplyId},
        room::Room,
        store::{audit, floats},
    },
    *,
};

const MUSA: ManagerId = ManagerId(0xa1);

impl Bench {
    /// The hub gives Musa a float.
    fn float(&mut self, minor: i64) -> GrantId {
        self.granted += 1;
        let float = GrantId {
            epoch: Epoch(0x44),
            number: self.granted,
        };
        self.hear(Lane::Money, Record::Fact(Fact::FloatGranted(granted(float, minor))));
        float
    }

    fn cash(&mut self, who: &str, key: Option<&str>, wish: Wish, shown_minor: Option<i64>) -> Result<Told, Refusal> {
        let once = key.map(|key| Once {
            key: key.to_owned(),
            content: [1; 32],
        });
        let order = Order {
            who: who.to_owned(),
            once,
            command: Command::SellForCash {
                customer: JANE,
                wish,
                shown_minor,
            },
        };
        let effects = self.give(Input::Told(ReplyId(2), Command::By(Box::new(order))));
        let told = effects.into_iter().find_map(|effect| match effect {
            Effect::Reply(_, told) => Some(told),
            _ => None,
        });
        told.unwrap()
    }

    /// Musa takes cash; gives what was paid and what is left, or the refusal.
    fn sell(&mut self, wish: Wish) -> Result<(i64, i64), Refusal> {
        match self.cash("musa", None, wish, None)? {
            Told::CashTaken(CashTaken { amount, left, .. }) => Ok((amount.minor, left.minor)),
            other => panic!("{other:?}"),
        }
    }

    fn musa(&mut self) -> (i64, i64) {
        let standing = floats::standing(self.site().connection(), "musa").unwrap();
        (standing.left_minor(), standing.drawer_minor)
    }

    fn state_of(&mut self, grant: GrantId) -> i64 {
        let sql = "SELECT coalesce((SELECT state FROM grants WHERE epoch = ?1 AND number = ?2), 0)";
        let place = (grant.epoch.0.cast_signed(), grant.number.cast_signed());
        let connection = self.site().connection();
        connection.query_row(sql, place, |row| row.get(0)).unwrap()
    }
}

fn granted(float: GrantId, amount_minor: i64) -> FloatGranted {
    FloatGranted {
        float,
        manager: MUSA,
        login: "musa".to_owned(),
        amount_minor,
        price_per_m3_minor: 200_000,
    }
}

fn litres(litres: u64) -> Wish {
    Wish::Litres(Volume::from_ml(litres * 1_000))
}

fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::Kes)
}

#[test]
fn cash_spends_the_float_and_the_water_is_drawn_at_once() {
    let mut bench = ready("cash");
    bench.float(10_000);
    assert_eq!(bench.sell(litres(20)), Ok((4_000, 6_000)));
    assert_eq!(bench.balance_ml(), 20_000);
    assert_eq!(bench.musa(), (6_000, 4_000), "left, and in the drawer");
    assert_eq!(bench.ask("a1", "4071", 20_000), "verified 20000 Some(20000)");
    bench.pour("a1", 20_000);
    assert_eq!(bench.balance_ml(), 0);
    assert_eq!(
        bench.sales(),
        [("cash".to_owned(), 20_000), ("dispense".to_owned(), 20_000)]
    );
    let (count, volume) = read::totals(bench.site().connection(), Wall(0)).unwrap();
    assert_eq!(
        (count, volume.ml()),
        (1, 20_000),
        "what was sold for cash is not drawn yet"
    );
    let said = audit::newest(bench.site().connection(), 1).unwrap().remove(0);
    assert_eq!((said.who.as_str(), said.what.as_str()), ("musa", "cash_taken"));
    assert!(said.detail.starts_with("0000000000000007 KES 40.00 "), "{said:?}");
}

#[test]
fn an_empty_float_refuses_until_the_hub_gives_another() {
    let mut bench = ready("cash-empty");
    assert_eq!(bench.sell(litres(1)), Err(Refusal::NoFloat), "nobody gave one");
    bench.float(4_000);
    let short = NoQuote::Short {
        costs: kes(4_200),
        left: kes(4_000),
    };
    assert_eq!(bench.sell(litres(21)), Err(Refusal::Float(short)));
    assert_eq!(bench.sell(litres(20)), Ok((4_000, 0)));
    assert_eq!(bench.sell(litres(1)), Err(Refusal::Float(NoQuote::Empty)));
    bench.restart();
    assert_eq!(
        bench.sell(litres(1)),
        Err(Refusal::Float(NoQuote::Empty)),
        "also after a crash"
    );
    bench.float(4_000);
    bench.float(1_000);
    assert_eq!(bench.sell(litres(10)), Ok((2_000, 3_000)), "two floats pay");
    assert_eq!(bench.balance_ml(), 30_000);
    let fact = HandedIn {
        manager: MUSA,
        owed_minor: 5_000,
        here_minor: 4_000,
        counted_minor: 3_900,
        time: Wall(1_790_000_000_000),
    };
    bench.hear(Lane::Money, Record::Fact(Fact::HandedIn(fact)));
    assert_eq!(
        bench.musa(),
        (3_000, 2_000),
        "a shilling is missing at the hub, not here"
    );
}

#[test]
fn a_second_press_sells_once_and_another_price_sells_nothing() {
    let mut bench = ready("cash-once");
    bench.float(10_000);
    let first = bench.cash("musa", Some("k"), litres(20), Some(4_000)).unwrap();
    assert!(matches!(first, Told::CashTaken(_)), "{first:?}");
    let again = bench.cash("musa", Some("k"), litres(20), Some(4_000)).unwrap();
    assert!(matches!(again, Told::Again(Rendered { status: 200, .. })), "{again:?}");
    assert_eq!(bench.balance_ml(), 20_000);
    let other = bench.cash("musa", Some("l"), litres(20), Some(3_900));
    assert_eq!(other, Err(Refusal::PriceChanged(kes(4_000))));
    assert_eq!(bench.musa(), (6_000, 4_000));
    // What may be mended meanwhile is decided anew under the same key.
    let empty = Err(Refusal::Float(NoQuote::Short {
        costs: kes(8_000),
        left: kes(6_000),
    }));
    assert_eq!(bench.cash("musa", Some("m"), litres(40), None), empty);
    bench.float(10_000);
    assert!(bench.cash("musa", Some("m"), litres(40), None).is_ok());
}

#[test]
fn nobody_takes_cash_in_anothers_name_or_for_water_that_cannot_be_drawn() {
    let mut bench = ready("cash-who");
    bench.float(10_000);
    assert_eq!(bench.cash("amina", None, litres(1), None), Err(Refusal::NoFloat));
    for wish in [
        litres(0),
        Wish::Money(0),
        Wish::Money(i64::MIN),
        Wish::Litres(Volume::MAX),
    ] {
        let told = bench.sell(wish);
        assert!(
            matches!(told, Err(Refusal::Field { field: "amount", .. })),
            "{wish:?}: {told:?}"
        );
    }
    let pin = Some([7; 16]);
    for (revision, why, cannot) in [
        (2, "she may", listed(pin)),
        (
            3,
            "blocked",
            Listed {
                active: false,
                ..listed(pin)
            },
        ),
        (
            4,
            "a bill is overdue",
            Listed {
                bill_overdue: true,
                ..listed(pin)
            },
        ),
    ] {
        let known = Listed { revision, ..cannot };
        bench.hear(Lane::Money, Record::Fact(Fact::Listed(known)));
        assert_eq!(bench.sell(litres(1)) == Err(Refusal::CannotDraw), revision > 2, "{why}");
    }
    assert_eq!(bench.musa(), (9_800, 200));
    let mut bench = ready("cash-pinless");
    bench.float(10_000);
    let connection = bench.site().connection();
    connection.execute("UPDATE customer SET pin = NULL", []).unwrap();
    assert_eq!(bench.sell(litres(1)), Err(Refusal::CannotDraw), "no PIN to draw with");
}

#[test]
fn a_tight_disk_and_a_box_that_sells_nothing_take_no_cash() {
    let mut bench = ready("cash-room");
    bench.float(10_000);
    let tight = Room {
        free_bytes: 1,
        has_ballast: false,
        is_owed: true,
    };
    bench.give(Input::Room(tight));
    assert_eq!(bench.sell(litres(1)), Err(Refusal::DiskLow));
    let ample = Room {
        free_bytes: u64::MAX,
        has_ballast: true,
        is_owed: false,
    };
    bench.give(Input::Room(ample));
    assert_eq!(bench.sell(litres(1)), Ok((200, 9_800)));
    bench.site().is_retired = true;
    assert_eq!(bench.sell(litres(1)), Err(Refusal::SellsNothing));
}

#[test]
fn a_float_that_is_asked_back_is_closed_and_sells_no_more() {
    let mut bench = ready("cash-recall");
    let (first, second) = (bench.float(4_000), bench.float(6_000));
    bench.hear(Lane::Money, Record::Fact(Fact::Recalled { grant: second }));
    assert_eq!(bench.state_of(second), 1);
    bench.give(Input::Tick);
    assert_eq!((bench.state_of(first), bench.state_of(second)), (0, 2));
    assert_eq!(bench.sell(litres(20)), Ok((4_000, 0)));
    assert_eq!(bench.sell(litres(1)), Err(Refusal::Float(NoQuote::Empty)));
}

#[test]
fn facts_about_cash_count_in_any_order() {
    let mut told = Vec::new();
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [1, 2, 0]] {
        let mut bench = ready(&format!("cash-order-{}-{}", order[0], order[1]));
        let float = GrantId {
            epoch: Epoch(0x44),
            number: 1,
        };
        let sold = kiosk::fact::FloatSold {
            parts: vec![(float, 4_000)],
            customer: JANE,
            volume: Volume::from_ml(20_000),
            time: Wall(1_790_000_000_000),
            clock_trusted: true,
        };
        let record = |seq, epoch, by| kiosk::ids::RecordId {
            log: kiosk::ids::LogKey {
                box_id: BoxId(9),
                by,
                lane: Lane::Money,
                epoch: Epoch(epoch),
            },
            seq,
        };
        let facts = [
            (
                record(90, 0x44, Writer::Hub),
                Fact::FloatGranted(granted(float, 10_000)),
            ),
            (record(90, 0x77, Writer::Site), Fact::FloatSold(sold)),
            (record(91, 0x77, Writer::Site), Fact::Closed { grant: float }),
        ];
        let moment = bench.moment();
        for place in order {
            let (id, fact) = facts[place].clone();
            let site = bench.site();
            site.begin().unwrap();
            site.fold(&moment, id, Record::Fact(fact)).unwrap();
            site.commit().unwrap();
        }
        assert_eq!(
            bench.sell(litres(1)),
            Err(Refusal::Float(NoQuote::Empty)),
            "it is closed"
        );
        told.push((bench.musa(), bench.balance_ml(), bench.state_of(float)));
    }
    assert_eq!(told, [((0, 4_000), 20_000, 2); 4]);
}

#[test]
fn a_float_that_an_older_version_kept_sells_after_the_upgrade() {
    let mut bench = ready("cash-upgrade");
    let float = GrantId {
        epoch: Epoch(0x44),
        number: 1,
    };
    // As the older version took it: the record is kept and acknowledged, and nothing of it folded. Then one of
    // two was asked back, which the older version knows of any grant.
    let hub = bench.hub;
    let site = bench.site();
    site.begin().unwrap();
    for number in [1, 2] {
        let granted = granted(GrantId { number, ..float }, 4_000);
        let record = Record::Fact(Fact::FloatGranted(granted));
        let mut logs = super::super::store::logs(site.connection());
        let written = hub.write(&mut logs, BoxId(9), Lane::Money, &record).unwrap();
        super::super::store::unknown::put(site.connection(), written.id).unwrap();
    }
    site.commit().unwrap();
    bench.hear(Lane::Money, Record::Fact(Fact::Recalled { grant: float }));
    bench.give(Input::Tick);
    assert_eq!(bench.sell(litres(1)), Err(Refusal::NoFloat));
    bench.restart();
    bench.give(Input::Tick);
    assert_eq!(bench.musa(), (4_000, 0), "the one that was not asked back");
    assert_eq!(bench.state_of(float), 2, "the other one is closed");
    assert_eq!(bench.sell(litres(20)), Ok((4_000, 0)));
}

/// What a box says of cash when it joins anew.
fn said_on_joining_anew(bench: &mut Bench) -> Vec<(String, String)> {
    let anew = super::super::enrolment::Enrolment {
        box_id: BoxId(10),
        ..enrolment()
    };
    bench.give(Input::Joined(Box::new(anew)));
    let key = kiosk::ids::LogKey {
        box_id: BoxId(10),
        by: Writer::Site,
        lane: Lane::Alarms,
        epoch: bench.site().pen.epoch,
    };
    let logs = super::super::store::logs(bench.site().connection());
    let mut said = Vec::new();
    for stored in logs.read(&key, 1, 48_000).unwrap() {
        let Stored::Bytes(bytes) = stored else { continue };
        if let Ok(Record::Alarm(alarm)) = Record::decode(key.by, key.lane, &bytes) {
            said.push((alarm.code, alarm.detail));
        }
    }
    said
}

#[test]
fn a_box_that_joins_anew_names_the_cash_sales_that_its_hub_has_not_acknowledged() {
    let mut bench = ready("cash-untold");
    bench.float(10_000);
    let mut sold = |wish| match bench.cash("musa", None, wish, None) {
        Ok(Told::CashTaken(taken)) => format!("{}:{}", taken.record.log.epoch, taken.record.seq),
        other => panic!("{other:?}"),
    };
    let (first, second) = (sold(litres(20)), sold(litres(10)));
    assert_eq!(bench.ask("a1", "4071", 15_000), "verified 15000 Some(30000)");
    bench.pour("a1", 15_000);
    let said = said_on_joining_anew(&mut bench);
    assert_eq!(said.len(), 1, "{said:?}");
    let (code, detail) = &said[0];
    assert_eq!(code, "cash_untold");
    for words in [
        "KES 60.00 in 2 cash sales",
        "look first on the page Cash",
        &format!("not drawn: {first} {JANE} 5000 ml; {second} {JANE} 10000 ml"),
    ] {
        assert!(detail.contains(words), "{words}: {detail}");
    }
    assert_eq!(bench.musa(), (0, 0), "nothing of it is this enrolment's");
}

#[test]
fn of_many_cash_sales_that_were_not_acknowledged_the_first_few_are_named() {
    let mut bench = ready("cash-untold-many");
    bench.float(100_000);
    for _ in 0..8 {
        bench.sell(litres(20)).unwrap();
    }
    let (_, detail) = said_on_joining_anew(&mut bench).remove(0);
    assert!(detail.contains("KES 320.00 in 8 cash sales"), "{detail}");
    let named = detail.matches(&format!(" {JANE} 20000 ml;")).count();
    assert!(
        named >= 3 && detail.ends_with(&format!("; and {} more", 8 - named)),
        "{detail}"
    );
}
