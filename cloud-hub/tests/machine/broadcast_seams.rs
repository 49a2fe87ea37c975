//! Where broadcasts meet the rest: kills, restores, other texts, a provider that takes none.

use hub::hub::{
    effect::OutboxId,
    input::{Input, NewBroadcast, Request, TextOutcome},
    side::SideLog,
};
use kiosk::{
    moment::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
    talk::broadcast::{Audience, Order, State},
};

use crate::{
    broadcasts::{RESUME, begun, closed_today, end, handed, order, stands, start, stop, take_all, told, town},
    doubt::fall_into_doubt,
    managers::{MUSA, add},
    texts::tell,
    world::World,
};

fn is_broadcast(text: &(OutboxId, String, String)) -> bool {
    text.2.starts_with("Closed today")
}

#[test]
fn a_kill_at_any_point_reaches_nobody_twice_and_loses_nobody_who_waits() {
    // Killed after so many outcomes have come.
    for outcomes in 0..=20 {
        let (mut world, _) = town(20);
        let id = begun(&mut world);
        (0..outcomes).for_each(|place| end(&mut world, place, TextOutcome::Sent(None)));
        let (under_way, place) = (handed(&world).len() - outcomes, handed(&world).len());
        world.restart();
        take_all(&mut world, place);
        assert_eq!(told(&world), 20);
        let (state, progress) = stands(&world, id);
        assert_eq!((state, progress.unknown as usize), (State::Done, under_way));
        world.restart();
        world.pass(HOUR_MS);
        assert_eq!(told(&world), 20);
    }
}

#[test]
fn a_kill_while_it_is_paused_leaves_it_paused() {
    let (mut world, _) = town(20);
    let id = begun(&mut world);
    order(&mut world, id, Order::Pause).unwrap();
    world.restart();
    world.pass(HOUR_MS);
    assert_eq!((told(&world), stands(&world, id).0), (8, State::Paused));
    order(&mut world, id, RESUME).unwrap();
    take_all(&mut world, 8);
    assert_eq!((told(&world), stands(&world, id).0), (20, State::Done));
}

#[test]
fn a_restored_hub_resumes_nothing_by_itself() {
    let (mut world, _) = town(30);
    // A box that is not heard yet keeps the hub in doubt.
    world.site("mathare");
    let running = begun(&mut world);
    fall_into_doubt(&mut world);
    assert!(world.alarms().contains(&"broadcasts_held"));
    world.pass(HOUR_MS);
    world.restart();
    assert_eq!((told(&world), stands(&world, running).0), (8, State::Held));
    assert_eq!(start(&mut world).unwrap_err().code, "in_doubt");
    assert_eq!(order(&mut world, running, RESUME), Err("may_repeat".to_owned()));
    // The end of the doubt is no word about this broadcast.
    world.ask(Request::EndDoubt { at_risk_ml: 0 }).unwrap();
    world.pass(MINUTE_MS);
    assert_eq!((told(&world), stands(&world, running).0), (8, State::Held));
    let knowing = Order::Resume { may_repeat: true };
    assert_eq!(order(&mut world, running, knowing), Ok(State::Running));
    take_all(&mut world, 8);
    assert_eq!((told(&world), stands(&world, running).0), (30, State::Done));
    assert_eq!(stands(&world, running).1.unknown, 8);
}

#[test]
fn a_paused_one_is_held_too_for_it_may_have_run_after_the_backup() {
    let (mut world, _) = town(20);
    let id = begun(&mut world);
    order(&mut world, id, Order::Pause).unwrap();
    world.backup();
    order(&mut world, id, RESUME).unwrap();
    take_all(&mut world, 0);
    assert_eq!(told(&world), 20);
    // The generation of a restored hub, as its side log tells it.
    world.side.clone().append("generation 5").unwrap();
    world.restore();
    assert_eq!(stands(&world, id).0, State::Held);
    assert_eq!(order(&mut world, id, RESUME), Err("may_repeat".to_owned()));
    assert_eq!(order(&mut world, id, Order::Cancel), Ok(State::Cancelled));
    world.pass(HOUR_MS);
    assert_eq!(told(&world), 20);
}

