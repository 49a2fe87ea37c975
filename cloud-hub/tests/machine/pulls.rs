//! Asking a provider for its payments: what was told counts as told only when all of it was read.

use hub::hub::{
    effect::Effect,
    input::Input,
    pull::{PullPage, PullQuestion},
};
use kiosk::{
    moment::{HOUR_MS, MINUTE_MS},
    provider::Provider,
};

use crate::world::{NOON, World};

const WINDOW_MS: i64 = 48 * HOUR_MS;

fn world() -> World {
    World::with(|settings| settings.pulls = vec![Provider::Mpesa])
}

fn newest(world: &World) -> PullQuestion {
    let question = |effect: &Effect| match effect {
        Effect::Pull(question) => Some(*question),
        _ => None,
    };
    world.seen.iter().rev().find_map(question).expect("a question")
}

/// The newest question is answered so; returns the next, if one follows at once.
fn answer(world: &mut World, page: PullPage) -> Option<PullQuestion> {
    let question = newest(world);
    world.give(Input::Pulled {
        question,
        page: Some(page),
    });
    Some(newest(world)).filter(|next| *next != question)
}

fn rows(rows: u32, unreadable: u32) -> PullPage {
    PullPage {
        rows,
        unreadable,
        ..PullPage::default()
    }
}

fn cut() -> PullPage {
    PullPage {
        is_cut: true,
        ..PullPage::default()
    }
}

/// Everything that is asked now is told, and there is nothing.
fn tell_nothing(world: &mut World) {
    assert_eq!(answer(world, PullPage::default()), None);
}

#[test]
fn a_payment_that_cannot_be_read_keeps_the_mark_and_alarms_once() {
    let mut world = world();
    let second = answer(&mut world, rows(3, 1)).expect("the next page");
    assert_eq!((second.offset, second.unreadable), (3, 1));
    tell_nothing(&mut world);
    assert_eq!(world.alarms(), ["pull_unreadable"]);
    for round in 1..=3 {
        world.pass(10 * MINUTE_MS);
        let again = newest(&world);
        let now = NOON.plus_ms(round * 10 * MINUTE_MS);
        assert_eq!((again.since, again.until), (now.plus_ms(-WINDOW_MS), now));
        answer(&mut world, rows(3, 1));
        tell_nothing(&mut world);
    }
    assert_eq!(world.alarms(), ["pull_unreadable"], "the same one is told once");
    world.pass(10 * MINUTE_MS);
    answer(&mut world, rows(3, 2));
    tell_nothing(&mut world);
    assert_eq!(world.alarms().len(), 2, "and another is another");
    world.pass(10 * MINUTE_MS);
    tell_nothing(&mut world);
    let done = world.now;
    world.pass(10 * MINUTE_MS);
    assert_eq!(newest(&world).since, done.plus_ms(-HOUR_MS), "all was read");
}

#[test]
fn a_list_that_is_too_long_is_asked_for_in_halves() {
    let mut world = world();
    let first = newest(&world);
    let half = answer(&mut world, cut()).expect("half of it");
    assert_eq!(
        (half.since, half.until, half.goal),
        (first.since, NOON.plus_ms(-24 * HOUR_MS), NOON)
    );
    let quarter = answer(&mut world, cut()).expect("a quarter of it");
    assert_eq!(quarter.until, NOON.plus_ms(-36 * HOUR_MS));
    answer(&mut world, rows(2, 0)).expect("the next page");
    let next = answer(&mut world, PullPage::default()).expect("a longer stretch");
    assert_eq!(
        (next.since, next.until, next.offset),
        (NOON.plus_ms(-36 * HOUR_MS), NOON.plus_ms(-12 * HOUR_MS), 0)
    );
    let rest = answer(&mut world, PullPage::default()).expect("the rest");
    assert_eq!((rest.since, rest.until), (NOON.plus_ms(-12 * HOUR_MS), NOON));
    // What was told so far stays told when the rest has no answer.
    let question = rest;
    world.give(Input::Pulled { question, page: None });
    world.pass(MINUTE_MS);
    assert_eq!(newest(&world).since, NOON.plus_ms(-13 * HOUR_MS));
    assert!(world.alarms().is_empty());
}

#[test]
fn a_list_without_an_end_is_not_taken_for_told() {
    let mut world = world();
    // Ten thousand payments in every minute: more than is gone through.
    let mut calls = 0;
    while answer(&mut world, rows(10_000, 0)).is_some() {
        calls += 1;
        assert!(calls < 20_000, "it ends");
    }
    assert_eq!(world.alarms(), ["pull_unreadable"]);
    world.pass(10 * MINUTE_MS);
    assert!(newest(&world).since.0 <= NOON.0 + 10 * MINUTE_MS - WINDOW_MS + MINUTE_MS);
}

#[test]
fn what_is_out_of_reach_is_asked_of_an_operator_once() {
    let mut world = world();
    tell_nothing(&mut world);
    world.pass(72 * HOUR_MS);
    assert_eq!(world.alarms(), ["statement_needed"]);
    let detail = world.seen.iter().rev().find_map(|effect| match effect {
        Effect::Live(hub::hub::effect::LiveEvent::Alarm { detail, .. }) => Some(detail.clone()),
        _ => None,
    });
    let detail = detail.unwrap();
    assert!(
        detail.contains("from 2026-11-20T09:00:00Z until 2026-11-21T09:00:00Z"),
        "{detail}"
    );
    let question = newest(&world);
    assert_eq!(
        question.since,
        NOON.plus_ms(24 * HOUR_MS),
        "and the rest is asked of the provider"
    );
    world.give(Input::Pulled { question, page: None });
    world.restart();
    world.pass(MINUTE_MS);
    assert_eq!(world.alarms().len(), 1);
    tell_nothing(&mut world);
    world.pass(10 * MINUTE_MS);
    assert_eq!(world.alarms().len(), 1);
}
