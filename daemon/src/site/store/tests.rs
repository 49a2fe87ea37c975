//! Rows as bytes, and a database of before anything was sealed.

use std::path::PathBuf;

use sync::seal::SecretKey;

use super::*;

#[test]
fn parts_read_back() {
    let grant = GrantId {
        epoch: Epoch(u64::MAX),
        number: 7,
    };
    let parts = vec![
        (grant, Volume::from_ml(20_000)),
        (GrantId { number: 8, ..grant }, Volume::ZERO),
    ];
    assert_eq!(unpack_parts(&pack_parts(&parts)).unwrap(), parts);
    assert!(unpack_parts(&[0; 23]).is_err());
    assert!(unpack_parts(&[0; 32]).is_err());
}

/// What the older schema of the test below holds, in the clear. 9 is a box's log of the hub's edits.
const IN_THE_CLEAR: &str = "
    INSERT INTO journal_logs (number, box, writer, lane, epoch, mark, chain) VALUES (1, 9, 1, 1, 68, 2, zeroblob(32));
    INSERT INTO journal_records (log, seq, bytes) VALUES (1, 1, x'820080'), (1, 2, CAST('+254700000102 Jane Smith' AS BLOB));
    INSERT INTO customer (id, account, phone, name) VALUES (7, 123456, '+254700000102', 'Jane Smith'), (8, NULL, NULL, '');
    INSERT INTO document VALUES ('customer:7', CAST('Jane Smith' AS BLOB)), ('customer:8', NULL);
    INSERT INTO document_waiting VALUES ('customer:7', CAST('Jane Smith' AS BLOB));
    INSERT INTO request (dispenser, request, content, answer, receipt, uptime_ms)
      VALUES ('tap-1', 'a1', x'01', CAST('Jane' AS BLOB), NULL, 5);
    INSERT INTO answered VALUES ('manager', '0700000102', x'01', 201, CAST('Jane' AS BLOB), 5);
    INSERT INTO login_try (name, uptime_ms) VALUES ('0700000102', 5);
    INSERT INTO audit (time, who, what, detail) VALUES (1000, 'operator', 'dispenser_added', 'tap-1'),
      (2000, 'manager', 'registered', 'Jane');
";

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("kisima-site-store-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn bytes_of(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect()
}

fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

