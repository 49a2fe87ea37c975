//! What an operator relies on: the audit, account numbers after a restore, a crash in the middle of a replacement, and
//! kiosks at which PINs are guessed.

use hub::hub::{
    effect::{RefusalKind, Response},
    input::{Actor, Input, Item, NewPurchase, Pay, Request},
    operator::Role,
    side::SideLog,
    store::read,
};
use kiosk::{
    dispense::Reason,
    fact::{AnsweredState, Fact, LoanAsked},
    ids::CustomerId,
    payment::{PaymentEvent, PaymentOrder, PushAnswer},
};
use sync::seal::SecretKey;

use crate::{
    dispenses::{ask, verify},
    world::{World, ml},
};

/// The master key of every world.
fn master() -> SecretKey {
    SecretKey::new([7; 32])
}

fn verified(world: &World) -> Result<i64, i64> {
    read::audit_verify(&world.read(), &master()).unwrap()
}

/// Four rows: a customer made, and credited three times.
fn audited() -> World {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    for volume_ml in [20_000, 40_000, 60_000] {
        world.credit(customer, volume_ml);
    }
    assert_eq!(verified(&world), Ok(4));
    world
}

#[test]
fn an_audit_that_was_tampered_with_does_not_verify_not_even_after_new_rows() {
    let edits = [
        "time_ms = 5",
        "actor = 'x'",
        "action = 'x'",
        "subject = 'x'",
        "detail = 'x'",
        "chain = x'00'",
    ];
    let edits = edits
        .iter()
        .flat_map(|set| (1..=4).map(move |id| (format!("UPDATE audit SET {set} WHERE id = {id}"), id)));
    let swap = "UPDATE audit SET id = 9 WHERE id = 2; UPDATE audit SET id = 2 WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 9";
    let others = [
        ("DELETE FROM audit WHERE id = 1", 1),
        ("DELETE FROM audit WHERE id = 3", 3),
        // Closed up behind the gap.
        (
            "DELETE FROM audit WHERE id = 3; UPDATE audit SET id = 3 WHERE id = 4",
            3,
        ),
        (swap, 2),
        // The newest rows are cut off, and the head is made to fit as well as it can be without the key.
        ("DELETE FROM audit WHERE id > 2", 3),
        ("DELETE FROM audit WHERE id > 2; UPDATE hub SET audit_rows = 2", 3),
        (
            "DELETE FROM audit WHERE id > 2;
             UPDATE hub SET audit_rows = 2, audit_chain = (SELECT chain FROM audit WHERE id = 2)",
            3,
        ),
        ("DELETE FROM audit", 1),
        (
            "DELETE FROM audit; UPDATE hub SET audit_rows = 0, audit_chain = x'', audit_head = x''",
            1,
        ),
        (
            "INSERT INTO audit SELECT 5, time_ms, actor, action, subject, detail, chain FROM audit WHERE id = 4",
            5,
        ),
    ];
    let others = others.map(|(sql, row)| (sql.to_owned(), row));
    for (sql, row) in edits.chain(others) {
        let mut world = audited();
        world.hub.database().connection().execute_batch(&sql).unwrap();
        assert_eq!(verified(&world), Err(row), "{sql}");
        let wiped = sql.contains("audit_head");
        world.customer("0700000103", None);
        assert!(wiped || verified(&world).is_err(), "made good by a new row: {sql}");
    }
}

#[test]
fn only_the_hubs_own_key_verifies_its_audit() {
    let world = audited();
    let other = SecretKey::new([8; 32]);
    assert_eq!(read::audit_verify(&world.read(), &other).unwrap(), Err(1));
}

#[test]
fn account_numbers_given_after_the_backup_are_not_given_again() {
    let mut world = World::new();
    world.customer("0700000101", None);
    world.backup();
    let account = |world: &World, customer: CustomerId| world.shown(customer).account.unwrap().to_string();
    let forgotten = world.customer("0700000102", None);
    assert_eq!(account(&world, forgotten), "AQP000002");
    // The side log knows of a generation that the backup does not.
    world.side.clone().append("generation 1").unwrap();
    world.restore();
    let next = world.customer("0700000103", None);
    // One number was given before the backup, a thousand are left out.
    assert_eq!(account(&world, next), "AQP001002");
}

