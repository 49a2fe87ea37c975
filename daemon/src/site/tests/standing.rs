//! What the page shows of a site, and what a manager sets there: the link's cost, the clock, the meters, who is heard.

use super::{
    super::{
        effect::{ClockRefusal, Spent, Status, Way},
        input::{Command, ReplyId},
    },
    *,
};

fn tell_at(bench: &mut Bench, moment: Moment, command: Command) -> Result<Told, Refusal> {
    let input = Input::Told(ReplyId(1), command);
    let effects = run_batch(bench.site(), [(moment, input)], |fault| panic!("{fault}"));
    let told = effects.into_iter().find_map(|effect| match effect {
        Effect::Reply(ReplyId(1), told) => Some(told),
        _ => None,
    });
    told.unwrap()
}

fn tell(bench: &mut Bench, command: Command) -> Result<Told, Refusal> {
    let moment = bench.moment();
    tell_at(bench, moment, command)
}

fn status(bench: &mut Bench) -> Status {
    match tell(bench, Command::Status) {
        Ok(Told::Status(status)) => *status,
        other => panic!("{other:?}"),
    }
}

fn sent(effects: &[Effect]) -> u64 {
    let bytes = effects.iter().map(|effect| match effect {
        Effect::Send { bytes, .. } => bytes.len() as u64,
        _ => 0,
    });
    bytes.sum()
}

#[test]
fn an_operators_own_address_of_the_hub_is_dialled_and_shown() {
    let mut bench = ready("own-hub");
    assert_eq!(status(&mut bench).hub_url.as_deref(), Some("http://hub.example"));
    let own = "http://127.0.0.1:1";
    bench.site().settings.hub_url = Some(own.to_owned());
    let effects = bench.give(Input::Started);
    assert!(effects.contains(&Effect::Dial(own.to_owned())), "{effects:?}");
    assert_eq!(status(&mut bench).hub_url.as_deref(), Some(own));
}

#[test]
fn bytes_are_counted_by_day_and_kept_over_a_restart() {
    let mut bench = ready("spent");
    assert_eq!(status(&mut bench).spent, Spent::default());
    let hello = sent(&bench.give(Input::LinkUp(1)));
    assert!(hello > 0, "the box greets the hub");
    bench.give(Input::LinkFrame(vec![0; 17]));
    let spent = Spent {
        sync_sent: hello,
        sync_received: 17,
    };
    assert_eq!(status(&mut bench).spent, spent);
    bench.monotonic_ms += 60_000;
    bench.give(Input::Tick);
    bench.restart();
    assert_eq!(status(&mut bench).spent, spent);
    bench.monotonic_ms += 24 * 3_600_000;
    bench.give(Input::Tick);
    assert_eq!(status(&mut bench).spent, Spent::default(), "another day");
    bench.restart();
    assert_eq!(status(&mut bench).spent, Spent::default());
}

#[test]
fn the_newest_record_is_shown() {
    let mut bench = ready("through");
    assert_eq!(status(&mut bench).journal_through, None);
    bench.grant(20_000);
    bench.ask("a1", "4071", 5_000);
    bench.pour("a1", 5_000);
    // Opened and charged: two records of this run.
    assert_eq!(status(&mut bench).journal_through, Some((Epoch(2), 2)));
}

#[test]
fn a_manager_is_told_when_the_clock_does_not_believe_them() {
    let mut bench = ready("clock");
    let now = bench.moment().wall;
    let set = Command::SetClock(now);
    let refused = tell(&mut bench, set.clone());
    assert!(
        matches!(refused, Err(Refusal::Clock(ClockRefusal::Better(Trust::Hub)))),
        "{refused:?}"
    );
    // The hub was believed when the time was saved last: nobody else sets it back.
    bench.monotonic_ms += 60_000;
    let saved = bench.moment().wall.plus_ms(10);
    bench.give(Input::Tick);
    let mut asked = |trust: Trust, wall: Wall| {
        let moment = Moment {
            trust,
            ..bench.moment()
        };
        tell_at(&mut bench, moment, Command::SetClock(wall))
    };
    assert_eq!(
        asked(Trust::None, saved.plus_ms(-1)),
        Err(Refusal::Clock(ClockRefusal::Past(saved)))
    );
    assert_eq!(asked(Trust::None, saved), Ok(Told::Done));
    let mistyped = saved.plus_ms(3_650 * 86_400_000);
    assert_eq!(asked(Trust::None, mistyped), Ok(Told::Done));
    assert_eq!(
        asked(Trust::Manager, saved.plus_ms(1)),
        Ok(Told::Done),
        "and can be mended"
    );
    assert!(asked(Trust::Ntp, mistyped).is_err());
}

