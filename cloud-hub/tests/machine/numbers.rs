//! Accounts that go along to another number: name, PIN and an operator's yes (issue 4, FEATURES B).

use hub::hub::{
    effect::{Effect, Refusal},
    input::{Actor, Request},
    operator::Role,
    store::read::{self, NumberRequest},
};
use kiosk::{
    dispense::Reason,
    ids::CustomerId,
    moment::{DAY_MS, MINUTE_MS},
};

use crate::{
    dispenses::{ask, verify},
    managers::add,
    ussd::{Call, JANE},
    world::World,
};

const NEW: &str = "0733000001";
const NAME: &str = "Jane Wanjiku";
const PIN: &str = "4071";
const ASKED: &str = "We are checking your request; a text follows. Until then your old number keeps the account.";
const NOT_MATCHING: &str = "Number, name and PIN do not match.";
const TOO_MANY: &str = "Too many for now. Please try again later.";

/// Jane with 20 litres, at a site without a gateway.
fn town() -> (World, CustomerId) {
    let mut world = World::new();
    world.add_site("kibera-3");
    let jane = with_water(&mut world);
    (world, jane)
}

/// The same with a gateway that is linked.
fn linked() -> (World, CustomerId) {
    let mut world = World::new();
    world.site("kibera-3");
    let jane = with_water(&mut world);
    (world, jane)
}

fn with_water(world: &mut World) -> CustomerId {
    let jane = world.customer(JANE, Some("kibera-3"));
    world.credit(jane, 20_000);
    jane
}

/// Somebody calls and says that the account of `old` is theirs; the last screen.
fn asks(world: &mut World, session: &'static str, new: &'static str, (old, name, pin): (&str, &str, &str)) -> String {
    let mut call = Call::new(session, new);
    call.sends(world);
    call.types_all(world, &["1", old, name, pin])
}

fn decide(world: &mut World, request: i64, is_yes: bool) -> Result<(), Refusal> {
    world.ask(Request::DecideNumber { request, is_yes }).map(drop)
}

fn requests(world: &World) -> Vec<NumberRequest> {
    let books = world.read();
    let found = read::number_requests(&books, None, i64::MAX, 10);
    found.unwrap().items
}

fn states(world: &World) -> Vec<String> {
    requests(world).into_iter().map(|request| request.state).collect()
}

/// The texts that left since, each with its number.
fn told(world: &World, since: usize) -> Vec<(String, String)> {
    let text = |effect: &Effect| match effect {
        Effect::Text { phone, text, .. } => Some((phone.e164(), text.chars().take(28).collect())),
        _ => None,
    };
    world.seen[since..].iter().filter_map(text).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(phone, text): &(&str, &str)| ((*phone).to_owned(), (*text).to_owned());
    expected.iter().map(owned).collect()
}

fn phone_of(world: &World, customer: CustomerId) -> String {
    world.shown(customer).phone.unwrap().e164()
}

#[test]
fn with_an_operators_yes_the_new_number_has_the_account_and_the_old_one_nothing() {
    let (mut world, jane) = town();
    let mut open = Call::new("old", JANE);
    open.sends(&mut world);
    let since = world.seen.len();
    assert_eq!(asks(&mut world, "s1", NEW, (JANE, "jane wanjiku", PIN)), ASKED);
    assert_eq!(
        told(&world, since),
        pairs(&[
            ("+254700000102", "Somebody with your name and "),
            ("+254733000001", "We have your request to move"),
        ])
    );
    assert!(world.alarms().contains(&"number_asked"));
    // Nothing has changed yet.
    assert_eq!(phone_of(&world, jane), "+254700000102");
    assert!(open.types(&mut world, "2").contains("1. Balance"));
    // The same again is the same.
    assert_eq!(asks(&mut world, "s2", NEW, (JANE, NAME, PIN)), ASKED);
    assert_eq!(told(&world, since).len(), 2);

    let since = world.seen.len();
    decide(&mut world, 1, true).unwrap();
    assert_eq!(
        told(&world, since),
        pairs(&[
            ("+254700000102", "Your account was moved to an"),
            ("+254733000001", "Your account is on this numb"),
        ])
    );
    assert_eq!(phone_of(&world, jane), "+254733000001");
    // The open session of the old number ends.
    assert_eq!(open.types(&mut world, "1"), "This did not work. Please dial again.");
    let old = Call::new("old2", JANE);
    assert!(old.sends(&mut world).screen.starts_with("Enter your name"));
    let mut new = Call::new("new", NEW);
    assert!(new.sends(&mut world).screen.starts_with("Hello Jane\n"));
    assert!(new.types_all(&mut world, &["2", "1"]).starts_with("Prepaid: 20 l\n"));
    // A repeat decides nothing, after a restart neither.
    world.restart();
    let since = world.seen.len();
    for is_yes in [true, false] {
        assert_eq!(decide(&mut world, 1, is_yes).unwrap_err().code, "not_found");
    }
    assert_eq!(
        (told(&world, since), states(&world)),
        (Vec::new(), vec!["yes".to_owned()])
    );
}