#[test]
fn every_other_text_goes_first() {
    let (mut world, customers) = town(30);
    begun(&mut world);
    let customer = customers[0];
    // 8 are under way, so 56 of the other 60 go at once, before the 22 who wait.
    (0..60).for_each(|_| tell(&mut world, customer));
    let others = |world: &World| handed(world).iter().filter(|text| !is_broadcast(text)).count();
    assert_eq!((handed(&world).len(), others(&world)), (64, 56));
    // Whatever comes free is the others' until none of them waits.
    (0..4).for_each(|place| end(&mut world, place, TextOutcome::Sent(None)));
    assert_eq!((handed(&world).len(), others(&world)), (68, 60));
    end(&mut world, 4, TextOutcome::Sent(None));
    assert!(is_broadcast(handed(&world).last().unwrap()));
}

#[test]
fn while_the_provider_takes_none_the_one_that_tries_is_no_broadcasts() {
    let (mut world, customers) = town(30);
    begun(&mut world);
    // Seven of a broadcast are due again long before the other text.
    (0..7).for_each(|place| end(&mut world, place, TextOutcome::NotSent));
    end(&mut world, 7, TextOutcome::Held("InsufficientBalance".to_owned()));
    world.pass(MINUTE_MS);
    tell(&mut world, customers[0]);
    assert_eq!(handed(&world).len(), 8);
    world.pass(4 * MINUTE_MS);
    assert_eq!(handed(&world).len(), 9, "one tries");
    assert!(!is_broadcast(handed(&world).last().unwrap()));
    world.pass(SECOND_MS);
    assert_eq!(handed(&world).len(), 9);
}

#[test]
fn a_broadcast_that_comes_to_no_end_waits_for_a_person_and_its_texts_do_not_grow_old() {
    let (mut world, _) = town(20);
    let id = begun(&mut world);
    let down = |world: &mut World, from: usize| {
        (from..handed(world).len()).for_each(|place| end(world, place, TextOutcome::NotSent));
    };
    down(&mut world, 0);
    // Noon of the next day: a day in the outbox ends other texts, not these.
    let place = handed(&world).len();
    world.pass(DAY_MS + SECOND_MS);
    assert_eq!(stands(&world, id).1.failed, 0);
    assert_eq!(handed(&world).len(), place + 8);
    down(&mut world, place);
    let place = handed(&world).len();
    world.pass(DAY_MS);
    assert_eq!(stands(&world, id).0, State::Paused);
    assert_eq!(world.alarms(), ["broadcast_slow"]);
    assert_eq!(handed(&world).len(), place);
    order(&mut world, id, RESUME).unwrap();
    take_all(&mut world, place);
    let (state, progress) = stands(&world, id);
    assert_eq!((state, progress.sent), (State::Done, 20));
    world.give(Input::Tick);
}

#[test]
fn a_text_that_is_under_way_while_stop_comes_is_not_tried_again() {
    let (mut world, _) = town(2);
    begun(&mut world);
    let outcomes = [TextOutcome::NotSent, TextOutcome::Failed("GatewayError".to_owned())];
    for (place, outcome) in outcomes.into_iter().enumerate() {
        let phone = handed(&world)[place].1.clone();
        stop(&mut world, &phone);
        end(&mut world, place, outcome);
    }
    world.pass(HOUR_MS);
    assert_eq!(handed(&world).len(), 2);
}

#[test]
fn a_manager_who_lost_the_site_before_it_leaves_is_left_out() {
    let (mut world, _) = town(1);
    add(&mut world, MUSA, None).unwrap();
    // Six in the morning: texts leave from eight on.
    world.now = world.now.plus_ms(-6 * HOUR_MS);
    let new = NewBroadcast {
        audience: Audience::Managers(None),
        ..closed_today()
    };
    world.ask(Request::StartBroadcast(new)).unwrap();
    let removed = Request::RemoveManager {
        site: "kibera-3".parse().unwrap(),
        manager: 1,
    };
    world.ask(removed).unwrap();
    world.pass(3 * HOUR_MS);
    assert_eq!(handed(&world), []);
}
