//! What is fuzzed, and the good inputs that are damaged.

use kiosk::{
    ids::{Lane, Writer},
    phone::Country,
    talk::sms::Command,
};
use modem::{
    event::{Body, Trouble},
    line::Framer,
    machine::{Effect, Input, Machine, Settings},
    order::{Order, OrderId, Outgoing},
    pdu::{Address, Centre, Content, Deliver, Message, Part, Stamp, StatusReport, Submit, Validity},
    sms::{self, Joiner},
    ussd,
};
use sync::record::Record;

use super::{Target, front, thin};

/// Everything that can be tried.
pub const TARGETS: [Target; 9] = [
    Target {
        name: "pdu",
        about: "PDUs of texts and reports, and the joining of parts",
        corpus: pdus,
        read: read_pdu,
    },
    Target {
        name: "lines",
        about: "what comes out of a modem, cut into lines",
        corpus: transcripts,
        read: read_lines,
    },
    Target {
        name: "machine",
        about: "the modem's driver, whatever the modem says",
        corpus: transcripts,
        read: read_machine,
    },
    Target {
        name: "ussd",
        about: "USSD texts in every form",
        corpus: ussd_texts,
        read: read_ussd,
    },
    Target {
        name: "command",
        about: "texts that people send to a site or the hub",
        corpus: commands,
        read: read_command,
    },
    Target {
        name: "record",
        about: "records of the other end, in CBOR",
        corpus: records,
        read: read_record,
    },
    Target {
        name: "frame",
        about: "frames of a link, before their tag is checked",
        corpus: frames,
        read: read_frame,
    },
    Target {
        name: "thin",
        about: "texts of sync, at a hub that knows the box; once more with their tag put right",
        corpus: thin::texts,
        read: thin::read,
    },
    Target {
        name: "front",
        about: "MQTT at the broker's front, from CONNECT to what the gateway is told",
        corpus: front::conversations,
        read: front::read,
    },
];

fn number(text: &str) -> Address {
    Address::number(text).expect("a number")
}

