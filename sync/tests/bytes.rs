//! Bytes of records, frames and keys: golden vectors that another CBOR crate reads alike, and no bytes that panic.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod support;

use ciborium::Value;
use kiosk::{
    fact::{
        Alarm, Answered, AnsweredState, Fact, Granted, Hour, How, Listed, LoanAsked, Outcome, Poured, PurchaseAsked,
        PurchaseItem, Purse, Redeemed, Registered, Severity, Subscribed,
    },
    ids::{AccountId, BoxId, CustomerId, Epoch, GrantId, HoldId, Lane, RecordId, SiteName, Writer},
    moment::Wall,
    units::Volume,
};
use kisima_sync::{
    frame::{self, Ack, Chunk, Found, Frame, FrameError, Hello, Marks, Reason, Seek, Tip, Whom},
    journal::Stored,
    record::{DocumentId, Edit, Record, RecordError},
    seal::{Carrier, Identity, PairKey, Seal, SecretKey, SiteKey, open_sealed, seal_to_hub, sealing_public, verify},
};
use proptest::prelude::*;

/// Every kind, by the lane and the writer it belongs to.
fn every_kind() -> Vec<(Writer, Lane, Record)> {
    let grant = GrantId {
        epoch: Epoch(0x41),
        number: 7,
    };
    let customer = CustomerId(0x0123_4567_89ab_cdef);
    let time = Wall::from_seconds(1_790_000_000);
    let granted = Granted {
        grant,
        customer,
        purse: Purse::Allowance,
        volume: Volume::from_ml(20_000),
        valid_until: Some(time),
    };
    let hub = [
        Fact::Granted(granted.clone()),
        Fact::Recalled { grant },
        Fact::Listed(Listed {
            customer,
            generation: 1,
            revision: 300,
            account: AccountId::new(123_456).unwrap(),
            active: true,
            bill_overdue: false,
            daily_limit: Some(Volume::from_ml(100_000)),
            pin: Some([7; 16]),
        }),
        Fact::Subscribed(Subscribed {
            customer,
            code: "4071".into(),
            valid_until: time,
        }),
        Fact::Merged {
            from: customer,
            into: CustomerId(1),
        },
        Fact::Answered(Answered {
            to: RecordId {
                log: support::log(Writer::Site, Lane::Money, 0xa1),
                seq: 70_000,
            },
            state: AnsweredState::Done,
        }),
    ];
    let site = [
        Fact::Closed { grant },
        Fact::Redeemed(Redeemed { granted, time }),
        Fact::Registered(Registered {
            customer,
            sealed_pin: vec![1; 52],
            time,
        }),
        Fact::PurchaseAsked(PurchaseAsked {
            customer,
            item: PurchaseItem::Litres(Volume::from_ml(1)),
            time,
        }),
        Fact::PurchaseAsked(PurchaseAsked {
            customer,
            item: PurchaseItem::Deposit(500),
            time,
        }),
        Fact::PurchaseAsked(PurchaseAsked {
            customer,
            item: PurchaseItem::Plan("family".into()),
            time,
        }),
        Fact::PurchaseAsked(PurchaseAsked {
            customer,
            item: PurchaseItem::Bill,
            time,
        }),
        Fact::LoanAsked(LoanAsked {
            borrower: customer,
            sealed_lender: vec![2; 61],
            amount_minor: 50_000,
            repayment_minor: 5_000,
            time,
        }),
        Fact::Poured(Poured {
            hold: None,
            parts: vec![],
            over: Volume::from_ml(300),
            how: How::Rule,
            outcome: None,
            dispenser: "tap-1".parse().unwrap(),
            time,
            clock_trusted: false,
        }),
    ];
    let doc = DocumentId::Customer(customer);
    let place = DocumentId::Site("kibera-3".parse().unwrap());
    let edits = [
        Edit::Admit { doc: doc.clone() },
        Edit::Dropped { doc: place.clone() },
        Edit::Change {
            doc: place,
            bytes: vec![3; 3_000],
        },
        Edit::Document {
            doc: doc.clone(),
            sha256: [4; 32],
        },
        Edit::Erased {
            doc,
            tombstone: [5; 16],
        },
    ];
    let mut all: Vec<_> = hub
        .into_iter()
        .map(|fact| (Writer::Hub, Lane::Money, Record::Fact(fact)))
        .collect();
    all.extend(
        site.into_iter()
            .map(|fact| (Writer::Site, Lane::Money, Record::Fact(fact))),
    );
    all.extend(
        edits
            .into_iter()
            .map(|edit| (Writer::Hub, Lane::Edits, Record::Edit(edit))),
    );
    all.push((Writer::Site, Lane::Money, support::poured(3, 0xa1)));
    let alarm = Alarm {
        severity: Severity::Critical,
        code: "fork".into(),
        detail: "two pasts".into(),
        time,
    };
    all.push((Writer::Site, Lane::Alarms, Record::Alarm(alarm)));
    let hour = Hour {
        dispenser: "tap-1".parse().unwrap(),
        hour: time,
        heartbeats: 60,
        firmware: "1.4".into(),
        pulses_total: 9,
    };
    all.push((Writer::Site, Lane::Telemetry, Record::Hour(hour)));
    let previous = vec![(Epoch(0xa1), 90), (Epoch(0xb7), 2)];
    all.push((Writer::Site, Lane::Money, Record::Began { previous }));
    all
}

