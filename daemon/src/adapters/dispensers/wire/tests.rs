use proptest::prelude::*;

use super::*;

const ASK: &str = r#"{"request":"01J-a","user":"0700000102","pin":"4071","volume_ml":20000}"#;

fn ask_with(name: &str, value: &str) -> Vec<u8> {
    let mut object: Map<String, Value> = serde_json::from_str(ASK).unwrap();
    object.remove(name);
    let rest = serde_json::to_string(&object).unwrap();
    format!("{{\"{name}\":{value},{}", &rest[1..]).into_bytes()
}

#[test]
fn the_contract_s_own_examples_are_read() {
    let ask = decode_ask(ASK.as_bytes()).unwrap();
    assert_eq!(ask.request.as_str(), "01J-a");
    assert_eq!(ask.customer, Customer::User("0700000102".to_owned()));
    assert_eq!((ask.pin.as_str(), ask.token, ask.volume_ml), ("4071", None, 20_000));

    let poured = br#"{"request":"r","volume_ml":500,"pulses":225,"duration_ms":12000,"outcome":"complete","new":[1]}"#;
    let expected = Poured {
        request: "r".parse().unwrap(),
        volume_ml: 500,
        pulses: Some(225),
        duration_ms: Some(12_000),
        outcome: Outcome::Complete,
    };
    assert_eq!(decode_poured(poured), Ok(expected));

    let heartbeat = br#"{"firmware":"1.4.2","model":"m","config_revision":7,"slot":"a","uptime_s":5,"rssi_dbm":-61,
        "heap_bytes":90000,"state":"idle","valve":"closed","pulses_total":12}"#;
    let heartbeat = decode_heartbeat(heartbeat).unwrap();
    assert_eq!(
        (heartbeat.firmware.as_str(), heartbeat.config_revision),
        ("1.4.2", Some(7))
    );
    assert_eq!(
        (heartbeat.rssi_dbm, heartbeat.time, heartbeat.pulses_total),
        (Some(-61), None, Some(12))
    );

    let progress = decode_progress(br#"{"version":"1.5.0","percent":100,"state":"rolled_back"}"#).unwrap();
    assert_eq!((progress.percent, progress.state), (100, ProgressState::RolledBack));
}

#[test]
fn a_code_stands_in_place_of_the_user_and_a_token_may_be_added() {
    let code = br#"{"request":"r","code":"S-1","pin":"1","volume_ml":1,"token":"123 456 789 012 345","user":null}"#;
    let ask = decode_ask(code).unwrap();
    assert_eq!(ask.customer, Customer::Code("S-1".to_owned()));
    assert_eq!(ask.token.as_deref(), Some("123 456 789 012 345"));
}

#[test]
fn any_integer_volume_is_kept_for_the_rules_and_nothing_else_is_one() {
    for (text, expected) in [
        ("0", 0),
        ("-1", -1),
        ("1000000000000000000", 1_000_000_000_000_000_000),
        ("9223372036854775807", i64::MAX),
        ("9223372036854775808", i64::MAX),
        ("18446744073709551616", i64::MAX),
        ("-9223372036854775809", i64::MIN),
        ("100000000000000000000000000000000000000000", i64::MAX),
        ("-0", 0),
    ] {
        assert_eq!(
            decode_ask(&ask_with("volume_ml", text)).map(|ask| ask.volume_ml),
            Ok(expected),
            "{text}"
        );
    }
    for text in ["1.5", "1.0", "2e3", "\"20000\"", "true", "[1]", "{}", "null"] {
        let error = decode_ask(&ask_with("volume_ml", text)).unwrap_err();
        assert_eq!(error.code, ErrorCode::BadField, "{text}");
        assert_eq!(error.request.unwrap().as_str(), "01J-a", "{text}");
        assert!(error.detail.starts_with("volume_ml"), "{}", error.detail);
    }
}

#[test]
fn what_is_no_object_is_bad_json_and_names_no_request() {
    let nested = "[".repeat(2000);
    let deep = format!("{{\"request\":\"r\",\"a\":{}", "[".repeat(2000));
    for payload in [
        "",
        "x",
        "[]",
        "1",
        "\"ask\"",
        "{",
        "{\"request\":\"r\"",
        "{\"a\":1e999999}",
        "{} {}",
        &nested,
        &deep,
    ] {
        let error = decode_ask(payload.as_bytes()).unwrap_err();
        assert_eq!((error.code, error.request), (ErrorCode::BadJson, None), "{payload:.40}");
    }
    assert_eq!(
        decode_ask(b"{\"request\":\"\xff\"}").unwrap_err().code,
        ErrorCode::BadJson
    );
}

