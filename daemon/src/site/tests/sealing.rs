//! A stolen card: what its files tell without the key (RELIABILITY row 27).

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use sync::document::{Actor, Document};

use super::{
    super::{
        input::{Command, Once, Order, ReplyId, TurnedAway},
        store::{documents, people, requests, requests::RequestRow},
    },
    *,
};

/// Digits and words of Jane, of Amina who was registered here, and of what others typed: none may be found.
const PERSONAL: [&str; 9] = [
    "700000102",
    "700 000 102",
    "711222333",
    "733444555",
    "Jane",
    "Smith",
    "Amina",
    "Otieno",
    "Mathare",
];

/// What the hub's document of Jane says, in two changes of which the second needs the first.
fn changes() -> [Vec<u8>; 2] {
    let mut document = Document::new(DocumentId::Customer(JANE), Actor::hub(Epoch(0x44)));
    let profile = [("phone", Some(PHONE)), ("name", Some("Jane Smith"))];
    let first = document.edit(&profile).unwrap().unwrap();
    let second = document.edit(&[("city", Some("Mathare"))]).unwrap().unwrap();
    [first, second]
}

/// Jane's document, as the database names it.
fn doc() -> String {
    format!("customer:{JANE}")
}

fn hear_change(bench: &mut Bench, bytes: &[u8]) {
    let (doc, bytes) = (DocumentId::Customer(JANE), bytes.to_vec());
    bench.hear(Lane::Edits, Record::Edit(Edit::Change { doc, bytes }));
}

fn tell(bench: &mut Bench, command: Command) {
    bench.give(Input::Told(ReplyId(1), command));
}