#[test]
fn records_are_the_golden_bytes() {
    let poured = Record::Fact(Fact::Poured(Poured {
        hold: Some(HoldId {
            epoch: Epoch(0xa1a1_a1a1_a1a1_a1a1),
            number: 300,
        }),
        parts: vec![(
            GrantId {
                epoch: Epoch(0x4141_4141_4141_4141),
                number: 7,
            },
            Volume::from_ml(20_000),
        )],
        over: Volume::ZERO,
        how: How::Report,
        outcome: Some(Outcome::PowerLost),
        dispenser: "tap-1".parse().unwrap(),
        time: Wall::from_seconds(1_790_000_000),
        clock_trusted: true,
    }));
    // By hand: array(9), kind 3, [epoch, 300], [[epoch, 7, 20000]], 0, report 0, power_lost 4, "tap-1", seconds, true.
    let golden = "8903821ba1a1a1a1a1a1a1a119012c81831b414141414141414107194e20000004657461702d311a6ab13b80f5";
    let bytes = poured.encode(Writer::Site, Lane::Money).unwrap();
    assert_eq!(hex::encode(&bytes), golden);
    assert_eq!(bytes.len(), 45);
    let began = Record::Began {
        previous: vec![(Epoch(0xa1), 85)],
    };
    assert_eq!(
        hex::encode(began.encode(Writer::Site, Lane::Money).unwrap()),
        "8200818218a11855"
    );
    let recalled = Record::Fact(Fact::Recalled {
        grant: GrantId {
            epoch: Epoch(1),
            number: 2,
        },
    });
    assert_eq!(
        hex::encode(recalled.encode(Writer::Hub, Lane::Money).unwrap()),
        "83020102"
    );
    let admit = Record::Edit(Edit::Admit {
        doc: DocumentId::Site("kibera-3".parse().unwrap()),
    });
    assert_eq!(
        hex::encode(admit.encode(Writer::Hub, Lane::Edits).unwrap()),
        "8201686b69626572612d33"
    );
}

