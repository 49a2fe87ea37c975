//! One line each, against what the hub's books may hold.

use super::*;
use crate::{moment::HOUR_MS, units::Currency};

const JANE: CustomerId = CustomerId(1);
const OTIENO: CustomerId = CustomerId(2);
const PHONE: Msisdn = Msisdn(254_708_374_149);
const ONE: PurchaseId = PurchaseId(11);
const TWO: PurchaseId = PurchaseId(12);
const NOON: Wall = Wall(12 * HOUR_MS);

fn kes(minor: i64) -> Money {
    Money::new(minor, Currency::Kes)
}

/// KES 300 to a paybill, from Jane's phone as far as the mask shows, without a reference.
fn line() -> Line {
    Line {
        provider: Provider::Mpesa,
        short_code: "600100".parse().unwrap(),
        receipt: "SKL7XYZ123".parse().unwrap(),
        amount: kes(30_000),
        payer: Payer::read("2547 ***** 149"),
        reference: String::new(),
        time: NOON,
        proof: Proof::Proven,
    }
}

fn purchase(id: PurchaseId, state: PaymentState) -> Candidate {
    Candidate {
        id,
        customer: JANE,
        provider: Provider::Mpesa,
        short_code: "600100".parse().unwrap(),
        state,
        booked: state == PaymentState::Succeeded,
        mismatched: false,
        amount: kes(30_000),
        payer: PHONE,
        reference: "AQP123456".to_owned(),
        receipt: None,
        receipt_proven: false,
        made: NOON,
        last: NOON,
    }
}

fn books(purchases: impl IntoIterator<Item = Candidate>, named: Named) -> Books {
    Books {
        receipt_is_known: false,
        purchases: purchases.into_iter().collect(),
        named,
    }
}

#[test]
fn a_success_by_query_gets_its_receipt_from_the_line_that_fits() {
    let settled = || purchase(ONE, PaymentState::Succeeded);
    let attach = Place::AttachReceipt(ONE);
    let unknown = Payer::Unknown;
    let stranger = Payer::read("254708374140");
    let table: [(&str, Line, Named, Place); 11] = [
        ("payer", line(), Named::Nothing, attach),
        (
            "reference",
            Line {
                payer: unknown,
                reference: "aqp 123456".into(),
                ..line()
            },
            Named::Nobody,
            attach,
        ),
        (
            "phone as reference",
            Line {
                payer: unknown,
                reference: "0708374149".into(),
                ..line()
            },
            Named::Customer(JANE),
            attach,
        ),
        (
            "a day apart",
            Line {
                time: NOON.plus_ms(WITHIN_MS),
                ..line()
            },
            Named::Nothing,
            attach,
        ),
        (
            "before it was settled",
            Line {
                time: NOON.plus_ms(-WITHIN_MS),
                ..line()
            },
            Named::Nothing,
            attach,
        ),
        (
            "too late",
            Line {
                time: NOON.plus_ms(WITHIN_MS + 1),
                ..line()
            },
            Named::Nothing,
            Place::Suspense(Why::NoReference),
        ),
        (
            "other amount",
            Line {
                amount: kes(30_100),
                ..line()
            },
            Named::Nothing,
            Place::Suspense(Why::NoReference),
        ),
        (
            "other till",
            Line {
                short_code: "600200".parse().unwrap(),
                ..line()
            },
            Named::Nothing,
            Place::Suspense(Why::NoReference),
        ),
        (
            "nothing agrees",
            Line {
                payer: unknown,
                ..line()
            },
            Named::Nothing,
            Place::Suspense(Why::NoReference),
        ),
        (
            "another phone",
            Line {
                payer: stranger,
                reference: "AQP123456".into(),
                ..line()
            },
            Named::Customer(JANE),
            Place::Deposit(JANE),
        ),
        (
            "for another",
            Line {
                reference: "AQP000002".into(),
                ..line()
            },
            Named::Customer(OTIENO),
            Place::Deposit(OTIENO),
        ),
    ];
    for (what, line, named, expected) in table {
        assert_eq!(place(&line, &books([settled()], named)), expected, "{what}");
    }
    let misspelt = Line {
        reference: "AQP12345".into(),
        ..line()
    };
    let place = place(&misspelt, &books([settled()], Named::Nobody));
    assert_eq!(place, Place::Suspense(Why::OtherReference));
}

