//! The examples of PROTOCOL section 9.

use super::*;

#[test]
fn both_ends_hold_the_same_after_one_connection() {
    let pair = settled(40, 5);
    assert_eq!(pair.hub.disk.mark(Writer::Site, Lane::Money, 0xa1), 41);
    assert_eq!(pair.site.disk.mark(Writer::Hub, Lane::Money, 0x41), 6);
    assert_eq!(pair.hub.folded(), 41, "each record is folded once");
}

#[test]
fn example_a_cut() {
    let mut pair = settled(39, 0);
    let moment = pair.moment();
    // Chunks 41–60, 61–80 and 81–90 leave; the hub commits the first, its ACK is lost, the second is cut half-way.
    for chunk in [20, 20, 10] {
        for _ in 0..chunk {
            pair.site.write_quietly();
        }
        pair.site.handle(&moment, Event::Written);
    }
    assert_eq!(pair.site.wire.len(), 3);
    pair.deliver(Writer::Hub);
    pair.cut();
    assert_eq!(pair.hub.disk.mark(Writer::Site, Lane::Money, 0xa1), 60);
    let before = pair.hub.folded();
    pair.connect();
    pair.settle();
    pair.assert_same();
    assert_eq!(pair.hub.folded() - before, 30, "exactly 61–90 came");
}

#[test]
fn example_power_lost_and_the_card_had_lied() {
    let mut pair = settled(84, 0);
    let card = pair.site.disk.clone();
    for _ in 0..5 {
        let moment = pair.moment();
        pair.site.write(&moment);
    }
    pair.settle();
    pair.restart(Writer::Site, 0xb7);
    pair.site.disk = card;
    pair.site.write_quietly();
    assert_eq!(began(&pair, 0xb7), [(Epoch(0xa1), 85)]);
    pair.connect();
    assert!(
        !doubt::site_in_doubt(&pair.site.disk).unwrap(),
        "without a sign it sells"
    );
    while !pair.site.saw(|action| *action == Action::Doubt) {
        assert!(pair.deliver(Writer::Site) | pair.deliver(Writer::Hub));
    }
    assert!(doubt::site_in_doubt(&pair.site.disk).unwrap());
    pair.cut();
    pair.restart(Writer::Site, 0xc8);
    assert!(
        doubt::site_in_doubt(&pair.site.disk).unwrap(),
        "doubt survives a restart"
    );
    pair.connect();
    pair.settle();
    assert!(pair.site.saw(|action| *action == Action::DoubtEnded));
    assert!(!doubt::site_in_doubt(&pair.site.disk).unwrap());
    pair.site.write_quietly();
    assert_eq!(began(&pair, 0xc8), [(Epoch(0xa1), 90), (Epoch(0xb7), 2)]);
    let tips = pair.site.disk.tips(BOX).unwrap();
    assert_eq!(
        tips.iter().filter(|(tip, _)| tip.by == Writer::Site).count(),
        1,
        "one line again"
    );
    pair.connect();
    pair.settle();
    pair.assert_same();
}

fn began(pair: &Pair, epoch: u64) -> Vec<(Epoch, u32)> {
    sync::journal::previous_of(&pair.site.disk, &log(Writer::Site, Lane::Money, epoch)).unwrap()
}

