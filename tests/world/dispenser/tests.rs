//! The dispenser against the words of the contract.

use kiosk::fact::Outcome;

use super::*;

const APPROVED: &str = r#"{"request":"r1","approved":true,"reason":"verified","volume_ml":20000,"balance_ml":180000,
    "jerrycans_left":0,"name":"Jane","lines":["Jane","","",""]}"#;
const DENIED: &str = r#"{"request":"r1","approved":false,"reason":"wrong_pin","lines":[]}"#;
const RECEIPT: &str = r#"{"request":"r1","volume_ml":500,"balance_ml":179500,"receipt":"7K3F9QXA","lines":[]}"#;

fn connected() -> Dispenser {
    let mut dispenser = Dispenser::new("tap-1", 0);
    dispenser.handle(0, Input::Connected);
    dispenser
}

fn message(name: &str, payload: &str) -> Input {
    Input::Message {
        topic: format!("kisima/v1/tap-1/{name}"),
        payload: payload.as_bytes().to_vec(),
    }
}

fn ask() -> Input {
    Input::Ask(Ask::by_pin("r1", "0700000102", "4071", 20_000))
}

fn ended() -> Input {
    Input::Ended {
        volume_ml: 500,
        duration_ms: 12_000,
        outcome: Outcome::Complete,
    }
}

/// The last part of the topic and the text of each message that was published.
fn published(outputs: &[Output]) -> Vec<(&str, String)> {
    let messages = outputs.iter().filter_map(|output| match output {
        Output::Publish { topic, payload, .. } => Some((topic.strip_prefix("kisima/v1/tap-1/")?, payload)),
        _ => None,
    });
    messages
        .map(|(name, payload)| (name, String::from_utf8_lossy(payload).into_owned()))
        .collect()
}