#[test]
fn every_kind_comes_back_and_another_crate_reads_it_alike() {
    for (by, lane, record) in every_kind() {
        let bytes = record.encode(by, lane).unwrap();
        assert_eq!(Record::decode(by, lane, &bytes).unwrap(), record);
        let value: Value = ciborium::from_reader(&bytes[..]).unwrap();
        assert!(
            matches!(&value, Value::Array(fields) if fields[0].is_integer()),
            "{record:?}"
        );
        let mut again = Vec::new();
        ciborium::into_writer(&value, &mut again).unwrap();
        assert_eq!(again, bytes, "{record:?}");
        for cut in 0..bytes.len() {
            assert!(Record::decode(by, lane, &bytes[..cut]).is_err());
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(Record::decode(by, lane, &longer).is_err(), "trailing bytes");
    }
}

#[test]
fn only_the_writer_of_a_kind_may_write_it_and_only_in_its_lane() {
    for (by, lane, record) in every_kind() {
        let both = matches!(
            record,
            Record::Began { .. } | Record::Alarm(_) | Record::Edit(Edit::Change { .. })
        );
        let other = record.encode(by.other(), lane);
        assert_eq!(other.is_ok(), both, "{record:?}");
        if !matches!(record, Record::Began { .. }) {
            let lane = if lane == Lane::Telemetry {
                Lane::Money
            } else {
                Lane::Telemetry
            };
            assert_eq!(record.encode(by, lane), Err(RecordError::WrongLane), "{record:?}");
        }
    }
}

#[test]
fn second_spellings_and_values_out_of_range_are_refused() {
    let money = |text: &str| Record::decode(Writer::Hub, Lane::Money, &hex::decode(text).unwrap());
    assert!(money("83020102").is_ok());
    for (bad, why) in [
        ("8302180102", "a long 1"),
        ("9f020102ff", "an indefinite array"),
        ("8402010203", "a field more"),
        ("820201", "a field less"),
        ("83020120", "a negative number"),
        ("8302f93c0002", "a float"),
        ("a102f6", "a map"),
        ("980302 0102".replace(' ', "").as_str(), "a long array head"),
        ("8318020102", "a long kind"),
        ("80", "no kind"),
        ("c083020102", "a tag"),
    ] {
        assert!(money(bad).is_err(), "{why}");
    }
    let volume = |ml: &str| money(&format!("87010102030{}{}f6", "0", ml));
    assert!(volume("1b000000e8d4a51000").is_ok(), "a million cubic metres");
    assert_eq!(volume("1b000000e8d4a51001"), Err(RecordError::OutOfRange("a volume")));
    assert!(
        money("870101020305 01f6".replace(' ', "").as_str()).is_err(),
        "no such purse"
    );
    let began = |tips: &str| Record::decode(Writer::Hub, Lane::Money, &hex::decode(format!("8200{tips}")).unwrap());
    assert!(began("82820105820206").is_ok());
    assert!(began("82820205820106").is_err(), "out of order");
    assert!(began("82820105820106").is_err(), "named twice");
    assert!(began("81820100").is_err(), "record 0");
}

#[test]
fn unknown_kinds_are_kept_as_they_are() {
    let bytes = hex::decode("8418c8a1616101820102f6").unwrap();
    let record = Record::decode(Writer::Site, Lane::Money, &bytes).unwrap();
    assert_eq!(
        record,
        Record::Unknown {
            kind: 200,
            bytes: bytes.clone()
        }
    );
    assert_eq!(record.encode(Writer::Site, Lane::Money).unwrap(), bytes);
    assert!(Record::decode(Writer::Site, Lane::Money, &bytes[..bytes.len() - 1]).is_err());
}

#[test]
fn times_are_whole_seconds_after_1970() {
    let at = |wall| {
        let alarm = Alarm {
            severity: Severity::Info,
            code: "a".into(),
            detail: "b".into(),
            time: wall,
        };
        let bytes = Record::Alarm(alarm).encode(Writer::Site, Lane::Alarms).unwrap();
        match Record::decode(Writer::Site, Lane::Alarms, &bytes).unwrap() {
            Record::Alarm(alarm) => alarm.time,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(at(Wall(1_999)), Wall(1_000));
    assert_eq!(at(Wall(-5_000)), Wall(0));
}

fn seal() -> Seal {
    Seal {
        carrier: Carrier::Socket,
        from: Writer::Site,
        session: [6; 32],
        counter: 4,
        box_id: BoxId(1),
        generation: 2,
        epoch: Epoch(0),
    }
}

fn every_frame() -> Vec<Frame> {
    let tip = Tip {
        by: Writer::Hub,
        lane: Lane::Edits,
        epoch: Epoch(9),
        seq: 3,
        chain: [1; 8],
    };
    let (by, lane, epoch) = (Writer::Site, Lane::Money, Epoch(0xa1));
    let hello = Hello {
        protocol: (1, 1),
        schema: [(0, 1), (3, 2)].into(),
        box_id: BoxId(1),
        run: 2,
        echo: None,
        generation: 5,
        tips: vec![tip; 3],
        nonce: [2; 16],
        medium: [3; 8],
        wall: Some(Wall(1_790_000_000_123)),
    };
    let records = vec![Stored::Bytes(vec![1, 2, 3]), Stored::Blank([9; 32])];
    vec![
        Frame::Hello(hello),
        Frame::Chunk(Chunk {
            by,
            lane,
            epoch,
            from: 1,
            records,
            head: Some([7; 64]),
        }),
        Frame::Ack(Ack {
            by,
            lane,
            epoch,
            mark: 60,
            held: vec![(81, 10)],
        }),
        Frame::Ask(by, lane),
        Frame::Marks(Marks {
            by,
            lane,
            marks: vec![(epoch, 90)],
            more: true,
        }),
        Frame::Ping(1),
        Frame::Pong(u32::MAX),
        Frame::Goodbye(Reason::Busy, Some(30)),
        Frame::Goodbye(Reason::TakenOver, None),
        Frame::Seek(Seek {
            id: 1,
            whom: Whom::Phone("+254700000102".into()),
            volume: Volume::from_ml(5),
        }),
        Frame::Seek(Seek {
            id: 1,
            whom: Whom::Account(AccountId::new(5).unwrap()),
            volume: Volume::ZERO,
        }),
        Frame::Seek(Seek {
            id: 1,
            whom: Whom::Customer(CustomerId(u64::MAX)),
            volume: Volume::ZERO,
        }),
        Frame::Sought(1, Found::Refused),
    ]
}

#[test]
fn every_frame_comes_back_whole_and_never_in_part() {
    let keys = support::pair();
    for frame in every_frame() {
        let bytes = frame::encode(&frame, &keys, &seal()).unwrap();
        let read = |bytes: &[u8]| frame::decode(bytes)?.verify(bytes, &keys, &seal());
        assert_eq!(read(&bytes), Ok(frame.clone()));
        for cut in 0..bytes.len() {
            assert!(read(&bytes[..cut]).is_err(), "{frame:?} cut at {cut}");
        }
        let stream = [&bytes[..], &bytes[..3]].concat();
        assert_eq!(frame::split(&stream).unwrap().unwrap(), (&bytes[..], &bytes[..3]));
    }
}

#[test]
fn a_tag_holds_for_one_place_only() {
    let keys = support::pair();
    let frame = Frame::Ping(7);
    let bytes = frame::encode(&frame, &keys, &seal()).unwrap();
    let read = |seal: Seal| frame::decode(&bytes).unwrap().verify(&bytes, &keys, &seal);
    assert_eq!(read(seal()), Ok(frame));
    for other in [
        Seal {
            carrier: Carrier::File,
            ..seal()
        },
        Seal {
            from: Writer::Hub,
            ..seal()
        },
        Seal {
            session: [0; 32],
            ..seal()
        },
        Seal { counter: 5, ..seal() },
        Seal {
            box_id: BoxId(2),
            ..seal()
        },
        Seal {
            generation: 3,
            ..seal()
        },
    ] {
        assert_eq!(read(other), Err(FrameError::Tag), "{other:?}");
    }
    let stranger = PairKey::new(&SecretKey::new([8; 32]));
    assert_eq!(
        frame::decode(&bytes).unwrap().verify(&bytes, &stranger, &seal()),
        Err(FrameError::Tag)
    );
}

#[test]
fn a_bomb_ends_at_64_kb_and_a_long_frame_at_4() {
    let bomb = zstd::bulk::compress(&vec![0; 50_000_000], 19).unwrap();
    let mut bytes = ((2 + bomb.len() + 8) as u32).to_be_bytes().to_vec();
    bytes.extend([2, 1]);
    bytes.extend(&bomb);
    bytes.extend([0; 8]);
    assert!(bytes.len() < 4_096, "{}", bytes.len());
    assert_eq!(frame::decode(&bytes), Err(FrameError::Limit));
    assert_eq!(frame::decode(&[0; 5_000]), Err(FrameError::Limit));
    assert_eq!(frame::split(&u32::MAX.to_be_bytes()), Err(FrameError::Limit));
    let chunk = Chunk {
        by: Writer::Site,
        lane: Lane::Money,
        epoch: Epoch(1),
        from: 1,
        head: None,
        records: (0..200_u8)
            .map(|n| Stored::Blank([n; 32].map(|byte| byte.wrapping_mul(n))))
            .collect(),
    };
    let mut noisy = chunk.clone();
    for (n, record) in noisy.records.iter_mut().enumerate() {
        *record = Stored::Blank(Stored::Bytes(vec![n as u8]).hash());
    }
    assert_eq!(
        frame::encode(&Frame::Chunk(noisy), &support::pair(), &seal()),
        Err(FrameError::Limit)
    );
}

#[test]
fn a_pin_sealed_to_the_hub_opens_there_alone() {
    let hub = SecretKey::new([4; 32]);
    let sealed = seal_to_hub([5; 32], &sealing_public(&hub), b"4071").unwrap();
    assert_eq!(sealed.len(), 4 + kisima_sync::seal::SEAL_OVERHEAD_BYTES);
    assert_eq!(open_sealed(&hub, &sealed).unwrap(), b"4071");
    assert!(open_sealed(&SecretKey::new([6; 32]), &sealed).is_err());
    for at in 0..sealed.len() {
        let mut spoiled = sealed.clone();
        spoiled[at] ^= 1;
        assert!(open_sealed(&hub, &spoiled).is_err(), "byte {at}");
        assert!(open_sealed(&hub, &sealed[..at]).is_err());
    }
    assert!(seal_to_hub([5; 32], &[0; 32], b"4071").is_err(), "a weak key");
}

#[test]
fn keys_are_apart_by_use_and_show_nothing() {
    let master = SecretKey::new([1; 32]);
    let site: SiteName = "kibera-3".parse().unwrap();
    let key = SiteKey::derive(&master, &site, BoxId(1));
    let all = [
        key.pin_key(),
        key.receipt_key(),
        key.token_key(),
        SiteKey::derive(&master, &site, BoxId(2)).pin_key(),
    ];
    for (at, key) in all.iter().enumerate() {
        assert!(all[..at].iter().all(|other| other != key));
    }
    assert_eq!(SiteKey::from_secret(key.secret().clone()).pin_key(), key.pin_key());
    let identity = Identity::from_seed(&master);
    let shown = format!("{master:?} {key:?} {identity:?} {:?}", support::pair());
    assert!(!shown.chars().any(|c| c.is_ascii_digit()), "{shown}");
    let signature = identity.sign(b"head");
    assert!(verify(&identity.public(), b"head", &signature));
    assert!(!verify(&identity.public(), b"heat", &signature));
}

proptest! {
    #[test]
    fn no_bytes_panic_and_what_is_read_writes_itself_back(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for lane in Lane::ALL {
            for by in [Writer::Site, Writer::Hub] {
                if let Ok(record) = Record::decode(by, lane, &bytes) {
                    prop_assert_eq!(record.encode(by, lane).unwrap(), bytes.clone());
                }
            }
        }
        prop_assert!(frame::decode(&bytes).is_err() || bytes.len() >= frame::HEADER_BYTES + 8);
        prop_assert!(frame::split(&bytes).is_err() || bytes.len() < 4 || bytes[..2] == [0, 0]);
    }

    #[test]
    fn a_record_with_a_byte_changed_is_another_record_or_none(at in any::<prop::sample::Index>(), to in any::<u8>(), which in any::<prop::sample::Index>()) {
        let all = every_kind();
        let (by, lane, record) = which.get(&all);
        let mut bytes = record.encode(*by, *lane).unwrap();
        let at = at.index(bytes.len());
        let same = bytes[at] == to;
        bytes[at] = to;
        match Record::decode(*by, *lane, &bytes) {
            Ok(read) => {
                prop_assert_eq!(&read == record, same);
                prop_assert_eq!(read.encode(*by, *lane).unwrap(), bytes);
            }
            Err(_) => prop_assert!(!same),
        }
    }

    #[test]
    fn a_body_of_any_bytes_under_a_right_frame_never_panics(kind in 0_u8..14, flags in 0_u8..3, body in prop::collection::vec(any::<u8>(), 0..120)) {
        let mut bytes = ((2 + body.len() + 8) as u32).to_be_bytes().to_vec();
        bytes.extend([kind, flags]);
        bytes.extend(body);
        bytes.extend([0; 8]);
        if let Ok(unverified) = frame::decode(&bytes) {
            prop_assert_eq!(unverified.verify(&bytes, &support::pair(), &seal()), Err(FrameError::Tag));
        }
    }

    #[test]
    fn poured_facts_come_back(epoch in any::<u64>(), number in any::<u64>(), ml in 0_u64..1_000_000_000_001, parts in 0_usize..20, seconds in 0_i64..253_402_300_800) {
        let grant = GrantId { epoch: Epoch(number), number: epoch };
        let record = Record::Fact(Fact::Poured(Poured {
            hold: Some(HoldId { epoch: Epoch(epoch), number }), parts: vec![(grant, Volume::from_ml(ml)); parts],
            over: Volume::from_ml(ml), how: How::Report, outcome: Some(Outcome::Fault), dispenser: "t".parse().unwrap(),
            time: Wall::from_seconds(seconds), clock_trusted: seconds % 2 == 0,
        }));
        let bytes = record.encode(Writer::Site, Lane::Money).unwrap();
        prop_assert_eq!(Record::decode(Writer::Site, Lane::Money, &bytes).unwrap(), record);
    }
}
