//! STOP, to whomever it was said, stands in the document of whoever has the number: the hub and the site hear of it there.

use hub::hub::{input::Request, store::read};
use kiosk::{
    ids::{CustomerId, Epoch, Lane},
    moment::{HOUR_MS, SECOND_MS},
    phone::{Country, Phone},
};
use sync::{
    document::{Actor, Document},
    record::{DocumentId, Edit, Record},
};

use crate::{broadcasts::stop, ussd::Call, world::World};

const JANE: &str = "+254700000102";

/// The changes of a customer's document that came to a site.
fn changes(world: &World, site: usize, customer: CustomerId) -> Vec<Vec<u8>> {
    let change = |record: &Record| match record {
        Record::Edit(Edit::Change { doc, bytes }) if *doc == DocumentId::Customer(customer) => Some(bytes.clone()),
        _ => None,
    };
    world.gateways[site].folded.iter().filter_map(change).collect()
}

/// A customer's document at their site.
fn at_site(world: &World, site: usize, customer: CustomerId) -> Document {
    let actor = Actor::site(world.gateways[site].enrolment.box_id, Epoch(5));
    let mut document = Document::new(DocumentId::Customer(customer), actor);
    for change in changes(world, site, customer) {
        document.apply(&change);
    }
    document
}

fn stopped(world: &World, site: usize, customer: CustomerId) -> Option<String> {
    at_site(world, site, customer).profile().stopped
}

/// The site sets what it knows of the number that said STOP.
fn site_says(world: &mut World, site: usize, document: &mut Document, stopped: Option<&str>) {
    let bytes = document.edit(&[("stopped", stopped)]).unwrap().unwrap();
    let doc = document.id().clone();
    world.gateway_writes(site, Lane::Edits, Record::Edit(Edit::Change { doc, bytes }));
}

/// Who gets only what is about their own money, as the hub lists them.
fn listed(world: &World) -> Vec<CustomerId> {
    let rows = read::stopped(&world.read(), 50).unwrap();
    rows.into_iter().map(|(customer, ..)| customer).collect()
}

#[test]
fn a_stop_said_to_the_hub_reaches_the_site_and_so_does_its_end() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer(JANE, Some("kibera-3"));
    stop(&mut world, JANE);
    // The hub is killed before it told anybody.
    world.restart();
    world.link(site);
    world.pass(SECOND_MS);
    assert_eq!(stopped(&world, site, jane).as_deref(), Some(JANE));
    let before = world.gateways[site].folded.len();
    world.pass(10 * SECOND_MS);
    assert_eq!(world.gateways[site].folded.len(), before, "once");
    world.ask(Request::AllowTexts { customer: jane }).unwrap();
    assert_eq!(stopped(&world, site, jane), None);
    assert_eq!(listed(&world), []);
}

#[test]
fn who_said_stop_before_they_were_customers_is_known_to_their_site() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    stop(&mut world, JANE);
    world.pass(SECOND_MS);
    let jane = world.customer(JANE, Some("kibera-3"));
    assert_eq!(stopped(&world, site, jane).as_deref(), Some(JANE));
    // A person whom the site registered, with a number that had said STOP.
    const AMINA: &str = "+254711222333";
    stop(&mut world, AMINA);
    world.pass(SECOND_MS);
    crate::sites::register(&mut world, site, CustomerId(0xa11), AMINA, "4071", 0);
    world.pass(SECOND_MS);
    // All else of the document the site wrote itself.
    assert_eq!(changes(&world, site, CustomerId(0xa11)).len(), 1);
}

#[test]
fn a_stop_said_to_a_site_is_kept_by_the_hub_of_its_customers_own_number_alone() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer(JANE, Some("kibera-3"));
    let mut document = at_site(&world, site, jane);
    let document = &mut document;
    site_says(&mut world, site, document, Some("+254711222333"));
    stop(&mut world, "+254711222333");
    site_says(&mut world, site, document, None);
    assert_eq!(listed(&world), [] as [CustomerId; 0], "it speaks for nobody else");
    let john = world.customer("+254711222333", None);
    assert_eq!(listed(&world), [john], "and ends nobody else's STOP");
    site_says(&mut world, site, document, Some(JANE));
    world.pass(SECOND_MS);
    assert_eq!(listed(&world).len(), 2);
    site_says(&mut world, site, document, None);
    world.pass(SECOND_MS);
    assert_eq!(listed(&world), [john]);
}

#[test]
fn who_began_by_phone_and_said_stop_comes_to_a_site_with_name_and_number() {
    const AMINA: &str = "+254733000001";
    let mut world = World::new();
    let site = world.site("kibera-3");
    let mut call = Call::new("s1", AMINA);
    call.sends(&mut world);
    call.types_all(&mut world, &["Amina Odhiambo", "Kisumu", "4071", "4071"]);
    stop(&mut world, AMINA);
    world.pass(SECOND_MS);
    crate::sites::register(&mut world, site, CustomerId(0xa11), AMINA, "9382", 0);
    world.pass(SECOND_MS);
    let phone = Phone::parse(AMINA, Country::Kenya).unwrap();
    let amina = read::customer_by_phone(&world.read(), phone).unwrap().unwrap().id;
    assert_ne!(amina, CustomerId(0xa11), "she stays who she was");
    let profile = at_site(&world, site, amina).profile();
    assert_eq!(profile.name.as_deref(), Some("Amina Odhiambo"));
    assert_eq!(profile.phone.as_deref(), Some(AMINA));
    assert_eq!(profile.stopped.as_deref(), Some(AMINA));
}

#[test]
fn a_stop_in_the_document_of_a_second_registration_is_that_of_the_first() {
    let mut world = World::new();
    let site = world.site("kibera-3");
    let jane = world.customer(JANE, None);
    world.pass(SECOND_MS);
    let again = CustomerId(0xa11);
    crate::sites::provisional_at(&mut world, site, again, "4071", 0);
    let actor = Actor::site(world.gateways[site].enrolment.box_id, Epoch(again.0));
    let mut document = Document::new(DocumentId::Customer(again), actor);
    for fields in [
        &[("phone", Some(JANE)), ("name", Some("Jane"))][..],
        &[("stopped", Some(JANE))],
    ] {
        let bytes = document.edit(fields).unwrap().unwrap();
        let doc = document.id().clone();
        world.gateway_writes(site, Lane::Edits, Record::Edit(Edit::Change { doc, bytes }));
    }
    assert_eq!(listed(&world), [jane]);
    world.pass(SECOND_MS);
    assert_eq!(stopped(&world, site, jane).as_deref(), Some(JANE));
}

#[test]
fn a_stop_said_again_to_the_hub_outlives_that_a_site_ends_the_one_before() {
    for is_told in [false, true] {
        let mut world = World::new();
        let site = world.site("kibera-3");
        let jane = world.customer(JANE, Some("kibera-3"));
        stop(&mut world, JANE);
        world.pass(SECOND_MS);
        // The site ends it, and it is said to the hub again before that is heard of.
        let mut document = at_site(&world, site, jane);
        let bytes = document.edit(&[("stopped", None)]).unwrap().unwrap();
        world.pass(2 * HOUR_MS);
        stop(&mut world, JANE);
        if is_told {
            world.pass(SECOND_MS);
        }
        let doc = DocumentId::Customer(jane);
        world.gateway_writes(site, Lane::Edits, Record::Edit(Edit::Change { doc, bytes }));
        world.pass(SECOND_MS);
        assert_eq!(listed(&world), [jane], "{is_told}");
        assert_eq!(stopped(&world, site, jane).as_deref(), Some(JANE), "{is_told}");
    }
}
