//! Texts that the hub has the site send: taken once, sent once, told of until the hub has heard.

use kiosk::moment::{DAY_MS, Uptime};
use sync::{
    doubt::{self, Unheard},
    frame::{SaidState, Say},
};

use super::{
    super::{
        delivery::{Fate, Purpose, Said, TextState},
        sim::{SimEvent, SimOrder, TextId},
        store::outbox,
    },
    office::Office,
    texts::{AMINA, HOUR_MS, MINUTE_MS, network, received, sent, settings, with_sim},
    *,
};

/// A site with a SIM, linked to its hub.
fn linked(name: &str) -> (Bench, Office) {
    let mut bench = with_sim(name, settings());
    let mut office = Office::of(&mut bench);
    office.link(&mut bench);
    (bench, office)
}

/// A text of the hub for Amina, good for a day from now.
fn text(bench: &mut Bench, id: u64) -> Say {
    Say {
        id,
        phone: AMINA.to_owned(),
        text: format!("text {id}"),
        until: bench.moment().wall.plus_ms(DAY_MS),
    }
}

fn says(bench: &mut Bench, office: &mut Office, say: &Say) -> Vec<SimOrder> {
    let frame = office.ask(bench, say);
    office.give(bench, frame)
}

/// What the hub heard: of which text, where it stands, the word for it.
fn heard(office: &mut Office) -> Vec<(u64, SaidState, String)> {
    let said = office.heard().into_iter();
    said.map(|said| (said.id, said.state, said.reason.unwrap_or_default()))
        .collect()
}

fn state(id: u64, state: SaidState) -> Vec<(u64, SaidState, String)> {
    vec![(id, state, String::new())]
}

#[test]
fn a_text_of_the_hub_leaves_once_and_each_step_is_told() {
    let (mut bench, mut office) = linked("asked-once");
    let say = text(&mut bench, u64::MAX);
    let left = sent(&says(&mut bench, &mut office, &say));
    assert_eq!(left, [(TextId(1), AMINA.to_owned(), say.text.clone())]);
    assert_eq!(heard(&mut office), state(say.id, SaidState::Taken));
    assert_eq!(sent(&says(&mut bench, &mut office, &say)), [], "it is the same text");
    assert_eq!(heard(&mut office), state(say.id, SaidState::Taken));
    let references = vec![7];
    office.give(
        &mut bench,
        Input::Sim(SimEvent::Sent {
            id: TextId(1),
            references,
        }),
    );
    assert_eq!(heard(&mut office), state(say.id, SaidState::Sent));
    let (reference, to, fate) = (7, AMINA.to_owned(), Fate::Delivered);
    office.give(&mut bench, Input::Sim(SimEvent::Reported { reference, to, fate }));
    assert_eq!(heard(&mut office), state(say.id, SaidState::Delivered));
    assert_eq!(sent(&says(&mut bench, &mut office, &say)), []);
    assert_eq!(heard(&mut office), state(say.id, SaidState::Delivered));
    // Another in the same words is another.
    let other = Say { id: 2, ..say };
    assert_eq!(sent(&says(&mut bench, &mut office, &other)).len(), 1);
}

#[test]
fn what_is_given_up_and_what_nobody_knows_is_told() {
    use super::super::delivery::Then;
    let (mut bench, mut office) = linked("asked-ends");
    let (first, second) = (text(&mut bench, 1), text(&mut bench, 2));
    says(&mut bench, &mut office, &first);
    says(&mut bench, &mut office, &second);
    office.heard();
    let not_sent = |word: &str, then| {
        let (id, word) = (TextId(1), word.to_owned());
        Input::Sim(SimEvent::NotSent { id, word, then })
    };
    office.give(&mut bench, not_sent("+CMS ERROR: 1", Then::GiveUp));
    assert_eq!(heard(&mut office), [(1, SaidState::Failed, "+CMS ERROR: 1".to_owned())]);
    office.give(&mut bench, Input::Sim(SimEvent::Unsure(TextId(2))));
    assert_eq!(heard(&mut office), [(2, SaidState::Unknown, "no answer".to_owned())]);
    assert_eq!(sent(&says(&mut bench, &mut office, &second)), [], "it may have left");
    let third = text(&mut bench, 3);
    says(&mut bench, &mut office, &third);
    office.heard();
    // Handed over, and not heard of for a quarter of an hour.
    bench.give(Input::LinkDown);
    bench.wait(16 * MINUTE_MS);
    office.link(&mut bench);
    let told = heard(&mut office);
    assert!(
        told.contains(&(3, SaidState::Unknown, "no answer".to_owned())),
        "{told:?}"
    );
}

