//! A past that is lost or rolled back.

use super::{super::input::Heartbeat, *};

#[test]
fn a_meter_far_ahead_of_the_books_stops_the_sale() {
    let beat = |pulses_total| Heartbeat {
        firmware: "1.4.2".to_owned(),
        config_revision: Some(1),
        state: "idle".to_owned(),
        pulses_total: Some(pulses_total),
        rssi_dbm: None,
    };
    let tap = || "tap-1".parse().unwrap();
    let mut bench = ready("meter");
    bench.grant(60_000);
    bench.give(Input::Heartbeat(tap(), beat(9_000)));
    bench.ask("a1", "4071", 5_000);
    bench.pour("a1", 5_000);
    bench.restart();
    // 5 litres are booked and one full pour of 20 is allowed for: 25 litres of 450 pulses.
    bench.give(Input::Heartbeat(tap(), beat(9_000 + 25 * 450)));
    assert_eq!(bench.ask("a2", "4071", 1_000), "verified 1000 Some(55000)");
    bench.pour("a2", 1_000);
    bench.restart();
    bench.give(Input::Heartbeat(tap(), beat(9_000 + 25 * 450 + 21 * 450 + 1)));
    assert_eq!(bench.ask("a3", "4071", 1_000), "gateway_degraded 0 None");
}

#[test]
fn a_meter_far_ahead_is_seen_though_its_first_heartbeat_could_not_be_kept() {
    let beat = |pulses_total| {
        let beat = Heartbeat {
            firmware: "1.4.2".to_owned(),
            config_revision: Some(1),
            state: "idle".to_owned(),
            pulses_total: Some(pulses_total),
            rssi_dbm: None,
        };
        Input::Heartbeat("tap-1".parse().unwrap(), beat)
    };
    let mut bench = ready("meter-failed");
    bench.grant(60_000);
    bench.give(beat(9_000));
    bench.restart();
    // Nothing is booked and one full pour of 20 litres is allowed for.
    let ahead = 9_000 + 20 * 450 + 1;
    let moment = bench.moment();
    bench.fail(&moment, beat(ahead));
    bench.give(beat(ahead));
    assert_eq!(bench.ask("a1", "4071", 1_000), "gateway_degraded 0 None");
}

#[test]
fn a_database_that_was_lost_sells_nothing_until_the_hub_is_heard() {
    let mut bench = ready("rebuilt");
    bench.site = None;
    for name in ["site.db", "site.db-wal", "site.db-shm"] {
        if let Err(error) = std::fs::remove_file(bench.folder.join(name)) {
            assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        }
    }
    bench.restart();
    assert_eq!(bench.ask("a1", "4071", 1_000), "gateway_degraded 0 None");
}

#[test]
fn a_calibration_that_is_lowered_does_not_look_like_lost_books() {
    let beat = |config_revision, pulses_total| Heartbeat {
        firmware: "1.4.2".to_owned(),
        config_revision: Some(config_revision),
        state: "idle".to_owned(),
        pulses_total: Some(pulses_total),
        rssi_dbm: None,
    };
    let tap = || "tap-1".parse().unwrap();
    let mut bench = ready("calibration");
    bench.grant(60_000);
    bench.give(Input::Heartbeat(tap(), beat(1, 9_000)));
    bench.ask("a1", "4071", 20_000);
    bench.pour("a1", 20_000);
    let command = super::super::input::Command::SetPulses {
        dispenser: tap(),
        pulses_per_litre: Some(200),
    };
    bench.give(Input::Told(super::super::input::ReplyId(1), command));
    // 20 litres were measured with 450 pulses each: more than twice 20 litres of 200.
    bench.restart();
    bench.give(Input::Heartbeat(tap(), beat(1, 9_000 + 20 * 450)));
    assert_eq!(bench.ask("a2", "4071", 1_000), "verified 1000 Some(40000)");
    bench.pour("a2", 1_000);
    // It goes on with 450 until it has the new configuration, for 21 litres at the most.
    bench.restart();
    bench.give(Input::Heartbeat(tap(), beat(2, 18_000 + 21 * 450)));
    assert_eq!(bench.ask("a3", "4071", 1_000), "verified 1000 Some(39000)");
    bench.pour("a3", 1_000);
    // From there on with 200.
    bench.restart();
    bench.give(Input::Heartbeat(tap(), beat(2, 18_000 + 21 * 450 + 21 * 200 + 1)));
    assert_eq!(bench.ask("a4", "4071", 1_000), "gateway_degraded 0 None");
}
