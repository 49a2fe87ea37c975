use proptest::prelude::*;

use super::*;
use crate::{event::Body, gsm7};

fn number(text: &str) -> Address {
    Address::number(text).expect("a number")
}

fn text(text: &str) -> Content {
    Content::Gsm7(gsm7::encode(text).expect("in the alphabet"))
}

fn read(hex: &str) -> Message {
    Message::decode(hex).expect("readable").1
}

#[test]
fn a_deliver_that_was_written_by_hand_is_read() {
    // 07 91 52742205 0092: the centre +254722500029. 04: DELIVER, no more. 0C 91 527400001010: from +254700000101.
    // 00 00: no protocol, GSM alphabet. 62112241509021: 2026-11-22 14:05:09, UTC+3. 0A: ten septets, "hellohello".
    let hex = "0791527422050092040C91527400001010000062112241509021 0AE8329BFD4697D9EC37".replace(' ', "");
    let expected = Deliver {
        from: number("+254700000101"),
        stamp: Some(Stamp {
            at_ms: 1_795_345_509_000,
            zone_quarters: 12,
        }),
        class: None,
        part: None,
        has_national_table: false,
        content: text("hellohello"),
    };
    let centre = Centre::Number(number("+254722500029"));
    for hex in [
        hex.clone(),
        hex.to_lowercase(),
        format!("{hex}\r"),
        format!("{hex}0000"),
    ] {
        assert_eq!(
            Message::decode(&hex),
            Ok((centre.clone(), Message::Deliver(expected.clone()))),
            "{hex}"
        );
    }
    let written = Message::Deliver(expected).encode(&centre).expect("short");
    // All octets less the eight of the centre.
    assert_eq!((written.length, written.hex), (hex.len() / 2 - 8, hex));
}

#[test]
fn a_submit_is_written_as_by_hand() {
    // 00: the SIM's centre. 31: SUBMIT, relative validity, report wanted. 00: reference. 0C 91 …: to +254700000101.
    // 00 00, A7: a day (167 = 12 h + 24 half hours). 0A and "hellohello".
    let submit = Message::Submit(Submit {
        reference: 0,
        to: number("+254700000101"),
        validity: Some(Validity::at_least(std::time::Duration::from_secs(86_400))),
        wants_report: true,
        part: None,
        content: text("hellohello"),
    });
    let written = submit.encode(&Centre::OfSim).expect("short");
    assert_eq!(written.hex, "0031000C915274000010100000A70AE8329BFD4697D9EC37");
    assert_eq!(written.length, 23);
    assert_eq!(read(&written.hex), submit);
    // Two letters of UCS-2 in part 2 of 3 with reference 2A, to a short code, without validity or report.
    let submit = Message::Submit(Submit {
        reference: 7,
        to: number("22384"),
        validity: None,
        wants_report: false,
        part: Some(Part {
            reference: 0x2a,
            is_wide: false,
            total: 3,
            number: 2,
        }),
        content: Content::Ucs2("ሰላ".encode_utf16().collect()),
    });
    let written = submit.encode(&Centre::OfSim).expect("short");
    assert_eq!(
        written.hex,
        "004107058122 83F4 0008 0A 0500032A0302 1230 120B".replace(' ', "")
    );
}

#[test]
fn a_submit_with_an_absolute_validity_is_read() {
    let hex = "0019000C915274000010100000621122415090210AE8329BFD4697D9EC37";
    let Message::Submit(submit) = read(hex) else {
        panic!("a submit")
    };
    assert_eq!((submit.validity, submit.content), (None, text("hellohello")));
}

#[test]
fn a_report_is_read_and_its_status_means_a_fate() {
    // 06: report, no more. 2A: the reference. 0A 81: national 0700000101. Two stamps, 00: delivered.
    let hex = "00062A0A8170000010106211224150902162112241609021 00".replace(' ', "");
    let Message::StatusReport(mut report) = read(&hex) else {
        panic!("a report")
    };
    assert_eq!((report.reference, report.to.to_string().as_str()), (0x2a, "0700000101"));
    assert_eq!(report.stamp.map(|stamp| stamp.at_ms), Some(1_795_345_509_000));
    assert_eq!(report.done.map(|stamp| stamp.at_ms), Some(1_795_345_569_000));
    assert_eq!(
        Message::StatusReport(report.clone())
            .encode(&Centre::OfSim)
            .expect("short")
            .hex,
        hex
    );
    for (status, fate) in [
        (0x00, Fate::Delivered),
        (0x1f, Fate::Delivered),
        (0x20, Fate::Trying),
        (0x3f, Fate::Trying),
        (0x40, Fate::Failed),
        (0x65, Fate::Failed),
        (0x80, Fate::Failed),
    ] {
        report.status = status;
        assert_eq!(report.fate(), fate, "{status:02x}");
    }
}