#[test]
fn sites_learn_the_new_number() {
    let (mut world, _) = linked();
    let before = world.gateways[0].changes().len();
    asks(&mut world, "s1", NEW, (JANE, NAME, PIN));
    assert_eq!(world.gateways[0].changes().len(), before);
    decide(&mut world, 1, true).unwrap();
    assert_eq!(world.gateways[0].changes().len(), before + 1);
    // Nor does a kiosk that asks the hub know the old one.
    let denied = verify(&mut world, ask(PIN, 1_000, Some("r1"))).unwrap().denied;
    assert_eq!(denied, Some(Reason::UnknownCustomer));
}

#[test]
fn a_no_changes_nothing_and_both_hear_of_it() {
    let (mut world, jane) = town();
    asks(&mut world, "s1", NEW, (JANE, NAME, PIN));
    let since = world.seen.len();
    decide(&mut world, 1, false).unwrap();
    assert_eq!(
        told(&world, since),
        pairs(&[
            ("+254700000102", "The request to move your acc"),
            ("+254733000001", "Your account was not moved t"),
        ])
    );
    assert_eq!(phone_of(&world, jane), "+254700000102");
    assert_eq!(states(&world), ["no"]);
}

#[test]
fn a_request_that_nobody_decides_ends_after_a_week() {
    let (mut world, jane) = town();
    asks(&mut world, "s1", NEW, (JANE, NAME, PIN));
    let since = world.seen.len();
    world.pass(7 * DAY_MS);
    assert_eq!(states(&world), ["open"]);
    world.pass(MINUTE_MS);
    assert_eq!(states(&world), ["expired"]);
    assert_eq!(told(&world, since).len(), 2);
    world.pass(MINUTE_MS);
    assert_eq!(told(&world, since).len(), 2);
    assert_eq!(decide(&mut world, 1, true).unwrap_err().code, "not_found");
    assert_eq!(phone_of(&world, jane), "+254700000102");
}

#[test]
fn a_stranger_shuts_nobody_out_and_learns_nothing() {
    let (mut world, _) = town();
    // Number, name or PIN: which is wrong is not told, nor whether anybody has the number.
    for (session, tried) in [
        ("s1", (JANE, NAME, "9382")),
        ("s2", (JANE, "Jane Wanjiru", PIN)),
        ("s3", ("0700000999", NAME, PIN)),
    ] {
        assert_eq!(asks(&mut world, session, NEW, tried), NOT_MATCHING, "{tried:?}");
    }
    for (session, new) in [("s4", "0733000002"), ("s5", "0733000003"), ("s6", "0733000004")] {
        assert_eq!(asks(&mut world, session, new, (JANE, NAME, "9382")), NOT_MATCHING);
    }
    assert!(world.alarms().contains(&"number_guessed"));
    assert_eq!(asks(&mut world, "s7", "0733000005", (JANE, NAME, PIN)), TOO_MANY);
    // So it is with a number that nobody has.
    for (session, new) in [
        ("s8", "0733000002"),
        ("s9", "0733000003"),
        ("s10", "0733000004"),
        ("s11", "0733000005"),
    ] {
        assert_eq!(asks(&mut world, session, new, ("0700000999", NAME, PIN)), NOT_MATCHING);
    }
    assert_eq!(
        asks(&mut world, "s12", "0733000006", ("0700000999", NAME, PIN)),
        TOO_MANY
    );
    // At the taps and on her own phone nothing is shut.
    assert_eq!(verify(&mut world, ask(PIN, 1_000, Some("r1"))).unwrap().denied, None);
    let mut own = Call::new("own", JANE);
    own.sends(&mut world);
    assert_eq!(
        own.types_all(&mut world, &["7", "2", PIN]),
        "Enter 4-digit PIN\n0. Cancel"
    );
    // After the lock the right ones are heard.
    world.pass(15 * MINUTE_MS);
    assert_eq!(asks(&mut world, "s13", "0733000007", (JANE, NAME, PIN)), ASKED);
    let rows = crate::ussd::kept(&world);
    assert!(rows.iter().all(|row| !row.contains(PIN)), "{rows:?}");
}