/// Octets, not hex: damage to hex is mostly no hex.
fn pdus() -> Vec<Vec<u8>> {
    let stamp = Some(Stamp {
        at_ms: 1_795_345_509_000,
        zone_quarters: 12,
    });
    let part = Part {
        reference: 0x2a,
        is_wide: false,
        total: 2,
        number: 1,
    };
    let gsm7 = Content::Gsm7(modem::gsm7::encode("Salio: €5 [lita 20]").expect("in the alphabet"));
    let ucs2 = Content::Ucs2("ሰላም 😀".encode_utf16().collect());
    let deliver = |from: Address, part, content| {
        Message::Deliver(Deliver {
            from,
            stamp,
            class: None,
            part,
            has_national_table: false,
            content,
        })
    };
    let wide = Part { is_wide: true, ..part };
    let messages = [
        deliver(number("+254700000101"), None, gsm7.clone()),
        deliver(number("22384"), Some(part), gsm7.clone()),
        deliver(Address::Name("SAFARICOM".into()), Some(wide), ucs2),
        deliver(number("+254700000101"), None, Content::Data(vec![1, 2, 3])),
        Message::Submit(Submit {
            reference: 1,
            to: number("+254700000101"),
            validity: Some(Validity(167)),
            wants_report: true,
            part: Some(part),
            content: gsm7,
        }),
        Message::StatusReport(StatusReport {
            reference: 1,
            to: number("0700000101"),
            stamp,
            done: stamp,
            status: 0,
        }),
    ];
    let octets = |hex: &str| -> Vec<u8> {
        let pairs = hex.as_bytes().chunks(2);
        let octet = |pair| u8::from_str_radix(std::str::from_utf8(pair).expect("hex"), 16).expect("hex");
        pairs.map(octet).collect()
    };
    let written = |message: &Message| {
        message
            .encode(&Centre::Number(number("+254722500029")))
            .expect("short")
            .hex
    };
    messages.iter().map(|message| octets(&written(message))).collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn read_pdu(octets: &[u8]) {
    let Ok((centre, message)) = Message::decode(&hex(octets)) else {
        return;
    };
    if let Ok(written) = message.encode(&centre) {
        assert!(Message::decode(&written.hex).is_ok(), "what it writes it reads");
    }
    match message {
        Message::Deliver(deliver) => {
            let mut joiner = Joiner::default();
            let at = std::time::Duration::from_secs;
            let mut whole = joiner.take(at(0), None, deliver.clone());
            whole.extend(joiner.take(at(1), None, deliver));
            whole.extend(joiner.give_up(at(9), at(1)));
            assert!(joiner.is_empty(), "nothing waits for ever");
            for text in whole {
                if let Body::Text(text) = text.body {
                    assert!(sms::split(&text, 1).is_ok(), "one message is a few at most");
                }
            }
        }
        Message::StatusReport(report) => drop(report.fate()),
        Message::Submit(_) => {}
    }
}

/// What modems say in the driver's own transcripts.
fn transcripts() -> Vec<Vec<u8>> {
    let texts = [
        include_str!("../../../modem/tests/transcripts/generic_start.txt"),
        include_str!("../../../modem/tests/transcripts/ec25_start.txt"),
        include_str!("../../../modem/tests/transcripts/huawei_start.txt"),
        include_str!("../../../modem/tests/transcripts/sim7600_start.txt"),
        include_str!("../../../modem/tests/transcripts/receives.txt"),
        include_str!("../../../modem/tests/transcripts/sends.txt"),
        include_str!("../../../modem/tests/transcripts/sweeps.txt"),
        include_str!("../../../modem/tests/transcripts/unasked.txt"),
        include_str!("../../../modem/tests/transcripts/ussd_plain.txt"),
        include_str!("../../../modem/tests/transcripts/ussd_packed.txt"),
    ];
    let said = |text: &str| -> Vec<u8> {
        let lines = text.lines().filter_map(|line| line.strip_prefix("< "));
        lines.flat_map(|line| format!("\r\n{line}\r\n").into_bytes()).collect()
    };
    texts.map(said).into()
}

fn read_lines(bytes: &[u8]) {
    let mut framer = Framer::new();
    // In pieces of a length that the input chooses.
    let piece = bytes.first().map_or(1, |first| usize::from(*first) + 1);
    for piece in bytes.chunks(piece) {
        framer.push(piece);
        assert!(
            framer.held() <= 2 * modem::line::LINE_MAX + 8,
            "it holds {}",
            framer.held()
        );
    }
    framer.give_up_quotes();
}

fn read_machine(bytes: &[u8]) {
    let mut machine = Machine::new(Settings {
        sim_pin: Some("1234".to_owned()),
        ..Settings::default()
    });
    let mut now_ms = 0;
    machine.handle(now_ms, Input::Tick);
    machine.handle(now_ms, Input::Opened);
    let piece = bytes.first().map_or(1, |first| usize::from(*first) + 1);
    for (place, piece) in bytes.chunks(piece).enumerate() {
        // Half of the time passes slowly enough for every time-out.
        now_ms += if piece[0] & 1 == 0 { 10 } else { 70_000 };
        match place % 16 {
            3 => drop(machine.handle(now_ms, Input::Order(Order::Send(outgoing())))),
            7 => {
                let (id, code) = (OrderId(2), "*144#".to_owned());
                machine.handle(now_ms, Input::Order(Order::Dial { id, code }));
            }
            11 => {
                let (id, text) = (OrderId(2), "1".to_owned());
                machine.handle(now_ms, Input::Order(Order::Say { id, text }));
            }
            _ => {}
        }
        for effect in machine.handle(now_ms, Input::Bytes(piece)) {
            if let Effect::Open { .. } = effect {
                machine.handle(now_ms, Input::Opened);
            }
        }
        machine.handle(now_ms, Input::Tick);
    }
    machine.handle(now_ms, Input::Closed(Trouble::Gone));
}

fn outgoing() -> Outgoing {
    Outgoing {
        id: OrderId(1),
        to: "+254700000101".to_owned(),
        text: "Salio: lita 20".to_owned(),
        validity: None,
        wants_report: true,
    }
}

/// The coding stands first.
fn ussd_texts() -> Vec<Vec<u8>> {
    let texts: [(u8, &[u8]); 6] = [
        (15, b"Bal: Ksh 25.00"),
        (72, b"00420061006C"),
        (17, b"F33B00420061"),
        (15, b"E8329BFD4697D9EC37"),
        (0x44, b"4F4B"),
        (15, b"a\x00b\x02c\x11"),
    ];
    texts
        .iter()
        .map(|(coding, text)| [&[*coding], *text].concat())
        .collect()
}

fn read_ussd(bytes: &[u8]) {
    let Some((coding, text)) = bytes.split_first() else {
        return;
    };
    for form in [
        ussd::Form::Plain,
        ussd::Form::Packed,
        ussd::Form::Ucs2,
        ussd::Form::Unknown,
    ] {
        let heard = ussd::decode(text, Some(*coding), form);
        ussd::decode(text, None, form);
        if let Ok((written, _)) = ussd::encode(&heard, form) {
            let breaks_out = written.contains(|c: char| c == '"' || c.is_control());
            assert!(!breaks_out, "it ends its own quotes: {written:?}");
        }
    }
}

fn commands() -> Vec<Vec<u8>> {
    let texts = [
        "REGISTER Jane Doe, Kibera",
        "salio",
        "BUY 20 litres",
        "nunua 500",
        "LOAN 200 0700000102 in 3 parts",
        "APPROVE 123456",
        "REPORT 1234567 the tap drips",
        "CHECK 7K3F9QXA",
        "LANG sw",
        "STOP",
        "Habari 😀 ሰላም",
    ];
    texts.map(|text| text.as_bytes().to_vec()).into()
}

fn read_command(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for country in [Country::Kenya, Country::Uganda, Country::Tanzania, Country::Rwanda] {
        if let Ok(command) = Command::read(&text, country) {
            command.form();
        }
    }
}

/// The golden bytes of sync's own tests.
pub(super) fn records() -> Vec<Vec<u8>> {
    let poured = "8903821ba1a1a1a1a1a1a1a119012c81831b414141414141414107194e20000004657461702d311a6ab13b80f5";
    [poured, "8200818218a11855", "83020102"]
        .map(|golden| {
            let pairs = golden.as_bytes().chunks(2);
            let octet = |pair| u8::from_str_radix(std::str::from_utf8(pair).expect("hex"), 16).expect("hex");
            pairs.map(octet).collect()
        })
        .into()
}

fn read_record(bytes: &[u8]) {
    for by in [Writer::Site, Writer::Hub] {
        for lane in Lane::ALL {
            if let Ok(record) = Record::decode(by, lane, bytes) {
                let again = record.encode(by, lane);
                assert_eq!(again.as_deref().ok(), Some(bytes), "a record has one form");
            }
        }
    }
}

/// Kind and body: length and tag are put around them, so that damage reaches what reads the body.
fn frames() -> Vec<Vec<u8>> {
    let mut bodies = records();
    for (kind, body) in bodies.iter_mut().enumerate() {
        body.insert(0, kind as u8);
    }
    bodies
}

fn read_frame(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else {
        return;
    };
    for flags in [0, 1] {
        let content = [&[*kind, flags], body, &[0; sync::seal::TAG_BYTES]].concat();
        let length = u32::try_from(content.len()).expect("short").to_be_bytes();
        let frame = [&length[..], &content].concat();
        if let Ok(unverified) = sync::frame::decode(&frame) {
            unverified.claim();
        }
    }
    assert!(sync::frame::split(bytes).map_or(true, |whole| {
        whole.is_none_or(|(frame, rest)| frame.len() + rest.len() == bytes.len())
    }));
}