#[test]
fn a_crash_between_the_entries_of_a_replacement_and_its_commit_is_no_missing_past() {
    let mut world = World::new();
    let old = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 60_000);
    world.site("mathare");
    let code = world.replace_code("kibera-3");
    let before = world.side.clone().lines().unwrap().len();
    world.backup();
    let old_box = world.gateways[old].enrolment.box_id;
    world.join(&code);
    assert_eq!(
        world.side.clone().lines().unwrap().len(),
        before + 2,
        "one box written off, one enrolled"
    );
    // The power goes after the side log is synced and before the database commits.
    world.restore();
    assert_eq!(world.alarms(), [""; 0]);
    assert_eq!(world.ask(Request::EndDoubt).unwrap_err().code, "not_in_doubt");
    let sites = read::sites(&world.read()).unwrap();
    let current = sites
        .iter()
        .find(|site| site.name.as_str() == "kibera-3")
        .unwrap()
        .box_id;
    assert!(current.is_some_and(|current| current != old_box), "{current:?}");
    // What the old box held is granted to the one in its place.
    let to_new = "SELECT coalesce(sum(volume_ml), 0) FROM grants WHERE box = ?1";
    let granted: i64 = world
        .read()
        .query_row(to_new, [current.unwrap().0.cast_signed()], |row| row.get(0))
        .unwrap();
    assert_eq!(granted, 60_000);
}

#[test]
fn thirty_wrong_pins_within_an_hour_slow_a_kiosk_and_raise_one_alarm() {
    let mut world = World::new();
    world.add_site("kibera-3");
    for phone in 100..110 {
        world.customer(&format!("0700000{phone}"), Some("kibera-3"));
    }
    let tried = |world: &mut World, phone: u32, pin: &str, number: u32| {
        let Request::VerifyDispense(mut asked) = ask(pin, 20_000, Some(&format!("r{number}"))) else {
            panic!("an ask")
        };
        asked.user = format!("0700000{phone}");
        verify(world, Request::VerifyDispense(asked))
    };
    // Three at each of ten phones: no customer is locked.
    for number in 0..30 {
        let answer = tried(&mut world, 100 + number % 10, "5512", number).unwrap();
        assert_eq!(answer.denied, Some(Reason::WrongPin));
        assert_eq!(world.alarms().len(), usize::from(number == 29), "{number}");
        world.now = world.now.plus_ms(60_000);
    }
    assert_eq!(world.alarms(), ["pin_spraying"]);
    // A minute later one more is heard, and then nobody for ten seconds: not even with the right PIN.
    assert!(tried(&mut world, 100, "5512", 30).is_ok());
    world.now = world.now.plus_ms(9_999);
    let refusal = tried(&mut world, 101, "4071", 31).unwrap_err();
    assert_eq!((refusal.kind, &*refusal.code), (RefusalKind::TooMany, "slowed"));
    // "Not now" is not kept as the answer: a program that asks again with its key is heard later.
    let kiosk = Actor::Token {
        name: "kiosk".to_owned(),
        role: Role::Kiosk,
        site: Some("kibera-3".parse().unwrap()),
    };
    let keyed = || ask("4071", 20_000, Some("r32"));
    assert_eq!(
        world.ask_as(kiosk.clone(), Some("k"), keyed()).unwrap_err().code,
        "slowed"
    );
    // It survives a restart.
    world.restart();
    assert_eq!(tried(&mut world, 101, "4071", 31).unwrap_err().code, "slowed");
    world.now = world.now.plus_ms(1);
    let answer = tried(&mut world, 101, "4071", 31).unwrap();
    assert_eq!(answer.denied, Some(Reason::InsufficientCredit));
    assert!(world.ask_as(kiosk, Some("k"), keyed()).is_ok());
    assert_eq!(world.alarms(), ["pin_spraying"]);
}

