//! Texts that leave by the SIM of their reader's home site: said once, said again until the site answers, never by two.

use hub::hub::{
    settings::{Settings, TextsVia},
    store::read,
};
use kiosk::{
    ids::CustomerId,
    moment::{DAY_MS, HOUR_MS, MINUTE_MS},
};
use sync::{
    frame::{Said, SaidState, Say},
    session::Event,
};

use crate::{texts::tell, world::World};

const JANE: &str = "0700000102";

/// A hub without a messaging provider, a linked site and a customer whose home it is.
fn world() -> (World, usize) {
    world_with(|settings| {
        settings.texts = false;
        settings.texts_via = TextsVia::Sites;
    })
}

fn world_with(change: impl FnOnce(&mut Settings)) -> (World, usize) {
    let mut world = World::with(change);
    let site = world.site("kibera-3");
    let jane = world.customer(JANE, Some("kibera-3"));
    tell(&mut world, jane);
    (world, site)
}

fn jane(world: &World) -> CustomerId {
    read::newest_purchases(&world.read(), None, 1).unwrap()[0].customer
}

fn told(world: &World, site: usize) -> Vec<Say> {
    world.gateways[site].told.clone()
}

/// The names under which the gateway was told.
fn ids(world: &World, site: usize) -> Vec<u64> {
    told(world, site).iter().map(|say| say.id).collect()
}

fn says(world: &mut World, site: usize, id: u64, state: SaidState, reason: Option<&str>) {
    let reason = reason.map(str::to_owned);
    world.gateway_tells(site, Event::Said(Said { id, state, reason }));
}

/// Where the texts stand, the newest first.
fn states(world: &World) -> Vec<String> {
    let rows = read::outbox(&world.read(), 50).unwrap().into_iter();
    rows.map(|row| match row.reason {
        Some(reason) => format!("{} {reason}", row.state),
        None => row.state,
    })
    .collect()
}

#[test]
fn a_text_goes_to_the_home_site_and_its_states_come_back() {
    use SaidState::{Delivered, Failed, Sent, Taken, Unknown};
    let (mut world, site) = world();
    let first = told(&world, site).remove(0);
    assert_eq!(first.phone, "+254700000102");
    assert_eq!(first.text, read::outbox(&world.read(), 1).unwrap()[0].text);
    // What is a day old is not sent any more.
    assert_eq!(first.until, world.now.plus_ms(DAY_MS));
    assert_eq!(
        read::outbox(&world.read(), 1).unwrap()[0]
            .site
            .as_ref()
            .unwrap()
            .as_str(),
        "kibera-3"
    );
    assert!(world.texts().is_empty(), "nobody else carries it");
    assert_eq!(states(&world), ["sending"]);
    for (said, state) in [
        (Taken, "sending"),
        (Sent, "sent"),
        (Taken, "sent"),
        (Unknown, "sent"),
        (Delivered, "delivered"),
        (Failed, "delivered"),
    ] {
        says(&mut world, site, first.id, said, None);
        assert_eq!(states(&world), [state], "{said:?}");
    }
    // A name that no text has.
    says(&mut world, site, 7, Delivered, None);
    assert_eq!(states(&world), ["delivered"]);
}

#[test]
fn a_text_waits_for_its_site_and_grows_too_old_there_too() {
    let (mut world, site) = world();
    world.unlink(site);
    let jane = jane(&world);
    tell(&mut world, jane);
    assert_eq!(states(&world), ["queued", "sending"]);
    world.pass(HOUR_MS);
    world.link(site);
    assert_eq!(states(&world), ["sending", "sending"]);
    assert_eq!(told(&world, site).len(), 3, "the first, said again, and the second");
    world.unlink(site);
    tell(&mut world, jane);
    world.pass(DAY_MS + 1);
    world.link(site);
    assert_eq!(states(&world)[0], "failed too_old");
}

#[test]
fn what_the_site_has_not_answered_is_said_again_under_its_name_and_nothing_else_is() {
    let (mut world, site) = world();
    let first = ids(&world, site);
    world.unlink(site);
    world.link(site);
    assert_eq!(ids(&world, site), [first[0], first[0]]);
    world.restart();
    assert_eq!(states(&world), ["sending"], "the site will tell");
    world.link(site);
    assert_eq!(ids(&world, site), [first[0]; 3]);
    says(&mut world, site, first[0], SaidState::Taken, None);
    world.unlink(site);
    world.link(site);
    assert_eq!(ids(&world, site).len(), 3);
    // Without a last word it is unknown, an hour after it may leave.
    world.pass(DAY_MS);
    assert_eq!(states(&world), ["sending"]);
    world.pass(HOUR_MS);
    assert_eq!(states(&world), ["unknown"]);
    // Late words count.
    says(&mut world, site, first[0], SaidState::Sent, None);
    assert_eq!(states(&world), ["sent"]);
}