#[test]
fn what_moved_without_a_socket_or_before_a_crash_is_told_on_the_next_one() {
    let (mut bench, mut office) = linked("asked-later");
    bench.sim(network(false));
    let (first, second) = (text(&mut bench, 1), text(&mut bench, 2));
    // Killed before its word could leave.
    let frame = office.ask(&mut bench, &first);
    bench.give(frame);
    bench.restart();
    office.link(&mut bench);
    assert_eq!(heard(&mut office), state(1, SaidState::Taken));
    bench.give(Input::LinkDown);
    bench.sim_up();
    // A crash loses up to a minute of uptime.
    assert_eq!(sent(&bench.wait(2 * MINUTE_MS)).len(), 1);
    let references = vec![7];
    bench.sim(SimEvent::Sent {
        id: TextId(1),
        references,
    });
    office.link(&mut bench);
    assert_eq!(heard(&mut office), state(1, SaidState::Sent));
    says(&mut bench, &mut office, &second);
    assert_eq!(heard(&mut office), state(2, SaidState::Taken));
    // Handed over when the program is killed.
    bench.restart();
    office.link(&mut bench);
    let lost = (2, SaidState::Unknown, "the gateway ended meanwhile".to_owned());
    assert!(heard(&mut office).contains(&lost));
    says(&mut bench, &mut office, &second);
    assert_eq!(heard(&mut office), [lost]);
    assert_eq!(sent(&bench.sim_up()), [], "it is not sent again");
    bench.give(Input::LinkDown);
    bench.wait(27 * HOUR_MS);
    office.link(&mut bench);
    assert_eq!(heard(&mut office), [], "nobody waits for it any more");
}

#[test]
fn what_could_not_be_kept_is_not_taken() {
    let (mut bench, mut office) = linked("asked-unkept");
    let say = text(&mut bench, 1);
    let frame = office.ask(&mut bench, &say);
    let moment = bench.moment();
    bench.fail(&moment, frame);
    assert_eq!(bench.states(), []);
    office.link(&mut bench);
    assert_eq!(heard(&mut office), []);
    assert_eq!(sent(&says(&mut bench, &mut office, &say)).len(), 1);
    assert_eq!(heard(&mut office), state(1, SaidState::Taken));
}

#[test]
fn a_text_that_cannot_be_sent_here_is_refused_and_nothing_of_it_is_kept() {
    let (mut bench, mut office) = linked("asked-refused");
    let good = text(&mut bench, 1);
    let never = |phone: &str, words: &str| Say {
        phone: phone.to_owned(),
        text: words.to_owned(),
        ..good.clone()
    };
    let long = "x".repeat(1_531);
    for (say, why) in [
        (never("22384", "x"), "bad_phone"),
        (never("0711222333", "x"), "bad_phone"),
        (never("+254 711222333", "x"), "bad_phone"),
        (never("+254201234567", "x"), "bad_phone"),
        (never("+4915112345678", "x"), "bad_phone"),
        (never("", "x"), "bad_phone"),
        (never(AMINA, " "), "bad_text"),
        (never(AMINA, &long), "bad_text"),
    ] {
        assert_eq!(sent(&says(&mut bench, &mut office, &say)), [], "{say:?}");
        assert_eq!(heard(&mut office), [(1, SaidState::Failed, why.to_owned())], "{say:?}");
    }
    let until = bench.moment().wall;
    let late = Say { until, ..good.clone() };
    let refused = |why: &str| vec![(1, SaidState::Refused, why.to_owned())];
    assert_eq!(sent(&says(&mut bench, &mut office, &late)), []);
    assert_eq!(heard(&mut office), refused("too_old"));
    bench.site().is_retired = true;
    assert_eq!(sent(&says(&mut bench, &mut office, &good)), []);
    assert_eq!(heard(&mut office), refused("not_in_place"));
    bench.site().is_retired = false;
    bench.site().medium = [2; 8];
    let enrolled = bench.site().enrolled.clone();
    let moved = Enrolment {
        medium: [1; 8],
        ..enrolment()
    };
    bench.site().enrolled = Some(std::sync::Arc::new(super::super::enrolment::Enrolled::new(moved)));
    assert_eq!(sent(&says(&mut bench, &mut office, &good)), []);
    assert_eq!(heard(&mut office), refused("not_in_place"));
    bench.site().enrolled = enrolled;
    let (why, needs_person) = ("the SIM wants its PIN".to_owned(), true);
    office.give(&mut bench, Input::Sim(SimEvent::Down { why, needs_person }));
    says(&mut bench, &mut office, &good);
    assert_eq!(heard(&mut office), refused("no_sim"));
    assert_eq!(bench.states(), []);
    bench.sim_up();
    let longest = Say {
        text: "x".repeat(1_530),
        ..good
    };
    assert_eq!(
        sent(&says(&mut bench, &mut office, &longest)).len(),
        1,
        "another time it may go"
    );
    assert_eq!(heard(&mut office), state(1, SaidState::Taken));
}

#[test]
fn a_box_without_a_sim_refuses() {
    let mut bench = ready("asked-no-sim");
    let mut office = Office::of(&mut bench);
    office.link(&mut bench);
    let say = text(&mut bench, 1);
    says(&mut bench, &mut office, &say);
    assert_eq!(heard(&mut office), [(1, SaidState::Refused, "no_sim".to_owned())]);
}