#[test]
fn neither_an_operators_question_nor_a_decision_to_come_shuts_a_customer_out_again() {
    let mut world = World::new();
    let customer = world.customer("0700000102", None);
    let litres = || {
        Request::CreatePurchase(NewPurchase {
            customer,
            item: Item::Litres(ml(20_000)),
            pay: Pay::Prompt,
            provider: None,
            phone: None,
        })
    };
    let Ok(Response::Purchase { purchase, .. }) = world.ask(litres()) else {
        panic!("a purchase")
    };
    let answered = PushAnswer::Accepted {
        reference: Some("ws_CO_1".parse().unwrap()),
    };
    world.give(Input::Provider {
        purchase,
        event: PaymentEvent::PushAnswered(answered),
    });
    for _ in 0..6 {
        world.pass(60_000);
    }
    let order = |order| Request::OrderPayment { purchase, order };
    world.ask(order(PaymentOrder::AskAgain)).unwrap();
    let state = |world: &World| read::purchase(&world.read(), purchase).unwrap().unwrap().state;
    assert_eq!(state(&world), "unknown");
    let again = world.ask(litres());
    let Ok(Response::Purchase { purchase: second, .. }) = again else {
        panic!("six minutes after the first was made: {again:?}")
    };
    let edit = "UPDATE purchase SET state = 'needs_operator' WHERE id = ?1";
    world
        .hub
        .database()
        .connection()
        .execute(edit, [second.0.cast_signed()])
        .unwrap();
    assert!(world.ask(litres()).is_ok(), "an operator's decision is not waited for");
}

fn loan_asked(world: &mut World) -> Option<AnsweredState> {
    let site = world.site("kibera-3");
    let borrower = world.customer("0700000102", Some("kibera-3"));
    let asked = LoanAsked {
        borrower,
        sealed_lender: vec![2; 61],
        amount_minor: 50_000,
        repayment_minor: 5_000,
        time: world.now,
    };
    let record = world.site_writes(site, Fact::LoanAsked(asked));
    let mut answers = world.gateways[site].facts().filter_map(|fact| match fact {
        Fact::Answered(answered) if answered.to == record => Some(answered.state),
        _ => None,
    });
    answers.next()
}

#[test]
fn a_loan_asked_at_a_site_is_listed_for_the_operator() {
    let mut world = World::new();
    assert_eq!(loan_asked(&mut world), Some(AnsweredState::Taken));
    let listed = read::loan_requests(&world.read(), 10).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].amount_minor, listed[0].repayment_minor), (50_000, 5_000));
    assert_eq!(listed[0].site.as_ref().map(|site| site.as_str()), Some("kibera-3"));
}

#[test]
fn where_loans_are_off_the_site_is_told_so() {
    let mut world = World::with(|settings| settings.loans = false);
    assert_eq!(loan_asked(&mut world), Some(AnsweredState::Refused));
    assert_eq!(read::loans_asked(&world.read()).unwrap(), 0);
}

#[test]
fn nobody_removes_their_own_login_and_ending_a_doubt_names_the_sum_in_the_audit() {
    let mut world = World::new();
    let amina = Actor::User {
        name: "amina".to_owned(),
        role: Role::Admin,
    };
    let remove = Request::RemoveUser {
        name: "amina".to_owned(),
    };
    assert_eq!(world.ask_as(amina, None, remove).unwrap_err().code, "own_login");
    world.site("kibera-3");
    // 60 litres are granted to the site; 20 of somebody without a home site are free.
    let at_home = world.customer("0700000101", Some("kibera-3"));
    world.credit(at_home, 60_000);
    let nowhere = world.customer("0700000102", None);
    world.credit(nowhere, 20_000);
    world.side.clone().append("generation 5").unwrap();
    world.restart();
    let doubt = read::doubt(&world.read()).unwrap().unwrap();
    assert_eq!((doubt.at_risk_ml, doubt.unheard.len()), (20_000, 1));
    world.ask(Request::EndDoubt).unwrap();
    assert!(read::doubt(&world.read()).unwrap().is_none());
    let said: String = world
        .read()
        .query_row(
            "SELECT detail FROM audit WHERE actor = 'owner' AND action = 'doubt ended'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(said, "before every box was heard; 20000 ml at risk");
}