#[test]
fn no_network_sets_what_is_sure_back_and_the_hub_does() {
    let mut bench = ready("sure");
    let noon = bench.moment().wall;
    let mut saved = |trust: Trust, wall: Wall| {
        bench.monotonic_ms += 60_000;
        let moment = Moment {
            wall,
            trust,
            ..bench.moment()
        };
        run_batch(bench.site(), [(moment, Input::Tick)], |fault| panic!("{fault}"));
        bench.site().clock_sure().unwrap()
    };
    let half_an_hour = 30 * 60_000;
    assert_eq!(saved(Trust::Ntp, noon), noon);
    assert_eq!(saved(Trust::Ntp, noon.plus_ms(-half_an_hour)), noon);
    assert_eq!(saved(Trust::Modem, noon.plus_ms(-half_an_hour)), noon);
    let later = noon.plus_ms(1);
    assert_eq!(saved(Trust::Modem, later), later);
    let earlier = noon.plus_ms(-half_an_hour);
    assert_eq!(saved(Trust::Hub, earlier), earlier);
}

fn pulses(bench: &mut Bench) -> Vec<(String, i64)> {
    let dispensers = status(bench).dispensers.into_iter();
    dispensers
        .map(|dispenser| (dispenser.id.to_string(), dispenser.config.pulses_per_litre))
        .collect()
}

fn add(bench: &mut Bench, id: &str) {
    let command = Command::AddDispenser {
        dispenser: id.parse().unwrap(),
        secret: [0; 32],
    };
    assert_eq!(tell(bench, command), Ok(Told::Done));
}

/// The hub sets something for the whole site.
fn site_says(bench: &mut Bench, field: &str, value: &str) {
    let doc = DocumentId::Site("kibera-3".parse().unwrap());
    let stored = super::super::store::documents::get(bench.site().connection(), "site:kibera-3").unwrap();
    let actor = sync::document::Actor::hub(Epoch(0x44));
    let mut document = match stored {
        Some(bytes) => sync::document::Document::load(doc.clone(), actor, &bytes).unwrap(),
        None => sync::document::Document::new(doc.clone(), actor),
    };
    let bytes = document.edit(&[(field, Some(value))]).unwrap().unwrap();
    bench.hear(Lane::Edits, Record::Edit(Edit::Change { doc, bytes }));
}

#[test]
fn a_new_dispenser_counts_as_the_site_says_and_a_measured_one_as_measured() {
    let mut bench = ready("pulses");
    assert_eq!(pulses(&mut bench), [("tap-1".to_owned(), 450)]);
    site_says(&mut bench, "pulses_per_litre", "380");
    add(&mut bench, "tap-2");
    let both = |one, other| [("tap-1".to_owned(), one), ("tap-2".to_owned(), other)];
    assert_eq!(pulses(&mut bench), both(380, 380));
    let measure = |pulses_per_litre| Command::SetPulses {
        dispenser: "tap-1".parse().unwrap(),
        pulses_per_litre,
    };
    let before = status(&mut bench).dispensers[0].config.revision;
    assert_eq!(tell(&mut bench, measure(Some(401))), Ok(Told::Done));
    assert_eq!(pulses(&mut bench), both(401, 380));
    assert_eq!(status(&mut bench).dispensers[0].config.revision, before + 1);
    site_says(&mut bench, "pulses_per_litre", "390");
    assert_eq!(pulses(&mut bench), both(401, 390));
    for wrong in [0, -450, 100_001] {
        let refused = tell(&mut bench, measure(Some(wrong)));
        assert!(matches!(refused, Err(Refusal::Field { .. })), "{refused:?}");
    }
    assert_eq!(tell(&mut bench, measure(None)), Ok(Told::Done));
    assert_eq!(pulses(&mut bench), both(390, 390));
}

#[test]
fn a_dispenser_that_speaks_http_is_shown_as_heard() {
    let mut bench = ready("ways");
    let shown = |bench: &mut Bench| {
        let dispenser = status(bench).dispensers.remove(0);
        (dispenser.online, dispenser.presence.way)
    };
    assert_eq!(shown(&mut bench), (false, None));
    let report = Report {
        request: "r1".parse().unwrap(),
        volume: Volume::from_ml(0),
        outcome: Outcome::Stopped,
    };
    let door = Door::Http("tap-1".parse().unwrap(), ReplyId(5));
    bench.give(Input::Poured(door, report));
    assert_eq!(shown(&mut bench), (true, Some(Way::Http)));
    bench.monotonic_ms += 3 * 120_000 + 1;
    assert_eq!(shown(&mut bench), (false, Some(Way::Http)));
    bench.give(Input::Connected("tap-1".parse().unwrap()));
    assert_eq!(shown(&mut bench), (true, Some(Way::Mqtt)));
}
