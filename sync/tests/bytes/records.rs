//! Records.

use super::{kinds::every_kind, *};

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

#[test]
fn cash_is_the_golden_bytes() {
    let bytes = |found: fn(&Fact) -> bool| {
        let all = every_kind().into_iter();
        let mut all = all.filter_map(|(by, lane, record)| match &record {
            Record::Fact(fact) if found(fact) => Some(hex::encode(record.encode(by, lane).unwrap())),
            _ => None,
        });
        all.next().unwrap()
    };
    // By hand: array(7), kind 13, epoch 0x41, number 7, manager 0xa1, "musa", 500000, 200000.
    assert_eq!(
        bytes(|fact| matches!(fact, Fact::FloatGranted(_))),
        "870d18410718a1646d7573611a0007a1201a00030d40"
    );
    // array(6), kind 14, [[epoch 0x41, number 7, 4000]], customer, 20000, seconds, true.
    let sold = bytes(|fact| matches!(fact, Fact::FloatSold(_)));
    assert_eq!(sold, "860e8183184107190fa01b0123456789abcdef194e201a6ab13b80f5");
    // array(6), kind 15, manager 0xa1, 4000, 4000, 3900, seconds.
    assert_eq!(
        bytes(|fact| matches!(fact, Fact::HandedIn(_))),
        "860f18a1190fa0190fa0190f3c1a6ab13b80"
    );
}

#[test]
fn cash_out_of_range_is_refused() {
    let site = |text: &str| Record::decode(Writer::Site, Lane::Money, &hex::decode(text).unwrap());
    let sold = |parts: &str, ml: &str| site(&format!("860e{parts}01{ml}1a6ab13b80f5"));
    assert!(sold("8183184107190fa0", "194e20").is_ok());
    for (parts, ml, why) in [
        ("80", "194e20", "no float"),
        ("82831841071864831841071864", "194e20", "a float twice"),
        ("8183184107 00", "194e20", "a float that pays nothing"),
        ("81831841071b000000174876e801", "194e20", "more than any float"),
        ("8183184107190fa0", "00", "no water"),
    ] {
        assert!(sold(&parts.replace(' ', ""), ml).is_err(), "{why}");
    }
    let part = |number: u8| format!("831841{number:02x}1864");
    let parts = |count: u8| (0..count).map(part).collect::<String>();
    assert!(sold(&format!("88{}", parts(8)), "194e20").is_ok(), "eight floats");
    assert!(sold(&format!("89{}", parts(9)), "194e20").is_err(), "nine floats");
    let hub = |text: &str| Record::decode(Writer::Hub, Lane::Money, &hex::decode(text).unwrap());
    assert!(hub("870d18410718a1646d7573611a0007a12000").is_ok());
    assert!(hub("870d18410718a1601a0007a12000").is_err(), "nobody's");
    assert!(hub("870d18410718a1646d7573610000").is_err(), "nothing");
    assert!(
        hub("860f18a1190fa0190fa1190f3c1a6ab13b80").is_err(),
        "more here than in all"
    );
    assert!(hub("860f18a10000190f3c1a6ab13b80").is_err(), "nothing owed");
}