#[test]
fn a_box_in_doubt_does_not_send_what_it_may_have_sent() {
    let (mut bench, mut office) = linked("asked-doubt");
    let mut logs = super::super::store::logs(bench.site().connection());
    doubt::site_doubt_until_heard(&mut logs, Unheard::Rebuilt).unwrap();
    let say = text(&mut bench, 1);
    assert_eq!(sent(&says(&mut bench, &mut office, &say)), []);
    assert_eq!(heard(&mut office), [(1, SaidState::Unknown, "doubt".to_owned())]);
    assert_eq!(bench.states(), []);
}

#[test]
fn a_text_that_waits_past_its_hour_is_not_sent_and_that_is_told() {
    let (mut bench, mut office) = linked("asked-late");
    bench.sim(network(false));
    let until = bench.moment().wall.plus_ms(10 * MINUTE_MS.cast_signed());
    let (one, two) = (text(&mut bench, 1), text(&mut bench, 2));
    says(&mut bench, &mut office, &Say { until, ..one });
    says(&mut bench, &mut office, &two);
    assert_eq!(heard(&mut office).len(), 2);
    bench.give(Input::LinkDown);
    bench.wait(11 * MINUTE_MS);
    let left = sent(&bench.sim(network(true)));
    assert_eq!(left.iter().map(|text| text.2.as_str()).collect::<Vec<_>>(), ["text 2"]);
    office.link(&mut bench);
    let told = heard(&mut office);
    assert!(told.contains(&(1, SaidState::Failed, "too old".to_owned())), "{told:?}");
}

#[test]
fn the_hub_may_spend_what_answers_and_alarms_do_not_count_on() {
    let mut settings = settings();
    settings.parts_per_day = 20;
    let mut bench = with_sim("asked-budget", settings);
    let mut office = Office::of(&mut bench);
    office.link(&mut bench);
    bench.sim(network(false));
    // Answers keep ten of twenty, alarms two.
    for id in 1..=8 {
        let say = text(&mut bench, id);
        says(&mut bench, &mut office, &say);
        assert_eq!(heard(&mut office), state(id, SaidState::Taken));
    }
    let ninth = text(&mut bench, 9);
    says(&mut bench, &mut office, &ninth);
    assert_eq!(heard(&mut office), [(9, SaidState::Refused, "budget".to_owned())]);
    assert_eq!(bench.states().len(), 8);
    // What is asked for here leaves before them.
    assert!(matches!(bench.say(Purpose::Alarm, AMINA, "alarm"), Said::Queued(_)));
    assert!(matches!(bench.say(Purpose::Answer, AMINA, "answer"), Said::Queued(_)));
    let left = sent(&bench.sim(network(true)));
    let words: Vec<_> = left.iter().map(|text| text.2.as_str()).collect();
    assert_eq!(words, ["answer", "alarm", "text 1", "text 2"]);
}

#[test]
fn who_said_stop_here_gets_what_the_hub_sends_all_the_same_and_the_hub_hears_of_it() {
    let (mut bench, mut office) = linked("asked-stop");
    office.give(&mut bench, Input::Sim(received(AMINA, "STOP", 1)));
    let facts = bench.written(Lane::Money);
    let forwarded = |record: &&Record| matches!(record, Record::Fact(Fact::Forwarded(_)));
    assert_eq!(facts.iter().filter(forwarded).count(), 1);
    let say = text(&mut bench, 1);
    assert_eq!(sent(&says(&mut bench, &mut office, &say)).len(), 1);
    assert_eq!(heard(&mut office), state(1, SaidState::Taken));
    assert_eq!(bench.say(Purpose::Broadcast, AMINA, "news"), Said::Stopped);
}

#[test]
fn what_the_hub_asked_for_lately_is_known_however_many_texts_came_after() {
    let (mut bench, mut office) = linked("asked-kept");
    let say = text(&mut bench, 1);
    says(&mut bench, &mut office, &say);
    let (id, references) = (TextId(1), vec![7]);
    office.give(&mut bench, Input::Sim(SimEvent::Sent { id, references }));
    for _ in 0..3 {
        bench.say(Purpose::Answer, AMINA, "x");
    }
    let connection = bench.site().connection();
    outbox::lose_sight(connection, None, "", Wall(0)).unwrap();
    let asked_lately = outbox::Keep {
        asked_since: Uptime(0),
        ..outbox::Keep::newest(1)
    };
    outbox::forget(connection, &asked_lately).unwrap();
    assert_eq!(outbox::asked(connection, 1).unwrap().unwrap().state, TextState::Sent);
    outbox::forget(connection, &outbox::Keep::newest(1)).unwrap();
    assert_eq!(outbox::asked(connection, 1).unwrap(), None);
}
