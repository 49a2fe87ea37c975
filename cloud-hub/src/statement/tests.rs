//! Statements written by hand after the columns that the M-PESA organisation portal names; times by `date -u`.

use super::*;

const LAYOUT: Layout = Layout {
    title: "M-PESA",
    receipt: &["Receipt No.", "Receipt No"],
    time: &["Completion Time"],
    ahead_ms: civil::EAST_AFRICA_MS,
    amounts: AmountColumns::Two {
        paid_in: &["Paid In"],
        withdrawn: &["Withdrawn"],
    },
    details: &["Details"],
    reference: &["A/C No."],
    other_party: &["Other Party Info"],
    status: &["Transaction Status"],
    completed: "Completed",
    kind: &[],
    currency_code: &[],
    currency: Currency::Kes,
};

const STATEMENT: &str = "\u{feff}Account Holder:,Water Kiosks\r\n\
    Time Period:,\"From 2026-11-01, to 2026-11-20\"\r\n\
    \r\n\
    Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,Paid In,Withdrawn,Balance,Other Party Info,A/C No.\r\n\
    SKK1ABCD23,20-11-2026 12:00:00,20-11-2026 11:59:58,\"Pay Bill from 2547****149 - \"\"JANE\"\"\",Completed,\"1,250.00\",,\"9,000.50\",2547****149 - JANE,AQP000001\r\n\
    SKK1ABCD24,2026-11-20 12:00:01,2026-11-20 12:00:01,\"Business Charge\nof the day\",Completed,,\"-5.50\",8995.00,,\r\n\
    \r\n\
    SKK1ABCD25,20-11-2026 12:00:02,20-11-2026 12:00:02,Pay Bill,Declined,300,0.00,8995.00,,AQP000002\r\n";

/// 2026-11-20T09:00:00Z.
const NOON: i64 = 1_795_165_200_000;

#[test]
fn columns_are_known_by_name_and_the_lines_above_them_are_passed_over() {
    let lines = read(&LAYOUT, STATEMENT.as_bytes()).unwrap();
    let short = |line: &StatementLine| {
        let amount = (line.amount.minor, line.flow, line.is_completed);
        (line.line, line.receipt.to_string(), line.time.0 - NOON, amount)
    };
    assert_eq!(
        lines.iter().map(short).collect::<Vec<_>>(),
        [
            (5, "SKK1ABCD23".to_owned(), 0, (125_000, Flow::In, true)),
            (6, "SKK1ABCD24".to_owned(), 1_000, (550, Flow::Out, true)),
            (9, "SKK1ABCD25".to_owned(), 2_000, (30_000, Flow::In, false)),
        ]
    );
    assert_eq!(lines[0].details, "Pay Bill from 2547****149 - \"JANE\"");
    assert_eq!(lines[0].reference.as_deref(), Some("AQP000001"));
    assert_eq!(lines[0].other_party.as_deref(), Some("2547****149 - JANE"));
    assert_eq!((&lines[1].reference, &lines[1].other_party), (&None, &None));
}

#[test]
fn the_order_of_columns_and_capitals_do_not_matter() {
    let text = "WITHDRAWN,paid in , Completion Time,receipt no\n,7,20-11-2026 12:00:00,A1";
    let lines = read(&LAYOUT, text.as_bytes()).unwrap();
    assert_eq!(
        (lines[0].amount.minor, lines[0].flow, lines[0].time.0),
        (700, Flow::In, NOON)
    );
    assert!(lines[0].is_completed, "without the column everything in it took place");
}

#[test]
fn one_bad_line_is_named_and_nothing_is_taken() {
    for (bad, what) in [
        ("A 1,20-11-2026 12:00:00,5,", "\"A 1\" is no receipt"),
        (",20-11-2026 12:00:00,5,", "\"\" is no receipt"),
        ("A1,yesterday,5,", "\"yesterday\" is no time"),
        ("A1,20-11-2026 12:00:00,5.005,", "\"5.005\" is no amount"),
        ("A1,20-11-2026 12:00:00,\"1,25\",", "\"1,25\" is no amount"),
        ("A1,20-11-2026 12:00:00,,", "no amount"),
        ("A1,20-11-2026 12:00:00,5,5", "an amount that came and one that went"),
        ("A1,20-11-2026 12:00:00,5", "3 fields where the header has 4"),
    ] {
        let text = format!("Receipt No.,Completion Time,Paid In,Withdrawn\nA0,20-11-2026 12:00:00,5,\n{bad}\n");
        let expected = StatementError::Line {
            line: 3,
            what: what.to_owned(),
        };
        assert_eq!(read(&LAYOUT, text.as_bytes()), Err(expected), "{bad}");
    }
}

