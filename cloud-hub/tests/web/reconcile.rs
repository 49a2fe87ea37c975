//! `reconcile` for providers whose statement is the plain one: every difference is listed.

use crate::{
    house::{Folder, House},
    program::run,
    providers::settings,
};

/// Ugandan shillings have no cents. Three purchases by MTN: settled under a receipt, for another amount, and without any
/// receipt under our own name of it; and one that the statement does not have.
const BOOKED: [(&str, &str, i64, &str); 4] = [
    ("1", "'17'", 4_000, "'ref-1'"),
    ("2", "'18'", 4_000, "'ref-2'"),
    ("3", "NULL", 5_000, "'ref-3'"),
    ("4", "'19'", 6_000, "'ref-4'"),
];

#[tokio::test]
async fn every_difference_of_a_plain_statement_is_listed() {
    let secrets = Folder::new();
    let set = settings(&secrets, &[]);
    let house = House::with(&set.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let customer = house.customer("0772000102", "4071").await;
    let customer = u64::from_str_radix(&customer, 16).unwrap().cast_signed();
    let books = rusqlite::Connection::open(house.database()).unwrap();
    for (id, receipt, amount, reference) in BOOKED {
        let row = format!(
            "INSERT INTO purchase (id, customer, kind, amount_minor, currency, pay, provider, payer, token, state,
                 reference, receipt, claimed, mismatched, told, since_ms, queries, retries, created_ms, settled_ms)
             VALUES ({id}, {customer}, 'deposit', {amount}, 'UGX', 'prompt', 'mtn', 256772000102, '{id}', 'succeeded',
                 {reference}, {receipt}, 0, 0, 0, 1795165200000, 0, 0, 1795165200000, 1795165230000)"
        );
        books.execute(&row, []).unwrap();
    }
    let file = house.folder.0.join("statement.csv");
    let text = "receipt,time,amount,currency,payer,reference,kind\n\
        17,2026-11-20T09:00:30Z,4000,UGX,256772000102,ref-1,payment\n\
        18,2026-11-20T09:00:31Z,4500,UGX,256772000102,ref-2,payment\n\
        77,2026-11-20T09:00:32Z,5000,UGX,256772000102,ref-3,payment\n\
        78,2026-11-20T09:00:33Z,7000,UGX,256772000102,ref-9,payment\n\
        17,2026-11-20T09:00:34Z,4000,UGX,256772000102,ref-1,payment\n\
        79,2026-11-20T08:00:00Z,150,UGX,,,fee\n\
        80,2026-11-20T10:00:00Z,9000,UGX,,,payout\n";
    std::fs::write(&file, text).unwrap();
    let reconcile = async |provider: &str, more: &[&str]| {
        let mut words: Vec<&str> = set.iter().flat_map(|set| ["--set", set.as_str()]).collect();
        let path = file.to_str().unwrap();
        words.extend(["reconcile", "--provider", provider, "--statement", path]);
        words.extend(more);
        let output = run(&house.folder, &words).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, told, _) = reconcile("mtn", &[]).await;
    let expected = "in the statement, not in the books: line 5, 78, UGX 7000, 2026-11-20T09:00:33Z, account ref-9\n\
        another amount: line 3, 18, UGX 4500, 2026-11-20T09:00:31Z, account ref-2; the books hold UGX 4000\n\
        twice in the statement: line 6, 17, UGX 4000, 2026-11-20T09:00:34Z, account ref-1\n\
        in the books, not in the statement: 19, UGX 6000, 2026-11-20T09:00:00Z\n\
        not compared: 2 lines of other money that went out, UGX 9150 in all\n\
        2 payments agree\n";
    assert_eq!((code, told.as_str()), (Some(1), expected));
    for (provider, more, why) in [
        ("mtn", &["--book"][..], "--book is for statements of mpesa"),
        ("mpesa", &[], "payments.mpesa is not configured"),
        ("paypal", &[], "there is no provider paypal"),
    ] {
        let (code, _, complaint) = reconcile(provider, more).await;
        assert_eq!(code, Some(1), "{provider}");
        assert!(complaint.contains(why), "{provider}: {complaint}");
    }
    house.close().await;
}