#[test]
fn a_bad_field_is_named_and_the_request_kept_if_it_is_one() {
    for (name, value, kept) in [
        ("user", "1", true),
        ("user", "null", true),
        ("pin", "4071", true),
        ("token", "123456789012345", true),
        ("request", "\"\"", false),
        ("request", "\"a b\"", false),
        ("request", "7", false),
        ("request", "\"0123456789012345678901234567890123456\"", false),
        ("request", "null", false),
    ] {
        let error = decode_ask(&ask_with(name, value)).unwrap_err();
        assert_eq!(
            (error.code, error.request.is_some()),
            (ErrorCode::BadField, kept),
            "{name} {value}"
        );
        assert!(error.detail.starts_with(name), "{name}: {}", error.detail);
    }
    let long = format!("\"{}\"", "7".repeat(TEXT_BYTES_MAX + 1));
    assert!(decode_ask(&ask_with("user", &long)).is_err());
    assert!(decode_poured(br#"{"request":"r","volume_ml":1,"outcome":"maybe"}"#).is_err());
    assert!(decode_poured(br#"{"request":"r","volume_ml":1,"pulses":-1,"outcome":"fault"}"#).is_err());
    assert!(decode_heartbeat(br#"{"firmware":1}"#).is_err());
    assert!(decode_progress(br#"{"version":"1","percent":101,"state":"verified"}"#).is_err());
}

#[test]
fn of_a_field_given_twice_the_last_counts() {
    let twice = br#"{"request":"a","request":"b","user":"u","pin":"1","volume_ml":1,"volume_ml":2}"#;
    let ask = decode_ask(twice).unwrap();
    assert_eq!((ask.request.as_str(), ask.volume_ml), ("b", 2));
}

#[test]
fn a_pin_is_never_shown() {
    let shown = format!("{:?}", decode_ask(ASK.as_bytes()).unwrap());
    assert!(!shown.contains("4071") && !shown.contains("0700000102"), "{shown}");
}

#[test]
fn what_is_sent_has_exactly_the_contract_s_bytes() {
    let lines = ["Karibu Jane".to_owned(), "20.0 L".to_owned()];
    let mut answer = Answer {
        request: "01J",
        approved: true,
        reason: "verified",
        volume_ml: 20_000,
        balance_ml: Some(180_000),
        jerrycans_left: Some(0),
        name: Some("Jane"),
        lines: &lines,
    };
    assert_eq!(
        encode(&answer),
        r#"{"request":"01J","approved":true,"reason":"verified","volume_ml":20000,"balance_ml":180000,"jerrycans_left":0,"name":"Jane","lines":["Karibu Jane","20.0 L"]}"#
    );
    (answer.approved, answer.reason, answer.volume_ml) = (false, "wrong_pin", 0);
    (answer.balance_ml, answer.jerrycans_left, answer.name) = (None, None, None);
    assert_eq!(
        encode(&answer),
        r#"{"request":"01J","approved":false,"reason":"wrong_pin","volume_ml":0,"lines":["Karibu Jane","20.0 L"]}"#
    );
    let receipt = Receipt {
        request: "01J",
        volume_ml: 500,
        balance_ml: Some(179_500),
        receipt: "7K3F9QXA",
        lines: &[],
    };
    assert_eq!(
        encode(&receipt),
        r#"{"request":"01J","volume_ml":500,"balance_ml":179500,"receipt":"7K3F9QXA","lines":[]}"#
    );
    let config = Config {
        revision: 7,
        pulses_per_litre: 450,
        volume_ml_max: 20_000,
        language: "sw",
        enabled: true,
    };
    assert_eq!(
        encode(&config),
        r#"{"revision":7,"pulses_per_litre":450,"volume_ml_max":20000,"language":"sw","enabled":true}"#
    );
    let firmware = Firmware {
        manifest: "bQ==",
        signature: "cw==",
        url: "/firmware/1",
    };
    assert_eq!(
        encode(&firmware),
        r#"{"manifest":"bQ==","signature":"cw==","url":"/firmware/1"}"#
    );
    let mut error = WireError {
        code: ErrorCode::RequestConflict,
        detail: "other \"content\"".to_owned(),
        request: "r".parse().ok(),
    };
    assert_eq!(
        encode_error(&error),
        r#"{"code":"request_conflict","detail":"other \"content\"","request":"r"}"#
    );
    error.request = None;
    error.code = ErrorCode::UnknownTopic;
    assert_eq!(
        encode_error(&error),
        r#"{"code":"unknown_topic","detail":"other \"content\""}"#
    );
}

fn decode_all(payload: &[u8]) {
    let results = [
        decode_ask(payload).err(),
        decode_poured(payload).err(),
        decode_heartbeat(payload).err(),
        decode_progress(payload).err(),
    ];
    for error in results.into_iter().flatten() {
        encode_error(&error);
    }
}

proptest! {
    #[test]
    fn any_bytes_never_panic(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        decode_all(&payload);
    }

    #[test]
    fn any_spoiled_ask_never_panics(at in 0..ASK.len(), byte in any::<u8>(), cut in 0..ASK.len()) {
        let mut payload = ASK.as_bytes().to_vec();
        payload[at] = byte;
        decode_all(&payload);
        decode_all(&payload[..cut]);
    }

    #[test]
    fn any_integer_is_read_or_held_at_the_end(volume in any::<i128>()) {
        let ask = decode_ask(&ask_with("volume_ml", &volume.to_string())).unwrap();
        prop_assert_eq!(i128::from(ask.volume_ml), volume.clamp(i64::MIN.into(), i64::MAX.into()));
    }
}
