//! What the wire costs, and what proves what went over it.

use super::*;

#[test]
fn a_live_sale_is_one_small_frame() {
    let mut pair = settled(20, 1);
    let moment = pair.moment();
    pair.site.write(&moment);
    assert_eq!(pair.site.wire.len(), 1);
    assert!(pair.site.wire[0].len() <= 120, "{} bytes", pair.site.wire[0].len());
    pair.settle();
    pair.assert_same();
}

#[test]
fn a_thousand_sales_after_a_cut_cost_less_than_15_kb() {
    let mut pair = settled(1, 1);
    pair.cut();
    for _ in 0..1_000 {
        pair.site.write_quietly();
    }
    pair.bytes = [0; 2];
    pair.connect();
    pair.settle();
    pair.assert_same();
    let total = pair.bytes[0] + pair.bytes[1];
    println!("1,000 sales: {} to the hub, {} back", pair.bytes[0], pair.bytes[1]);
    assert!(total <= 15_000, "{total} bytes");
}

#[test]
fn heads_prove_what_was_sent_and_follow_when_a_log_grows_no_more() {
    let mut pair = settled(20, 1);
    let key = log(Writer::Site, Lane::Money, 0xa1);
    assert_eq!(pair.hub.disk.logs[&key].0.head.unwrap().seq, 21);
    let moment = pair.moment();
    pair.site.write(&moment);
    pair.settle();
    assert_eq!(pair.hub.disk.logs[&key].0.head.unwrap().seq, 21);
    assert_eq!(
        sync::journal::unproven(&pair.hub.disk, BOX, Writer::Site).unwrap(),
        [(key, 22, 22)]
    );
    pair.now_ms += 300_000;
    let moment = pair.moment();
    pair.site.handle(&moment, Event::Tick);
    pair.settle();
    assert_eq!(pair.hub.disk.logs[&key].0.head.unwrap().seq, 22);
    assert!(
        sync::journal::unproven(&pair.hub.disk, BOX, Writer::Site)
            .unwrap()
            .is_empty()
    );
}