#[test]
fn example_a_restored_hub() {
    let mut pair = settled(3, 8);
    let noon = pair.hub.disk.clone();
    for _ in 0..3 {
        let moment = pair.moment();
        pair.hub.write(&moment);
        pair.settle();
        let moment = pair.moment();
        pair.site.write(&moment);
        pair.settle();
    }
    assert_eq!(pair.site.disk.mark(Writer::Hub, Lane::Money, 0x41), 12);
    // A chunk with 13 is still in the air when the backup comes back.
    pair.hub.write_quietly();
    let moment = pair.moment();
    pair.hub.handle(&moment, Event::Written);
    let in_the_air = pair.hub.wire.clone();
    pair.restart(Writer::Hub, 0x44);
    pair.hub.disk = noon;
    assert_eq!(doubt::hub_raise(&mut pair.hub.disk, 5).unwrap(), 5);
    assert!(doubt::hub_in_doubt(&pair.hub.disk).unwrap());
    assert!(!doubt::hub_effects_allowed(&pair.hub.disk, BOX).unwrap());
    pair.connect();
    pair.settle();
    assert_eq!(doubt::generation(&pair.site.disk).unwrap(), 5);
    assert_eq!(
        doubt::generation(&pair.hub.disk).unwrap(),
        5,
        "a lack that the doubt explains raises nothing"
    );
    assert_eq!(
        pair.hub.disk.mark(Writer::Hub, Lane::Money, 0x41),
        12,
        "10–12 came back"
    );
    assert!(pair.hub.saw(|action| *action == Action::Heard));
    assert!(doubt::hub_effects_allowed(&pair.hub.disk, BOX).unwrap());
    assert!(doubt::hub_end_if_heard(&mut pair.hub.disk, &[BOX]).unwrap());
    assert!(!doubt::hub_in_doubt(&pair.hub.disk).unwrap());
    pair.assert_same();
    let moment = pair.moment();
    pair.site.handle(&moment, Event::Frame(&in_the_air[0]));
    assert!(matches!(
        pair.site.seen.last(),
        Some(Action::Close(Closed::BadFrame(_)))
    ));
    assert_eq!(
        pair.site.disk.mark(Writer::Hub, Lane::Money, 0x41),
        12,
        "that grant never existed"
    );
}

#[test]
fn a_box_that_returns_after_an_early_end_gives_back_what_it_holds_and_raises_no_doubt_again() {
    let mut pair = settled(3, 8);
    let noon = pair.hub.disk.clone();
    let moment = pair.moment();
    pair.hub.write(&moment);
    pair.settle();
    pair.restart(Writer::Hub, 0x44);
    pair.hub.disk = noon;
    assert_eq!(doubt::hub_raise(&mut pair.hub.disk, 5).unwrap(), 5);
    doubt::hub_end(&mut pair.hub.disk).unwrap();
    pair.connect();
    pair.settle();
    assert_eq!(doubt::generation(&pair.hub.disk).unwrap(), 5);
    assert!(!doubt::hub_in_doubt(&pair.hub.disk).unwrap());
    assert!(pair.hub.saw(|action| *action == Action::Heard));
    assert_eq!(pair.hub.disk.mark(Writer::Hub, Lane::Money, 0x41), 10);
    pair.assert_same();
    // What it lacks of a box that was heard is another past that is missing.
    let before = pair.hub.disk.clone();
    let moment = pair.moment();
    pair.hub.write(&moment);
    pair.settle();
    pair.restart(Writer::Hub, 0x45);
    pair.hub.disk = before;
    pair.connect();
    pair.settle();
    assert_eq!(doubt::generation(&pair.hub.disk).unwrap(), 6);
    assert!(doubt::hub_in_doubt(&pair.hub.disk).unwrap());
}

#[test]
fn a_hub_that_lost_its_past_unawares_learns_it_from_a_hello() {
    let mut pair = settled(2, 4);
    let noon = pair.hub.disk.clone();
    let moment = pair.moment();
    pair.hub.write(&moment);
    pair.settle();
    pair.restart(Writer::Hub, 0x45);
    pair.hub.disk = noon;
    pair.connect();
    pair.settle();
    assert!(
        pair.hub
            .saw(|action| *action == Action::GenerationRaised { generation: 1 })
    );
    assert!(
        pair.site
            .saw(|action| *action == Action::GenerationRaised { generation: 1 })
    );
    assert!(doubt::hub_in_doubt(&pair.hub.disk).unwrap());
    assert!(pair.hub.saw(|action| *action == Action::Heard));
    pair.assert_same();
    // The same box with everything in place raises nothing more.
    pair.connect();
    pair.settle();
    assert_eq!(doubt::generation(&pair.hub.disk).unwrap(), 1);
    // A hub behind even that generation climbs above it.
    pair.restart(Writer::Hub, 0x46);
    doubt::hub_raise(&mut pair.site.disk, 7).unwrap();
    pair.connect();
    pair.settle();
    assert_eq!(doubt::generation(&pair.hub.disk).unwrap(), 8);
    assert_eq!(doubt::generation(&pair.site.disk).unwrap(), 8);
}
