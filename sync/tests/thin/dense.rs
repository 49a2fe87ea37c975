//! Records in the dense form.

use super::*;
use crate::kinds::every_kind;
use kiosk::ids::BoxId;
use proptest::prelude::*;

fn key(by: Writer) -> LogKey {
    support::log(by, Lane::Money, 0xb1b1_0000_0000_00b1)
}

fn known() -> Known {
    [0x4141_0000_0000_0041, 0xb1b1_0000_0000_00b1]
        .map(Epoch)
        .into_iter()
        .collect()
}

fn pack_all(by: Writer, records: &[Vec<u8>], known: &Known) -> Vec<u8> {
    let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    pack::pack(&key(by), &records, known)
}

/// Packs and unpacks, and says how many bytes it took.
fn there_and_back(by: Writer, records: &[Vec<u8>], known: &Known) -> usize {
    let packed = pack_all(by, records, known);
    let mut resolve = |tag| known.candidates(tag).first().copied();
    assert_eq!(pack::unpack(&key(by), &packed, &mut resolve).unwrap(), records);
    packed.len()
}

#[test]
fn every_kind_of_the_money_lane_comes_back_alone_and_among_others() {
    for by in [Writer::Site, Writer::Hub] {
        let mut all = Vec::new();
        for (writer, lane, record) in every_kind() {
            if (writer, lane) != (by, Lane::Money) {
                continue;
            }
            let bytes = record.encode(by, Lane::Money).unwrap();
            let dense = there_and_back(by, std::slice::from_ref(&bytes), &known());
            println!("{} bytes dense of {}: {record:?}", dense, bytes.len());
            // Nothing is longer than as it is, but for what says so.
            assert!(dense <= bytes.len() + 3, "{record:?}");
            all.push(bytes);
        }
        assert!(all.len() >= 8);
        there_and_back(by, &all, &known());
    }
}

#[test]
fn what_is_unknown_or_no_record_at_all_travels_as_it_is() {
    for text in [
        "8418c8a1616101820102f6",
        "8218c8fb3ff0000000000000",
        "8218c838ff",
        "8218c881818181818100",
        "9f01ff",
        "00",
        "ffff",
    ] {
        there_and_back(Writer::Site, &[hex::decode(text).unwrap()], &known());
    }
    there_and_back(Writer::Site, &[vec![0xff; 3_600]], &known());
    there_and_back(Writer::Site, &[], &known());
}

#[test]
fn an_ordinary_sale_has_the_size_worked_out_by_hand() {
    let sale = |number: u64| {
        Record::Fact(Fact::Poured(Poured {
            hold: Some(HoldId {
                epoch: Epoch(0xb1b1_0000_0000_00b1),
                number,
            }),
            parts: vec![(
                GrantId {
                    epoch: Epoch(0x4141_0000_0000_0041),
                    number: 7 + number % 2,
                },
                Volume::from_ml(20_000),
            )],
            over: Volume::ZERO,
            how: How::Report,
            outcome: Some(Outcome::Complete),
            dispenser: "tap-1".parse().unwrap(),
            time: Wall::from_seconds(1_790_000_000 + number as i64 * 60),
            clock_trusted: true,
        }))
        .encode(Writer::Site, Lane::Money)
        .unwrap()
    };
    // Count 6; all pours 3; shape 3; holds: no other epoch 1, all of the log's 3, first 9, steps 3; grants: one other epoch
    // 3, by tag 18, all of it 5, numbers in a width of one 2 + 9 + 6 + 1 each, unit 2, all 20 litres 2 + 9; rule 3, outcome 5
    // (2 and 1 in three bits), trust 3; dispensers: one 2, five shared letters (5 / 4 = 1, + 1 = 2: 3, + 2) 5 + 30,
    // digits 1, no more letters 2, all the first 3; times: 32, forward 1, all 60 seconds (61 in 11 bits) 13.
    let bits = |sales: usize| 6 + 3 + 3 + (1 + 3 + 9 + 3) + (3 + 18 + 5 + 17 + sales + 2 + 11) + 3 + 5 + 3 + 43 + 46;
    let day: Vec<Vec<u8>> = (0..20).map(sale).collect();
    assert_eq!(there_and_back(Writer::Site, &day, &known()), bits(20_usize).div_ceil(8));
}

