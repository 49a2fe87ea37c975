//! Whose word a receipt is: a callback's may be made up, a query's or an operator's is not.

use super::*;

const OURS: &str = "NLJ7RT61SV";
const OTHER: &str = "SKL7XYZ123";

fn queried_with(text: &str) -> Event {
    Event::QueryAnswered(QueryAnswer::Report(Report {
        receipt: Some(receipt(text)),
        ..report(ProviderVerdict::Paid)
    }))
}

fn second(text: &str) -> Effect {
    Effect::Audit(Audit::SecondReceipt(receipt(text)))
}

#[test]
fn a_callback_s_receipt_stands_unproven_until_a_query_tells_it() {
    let mut story = Story::pending();
    story.at(10, paid_callback());
    assert_eq!(story.payment.receipt, Some(receipt(OURS)));
    assert!(!story.payment.receipt_proven);
    // Daraja's query names no receipt: settled, and still only claimed.
    story.at(11, queried(ProviderVerdict::Paid));
    assert_eq!(story.settlements(), 1);
    assert!(!story.payment.receipt_proven);
    // MTN's and Airtel's do.
    let mut story = Story::pending();
    story.at(10, paid_callback());
    story.at(11, queried_with(OURS));
    assert!(story.payment.receipt_proven);
    assert_eq!(story.count(&second(OURS)), 0);
}

#[test]
fn a_query_s_receipt_outranks_a_callback_s_and_not_the_other_way_round() {
    let mut story = Story::pending();
    story.at(10, paid_callback());
    story.at(11, queried_with(OTHER));
    assert_eq!(story.payment.receipt, Some(receipt(OTHER)));
    assert_eq!(story.count(&second(OTHER)), 1);
    assert_eq!(
        story.count(&Effect::Settle {
            receipt: Some(receipt(OTHER))
        }),
        1
    );
    assert_eq!(story.at(12, paid_callback()), [second(OURS)]);
    assert_eq!(story.payment.receipt, Some(receipt(OTHER)));
    // Heard after the success, it is told to the books.
    let mut story = Story::pending();
    story.at(10, paid_callback());
    story.at(11, queried(ProviderVerdict::Paid));
    let heard = story.at(12, queried_with(OTHER));
    assert_eq!(heard, [second(OTHER), Effect::ReceiptKnown(receipt(OTHER))]);
    assert!(story.payment.receipt_proven);
}

#[test]
fn an_operator_s_receipt_is_proven() {
    let mut story = Story::pending();
    let order = PaymentOrder::Credit {
        receipt: Some(receipt(OURS)),
    };
    story.at(10, Event::Ordered(order));
    assert_eq!((story.settlements(), story.payment.receipt_proven), (1, true));
}