fn names(outputs: &[Output]) -> Vec<&str> {
    published(outputs).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_pour_from_the_ask_to_the_receipt() {
    let mut dispenser = connected();
    let outputs = dispenser.handle(10, ask());
    let sent = r#"{"request":"r1","user":"0700000102","pin":"4071","volume_ml":20000}"#;
    assert_eq!(published(&outputs), [("ask", sent.to_owned())]);
    assert_eq!(dispenser.state(), State::Asking);

    let outputs = dispenser.handle(20, message("answer", APPROVED));
    assert_eq!(outputs[1], Output::Open { volume_ml: 20_000 });
    assert_eq!(
        (dispenser.state(), dispenser.approved_ml()),
        (State::Pouring, Some(20_000))
    );

    let outputs = dispenser.handle(30, ended());
    let sent = r#"{"request":"r1","volume_ml":500,"pulses":225,"duration_ms":12000,"outcome":"complete"}"#;
    assert_eq!(outputs[0], Output::Close);
    assert_eq!(published(&outputs), [("poured", sent.to_owned())]);
    assert_eq!(
        (dispenser.state(), dispenser.unreceipted().count()),
        (State::Reporting, 1)
    );

    let outputs = dispenser.handle(40, message("receipt", RECEIPT));
    assert!(
        matches!(&outputs[..], [Output::Receipted(receipt)] if receipt.receipt == "7K3F9QXA"),
        "{outputs:?}"
    );
    assert_eq!((dispenser.state(), dispenser.unreceipted().count()), (State::Done, 0));
}

#[test]
fn a_denial_opens_no_valve() {
    let mut dispenser = connected();
    dispenser.handle(10, ask());
    let outputs = dispenser.handle(20, message("answer", DENIED));
    assert!(
        matches!(&outputs[..], [Output::Answered(answer)] if answer.reason == "wrong_pin"),
        "{outputs:?}"
    );
    assert_eq!(dispenser.state(), State::Done);
    assert!(dispenser.handle(30, ended()).is_empty());
}

#[test]
fn what_is_not_answered_is_sent_again_with_the_same_bytes() {
    let mut dispenser = connected();
    let first = dispenser.handle(10, ask());
    assert_eq!(dispenser.wake_at_ms(), Some(5_010));
    assert!(dispenser.handle(5_009, Input::Tick).is_empty());
    assert_eq!(dispenser.handle(5_010, Input::Tick), first);
    assert_eq!(dispenser.wake_at_ms(), Some(10_010));
    dispenser.handle(5_020, message("answer", APPROVED));
    let (first, again) = (dispenser.handle(6_000, ended()), dispenser.handle(11_000, Input::Tick));
    assert_eq!(published(&again), published(&first));
}

#[test]
fn an_answer_to_another_request_is_ignored() {
    let mut dispenser = connected();
    dispenser.handle(10, ask());
    assert!(
        dispenser
            .handle(20, message("answer", &APPROVED.replace("r1", "r0")))
            .is_empty()
    );
    assert!(dispenser.handle(20, message("answer", "no json")).is_empty());
    let foreign = Input::Message {
        topic: "kisima/v1/tap-2/answer".to_owned(),
        payload: APPROVED.into(),
    };
    assert!(dispenser.handle(20, foreign).is_empty());
    assert_eq!(dispenser.state(), State::Asking);
    dispenser.handle(30, message("answer", APPROVED));
    assert!(
        dispenser.handle(40, message("answer", APPROVED)).is_empty(),
        "the same answer a second time"
    );
}

#[test]
fn nothing_is_sent_without_a_connection_and_all_of_it_with_the_next() {
    let mut dispenser = connected();
    dispenser.handle(10, ask());
    dispenser.handle(20, message("answer", APPROVED));
    dispenser.handle(30, Input::Disconnected);
    assert_eq!(published(&dispenser.handle(40, ended())), []);
    assert_eq!(dispenser.wake_at_ms(), None);
    assert_eq!(
        names(&dispenser.handle(50, Input::Connected)),
        ["status", "poured", "heartbeat"]
    );
    assert!(dispenser.handle(60, Input::Tick).is_empty());
}

#[test]
fn a_power_cut_loses_the_ask_and_keeps_the_pour() {
    let mut dispenser = connected();
    dispenser.handle(10, ask());
    dispenser.handle(20, message("answer", APPROVED));
    dispenser.handle(1_020, Input::PowerCut { volume_ml: 300 });
    assert_eq!(dispenser.state(), State::Off);
    assert!(dispenser.handle(1_030, ask()).is_empty());
    assert!(dispenser.handle(2_000, Input::PowerBack).is_empty());
    let outputs = dispenser.handle(2_010, Input::Connected);
    let sent = r#"{"request":"r1","volume_ml":300,"pulses":135,"duration_ms":1000,"outcome":"power_lost"}"#;
    assert!(
        published(&outputs).contains(&("poured", sent.to_owned())),
        "{outputs:?}"
    );

    let mut asking = connected();
    asking.handle(10, ask());
    asking.handle(20, Input::PowerCut { volume_ml: 0 });
    asking.handle(30, Input::PowerBack);
    assert_eq!(names(&asking.handle(40, Input::Connected)), ["status", "heartbeat"]);
}

#[test]
fn the_next_person_does_not_wait_for_a_receipt() {
    let mut dispenser = connected();
    for number in 0..UNRECEIPTED_MAX {
        let request = format!("r{number}");
        dispenser.handle(10, Input::Ask(Ask::by_pin(&request, "1", "1", 1)));
        dispenser.handle(10, message("answer", &APPROVED.replace("r1", &request)));
        dispenser.handle(10, ended());
    }
    assert_eq!(dispenser.unreceipted().count(), UNRECEIPTED_MAX);
    dispenser.handle(20, Input::Ask(Ask::by_pin("late", "1", "1", 1)));
    assert_eq!(dispenser.state(), State::Reporting, "the memory is full");
    dispenser.handle(30, message("receipt", RECEIPT));
    assert_eq!(
        dispenser.state(),
        State::Reporting,
        "the receipt was for an earlier pour"
    );
    dispenser.handle(40, Input::Ask(Ask::by_pin("late", "1", "1", 1)));
    assert_eq!(dispenser.state(), State::Asking);
}

#[test]
fn who_leaves_gives_back_what_a_late_approval_would_hold() {
    let mut dispenser = connected();
    dispenser.handle(10, ask());
    let outputs = dispenser.handle(20, Input::Leave);
    let sent = r#"{"request":"r1","volume_ml":0,"pulses":0,"duration_ms":0,"outcome":"stopped"}"#;
    assert_eq!(published(&outputs), [("poured", sent.to_owned())]);
    assert!(dispenser.handle(30, message("answer", APPROVED)).is_empty());

    let mut offline = Dispenser::new("tap-1", 0);
    offline.handle(10, ask());
    offline.handle(20, Input::Leave);
    assert_eq!(offline.unreceipted().count(), 0, "the gateway never heard of it");
}

#[test]
fn faults_found_by_the_gateway_end_the_ask_they_belong_to() {
    let mut dispenser = connected();
    dispenser.handle(10, ask());
    let other = r#"{"code":"request_conflict","detail":"","request":"r0"}"#;
    assert!(dispenser.handle(20, message("error", other)).is_empty());
    let own = r#"{"code":"request_conflict","detail":"","request":"r1"}"#;
    assert!(matches!(
        &dispenser.handle(30, message("error", own))[..],
        [Output::Refused(_)]
    ));
    assert_eq!(dispenser.state(), State::Done);
}

#[test]
fn configuration_is_kept_and_told_by_heartbeat() {
    let mut dispenser = connected();
    let config = r#"{"revision":7,"pulses_per_litre":1000,"volume_ml_max":5000,"language":"sw","enabled":true}"#;
    dispenser.handle(10, message("config", config));
    dispenser.handle(10, message("config", "{}"));
    assert_eq!(
        (dispenser.config().revision, dispenser.config().volume_ml_max),
        (7, 5_000)
    );
    assert_eq!(dispenser.wake_at_ms(), Some(HEARTBEAT_MS));
    let outputs = dispenser.handle(HEARTBEAT_MS, Input::Tick);
    let sent = published(&outputs);
    assert_eq!(sent[0].0, "heartbeat");
    assert!(
        sent[0].1.contains(r#""config_revision":7,"slot":"a","uptime_s":120"#),
        "{}",
        sent[0].1
    );
}