/// Pours of every sort.
fn pour() -> impl Strategy<Value = Vec<u8>> {
    let epoch = prop_oneof![
        Just(0xb1b1_0000_0000_00b1_u64),
        Just(0x4141_0000_0000_0041),
        Just(0),
        any::<u64>(),
    ];
    let number = prop_oneof![0..3_000_u64, any::<u64>()];
    let ml = prop_oneof![Just(20_000_u64), 0..30_000_u64, 0..=1_000_000_000_000_u64];
    let part = (epoch.clone(), number.clone(), ml.clone());
    let hold = proptest::option::of((epoch, number));
    let parts = proptest::collection::vec(part, 0..40);
    let seconds = prop_oneof![1_790_000_000..1_790_036_000_u64, 0..=253_402_300_799_u64];
    let over = prop_oneof![Just(0), ml];
    (
        hold,
        parts,
        over,
        any::<bool>(),
        0..6_usize,
        "[a-z0-9-]{1,32}",
        seconds,
        any::<bool>(),
    )
        .prop_map(
            |(hold, parts, over, rule, outcome, dispenser, seconds, clock_trusted)| {
                let part = |(epoch, number, ml)| {
                    (
                        GrantId {
                            epoch: Epoch(epoch),
                            number,
                        },
                        Volume::from_ml(ml),
                    )
                };
                let parts = if hold.is_some() { parts } else { Vec::new() };
                let pour = Poured {
                    hold: hold.map(|(epoch, number)| HoldId {
                        epoch: Epoch(epoch),
                        number,
                    }),
                    parts: parts.into_iter().map(part).collect(),
                    over: Volume::from_ml(over),
                    how: if rule { How::Rule } else { How::Report },
                    outcome: Outcome::ALL.get(outcome).copied(),
                    dispenser: dispenser.parse().unwrap(),
                    time: Wall::from_seconds(seconds as i64),
                    clock_trusted,
                };
                Record::Fact(Fact::Poured(pour))
                    .encode(Writer::Site, Lane::Money)
                    .unwrap()
            },
        )
}

proptest! {
    #[test]
    fn any_pours_come_back(records in proptest::collection::vec(pour(), 0..30)) {
        there_and_back(Writer::Site, &records, &known());
    }

    #[test]
    fn any_bytes_come_back(records in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 0..20)) {
        there_and_back(Writer::Hub, &records, &Known::default());
    }

    #[test]
    fn any_bytes_unpack_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..460), by in any::<bool>()) {
        let by = if by { Writer::Site } else { Writer::Hub };
        let log = LogKey { box_id: BoxId(1), ..key(by) };
        if let Ok(records) = pack::unpack(&log, &bytes, &mut |tag| Some(Epoch(tag.into()))) {
            prop_assert!(records.len() <= pack::RECORDS_MAX);
            prop_assert!(records.iter().all(|record| record.len() <= kisima_sync::record::RECORD_BYTES_MAX));
        }
    }

    #[test]
    fn a_spoilt_pack_unpacks_or_is_refused(
        records in proptest::collection::vec(pour(), 1..8),
        place in any::<proptest::sample::Index>(),
        bit in 0..8_u8,
        keep in any::<proptest::sample::Index>(),
    ) {
        let mut packed = pack_all(Writer::Site, &records, &known());
        let place = place.index(packed.len());
        packed[place] ^= 1 << bit;
        let is_bounded = |packed: &[u8]| {
            let mut resolve = |tag| known().candidates(tag).first().copied();
            let records = pack::unpack(&key(Writer::Site), packed, &mut resolve);
            records.is_ok_and(|records| records.len() <= pack::RECORDS_MAX)
        };
        is_bounded(&packed);
        packed.truncate(keep.index(packed.len()));
        is_bounded(&packed);
    }
}
