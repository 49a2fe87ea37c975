//! A push whose answer was lost, and no callback for a long time.

use super::*;

#[test]
fn a_payment_without_a_name_goes_to_an_operator_once_the_customers_part_is_over() {
    let mut story = Story::new();
    story.at(0, Event::Start);
    let asked = story.run_until(3_600, &Event::QueryAnswered(QueryAnswer::NoAnswer));
    assert_eq!((asked.len(), story.count(&Effect::Audit(Audit::NoReference))), (0, 1));
    assert_eq!(
        (story.payment.state, story.payment.due),
        (PaymentState::NeedsOperator, None)
    );
    assert_eq!(story.count(&Effect::Tell(Notice::Retry)), 1);
    // There is nothing to ask by.
    story.at(3_601, Event::Ordered(PaymentOrder::AskAgain));
    assert_eq!(story.payment.state, PaymentState::NeedsOperator);
    // A callback comes after all, and the query that it makes possible confirms it.
    story.at(86_400, paid_callback());
    assert_eq!(story.settlements(), 0);
    story.at(86_401, queried(ProviderVerdict::Paid));
    assert_eq!((story.payment.state, story.settlements()), (PaymentState::Succeeded, 1));
}