#[test]
fn what_is_cut_off_or_pretends_is_named() {
    let hex = "0791527422050092040C915274000010100000621122415090210AE8329BFD4697D9EC37";
    for end in (0..hex.len()).step_by(2) {
        assert!(matches!(Message::decode(&hex[..end]), Err(PduError::Short(_))), "{end}");
    }
    assert_eq!(Message::decode("0"), Err(PduError::NotHex));
    assert_eq!(Message::decode("00é"), Err(PduError::NotHex));
    // A header of ten octets in a text of two; an address of 21 digits.
    let header = "00440C9152740000101000046211224150902102 0A00".replace(' ', "");
    assert_eq!(Message::decode(&header), Err(PduError::Header));
    let address = format!("000415 91{}", "11".repeat(30)).replace(' ', "");
    assert!(matches!(Message::decode(&address), Err(PduError::Address(_))));
    // Compressed text is not read as letters.
    let Message::Deliver(deliver) = read(
        "00040C9152740000101000206211224150902102 0A00"
            .replace(' ', "")
            .as_str(),
    ) else {
        panic!("a deliver")
    };
    assert_eq!(deliver.content.body(), Body::Data(vec![0x0a, 0x00]));
    // The reserved kind is a DELIVER.
    assert!(matches!(read(&hex.replacen("040C", "070C", 1)), Message::Deliver(_)));
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        prop::collection::vec(0u8..128, 0..=152).prop_map(Content::Gsm7),
        prop::collection::vec(any::<u16>(), 0..=66).prop_map(Content::Ucs2),
        prop::collection::vec(any::<u8>(), 0..=133).prop_map(Content::Data),
        prop::collection::vec(any::<u8>(), 0..=133).prop_map(Content::Compressed),
    ]
}

fn part() -> impl Strategy<Value = Option<Part>> {
    let part = (any::<u8>(), any::<u8>(), any::<bool>(), 1u8..=255, any::<u8>());
    prop::option::of(part.prop_map(|(high, low, is_wide, total, number)| Part {
        reference: u16::from_be_bytes([if is_wide { high } else { 0 }, low]),
        is_wide,
        total,
        number: number % total + 1,
    }))
}

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![
        "[+]?[0-9]{1,20}".prop_map(|text| number(&text)),
        "[A-Za-z0-9 @]{0,11}".prop_map(|text| Address::name(&text).expect("a name"))
    ]
}

fn stamp() -> impl Strategy<Value = Option<Stamp>> {
    let stamp = (1_000_000_000i64..3_000_000_000, -56i8..=56);
    prop::option::of(stamp.prop_map(|(second, zone_quarters)| Stamp {
        at_ms: second * 1000,
        zone_quarters,
    }))
}

fn message() -> impl Strategy<Value = Message> {
    let deliver = (address(), stamp(), prop::option::of(0u8..4), part(), content());
    let submit = (
        any::<u8>(),
        address(),
        prop::option::of(any::<u8>()),
        any::<bool>(),
        part(),
        content(),
    );
    let report = (any::<u8>(), address(), stamp(), stamp(), any::<u8>());
    prop_oneof![
        deliver.prop_map(|(from, stamp, class, part, content)| {
            Message::Deliver(Deliver {
                from,
                stamp,
                class,
                part,
                has_national_table: false,
                content,
            })
        }),
        submit.prop_map(|(reference, to, validity, wants_report, part, content)| {
            let validity = validity.map(Validity);
            Message::Submit(Submit {
                reference,
                to,
                validity,
                wants_report,
                part,
                content,
            })
        }),
        report.prop_map(|(reference, to, stamp, done, status)| {
            Message::StatusReport(StatusReport {
                reference,
                to,
                stamp,
                done,
                status,
            })
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(message in message(), centre in prop::option::of("[+]?[0-9]{1,20}")) {
        let centre = centre.map_or(Centre::OfSim, |centre| Centre::Number(number(&centre)));
        let written = message.encode(&centre).expect("fits");
        prop_assert_eq!(Message::decode(&written.hex), Ok((centre, message)));
    }

    #[test]
    fn no_octets_panic(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        let decoded = Message::decode(&hex::encode(&octets));
        if let Ok((_, Message::Deliver(deliver))) = decoded {
            deliver.content.body();
        }
    }

    #[test]
    fn no_damage_panics(message in message(), place in any::<prop::sample::Index>(), octet in any::<u8>()) {
        let written = message.encode(&Centre::OfSim).expect("fits");
        let mut octets = hex::decode(written.hex.as_bytes()).expect("hex");
        let place = place.index(octets.len());
        octets[place] = octet;
        if let Ok((centre, message)) = Message::decode(&hex::encode(&octets)) {
            // What it reads it can also write, unless the damage made a text of more than 140 octets or an odd address.
            if let Ok(written) = message.encode(&centre) {
                prop_assert!(Message::decode(&written.hex).is_ok());
            }
        }
    }
}