#[test]
fn a_text_that_the_site_refused_is_said_again_later_under_another_name() {
    let (mut world, site) = world();
    let first = ids(&world, site)[0];
    says(&mut world, site, first, SaidState::Refused, Some("budget"));
    assert_eq!(states(&world), ["queued budget"]);
    world.pass(HOUR_MS - 1);
    assert_eq!(told(&world, site).len(), 1);
    world.pass(1);
    let second = ids(&world, site)[1];
    assert_ne!(first, second);
    // A late word about the first name is about no text.
    says(&mut world, site, first, SaidState::Failed, None);
    assert_eq!(states(&world), ["sending"]);
    // What was taken is not refused any more.
    says(&mut world, site, second, SaidState::Taken, None);
    says(&mut world, site, second, SaidState::Refused, None);
    assert_eq!(states(&world), ["sending"]);
}

#[test]
fn another_box_has_no_word_in_a_text_and_does_not_get_it_too() {
    let (mut world, site) = world();
    let other = world.site("mathare");
    let id = ids(&world, site)[0];
    says(&mut world, other, id, SaidState::Delivered, None);
    assert_eq!(states(&world), ["sending"]);
    assert!(told(&world, other).is_empty());
    // The box is replaced: what the old one may have sent, the new one does not send.
    let code = world.replace_code("kibera-3");
    let new = world.join(&code);
    assert!(told(&world, new).is_empty());
}

#[test]
fn a_site_has_only_so_many_at_once() {
    let (mut world, site) = world();
    let jane = jane(&world);
    for _ in 0..20 {
        world.pass(5 * MINUTE_MS);
        tell(&mut world, jane);
    }
    assert_eq!(told(&world, site).len(), 16);
    let first = ids(&world, site)[0];
    says(&mut world, site, first, SaidState::Sent, None);
    assert_eq!(told(&world, site).len(), 17, "there is room for one more");
}

#[test]
fn a_restored_hub_gives_no_name_twice_and_says_nothing_that_may_have_been_sent() {
    let (mut world, site) = world();
    world.unlink(site);
    world.backup();
    world.link(site);
    let jane = jane(&world);
    // The site holds a grant by which it sees what the hub forgot.
    world.credit(jane, 20_000);
    tell(&mut world, jane);
    let before = ids(&world, site);
    world.restore();
    world.link(site);
    assert_eq!(states(&world), ["unknown restored"]);
    assert_eq!(ids(&world, site).len(), before.len());
    // Its next text has the row of the one that was forgotten, and another name.
    tell(&mut world, jane);
    let next = *ids(&world, site).last().unwrap();
    assert_eq!(ids(&world, site).len(), before.len() + 1);
    assert!(!before.contains(&next));
    // What became of the forgotten one is about no text here.
    says(&mut world, site, *before.last().unwrap(), SaidState::Delivered, None);
    assert_eq!(states(&world), ["sending", "unknown restored"]);
}

#[test]
fn only_chosen_sites_carry_texts_and_the_provider_all_others() {
    let (mut world, site) =
        world_with(|settings| settings.texts_via = TextsVia::These(vec!["kibera-3".parse().unwrap()]));
    let other = world.site("mathare");
    assert_eq!((told(&world, site).len(), world.texts().len()), (1, 0));
    let john = world.customer("0700000103", Some("mathare"));
    tell(&mut world, john);
    let nobodys = world.customer("0700000104", None);
    tell(&mut world, nobodys);
    assert_eq!((told(&world, site).len(), told(&world, other).len()), (1, 0));
    assert_eq!(world.texts().len(), 2);
}

#[test]
fn without_a_provider_any_linked_site_carries_what_is_for_nobodys_customer() {
    let (mut world, site) = world();
    world.site("mathare");
    world.text("1", "0700000109", "HELP");
    let said = told(&world, site);
    assert_eq!((said.len(), said[1].phone.as_str()), (2, "+254700000109"));
}
