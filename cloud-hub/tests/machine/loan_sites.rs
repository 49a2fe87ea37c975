//! Loans that were asked at sites, and loans of people who turn out to be registered twice.

use hub::hub::{input::Request, store::read};
use kiosk::{
    fact::{AnsweredState, Fact, LoanAsked},
    ids::CustomerId,
    loan::LoanState,
};
use sync::seal::seal_to_hub;

use crate::{
    loans::{DAY_MS, JOHN, account, deposit, lent, loans, only, two, wallet},
    sites::register,
    sms::{code, sms},
    world::World,
};

fn asked_at(world: &mut World, site: usize, borrower: CustomerId, lender: &str) -> kiosk::ids::RecordId {
    let key = world.gateways[site].enrolment.hub_sealing_key;
    let asked = LoanAsked {
        borrower,
        sealed_lender: seal_to_hub([9; 32], &key, lender.as_bytes()).unwrap(),
        amount_minor: 50_000,
        repayment_minor: 10_000,
        time: world.now,
    };
    world.site_writes(site, Fact::LoanAsked(asked))
}

fn answers(world: &World, site: usize, to: kiosk::ids::RecordId) -> Vec<AnsweredState> {
    let answer = |fact: &Fact| match fact {
        Fact::Answered(answered) if answered.to == to => Some(answered.state),
        _ => None,
    };
    world.gateways[site].facts().filter_map(answer).collect()
}

#[test]
fn a_loan_asked_at_a_site_is_a_loan_here_and_the_site_hears_how_it_ends() {
    let (mut world, jane, john) = two();
    let site = world.site("kibera-3");
    let record = asked_at(&mut world, site, jane, "+254700000103");
    assert_eq!(answers(&world, site, record), [AnsweredState::Taken]);
    assert_eq!(read::loans_asked(&world.read()).unwrap(), 0, "no operator is needed");
    assert!(world.texts().iter().any(|text| text.starts_with("We asked")));
    let code = code(&world);
    sms(&mut world, JOHN, &format!("APPROVE {code}"));
    assert_eq!((wallet(&world, jane), wallet(&world, john)), (50_000, 50_000));
    assert_eq!(
        answers(&world, site, record),
        [AnsweredState::Taken, AnsweredState::Done]
    );
    // One that an operator closes is cancelled, and the site shows it as refused.
    let second = asked_at(&mut world, site, jane, "+254700000104");
    world.ask(Request::RefuseLoan { loan: second }).unwrap();
    assert_eq!(loans(&world)[0].loan.state, LoanState::Cancelled);
    assert_eq!(
        answers(&world, site, second),
        [AnsweredState::Taken, AnsweredState::Refused]
    );
    // One that the rules deny is refused at once.
    let own = asked_at(&mut world, site, jane, "+254700000102");
    assert_eq!(
        answers(&world, site, own),
        [AnsweredState::Taken, AnsweredState::Refused]
    );
    assert!(world.texts().last().unwrap().starts_with("This is your own number"));
}

#[test]
fn a_borrower_who_was_registered_at_the_same_site_a_moment_ago_is_waited_for() {
    let (mut world, _, john) = two();
    let site = world.site("kibera-3");
    let amina = CustomerId(0xa11);
    asked_at(&mut world, site, amina, "+254700000103");
    assert!(loans(&world).is_empty());
    register(&mut world, site, amina, "+254700000105", "4071", 60_000);
    assert_eq!(only(&world).loan.borrower, amina);
    assert_eq!(only(&world).loan.lender_known(), Some(john));
    // The queue of her number says so.
    let queue = read::queue_of(&world.read(), amina).unwrap();
    assert_eq!(queue.len(), 1);
    assert!(queue[0].synced && queue[0].loan == Some(only(&world).loan.id));
}

#[test]
fn a_restored_hub_asks_no_lender_for_a_request_that_it_may_have_asked_for() {
    let (mut world, jane, _) = two();
    let site = world.site("kibera-3");
    world.site("mathare");
    world.unlink(site);
    world.backup();
    world.link(site);
    asked_at(&mut world, site, jane, "+254700000103");
    assert_eq!(loans(&world).len(), 1);
    world.restore();
    let before = world.texts().len();
    world.link(site);
    assert!(loans(&world).is_empty(), "it waits for an operator");
    assert_eq!(world.texts().len(), before);
    assert_eq!(read::loans_asked(&world.read()).unwrap(), 1);
}

#[test]
fn loans_of_one_person_registered_twice_are_one_persons() {
    let (mut world, jane, john) = lent();
    let site = world.site("kibera-3");
    // John turns out to have been registered long ago, and so does Jane.
    let older = CustomerId(0xa11);
    register(&mut world, site, older, "+254700000103", "4071", 60 * DAY_MS);
    assert_eq!(only(&world).loan.lender_known(), Some(older));
    assert_eq!(
        (account(&world, "loan", john), account(&world, "loan", older)),
        (0, -50_000)
    );
    world.pass(7 * DAY_MS);
    deposit(&mut world, jane, 10_000, "RCPTJANE1");
    assert_eq!(
        (account(&world, "loan", older), account(&world, "loan", jane)),
        (-40_000, 40_000)
    );
    assert_eq!(wallet(&world, older), 60_000);
}