/// A site with people in every place that a person's name can come to.
fn crowded(name: &str) -> Bench {
    let mut bench = ready(name);
    let [first, second] = changes();
    hear_change(&mut bench, &second);
    assert_eq!(documents::waiting(bench.site().connection(), &doc()).unwrap().len(), 1);
    bench.grant(100_000);
    bench.ask("a1", "4071", 5_000);
    bench.pour("a1", 5_000);
    bench.ask("a2", "1111", 5_000);

    let register = Command::Register {
        phone: "0711 222 333".to_owned(),
        name: "Amina Otieno".to_owned(),
        pin: "4829".to_owned(),
    };
    let order = Order {
        who: "manager".to_owned(),
        once: Some(Once {
            key: "register 0711222333".to_owned(),
            content: [7; 32],
        }),
        command: register,
    };
    tell(&mut bench, Command::By(Box::new(order)));
    for name in ["0733444555", "+254733444555"] {
        tell(
            &mut bench,
            Command::TryLogin {
                name: name.to_owned(),
                device: None,
            },
        );
    }
    bench.give(Input::TurnedAway(TurnedAway {
        user: Some("0733444555".to_owned()),
        from: "10.0.0.9".to_owned(),
        why: "bad_credentials",
        untold: 0,
    }));
    let row = RequestRow {
        content: vec![1; 16],
        answer: Some(br#"{"name":"Jane"}"#.to_vec()),
        hold: None,
        receipt: Some(b"Jane".to_vec()),
        guesses: 0,
    };
    let (tap, request) = ("tap-1".parse().unwrap(), "b1".parse().unwrap());
    requests::insert(
        bench.site().connection(),
        &tap,
        &request,
        &row,
        kiosk::moment::Uptime(1),
    )
    .unwrap();
    assert_eq!(
        requests::find(bench.site().connection(), &tap, &request).unwrap(),
        Some(row)
    );

    hear_change(&mut bench, &first);
    // One more change waits for what never comes.
    let mut other = Document::new(DocumentId::Customer(JANE), Actor::hub(Epoch(0x45)));
    other.edit(&[("city", Some("Mathare"))]).unwrap();
    let orphan = other.edit(&[("name", Some("Jane Smith"))]).unwrap().unwrap();
    hear_change(&mut bench, &orphan);
    bench
}

/// All files of a folder, one after the other.
fn bytes_of(folder: &std::path::Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect()
}

fn found(bytes: &[u8], word: &str) -> bool {
    let utf16: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let holds = |word: &[u8]| {
        bytes
            .windows(word.len())
            .any(|window| window.eq_ignore_ascii_case(word))
    };
    holds(word.as_bytes()) || holds(&utf16)
}

#[test]
fn no_phone_and_no_name_is_in_any_byte_of_the_database_its_log_or_its_copies() {
    let mut bench = crowded("sealed");
    let connection = bench.site().connection();
    let jane = people::by_phone(connection, PHONE).unwrap().unwrap();
    assert_eq!((jane.id, jane.name.as_str()), (JANE, "Jane Smith"));
    assert_eq!(jane.phone.as_deref(), Some(PHONE));
    let amina = people::by_phone(connection, "+254711222333").unwrap().unwrap();
    assert_eq!(amina.name, "Amina Otieno");
    assert!(documents::get(connection, &doc()).unwrap().is_some());
    assert_eq!(documents::waiting(connection, &doc()).unwrap().len(), 1);

    let copy = bench.folder.join("copy.db");
    bench.site().database.backup(&copy).unwrap();
    let with_log = bytes_of(&bench.folder);
    assert!(found(&with_log, "tap-1"), "what is searched holds what is in the clear");
    for word in PERSONAL {
        assert!(!found(&with_log, word), "{word} is on the card");
    }
    bench.site.take().unwrap().close().unwrap();
    let closed = bytes_of(&bench.folder);
    for word in PERSONAL {
        assert!(!found(&closed, word), "{word} is on the card after a clean end");
    }
}

#[test]
fn sealed_records_travel_in_the_clear_and_their_chain_is_that_of_the_plain_bytes() {
    let mut bench = ready("sealed-chain");
    let [first, _] = changes();
    hear_change(&mut bench, &first);
    let log = kiosk::ids::LogKey {
        box_id: BoxId(9),
        by: Writer::Hub,
        lane: Lane::Edits,
        epoch: Epoch(0x44),
    };
    let logs = crate::site::store::logs(bench.site().connection());
    use sync::journal::{Logs as _, Stored};
    let stored = logs.read(&log, 1, usize::MAX).unwrap();
    // PROTOCOL rule 6: chain(1) = H(epoch, hash of record 1), chain(n) = H(chain(n - 1), hash of record n).
    let mut chain = 0x44_u64.to_be_bytes().to_vec();
    for record in &stored {
        let Stored::Bytes(bytes) = record else {
            panic!("{record:?}")
        };
        chain = Sha256::new()
            .chain_update(&chain)
            .chain_update(Sha256::digest(bytes))
            .finalize()
            .to_vec();
    }
    assert!(found(
        &stored
            .iter()
            .flat_map(|record| match record {
                Stored::Bytes(bytes) => bytes.clone(),
                Stored::Blank(_) => Vec::new(),
            })
            .collect::<Vec<_>>(),
        "Jane Smith"
    ));
    assert_eq!(logs.log(&log).unwrap().unwrap().chain.to_vec(), chain);
}

#[test]
fn ten_thousand_pins_against_the_database_alone_tell_none() {
    let mut bench = crowded("pins");
    let connection = bench.site().connection();
    let row = people::find(connection, JANE).unwrap().unwrap();
    let verifier = row.pin.unwrap();
    let (tap, request) = ("tap-1".parse().unwrap(), "a2".parse().unwrap());
    let content = requests::find(connection, &tap, &request).unwrap().unwrap().content;
    let pins = || (0..10_000).map(|number| format!("{number:04}"));
    let with_key = |key: [u8; 32]| {
        let key = PinKey::new(key);
        pins()
            .filter(|pin| key.is_right(&verifier, JANE, &pin.parse().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        with_key([3; 32]),
        ["4071"],
        "with the key, which is not in the database, one is right"
    );
    assert!(with_key([0; 32]).is_empty());
    for pin in pins() {
        let phone = "0700000102";
        let fields = ["user", phone, pin.as_str(), ""];
        let text: Vec<u8> = fields
            .iter()
            .flat_map(|field| [&(field.len() as u64).to_be_bytes()[..], field.as_bytes()].concat())
            .chain(5_000_i64.to_be_bytes())
            .collect();
        let empty = Hmac::<Sha256>::new_from_slice(&[]).unwrap().chain_update(&text);
        let guesses: [Vec<u8>; 5] = [
            Sha256::digest(&pin).to_vec(),
            Sha256::digest(format!("{phone}{pin}")).to_vec(),
            Sha256::digest(format!("{PHONE}{pin}")).to_vec(),
            Sha256::digest(&text).to_vec(),
            empty.finalize().into_bytes().to_vec(),
        ];
        for guess in guesses {
            assert_ne!(guess[..16], verifier, "{pin}");
            assert_ne!(guess[..16], content[..], "{pin}");
        }
    }
}

#[test]
fn a_database_under_another_key_is_refused_and_says_the_way_out() {
    let bench = ready("other-key");
    let path = bench.folder.join("site.db");
    let other = Vault::new(&SecretKey::new([1; 32]));
    let error = crate::site::store::open(&path, Durability::Relaxed, &other)
        .map(drop)
        .unwrap_err();
    assert!(error.to_string().contains("put the key back"), "{error}");
}
