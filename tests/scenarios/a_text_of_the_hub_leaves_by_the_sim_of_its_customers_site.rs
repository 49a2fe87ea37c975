use hub::hub::input::Item;
use kiosk::units::Volume;
use world::World;

use crate::{HOUR, SECOND, ends_well, village_texted_by_its_site};

/// Jane buys, and the link is cut at the moment when `is_then` is so. Her text about it arrives once.
fn cut_when(seed: u64, is_then: fn(&World, usize) -> bool) {
    let (mut world, site, jane) = village_texted_by_its_site(seed);
    world.run_for(60 * SECOND);
    let before = world.texts_got(jane).len();
    world.buy_later(jane, Item::Litres(Volume::from_ml(30_000)));
    let cut = world.run_until(HOUR, |world| is_then(world, site));
    assert!(cut.is_some(), "seed {seed}: the moment never came");
    world.set_network(site, false);
    world.run_for(300 * SECOND);
    world.set_network(site, true);
    let got = world.run_until(HOUR, |world| world.texts_got(jane).len() > before);
    assert!(got.is_some(), "seed {seed}: no text came");
    world.run_for(25 * HOUR);
    let texts = &world.texts_got(jane)[before..];
    assert_eq!(texts.len(), 1, "seed {seed}: {texts:?}");
    // Thirty litres and the twenty that she had.
    assert!(texts[0].contains("30 l ") && texts[0].contains("50 l."), "{texts:?}");
    ends_well(world);
}

#[test]
fn a_text_that_the_link_lost_is_said_again() {
    cut_when(11, |world, _| world.texts_told_to_sites() > 0);
}

#[test]
fn a_text_whose_answer_the_link_lost_leaves_once() {
    cut_when(12, |world, site| world.texts_asked_of(site) > 0);
}