#[test]
fn what_was_paid_on_friday_is_attached_to_what_an_operator_settled_on_saturday() {
    // Paid at 12:00:20 on the first day, settled 27 hours after it, read from a statement on the fourth.
    let late = Candidate {
        last: NOON.plus_ms(27 * HOUR_MS),
        ..purchase(ONE, PaymentState::Succeeded)
    };
    let friday = Line {
        time: NOON.plus_ms(20_000),
        reference: "AQP123456".into(),
        ..line()
    };
    let at = |time| {
        let line = Line { time, ..friday.clone() };
        place(&line, &books([late.clone()], Named::Customer(JANE)))
    };
    assert_eq!(at(friday.time), Place::AttachReceipt(ONE));
    assert_eq!(at(NOON.plus_ms(51 * HOUR_MS)), Place::AttachReceipt(ONE));
    assert_eq!(at(NOON.plus_ms(51 * HOUR_MS + 1)), Place::Deposit(JANE));
    assert_eq!(at(NOON.plus_ms(-24 * HOUR_MS - 1)), Place::Deposit(JANE));
    // One that was asked about again on the third day is still the same money.
    let asked_again = Candidate {
        state: PaymentState::Unknown,
        booked: false,
        last: NOON.plus_ms(72 * HOUR_MS),
        ..late
    };
    let books = books([asked_again], Named::Customer(JANE));
    assert_eq!(place(&friday, &books), Place::Confirm(ONE));
}

#[test]
fn a_receipt_that_only_a_callback_told_does_not_hide_the_true_one() {
    let told = |receipt: &str, proven| Candidate {
        receipt: Some(receipt.parse().unwrap()),
        receipt_proven: proven,
        ..purchase(ONE, PaymentState::Succeeded)
    };
    let named = Named::Customer(JANE);
    let at = |purchase: Candidate, line: &Line| place(line, &books([purchase], named));
    // The true line of one that was made up, or a second payment: nobody knows. Beside a proven receipt it is other money.
    let contradicts = Place::Suspense(Why::ReceiptContradicts);
    assert_eq!(at(told("FAKE00001", false), &line()), contradicts);
    assert_eq!(at(told("FAKE00001", true), &line()), Place::Deposit(JANE));
    // The receipt it told is proven by its line, unless that is other money.
    assert_eq!(at(told("SKL7XYZ123", false), &line()), Place::AttachReceipt(ONE));
    assert_eq!(at(told("SKL7XYZ123", true), &line()), Place::AlreadyBooked);
    let more = Line {
        amount: kes(100_000),
        ..line()
    };
    assert_eq!(
        at(told("SKL7XYZ123", false), &more),
        Place::Suspense(Why::ReceiptContradicts)
    );
    // Somebody typed it for a purchase of another price: the money is in nobody's books.
    assert_eq!(at(told("SKL7XYZ123", true), &more), contradicts);
    let for_another = books([told("SKL7XYZ123", false)], Named::Customer(OTIENO));
    assert_eq!(place(&line(), &for_another), Place::Suspense(Why::ReceiptContradicts));
    let claimed = Line {
        proof: Proof::Claimed,
        ..line()
    };
    assert_eq!(
        at(told("SKL7XYZ123", false), &claimed),
        Place::AlreadyBooked,
        "a claim of the same books nothing"
    );
    assert_eq!(at(told("FAKE00001", false), &claimed), Place::AskProvider);
}

#[test]
fn a_payment_that_is_not_settled_is_confirmed_late_money_included() {
    for state in PaymentState::ALL {
        let expected = match state {
            PaymentState::Succeeded => Place::AttachReceipt(ONE),
            PaymentState::Created => Place::Suspense(Why::NoReference),
            _ => Place::Confirm(ONE),
        };
        let books = books([purchase(ONE, state)], Named::Nothing);
        assert_eq!(place(&line(), &books), expected, "{state:?}");
    }
    let expired = purchase(TWO, PaymentState::Expired);
    let both = books(
        [purchase(ONE, PaymentState::Succeeded), expired.clone()],
        Named::Nothing,
    );
    assert_eq!(
        place(&line(), &both),
        Place::AttachReceipt(ONE),
        "the one that has been paid waits"
    );
    let mismatched = Candidate {
        mismatched: true,
        ..expired
    };
    assert_eq!(
        place(&line(), &books([mismatched], Named::Nothing)),
        Place::Suspense(Why::WithOperator)
    );
}