#[test]
fn an_older_database_is_sealed_and_its_free_pages_keep_nothing() {
    let folder = folder("older");
    let path = folder.join("site.db");
    let vault = Vault::new(&SecretKey::new([7; 32]));
    let older = Database::open(&path, Durability::Relaxed, &MIGRATIONS[..3]).unwrap();
    older.connection().execute_batch(IN_THE_CLEAR).unwrap();
    drop(older);
    assert!(holds(&bytes_of(&folder), "Jane") && holds(&bytes_of(&folder), "700000102"));

    let database = open(&path, Durability::Relaxed, &vault).unwrap();
    let bytes = bytes_of(&folder);
    assert!(!holds(&bytes, "Jane") && !holds(&bytes, "700000102"));

    let connection = database.connection();
    let jane = people::by_phone(connection, "+254700000102").unwrap().unwrap();
    assert_eq!((jane.id, jane.name.as_str()), (CustomerId(7), "Jane Smith"));
    let nobody = people::find(connection, CustomerId(8)).unwrap().unwrap();
    assert_eq!((nobody.phone, nobody.name.as_str()), (None, ""));
    assert_eq!(
        documents::get(connection, "customer:7").unwrap().unwrap(),
        b"Jane Smith"
    );
    assert!(documents::is_erased(connection, "customer:8").unwrap());
    assert_eq!(documents::waiting(connection, "customer:7").unwrap(), [b"Jane Smith"]);
    let (tap, request) = ("tap-1".parse().unwrap(), "a1".parse().unwrap());
    let row = requests::find(connection, &tap, &request).unwrap().unwrap();
    assert_eq!((row.answer.as_deref(), row.receipt), (Some(b"Jane".as_slice()), None));
    let row = accounts::answered(connection, "manager", "0700000102")
        .unwrap()
        .unwrap();
    assert_eq!(row.body, b"Jane");
    let (count, _) = accounts::tries(connection, "0700000102", kiosk::moment::Uptime(0)).unwrap();
    assert_eq!(count, 1);
    let key = kiosk::ids::LogKey {
        box_id: kiosk::ids::BoxId(9),
        by: kiosk::ids::Writer::Hub,
        lane: kiosk::ids::Lane::Edits,
        epoch: Epoch(68),
    };
    use sync::journal::{Logs as _, Stored};
    let records = logs(connection).read(&key, 2, usize::MAX).unwrap();
    assert_eq!(records, [Stored::Bytes(b"+254700000102 Jane Smith".to_vec())]);
    assert_eq!(audit::verify(connection).unwrap(), Ok(2));
    assert_eq!(audit::newest(connection, 1).unwrap()[0].what, "registered");
    drop(database);
    drop(open(&path, Durability::Relaxed, &vault).unwrap());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_text_to_everybody_of_before_it_had_languages_goes_on_for_a_day() {
    let folder = folder("broadcasts");
    let path = folder.join("site.db");
    let vault = Vault::new(&SecretKey::new([7; 32]));
    let older = Database::open_sealed(&path, Durability::Relaxed, &vault, &MIGRATIONS[..10]).unwrap();
    older
        .connection()
        .execute_batch(
            "INSERT INTO broadcast (id, by, body_sealed, parts, state, made_ms)
               VALUES (3, 'musa', sealed('broadcast.body_sealed', 3, 'No water'), 1, 'running', 1000);
             INSERT INTO broadcast_to (broadcast, place, customer, phone_key) VALUES (3, 1, 7, x'00')",
        )
        .unwrap();
    drop(older);
    let database = open(&path, Durability::Relaxed, &vault).unwrap();
    let shown = broadcasts::newest(database.connection(), 1).unwrap().remove(0);
    assert_eq!((shown.texts[0].body.as_str(), shown.texts[0].parts), ("No water", 1));
    assert_eq!((shown.state.as_str(), shown.people, shown.waiting), ("running", 1, 1));
    assert_eq!(shown.until.0, 1_000 + 24 * 3_600_000);
    let waiting = broadcasts::waiting(database.connection(), 3, 8).unwrap();
    assert_eq!(waiting[0].body, "No water");
    drop(database);
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A decision at the tap pays for one keyed hash and a row that is opened, not for a look at every customer.
#[test]
fn one_of_many_is_found_by_phone() {
    let folder = folder("many");
    let vault = Vault::new(&SecretKey::new([7; 32]));
    let database = open(&folder.join("site.db"), Durability::Relaxed, &vault).unwrap();
    let connection = database.connection();
    database.begin().unwrap();
    let phone = |number: u64| format!("+2547{number:08}");
    for number in 0..2_000 {
        people::put_profile(connection, CustomerId(number), Some(&phone(number)), "Jane Smith", "en").unwrap();
    }
    database.commit().unwrap();
    for number in 0..2_000 {
        let row = people::by_phone(connection, &phone(number)).unwrap().unwrap();
        assert_eq!(row.id, CustomerId(number));
    }
    let plan = "EXPLAIN QUERY PLAN SELECT id FROM customer WHERE phone_key = keyed('customer.phone', ?1) LIMIT 1";
    let plan: String = connection.query_row(plan, ["+254700000102"], |row| row.get(3)).unwrap();
    assert!(plan.contains("customer_by_phone"), "not a look at every row: {plan}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_rewrite_that_cannot_be_done_is_tried_at_three_starts_and_then_at_every_tenth() {
    let folder = folder("rewrite");
    let vault = Vault::new(&SecretKey::new([7; 32]));
    let database = open(&folder.join("site.db"), Durability::Relaxed, &vault).unwrap();
    let connection = database.connection();
    assert!(!is_rewrite_due(connection).unwrap());
    meta::put(connection, REWRITE_DUE, &[1]).unwrap();
    for _ in 0..3 {
        // No file is written anew inside a transaction.
        database.begin().unwrap();
        rewrite_if_due(&database).unwrap();
        database.commit().unwrap();
        assert!(is_rewrite_due(connection).unwrap());
    }
    // From here on it could be done.
    for start in 4..10 {
        rewrite_if_due(&database).unwrap();
        assert!(is_rewrite_due(connection).unwrap(), "start {start}");
    }
    rewrite_if_due(&database).unwrap();
    assert!(!is_rewrite_due(connection).unwrap(), "the tenth");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_start_is_given_the_time_it_takes() {
    let unit = include_str!("../../../../packaging/systemd/kisima-gateway.service");
    assert!(unit.lines().any(|line| line == "TimeoutStartSec=infinity"), "{unit}");
}
