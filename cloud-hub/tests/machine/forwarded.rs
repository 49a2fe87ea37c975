//! Texts that came to a site's own SIM: answered once, as those to the hub's number are, and not after a restore.

use hub::hub::{inbox::TextFound, store::read};
use kiosk::{
    fact::{AnsweredState, Fact, Forwarded},
    ids::RecordId,
    moment::{DAY_MS, MINUTE_MS, Wall},
};
use sync::seal::seal_to_hub;

use crate::world::World;

const JANE: &str = "+254700000102";

/// A site that is linked, and a customer.
fn world() -> (World, usize) {
    let mut world = World::new();
    let site = world.site("kibera-3");
    world.customer(JANE, Some("kibera-3"));
    (world, site)
}

fn hands_over(world: &mut World, site: usize, sealed: Vec<u8>, time: Wall) -> RecordId {
    world.site_writes(site, Fact::Forwarded(Forwarded { sealed, time }))
}

fn sealed(world: &World, site: usize, words: &[u8]) -> Vec<u8> {
    let key = world.gateways[site].enrolment.hub_sealing_key;
    seal_to_hub([9; 32], &key, words).unwrap()
}

/// A text came to the site's SIM so long ago.
fn text_at(world: &mut World, site: usize, text: &str, age_ms: i64) -> RecordId {
    let sealed = sealed(world, site, format!("{JANE}\n{text}").as_bytes());
    hands_over(world, site, sealed, world.now.plus_ms(-age_ms))
}

fn answers(world: &World, site: usize, to: RecordId) -> Vec<AnsweredState> {
    let answer = |fact: &Fact| match fact {
        Fact::Answered(answered) if answered.to == to => Some(answered.state),
        _ => None,
    };
    world.gateways[site].facts().filter_map(answer).collect()
}

/// What is kept: what was done of it, the words and the site.
fn kept(world: &World) -> Vec<(TextFound, String, Option<String>)> {
    let rows = read::inbox(&world.read(), 50).unwrap().into_iter();
    rows.map(|row| (row.found, row.text, row.site.map(|site| site.to_string())))
        .collect()
}

fn tickets(world: &World) -> usize {
    read::tickets(&world.read(), None, i64::MAX, 50).unwrap().items.len()
}

fn at_kibera(found: TextFound, text: &str) -> (TextFound, String, Option<String>) {
    (found, text.to_owned(), Some("kibera-3".to_owned()))
}

#[test]
fn a_text_to_a_sites_sim_is_answered_as_one_to_the_hub() {
    let (mut world, site) = world();
    let record = text_at(&mut world, site, "REPORT The tap drips", MINUTE_MS);
    assert_eq!(answers(&world, site, record), [AnsweredState::Done]);
    assert_eq!(kept(&world), [at_kibera(TextFound::Read, "REPORT The tap drips")]);
    assert_eq!((world.texts().len(), tickets(&world)), (1, 1));
    world.pass(1);
    text_at(&mut world, site, "BALANCE 4071", 0);
    assert_eq!(kept(&world)[0], at_kibera(TextFound::Read, "BALANCE ****"));
    // A socket that breaks brings nothing twice.
    world.unlink(site);
    world.link(site);
    assert_eq!((world.texts().len(), kept(&world).len()), (2, 2));
}

#[test]
fn the_limit_of_a_day_holds_for_sites_and_the_hub_together() {
    let (mut world, site) = world();
    (0..6).for_each(|number| world.text(&number.to_string(), JANE, "HELP"));
    let records: Vec<RecordId> = (0..6).map(|_| text_at(&mut world, site, "HELP", 0)).collect();
    // Ten are answered, the eleventh is told that they are too many.
    assert_eq!(world.texts().len(), 11);
    let states: Vec<_> = records
        .iter()
        .flat_map(|record| answers(&world, site, *record))
        .collect();
    use AnsweredState::{Done, Refused};
    assert_eq!(states, [Done, Done, Done, Done, Refused, Refused]);
}

#[test]
fn what_is_older_than_a_day_is_kept_and_a_report_of_it_is_a_ticket_still() {
    let (mut world, site) = world();
    let late = text_at(&mut world, site, "BUY 20", DAY_MS + 1);
    assert_eq!(answers(&world, site, late), [AnsweredState::Refused]);
    assert_eq!(kept(&world), [at_kibera(TextFound::Late, "BUY 20")]);
    assert_eq!((world.texts().len(), world.prompts().len()), (0, 0));
    text_at(&mut world, site, "REPORT no water since Monday", 3 * DAY_MS);
    assert_eq!(tickets(&world), 1);
    text_at(&mut world, site, "STOP", 3 * DAY_MS);
    assert_eq!(read::stopped(&world.read(), 50).unwrap().len(), 1);
    // A day exactly is not more than a day.
    let in_time = text_at(&mut world, site, "HELP", DAY_MS);
    assert_eq!(answers(&world, site, in_time), [AnsweredState::Done]);
}

#[test]
fn what_cannot_be_opened_or_read_is_refused_and_raises_no_alarm() {
    let (mut world, site) = world();
    let other_key = seal_to_hub(
        [9; 32],
        &sync::seal::sealing_public(&sync::seal::SecretKey::new([1; 32])),
        b"x",
    )
    .unwrap();
    let no_line = sealed(&world, site, b"+254700000102 HELP");
    let no_phone = sealed(&world, site, b"Kisima\nHELP");
    let no_text = sealed(&world, site, &[0xff, b'\n', 0xfe]);
    for sealed in [other_key, no_line, no_phone, no_text, Vec::new()] {
        let now = world.now;
        let record = hands_over(&mut world, site, sealed, now);
        assert_eq!(answers(&world, site, record), [AnsweredState::Refused]);
    }
    assert_eq!((world.texts().len(), kept(&world).len()), (0, 0));
    assert_eq!(world.alarms(), Vec::<&str>::new());
}

#[test]
fn a_restored_hub_answers_no_text_that_it_may_have_answered() {
    let (mut world, site) = world();
    world.site("mathare");
    world.unlink(site);
    world.backup();
    world.link(site);
    text_at(&mut world, site, "BUY 20", 0);
    text_at(&mut world, site, "STOP", 0);
    assert_eq!((world.prompts().len(), world.texts().len()), (1, 2));
    world.restore();
    world.link(site);
    assert_eq!((world.prompts().len(), world.texts().len()), (1, 2), "nothing twice");
    let mut found = kept(&world);
    found.sort_by(|one, other| one.1.cmp(&other.1));
    assert_eq!(
        found,
        [
            at_kibera(TextFound::Unanswered, "BUY 20"),
            at_kibera(TextFound::Unanswered, "STOP")
        ]
    );
    assert_eq!(read::stopped(&world.read(), 50).unwrap().len(), 1, "STOP is heard");
    assert!(world.alarms().contains(&"text_after_restore"));
    // What came since is answered, though the hub is in doubt about another site.
    assert!(read::in_doubt(&world.read()).unwrap());
    let record = text_at(&mut world, site, "HELP", 0);
    assert_eq!(answers(&world, site, record), [AnsweredState::Done]);
    assert_eq!(world.texts().len(), 3);
}