#[test]
fn two_that_wait_alike_go_to_an_operator() {
    for state in [PaymentState::Succeeded, PaymentState::Expired] {
        let two = [purchase(ONE, state), purchase(TWO, state)];
        let named = Named::Customer(JANE);
        assert_eq!(
            place(&line(), &books(two.clone(), Named::Nothing)),
            Place::Suspense(Why::TwoCandidates)
        );
        assert_eq!(
            place(&line(), &books(two.clone(), named)),
            Place::Suspense(Why::TwoCandidates)
        );
        // A reference that names one of two customers decides.
        let [one, two] = two;
        let apart = [
            one,
            Candidate {
                customer: OTIENO,
                reference: "AQP000002".into(),
                ..two
            },
        ];
        let line = Line {
            reference: "AQP123456".into(),
            ..line()
        };
        let expected = match state {
            PaymentState::Succeeded => Place::AttachReceipt(ONE),
            _ => Place::Confirm(ONE),
        };
        assert_eq!(place(&line, &books(apart, named)), expected);
    }
}

#[test]
fn a_receipt_counts_once_and_a_claimed_one_binds_only_its_own_amount() {
    let receipt = Some(line().receipt);
    let known = Books {
        receipt_is_known: true,
        ..books([purchase(ONE, PaymentState::Pending)], Named::Customer(JANE))
    };
    assert_eq!(place(&line(), &known), Place::AlreadyBooked);
    let settled = Candidate {
        receipt: receipt.clone(),
        receipt_proven: true,
        ..purchase(ONE, PaymentState::Succeeded)
    };
    let twin = purchase(TWO, PaymentState::Succeeded);
    assert_eq!(
        place(&line(), &books([twin, settled], Named::Nothing)),
        Place::AlreadyBooked
    );
    let claimed = Candidate {
        receipt,
        ..purchase(ONE, PaymentState::Pending)
    };
    let rival = purchase(TWO, PaymentState::Succeeded);
    let both = books([rival, claimed.clone()], Named::Nothing);
    assert_eq!(place(&line(), &both), Place::Confirm(ONE), "the receipt says which");
    let from_another = Candidate {
        payer: Msisdn(1),
        ..claimed.clone()
    };
    assert_eq!(
        place(&line(), &books([from_another], Named::Nothing)),
        Place::Suspense(Why::ReceiptContradicts)
    );
    let less = Line {
        amount: kes(100),
        ..line()
    };
    assert_eq!(place(&less, &both), Place::Suspense(Why::ReceiptContradicts));
    let elsewhere = Candidate {
        provider: Provider::Intasend,
        ..claimed
    };
    assert_eq!(
        place(&line(), &books([elsewhere], Named::Nothing)),
        Place::Suspense(Why::NoReference)
    );
}

#[test]
fn what_fits_no_purchase_goes_to_whom_the_reference_names_or_to_suspense() {
    for (named, expected) in [
        (Named::Customer(OTIENO), Place::Deposit(OTIENO)),
        (Named::Nothing, Place::Suspense(Why::NoReference)),
        (Named::Nobody, Place::Suspense(Why::UnknownReference)),
        (Named::Several, Place::Suspense(Why::SeveralCustomers)),
    ] {
        assert_eq!(place(&line(), &books([], named)), expected);
        let claimed = Line {
            proof: Proof::Claimed,
            ..line()
        };
        assert_eq!(place(&claimed, &books([], named)), Place::AskProvider);
    }
}

#[test]
fn a_claim_never_takes_the_place_of_a_receipt() {
    let claimed = Line {
        proof: Proof::Claimed,
        ..line()
    };
    let at = |state| place(&claimed, &books([purchase(ONE, state)], Named::Nothing));
    assert_eq!(at(PaymentState::Succeeded), Place::AskProvider);
    assert_eq!(at(PaymentState::Pending), Place::Confirm(ONE));
}

#[test]
fn reasons_have_stable_names() {
    let names = "no_reference unknown_reference several_customers two_candidates other_reference with_operator receipt_contradicts";
    assert_eq!(Why::ALL.map(Why::name).join(" "), names);
    for why in Why::ALL {
        assert_eq!(Why::from_name(why.name()), Some(why));
    }
}
