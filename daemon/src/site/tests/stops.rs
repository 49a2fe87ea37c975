//! STOP, said to this SIM or to the hub: what goes to everybody goes to such a number no more.

use sync::document::{Actor, Document};

use super::{broadcast::one, care::texts, texts::received, *};
use crate::site::{input::Command, store::inbox};

impl Bench {
    pub(super) fn hub_edits(&mut self, document: &mut Document, fields: &[(&str, Option<&str>)]) {
        let bytes = document.edit(fields).unwrap().unwrap();
        let doc = document.id().clone();
        self.hear(Lane::Edits, Record::Edit(Edit::Change { doc, bytes }));
    }
}

/// The number that said STOP, as Jane's document has it here.
fn stopped(bench: &mut Bench) -> Option<String> {
    let doc = DocumentId::Customer(JANE);
    bench.site().document(&doc).unwrap().profile().stopped
}

fn left_out(bench: &mut Bench) -> Vec<(&'static str, u32)> {
    match bench.command(Command::PlanBroadcast(one("Hello"))) {
        Ok(Told::BroadcastPlan(plan)) => plan.left_out.iter().map(|(why, count)| (why.name(), *count)).collect(),
        Err(Refusal::Nobody) => vec![("all", 1)],
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_stop_said_to_the_hub_is_heeded_here_and_gives_up_what_waits() {
    let mut bench = Bench::of("stop-hub", &[]);
    let mut hub = Document::new(DocumentId::Customer(JANE), Actor::hub(Epoch(0x44)));
    let mut says = |bench: &mut Bench, fields: &[(&str, Option<&str>)]| bench.hub_edits(&mut hub, fields);
    bench.meet_jane();
    says(&mut bench, &[("phone", Some(PHONE)), ("name", Some("Jane"))]);
    bench.wait_until(0, 20);
    assert!(matches!(
        bench.broadcast("Hello"),
        Ok(Told::Broadcast { people: 1, .. })
    ));
    says(&mut bench, &[("stopped", Some(PHONE))]);
    let effects = bench.wait_until(1, 9);
    assert!(texts(effects).is_empty());
    assert_eq!(left_out(&mut bench), [("all", 1)]);
    says(&mut bench, &[("stopped", None)]);
    assert_eq!(left_out(&mut bench), []);
}

#[test]
fn a_stop_said_here_stands_in_the_document_however_many_texts_were_forwarded() {
    let mut bench = Bench::of("stop-here", &[]);
    bench.meet_jane();
    let mut hub = Document::new(DocumentId::Customer(JANE), Actor::hub(Epoch(0x44)));
    bench.hub_edits(&mut hub, &[("phone", Some(PHONE))]);
    // More than are answered in a day.
    for number in 0..12 {
        bench.tell_sim(received(PHONE, "HELP", number));
    }
    let before = bench.written(Lane::Edits).len();
    bench.tell_sim(received(PHONE, "STOP", 100));
    assert_eq!(stopped(&mut bench).as_deref(), Some(PHONE));
    let told = bench.written(Lane::Edits).len();
    assert!(told > before);
    bench.tell_sim(received(PHONE, "STOP", 200));
    assert_eq!(bench.written(Lane::Edits).len(), told, "said again it is no news");
    let phone = PHONE.to_owned();
    assert_eq!(bench.command(Command::EndStop { phone }), Ok(Told::Done));
    assert_eq!(stopped(&mut bench), None);
    assert_eq!(bench.written(Lane::Edits).len(), told + 1);
    // Who is nobody here has no document.
    bench.tell_sim(received("+254711222333", "STOP", 300));
    assert_eq!(bench.written(Lane::Edits).len(), told + 1);
}

#[test]
fn a_stop_said_again_here_outlives_that_the_hub_ends_the_one_before() {
    let mut bench = Bench::of("stop-again", &[]);
    let mut hub = Document::new(DocumentId::Customer(JANE), Actor::hub(Epoch(0x44)));
    bench.meet_jane();
    bench.hub_edits(&mut hub, &[("phone", Some(PHONE)), ("stopped", Some(PHONE))]);
    // The hub ends it, and it is said again here before this site hears of that.
    let ended = hub.edit(&[("stopped", None)]).unwrap().unwrap();
    bench.monotonic_ms += 2 * 3_600_000;
    bench.tell_sim(received(PHONE, "STOP", 100));
    let doc = DocumentId::Customer(JANE);
    bench.hear(Lane::Edits, Record::Edit(Edit::Change { doc, bytes: ended }));
    assert_eq!(stopped(&mut bench).as_deref(), Some(PHONE));
    assert!(inbox::is_stopped(bench.site().connection(), PHONE).unwrap());
}

#[test]
fn a_document_speaks_for_nobody_elses_number() {
    const OTHER: &str = "+254711222333";
    let mut bench = Bench::of("stop-others", &[]);
    let mut hub = Document::new(DocumentId::Customer(JANE), Actor::hub(Epoch(0x44)));
    let mut says = |bench: &mut Bench, fields: &[(&str, Option<&str>)]| bench.hub_edits(&mut hub, fields);
    let is_stopped = |bench: &mut Bench, phone: &str| inbox::is_stopped(bench.site().connection(), phone).unwrap();
    bench.meet_jane();
    says(&mut bench, &[("phone", Some(PHONE))]);
    says(&mut bench, &[("stopped", Some(OTHER))]);
    assert!(!is_stopped(&mut bench, OTHER), "another site wrote it");
    inbox::stop(bench.site().connection(), OTHER, Wall(0)).unwrap();
    says(&mut bench, &[("stopped", None)]);
    assert!(is_stopped(&mut bench, OTHER), "said to this SIM");
    // Jane has said it, and takes another number: the STOP of the one before stays, and she has said nothing by hers.
    const NEW: &str = "+254700000777";
    says(&mut bench, &[("stopped", Some(PHONE))]);
    says(&mut bench, &[("phone", Some(NEW)), ("stopped", None)]);
    assert!(is_stopped(&mut bench, PHONE) && !is_stopped(&mut bench, NEW));
    // One that stood in her document before the number did.
    says(&mut bench, &[("stopped", Some("+254700000778"))]);
    says(&mut bench, &[("phone", Some("+254700000778"))]);
    assert!(is_stopped(&mut bench, "+254700000778"));
}

#[test]
fn strangers_who_text_stop_fill_nothing_and_take_no_customers_place() {
    let mut bench = Bench::of("stop-strangers", &[]);
    bench.meet_jane();
    let connection = bench.site().connection();
    inbox::stop(connection, PHONE, Wall(0)).unwrap();
    // Somebody whose number becomes a customer's later.
    inbox::stop(connection, "+254711000001", Wall(1)).unwrap();
    inbox::is_customers(connection, "+254711000001").unwrap();
    for number in 0..inbox::STRANGERS_MAX + 5 {
        let phone = format!("+2547220{number:05}");
        assert!(inbox::stop(connection, &phone, Wall(2 + i64::from(number))).unwrap());
    }
    let count: u32 = connection
        .query_row("SELECT count(*) FROM sim_stopped", (), |row| row.get(0))
        .unwrap();
    assert_eq!(count, inbox::STRANGERS_MAX + 2);
    for (phone, is_kept) in [
        (PHONE, true),
        ("+254711000001", true),
        ("+254722000004", false),
        ("+254722000005", true),
    ] {
        assert_eq!(inbox::is_stopped(connection, phone).unwrap(), is_kept, "{phone}");
    }
}