#[test]
fn what_is_no_statement_says_why() {
    let missing = |missing| {
        Err(StatementError::NoHeader {
            title: "M-PESA",
            missing,
        })
    };
    assert_eq!(read(&LAYOUT, b""), missing("Receipt No."));
    assert_eq!(read(&LAYOUT, b"a,b\n1,2\n"), missing("Receipt No."));
    let header = b"Receipt No.,Completion Time,Withdrawn\nA1,20-11-2026 12:00:00,5\n";
    assert_eq!(read(&LAYOUT, header), missing("Paid In"));
    assert_eq!(read(&LAYOUT, b"PK\x03\x04\xff"), Err(StatementError::NotText));
    assert_eq!(read(&LAYOUT, b"a\n\"b,c\nd"), Err(StatementError::OpenQuote(2)));
    assert_eq!(
        read(&LAYOUT, &vec![b' '; STATEMENT_BYTES_MAX + 1]),
        Err(StatementError::TooLarge)
    );
}

#[test]
fn a_file_cut_off_at_any_byte_is_never_taken_for_more_than_it_says() {
    let whole = read(&LAYOUT, STATEMENT.as_bytes()).unwrap();
    for end in 0..STATEMENT.len() {
        if let Ok(lines) = read(&LAYOUT, &STATEMENT.as_bytes()[..end]) {
            // Only the last line there is may have lost the end of its last field.
            let (last, before) = lines
                .split_last()
                .map_or((None, &[][..]), |(last, before)| (Some(last), before));
            assert_eq!(before, &whole[..before.len()], "{end}");
            if let Some(last) = last {
                assert_eq!(last.amount, whole[before.len()].amount, "{end}");
            }
        }
    }
}

#[test]
fn another_providers_layout_is_a_matter_of_names() {
    let layout = Layout {
        title: "MTN",
        receipt: &["Id"],
        time: &["Date"],
        ahead_ms: 0,
        amounts: AmountColumns::Signed(&["Amount"]),
        currency: Currency::Ugx,
        completed: "Successful",
        status: &["Status"],
        ..LAYOUT
    };
    let text =
        "Id,Date,Amount,Status\n17,2026-11-20 09:00:00,\"-4,000\",Successful\n18,2026-11-20 09:00:00,4000.00,Failed\n";
    let lines = read(&layout, text.as_bytes()).unwrap();
    let short = |line: &StatementLine| (line.amount.minor, line.flow, line.is_completed, line.time.0);
    assert_eq!(
        lines.iter().map(short).collect::<Vec<_>>(),
        [(4_000, Flow::Out, true, NOON), (4_000, Flow::In, false, NOON)]
    );
}

#[test]
fn a_plain_statement_says_by_kind_or_sign_which_way_money_went() {
    let layout = plain::layout(kiosk::provider::Provider::Mtn, Currency::Ugx);
    let text = "receipt,time,amount,currency,payer,reference,kind\n\
        17,2026-11-20T09:00:00Z,4000,UGX,256770000001,b3c1,payment\n\
        18,2026-11-20 09:00:01,150,ugx,,,Fee\n\
        19,2026-11-20T09:00:02Z,-70,,,,\n\
        20,2026-11-20T09:00:03Z,80,,,,\n";
    let lines = read(&layout, text.as_bytes()).unwrap();
    let short = |line: &StatementLine| (line.amount.minor, line.flow, line.time.0 - NOON);
    assert_eq!(
        lines.iter().map(short).collect::<Vec<_>>(),
        [
            (4_000, Flow::In, 0),
            (150, Flow::Out, 1_000),
            (70, Flow::Out, 2_000),
            (80, Flow::In, 3_000),
        ]
    );
    assert_eq!(lines[0].reference.as_deref(), Some("b3c1"));
    for (bad, what) in [
        (
            "17,2026-11-20T09:00:00Z,5,KES,payment",
            "KES where MTN MoMo is collected in UGX",
        ),
        (
            "17,2026-11-20T09:00:00Z,5,UGX,gift",
            "\"gift\" is no kind; it is payment, or payout, refund, reversal or fee",
        ),
        ("17,2026-11-20T09:00:00Z,-5,UGX,payment", "a payment with a minus"),
        ("17,2026-11-20T09:00:00Z,5.5,UGX,payment", "\"5.5\" is no amount"),
    ] {
        let text = format!("receipt,time,amount,currency,kind\n{bad}\n");
        let expected = StatementError::Line {
            line: 2,
            what: what.to_owned(),
        };
        assert_eq!(read(&layout, text.as_bytes()), Err(expected), "{bad}");
    }
    let needed = StatementError::NoHeader {
        title: "MTN MoMo",
        missing: "amount",
    };
    assert_eq!(read(&layout, b"receipt,time,kind\n"), Err(needed));
}