#[test]
fn one_number_asks_five_times_a_day() {
    let (mut world, _) = town();
    for session in ["s1", "s2", "s3", "s4", "s5"] {
        asks(&mut world, session, NEW, ("0700000999", NAME, PIN));
        world.pass(MINUTE_MS);
    }
    assert_eq!(asks(&mut world, "s6", NEW, (JANE, NAME, PIN)), TOO_MANY);
    world.pass(DAY_MS);
    assert_eq!(asks(&mut world, "s7", NEW, (JANE, NAME, PIN)), ASKED);
}

#[test]
fn a_number_that_has_an_account_by_then_is_not_made_one_with_it() {
    let (mut world, jane) = town();
    asks(&mut world, "s1", NEW, (JANE, NAME, PIN));
    let other = world.customer(NEW, Some("kibera-3"));
    world.credit(other, 5_000);
    assert_eq!(decide(&mut world, 1, true).unwrap_err().code, "phone_taken");
    assert_eq!(
        (world.balance_ml(jane), world.balance_ml(other), states(&world)),
        (20_000, 5_000, vec!["open".to_owned()])
    );
    // A session from before cannot ask for it either.
    let mut late = Call::new("s2", "0733000002");
    late.sends(&mut world);
    late.types_all(&mut world, &["1", JANE, NAME]);
    world.customer("0733000002", None);
    assert_eq!(late.types(&mut world, PIN), "This number is registered already.");
    decide(&mut world, 1, false).unwrap();
}

#[test]
fn of_two_who_ask_one_gets_it_and_a_blocked_account_stays_where_it_is() {
    let (mut world, jane) = town();
    asks(&mut world, "s1", NEW, (JANE, NAME, PIN));
    asks(&mut world, "s2", "0733000002", (JANE, NAME, PIN));
    let since = world.seen.len();
    decide(&mut world, 2, true).unwrap();
    assert_eq!(phone_of(&world, jane), "+254733000002");
    assert_eq!(states(&world), ["yes", "no"]);
    let told = told(&world, since);
    assert!(
        told.contains(&("+254733000001".to_owned(), "Your account was not moved t".to_owned())),
        "{told:?}"
    );
    let block = Request::SetActive {
        customer: jane,
        active: false,
    };
    world.ask(block).unwrap();
    assert_eq!(
        asks(&mut world, "s3", "0733000003", ("0733000002", NAME, PIN)),
        "The account is not active. Please ask the manager."
    );
}

#[test]
fn a_site_that_the_old_number_managed_goes_along() {
    let (mut world, _) = town();
    add(&mut world, JANE, None).unwrap();
    asks(&mut world, "s1", NEW, (JANE, NAME, PIN));
    decide(&mut world, 1, true).unwrap();
    let mut new = Call::new("new", NEW);
    assert!(
        new.sends(&mut world)
            .screen
            .starts_with("Hello Jane\n1. My own water\n2. Site")
    );
    let sent = new.types_all(&mut world, &["2", "6", "the tap is mended", "1", PIN]);
    assert!(
        sent.starts_with("Your message goes out in the hours for texts."),
        "{sent}"
    );
    let old = Call::new("old", JANE);
    assert!(old.sends(&mut world).screen.starts_with("Enter your name"));
}

#[test]
fn only_who_serves_customers_decides_and_nobody_while_the_past_is_missing() {
    let (mut world, jane) = linked();
    asks(&mut world, "s1", NEW, (JANE, NAME, PIN));
    let by = |role| Actor::User {
        name: "asha".to_owned(),
        role,
    };
    let yes = || Request::DecideNumber {
        request: 1,
        is_yes: true,
    };
    for role in [Role::Technician, Role::Viewer] {
        assert_eq!(world.ask_as(by(role), None, yes()).unwrap_err().code, "forbidden");
    }
    world.backup();
    world.ask_as(by(Role::CustomerService), None, yes()).unwrap();
    for site in ["soko", "mji"] {
        world.site(site);
    }
    // Restored, the hub hears from the site what it had said, and says it to nobody again.
    world.restore();
    assert_eq!(world.ask(yes()).unwrap_err().code, "in_doubt");
    for place in 0..world.gateways.len() {
        world.link(place);
    }
    assert!(!read::in_doubt(&world.read()).unwrap());
    assert_eq!(
        (phone_of(&world, jane).as_str(), states(&world)),
        ("+254733000001", vec!["open".to_owned()])
    );
    let since = world.seen.len();
    world.ask(yes()).unwrap();
    assert_eq!(
        (told(&world, since), states(&world)),
        (Vec::new(), vec!["yes".to_owned()])
    );
}
