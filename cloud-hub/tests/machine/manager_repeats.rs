//! A manager who did not see the answer does it again: nothing is booked twice (FEATURES A18, A19).

use hub::hub::{
    effect::Response,
    input::{Item, Pay, ReplyId},
};
use kiosk::{
    fact::Fact,
    ids::CustomerId,
    moment::{MINUTE_MS, SECOND_MS},
};

use crate::{
    cash::{musa, set},
    managers::{MUSA, hired},
    payments::{bought, buy, paid},
    ussd::{Call, JANE},
    world::World,
};

const CUT: &str = "You were cut off last time.\n1. Go on\n0. Start again";

fn month(world: &mut World, customer: CustomerId) {
    bought(world.ask(buy(customer, Item::Plan("monthly".to_owned()), Pay::Prompt)));
    paid(world, 0, "RCPT1");
}

/// The last step of a sale, for which the site gives its float back.
fn sells(world: &mut World, site: usize, call: &mut Call) -> String {
    let reply: ReplyId = call.types_patiently(world, "2580");
    for grant in world.gateways[site].recalled() {
        world.site_writes(site, Fact::Closed { grant });
    }
    match world.said(reply) {
        Some(Ok(Response::Ussd(shown))) => shown.screen,
        other => panic!("{other:?}"),
    }
}

#[test]
fn cash_whose_receipt_was_not_seen_is_booked_once_and_its_receipt_told() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer(JANE, Some("kibera-3"));
    set(&mut world, 20_000).unwrap();
    hired(&mut world, "h1", Some("musa"));
    let takes = ["3", JANE, "60", "1"];
    let mut cut = Call::new("s1", MUSA);
    cut.sends(&mut world);
    cut.types_all(&mut world, &takes);
    let sold = sells(&mut world, site, &mut cut);
    assert!(sold.starts_with("Sold 30 l. Receipt "), "{sold}");
    // The radio was cut: what came of it is seen at the next call.
    let mut call = Call::new("s2", MUSA);
    assert_eq!(call.sends(&mut world).screen, CUT);
    assert_eq!(call.types(&mut world, "1"), sold);
    // Who starts again, and does it again, reads the receipt.
    call.types(&mut world, "0");
    call.types_all(&mut world, &takes);
    let again = call.types(&mut world, "2580");
    let receipt = &sold["Sold 30 l. Receipt ".len()..][..8];
    assert_eq!(
        again,
        format!("This cash is booked: receipt {receipt}. For the same again wait some minutes.\n0. Back")
    );
    assert_eq!((world.balance_ml(jane), musa(&world).owed_minor), (30_000, 6_000));
    world.restart();
    world.link(site);
    let mut call = Call::new("s3", MUSA);
    call.sends(&mut world);
    call.types_all(&mut world, &["0", "3", JANE, "60", "1"]);
    assert_eq!(call.types(&mut world, "2580"), again);
    assert_eq!((world.balance_ml(jane), musa(&world).owed_minor), (30_000, 6_000));
    world.ledger();
}

#[test]
fn jerrycans_are_handed_out_twice_to_one_customer_only_after_some_minutes_or_in_another_number() {
    let mut world = World::new();
    world.add_site("kibera-3");
    hired(&mut world, "h1", None);
    let jane = world.customer(JANE, Some("kibera-3"));
    month(&mut world, jane);
    let hands = |world: &mut World, session: &'static str, number: &str| {
        let mut call = Call::new(session, MUSA);
        let mut screen = call.sends(world).screen;
        if screen == CUT {
            screen = call.types(world, "0");
        }
        assert!(screen.starts_with("SITE kibera-3"), "{screen}");
        call.types_all(world, &["2", JANE, number, "1", "2580"])
    };
    assert_eq!(
        hands(&mut world, "s1", "3"),
        "Handed out. 27 jerrycans are left.\n0. Back"
    );
    assert_eq!(
        hands(&mut world, "s2", "3"),
        "These jerrycans were just handed out; 27 are left. For the same again wait some minutes.\n0. Back"
    );
    assert_eq!(
        hands(&mut world, "s3", "2"),
        "Handed out. 25 jerrycans are left.\n0. Back"
    );
    world.now = world.now.plus_ms(10 * MINUTE_MS - 10 * SECOND_MS);
    assert!(hands(&mut world, "s4", "3").starts_with("These jerrycans were just"));
    world.now = world.now.plus_ms(MINUTE_MS);
    assert_eq!(
        hands(&mut world, "s5", "3"),
        "Handed out. 22 jerrycans are left.\n0. Back"
    );
    world.ledger();
}
