//! What a day costs.

use super::*;

const DAY_MS: u64 = 10 * 3_600_000;

/// 300 sales in ten hours: six dispensers, 150 customers with a grant each, mostly jerrycans of 20 litres.
fn sales(seed: u64) -> Vec<Record> {
    let mut dice = Dice(seed);
    let hub = Epoch(0x4141_0000_0000_0041);
    let grants: Vec<u64> = (0..150).map(|_| 1 + dice.below(2_000)).collect();
    let mut seconds: Vec<i64> = (0..300).map(|_| dice.below(36_000) as i64).collect();
    seconds.sort_unstable();
    let sale = |(number, second): (usize, i64)| {
        let grant = GrantId {
            epoch: hub,
            number: grants[dice.below(150) as usize],
        };
        let ml = match dice.below(20) {
            0 => 10_000,
            1 => 5_000,
            2 => 1 + dice.below(20_000),
            _ => 20_000,
        };
        let is_cut = ml % 1_000 > 0;
        Record::Fact(Fact::Poured(Poured {
            hold: Some(HoldId {
                epoch: Epoch(0xb1b1_0000_0000_00b1),
                number: 1_000 + number as u64,
            }),
            parts: vec![(grant, Volume::from_ml(ml))],
            over: Volume::ZERO,
            how: How::Report,
            outcome: Some(if is_cut { Outcome::Stopped } else { Outcome::Complete }),
            dispenser: format!("tap-{}", dice.below(6) + 1).parse().unwrap(),
            time: Wall::from_seconds(1_790_000_000 + second),
            clock_trusted: true,
        }))
    };
    seconds.into_iter().enumerate().map(sale).collect()
}

fn second(record: &Record) -> u64 {
    match record {
        Record::Fact(Fact::Poured(poured)) => (poured.time.seconds() - 1_790_000_000) as u64,
        other => panic!("{other:?}"),
    }
}

/// How many texts the box and the hub sent until both held the whole day.
fn day(seed: u64, loss_percent: u64, double_percent: u64) -> [u32; 2] {
    let mut air = Air::new(seed);
    air.grant(150);
    air.settle_by_socket();
    air.restart(Writer::Site, 0xb1b1_0000_0000_00b1);
    (air.loss_percent, air.double_percent) = (loss_percent, double_percent);
    let began = air.now_ms;
    for record in sales(seed) {
        let at = began + second(&record) * 1_000;
        air.pass(at.saturating_sub(air.now_ms));
        air.write(Writer::Site, &record);
    }
    air.pass((began + DAY_MS).saturating_sub(air.now_ms));
    let mut hours = 0;
    while air.site.disk.records() != air.hub.disk.records() {
        air.pass(3_600_000);
        hours += 1;
        assert!(hours < 48, "seed {seed}: the day never came over");
    }
    air.pass(24 * 3_600_000);
    air.assert_same();
    air.assert_no_alarm();
    air.sent
}

#[test]
fn a_day_costs_at_most_16_texts_and_26_in_bad_air() {
    for seed in 0..5 {
        let [site, hub] = day(seed, 0, 0);
        println!("seed {seed}: {site} texts by the box, {hub} by the hub");
        assert!(site <= 16, "seed {seed}: {site} texts");
    }
    for seed in 0..5 {
        let [site, hub] = day(seed, 10, 5);
        println!("seed {seed} in bad air: {site} texts by the box, {hub} by the hub");
        assert!(site <= 26, "seed {seed}: {site} texts");
    }
}

#[test]
fn a_sale_takes_at_most_five_bytes() {
    for seed in 0..12 {
        let log = support::log(Writer::Site, Lane::Money, 0xb1b1_0000_0000_00b1);
        let known: Known = [0x4141_0000_0000_0041, 0xa1a1_0000_0000_00a1]
            .map(Epoch)
            .into_iter()
            .collect();
        let day: Vec<Vec<u8>> = sales(seed)
            .iter()
            .map(|sale| sale.encode(Writer::Site, Lane::Money).unwrap())
            .collect();
        let mut bytes = 0;
        for text in day.chunks(25) {
            let records: Vec<&[u8]> = text.iter().map(Vec::as_slice).collect();
            bytes += pack::pack(&log, &records, &known).len();
        }
        println!("seed {seed}: {} bytes a sale", bytes as f64 / 300.0);
        assert!(bytes <= 300 * 5, "seed {seed}: {bytes} bytes");
    }
}
