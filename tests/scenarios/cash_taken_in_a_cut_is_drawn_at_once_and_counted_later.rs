use gateway::site::effect::Refusal;
use kiosk::{
    float::NoQuote,
    units::{Currency, Money},
};

use crate::{HOUR, SECOND, ends_well, village};

/// Musa may take KES 80.00, which is 40 litres. The link is cut.
#[test]
fn cash_taken_in_a_cut_is_drawn_at_once_and_counted_later() {
    let (mut world, site, jane) = village(31);
    world.give_float(site, 8_000).expect("an operator gives a float");
    world.run_for(5 * SECOND);
    assert_eq!(world.manager_at_box(site), Some((8_000, 0)));
    world.set_network(site, false);
    world.run_for(HOUR);

    // Jane has 20 litres. She pays for 20 more and draws both within the cut.
    let taken = world.sell_for_cash(site, jane, 20_000).expect("a receipt");
    let kes = |minor| Money::new(minor, Currency::Kes);
    assert_eq!((taken.amount, taken.left), (kes(4_000), kes(4_000)));
    assert_eq!(world.box_balance_ml(site, jane), Some((40_000, 0)));
    for _ in 0..2 {
        assert_eq!(world.draw(site, 0, jane, 20_000), ("verified".to_owned(), 20_000));
    }
    assert_eq!(world.hub_balance_ml(jane), Some(20_000), "the hub cannot know yet");
    assert_eq!(world.alarms(), [""; 0]);

    // What is left is sold; then the float is empty, and says so.
    world.sell_for_cash(site, jane, 20_000).expect("a receipt");
    let refused = world.sell_for_cash(site, jane, 1_000);
    assert_eq!(refused, Err(Refusal::Float(NoQuote::Empty)));
    assert_eq!(world.manager_at_box(site), Some((0, 8_000)), "the drawer holds it all");
    let nothing = world.hand_in(site, 7_900);
    assert_eq!(
        nothing.map_err(|refusal| refusal.code),
        Err("nothing_owed".into()),
        "no sale is known yet"
    );

    // The link is back: the hub knows both sales and what was drawn, and grants nothing twice.
    world.set_network(site, true);
    let known = world.run_until(10 * 60 * SECOND, |world| {
        world
            .manager_at_hub(site)
            .is_some_and(|manager| manager.owed_minor == 8_000)
    });
    assert!(known.is_some(), "{:?}", world.manager_at_hub(site));
    assert_eq!(world.hub_balance_ml(jane), Some(20_000), "60 litres came, 40 are drawn");
    assert_eq!(world.box_balance_ml(site, jane), Some((20_000, 0)));
    let refused = world.sell_for_cash(site, jane, 1_000);
    assert_eq!(
        refused,
        Err(Refusal::Float(NoQuote::Empty)),
        "the link alone fills no float"
    );

    // He hands in KES 79.00 of 80.00: the shilling is his, and his float is whole but for it.
    world.hand_in(site, 7_900).expect("cash is counted");
    let restored = world.run_until(60 * SECOND, |world| world.manager_at_box(site) == Some((7_900, 0)));
    assert!(restored.is_some(), "{:?}", world.manager_at_box(site));
    let standing = world.manager_at_hub(site).expect("a manager");
    assert_eq!(
        (standing.owed_minor, standing.difference_minor, standing.open_minor),
        (0, 100, 7_900)
    );
    world.sell_for_cash(site, jane, 5_000).expect("a receipt");
    ends_well(world);
}
