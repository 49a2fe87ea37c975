//! The pretend network against the shapes of the documents.

use super::*;
use crate::sandbox::texts::Behaviour;

const PHONE: u64 = 254_711_000_111;
const CODE: &str = "*384*303#";

fn network() -> Texts {
    let mut texts = Texts::default();
    texts.set_behaviour(Behaviour {
        ussd_url: "http://hub.example/ussd/callback/ab".to_owned(),
        ussd_events_url: "http://hub.example/ussd/events/ab".to_owned(),
        ussd_codes: BTreeMap::from([(CODE.to_owned(), "Water".to_owned())]),
        ..Behaviour::default()
    });
    texts
}

fn fields(body: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

fn dialled(texts: &mut Texts, now_ms: i64) -> Step {
    texts
        .dial(now_ms, &Draw::new([1; 32]), PHONE, CODE)
        .expect("it is carried")
}

fn answer(texts: &mut Texts, now_ms: i64, step: &Step, text: &str) -> (Line, String) {
    texts.answered(now_ms, step, Some((200, text)));
    shown(texts)
}

fn shown(texts: &Texts) -> (Line, String) {
    let call = texts.call(PHONE).expect("something is on the screen");
    (call.line, call.screen.clone())
}

/// What is told of an end: status, why, hops and all that was typed.
fn told(texts: &mut Texts, now_ms: i64) -> Vec<[String; 4]> {
    let told = texts.tick(now_ms).into_iter().map(|callback| {
        assert_eq!(callback.url, "http://hub.example/ussd/events/ab");
        let fields = fields(&callback.body);
        ["status", "errorMessage", "hopsCount", "input"].map(|name| fields.get(name).cloned().unwrap_or_default())
    });
    told.collect()
}

#[test]
fn inputs_are_chained_as_the_document_has_it() {
    let mut texts = network();
    let step = dialled(&mut texts, 1_000);
    assert_eq!(step.callback.url, "http://hub.example/ussd/callback/ab");
    let first = fields(&step.callback.body);
    let session = first["sessionId"].clone();
    assert!(session.starts_with("ATUid_"), "{session}");
    let rest = ["serviceCode", "phoneNumber", "networkCode", "text"].map(|name| first[name].as_str());
    assert_eq!(rest, [CODE, "+254711000111", "99999", ""]);
    assert_eq!(shown(&texts).0, Line::Waiting);
    assert!(
        texts.type_in(PHONE, "1").is_none(),
        "nothing is typed before the screen is there"
    );
    assert_eq!(
        answer(&mut texts, 1_010, &step, "CON Name?\n0. Exit"),
        (Line::Open, "Name?\n0. Exit".to_owned())
    );
    for (input, text) in [
        ("1", "1"),
        ("", "1*"),
        ("a*b & c", "1**a*b & c"),
        ("4071", "1**a*b & c*4071"),
    ] {
        let step = texts.type_in(PHONE, input).expect("it is carried");
        let sent = fields(&step.callback.body);
        assert_eq!((&sent["sessionId"], sent["text"].as_str()), (&session, text));
        assert_eq!(answer(&mut texts, 1_020, &step, "CON Go on").0, Line::Open);
    }
    let step = texts.type_in(PHONE, "0").expect("it is carried");
    assert_eq!(
        answer(&mut texts, 2_500, &step, "END Goodbye"),
        (Line::Over, "Goodbye".to_owned())
    );
    assert!(texts.type_in(PHONE, "1").is_none());
    let ended = fields(&texts.tick(2_500)[0].body);
    let rest = [
        "sessionId",
        "status",
        "hopsCount",
        "durationInMillis",
        "input",
        "lastAppResponse",
    ];
    let expected = [&session, "Success", "6", "1500", "1**a*b & c*4071*0", "Goodbye"];
    assert_eq!(rest.map(|name| ended[name].as_str()), expected);
    assert_eq!(ended["date"], "1970-01-01 00:00:02");
    texts.hang_up(3_000, PHONE);
    assert!(
        texts.call(PHONE).is_none() && texts.tick(3_000).is_empty(),
        "it was told before"
    );
}

#[test]
fn what_the_network_cannot_show_is_a_connection_problem() {
    let long = format!("CON {}", "a".repeat(183));
    let wide = format!("END {}", "\u{44f}".repeat(81));
    for answered in [
        None,
        Some((500, "CON Hello")),
        Some((200, "Hello")),
        Some((200, "CONHello")),
        Some((200, long.as_str())),
        Some((200, wide.as_str())),
    ] {
        let mut texts = network();
        let step = dialled(&mut texts, 1_000);
        texts.answered(1_000, &step, answered);
        assert_eq!(shown(&texts), (Line::Over, NO_CONNECTION.to_owned()), "{answered:?}");
        let told = told(&mut texts, 1_000);
        assert_eq!((told.len(), told[0][0].as_str()), (1, "Failed"), "{answered:?}");
    }
    let mut texts = network();
    let step = dialled(&mut texts, 1_000);
    assert_eq!(answer(&mut texts, 1_000, &step, &long[..4 + 182]).0, Line::Open);
    let unknown = texts.dial(2_000, &Draw::new([1; 32]), PHONE, "*100#");
    assert!(unknown.is_none());
    assert_eq!(shown(&texts), (Line::Over, NO_CONNECTION.to_owned()));
    assert_eq!(
        told(&mut texts, 2_000).len(),
        1,
        "of the session that was hung up, and of no other"
    );
}

#[test]
fn hanging_up_and_taking_too_long_are_told_once() {
    let mut texts = network();
    let step = dialled(&mut texts, 1_000);
    answer(&mut texts, 1_000, &step, "CON Name?");
    let step = texts.type_in(PHONE, "Jane").expect("it is carried");
    texts.hang_up(1_500, PHONE);
    assert!(texts.call(PHONE).is_none());
    texts.answered(1_600, &step, Some((200, "CON City?")));
    assert!(texts.call(PHONE).is_none(), "a phone that has hung up hears nothing");
    let expected = ["Incomplete", "Cancelled by the user", "1", "Jane"];
    assert_eq!(told(&mut texts, 1_600), [expected]);

    let step = dialled(&mut texts, 10_000);
    answer(&mut texts, 10_000, &step, "CON Name?");
    assert_eq!(texts.due_ms(), Some(190_000));
    assert!(texts.tick(189_999).is_empty());
    assert_eq!(
        told(&mut texts, 190_000),
        [["Incomplete", "Session timed out", "1", ""]]
    );
    assert_eq!(shown(&texts), (Line::Over, TIMED_OUT.to_owned()));
    assert!(texts.tick(400_000).is_empty() && texts.due_ms().is_none());
}

#[test]
fn an_answer_to_an_older_session_changes_no_newer_one() {
    let mut texts = network();
    let old = dialled(&mut texts, 1_000);
    let new = dialled(&mut texts, 2_000);
    texts.answered(2_100, &old, Some((200, "END Old")));
    assert_eq!(shown(&texts).0, Line::Waiting);
    assert_eq!(
        answer(&mut texts, 2_200, &new, "CON New"),
        (Line::Open, "New".to_owned())
    );
}

#[test]
fn what_was_typed_is_in_nothing_that_is_shown() {
    let mut texts = network();
    let step = dialled(&mut texts, 1_000);
    answer(&mut texts, 1_000, &step, "CON PIN?");
    texts.type_in(PHONE, "4071").expect("it is carried");
    let call = texts.call(PHONE).expect("it waits");
    let shown = format!("{call:?} {}", serde_json::to_string(call).expect("JSON"));
    assert!(!shown.contains("4071"), "{shown}");
}
