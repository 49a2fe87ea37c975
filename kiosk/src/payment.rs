//! One payment at a mobile-money provider, from the prompt to the credit: the same rules for every provider.
//!
//! [`step()`] takes the payment as it stands, the moment and one event, and returns the payment as it stands next with
//! the effects to carry out once that is on disk. Everything it needs later (due times, counters, what the customer has
//! been told) is in the [`Payment`], so a restart loses nothing: load it, and tick it when it is due.
//!
//! ```text
//! Created ─ Start ─> Submitting ─ accepted ──> Pending ──┬─ query confirms ──> Succeeded (final)
//!                        │ └───── refused ───> Failed    ├─ provider says no ─> Failed, Cancelled, Expired
//!                        └─ no answer ──────> Unknown ───┴─ days of silence ──> NeedsOperator
//! ```
//!
//! What is absent on purpose:
//! - No way back from [`PaymentState::Succeeded`], and only one way in: a query's answer (or an operator's word). A
//!   callback is unsigned (Daraja portal, "M-Pesa Express Simulate": neither signature nor credential), so a callback of
//!   success only makes us ask at once. An end that is not a success never stops a confirmed success from settling.
//! - No second prompt. [`PaymentEffect::Submit`] leaves once, at [`PaymentEvent::Start`]; a push without an answer is
//!   [`PaymentState::Unknown`], never failed and never sent again, because the provider may have taken it.
//! - No credit for another amount or from another phone: that is [`PaymentState::NeedsOperator`].
//!
//! **The schedule** (defaults of [`PaymentPolicy`]). The customer's part: 30 s before the first query and before each of
//! at most 4; after the fourth without success the customer is told, once, to try again. Then the reconciler: 1 minute
//! later, 2, 4, 8 … doubling to 6 hours, for 7 days from the start, then an operator is asked. A claim of success in a
//! callback has a schedule of its own: at once, 10 s later, 20, 40 … within the same 7 days, and while it stands the
//! customer is not told to pay again. An unhappy end is asked about once more, after 10 minutes, because a payment
//! reported as expired has been seen to arrive late, and because an unsigned callback must not have the last word.
//!
//! The caller owes two things: a [`ProviderReference`] and a [`ProviderReceipt`] belong to one payment each (a unique
//! index; a reference learned from a callback that another payment owns is to be refused before it comes here), and
//! [`PaymentEffect::Settle`] is done in the transaction that stores the payment.

mod step;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use step::step;

use crate::{
    ids::{ProviderReceipt, ProviderReference},
    moment::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Wall},
    units::Money,
};

/// A phone as providers write it: country code and number as one integer, 254700000102 (E.164 without the plus).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Msisdn(pub u64);

/// Where a payment stands; the names are those of the API (CONTRACTS section 6, purchases).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentState {
    /// Written down, nothing sent.
    Created,
    /// The prompt is on its way to the provider.
    Submitting,
    /// The provider has taken it; the customer has a prompt.
    Pending,
    /// Confirmed and settled. Final.
    Succeeded,
    /// Refused, or ended without payment.
    Failed,
    /// The customer said no.
    Cancelled,
    /// The prompt ran out.
    Expired,
    /// Nobody knows yet; the reconciler is asking.
    Unknown,
    /// A person must look: another amount or phone, or silence for too long.
    NeedsOperator,
}

impl PaymentState {
    /// All of them, in the order of their life.
    pub const ALL: [PaymentState; 9] = [
        PaymentState::Created,
        PaymentState::Submitting,
        PaymentState::Pending,
        PaymentState::Succeeded,
        PaymentState::Failed,
        PaymentState::Cancelled,
        PaymentState::Expired,
        PaymentState::Unknown,
        PaymentState::NeedsOperator,
    ];

    /// The name in the API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            PaymentState::Created => "created",
            PaymentState::Submitting => "submitting",
            PaymentState::Pending => "pending",
            PaymentState::Succeeded => "succeeded",
            PaymentState::Failed => "failed",
            PaymentState::Cancelled => "cancelled",
            PaymentState::Expired => "expired",
            PaymentState::Unknown => "unknown",
            PaymentState::NeedsOperator => "needs_operator",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<PaymentState> {
        PaymentState::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether it ended without payment. A late success still leads out of it.
    pub const fn is_unhappy_end(self) -> bool {
        matches!(
            self,
            PaymentState::Failed | PaymentState::Cancelled | PaymentState::Expired
        )
    }
}

/// Why a payment failed, as far as a rule or a message depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// The customer's balance is too low.
    BalanceTooLow,
    /// Beyond a limit of the provider: amount, day, or what the receiver may hold.
    Limit,
    /// The PIN was wrong.
    WrongPin,
    /// The same amount from the same customer came too soon after another.
    RepeatedTooSoon,
    /// The customer's line is busy with another session, or the provider could not send the prompt.
    PromptNotShown,
    /// The provider is busy or out of quota: try later.
    Busy,
    /// Our own set-up is wrong: short code, role, credential, a field. An operator must hear of it.
    Configuration,
    /// The provider could not be reached at all, so nothing was sent.
    Unreachable,
    /// The provider refused without a reason that we know.
    Refused,
    /// An operator closed it.
    ClosedByOperator,
}

impl Failure {
    /// All of them, in a fixed order.
    pub const ALL: [Failure; 10] = [
        Failure::BalanceTooLow,
        Failure::Limit,
        Failure::WrongPin,
        Failure::RepeatedTooSoon,
        Failure::PromptNotShown,
        Failure::Busy,
        Failure::Configuration,
        Failure::Unreachable,
        Failure::Refused,
        Failure::ClosedByOperator,
    ];

    /// The name in the API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            Failure::BalanceTooLow => "balance_too_low",
            Failure::Limit => "limit",
            Failure::WrongPin => "wrong_pin",
            Failure::RepeatedTooSoon => "repeated_too_soon",
            Failure::PromptNotShown => "prompt_not_shown",
            Failure::Busy => "busy",
            Failure::Configuration => "configuration",
            Failure::Unreachable => "unreachable",
            Failure::Refused => "refused",
            Failure::ClosedByOperator => "closed_by_operator",
        }
    }

    /// The failure with this name.
    pub fn from_name(name: &str) -> Option<Failure> {
        Failure::ALL.into_iter().find(|failure| failure.name() == name)
    }
}

/// A payment: what was asked, where it stands, and what is due. The hub stores it field by field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// What the customer is asked for.
    pub amount: Money,
    /// The phone that is asked.
    pub payer: Msisdn,
    /// Where it stands.
    pub state: PaymentState,
    /// Why it failed, in [`PaymentState::Failed`].
    pub failure: Option<Failure>,
    /// Its name at the provider; from the push's answer, or learned from the callback when that answer was lost.
    pub reference: Option<ProviderReference>,
    /// The receipt, as far as it is known.
    pub receipt: Option<ProviderReceipt>,
    /// The receipt was in a query's answer, or is an operator's or a statement's word. What a callback alone told may be
    /// made up, and then binds this payment to nothing.
    pub receipt_proven: bool,
    /// A callback claims success and no query has settled the matter.
    pub claimed: bool,
    /// Another amount or phone was reported: never credited without an operator.
    pub mismatched: bool,
    /// Whether the customer has been told that it did not work. They hear it once.
    pub told: bool,
    /// When it was sent; the reconciler's days count from here.
    pub since: Wall,
    /// Queries of the customer's part that have come due, 0 to [`PaymentPolicy::queries_max`].
    pub queries: u32,
    /// Back-off steps taken since the last change of schedule.
    pub retries: u32,
    /// When [`PaymentEvent::Tick`] is wanted; `None` when nothing is left to do.
    pub due: Option<Wall>,
}

impl Payment {
    /// A payment written down before anything is sent. `reference` is the one we chose, for providers that let us.
    pub fn new(amount: Money, payer: Msisdn, reference: Option<ProviderReference>, now: Wall) -> Payment {
        Payment {
            amount,
            payer,
            state: PaymentState::Created,
            failure: None,
            reference,
            receipt: None,
            receipt_proven: false,
            claimed: false,
            mismatched: false,
            told: false,
            since: now,
            queries: 0,
            retries: 0,
            due: None,
        }
    }
}

/// The waits and limits of the schedule, all in milliseconds but [`PaymentPolicy::queries_max`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentPolicy {
    /// How long a push may go without an answer before it counts as unknown.
    pub answer_within_ms: i64,
    /// The wait before the first query and before each further one (`payments.query_after`).
    pub query_after_ms: i64,
    /// Queries before the customer is told to try again (`payments.queries_max`).
    pub queries_max: u32,
    /// The first wait between queries that confirm a claimed success; doubles.
    pub confirm_after_ms: i64,
    /// The reconciler's first wait; doubles.
    pub reconcile_after_ms: i64,
    /// The longest wait that doubling reaches.
    pub wait_ms_max: i64,
    /// The wait before an unhappy end is asked about once more; doubles while nobody answers.
    pub recheck_after_ms: i64,
    /// How long it is asked about in all before an operator must look.
    pub reconcile_for_ms: i64,
}

impl PaymentPolicy {
    /// No due time lies further ahead than this, unless the clock that set it ran ahead.
    pub fn longest_wait_ms(&self) -> i64 {
        let waits = [
            self.answer_within_ms,
            self.query_after_ms,
            self.confirm_after_ms,
            self.reconcile_after_ms,
            self.wait_ms_max,
            self.recheck_after_ms,
        ];
        waits.into_iter().max().unwrap_or_default()
    }
}

impl Default for PaymentPolicy {
    fn default() -> PaymentPolicy {
        PaymentPolicy {
            answer_within_ms: MINUTE_MS,
            query_after_ms: 30 * SECOND_MS,
            queries_max: 4,
            confirm_after_ms: 10 * SECOND_MS,
            reconcile_after_ms: MINUTE_MS,
            wait_ms_max: 6 * HOUR_MS,
            recheck_after_ms: 10 * MINUTE_MS,
            reconcile_for_ms: 7 * DAY_MS,
        }
    }
}

/// What a provider says about a payment, whatever its codes. Each adapter maps its own codes to this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderVerdict {
    /// Paid.
    Paid,
    /// Still with the customer.
    Pending,
    /// The customer said no.
    Cancelled,
    /// The prompt ran out, or the phone was not reached.
    Expired,
    /// Ended without payment.
    Failed(Failure),
    /// A code that nobody has described: never taken for a failure.
    Unknown,
}

impl ProviderVerdict {
    /// The word for it in an audit.
    pub const fn name(self) -> &'static str {
        match self {
            ProviderVerdict::Paid => "paid",
            ProviderVerdict::Pending => "pending",
            ProviderVerdict::Cancelled => "cancelled",
            ProviderVerdict::Expired => "expired",
            ProviderVerdict::Failed(_) => "failed",
            ProviderVerdict::Unknown => "unknown code",
        }
    }
}

/// What a provider reports, in a callback or as the answer to a query. Absent fields were not in the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The payment's name at the provider.
    pub reference: Option<ProviderReference>,
    /// The outcome.
    pub verdict: ProviderVerdict,
    /// The receipt of a success.
    pub receipt: Option<ProviderReceipt>,
    /// What was paid.
    pub amount: Option<Money>,
    /// Who paid.
    pub payer: Option<Msisdn>,
}

/// What came of sending the prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushAnswer {
    /// The provider has taken it. That is not yet a payment.
    Accepted {
        /// Its name for the payment, unless we chose it.
        reference: Option<ProviderReference>,
    },
    /// The provider said no, or it was certainly never sent.
    Refused(Failure),
    /// Sent, and nothing readable came back: the provider may have taken it.
    NoAnswer,
}

/// What came of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryAnswer {
    /// The provider answered.
    Report(Report),
    /// A time-out, or an answer that says nothing (Daraja's 500.001.1001): ask again.
    NoAnswer,
}

/// What a person decides about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentOrder {
    /// The money is there: settle the full amount.
    Credit {
        /// The provider's receipt, when they have it.
        receipt: Option<ProviderReceipt>,
    },
    /// No money will come of it: stop asking.
    Close,
    /// Begin the reconciler's days again, with a query now.
    AskAgain,
}

/// Everything that can happen to a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentEvent {
    /// Send it. Only the first one does.
    Start,
    /// The push was answered, or not.
    PushAnswered(PushAnswer),
    /// The provider called us. Unsigned: a claim, not a proof.
    CalledBack(Report),
    /// A query was answered, or not.
    QueryAnswered(QueryAnswer),
    /// Time has passed; acts only when [`Payment::due`] has.
    Tick,
    /// An operator decided.
    Ordered(PaymentOrder),
}

/// What the customer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentNotice {
    /// Paid, and the value has been given.
    Succeeded,
    /// It could not be started or did not come through in time: try again (FEATURES A34, A38).
    Retry,
    /// It failed, with the reason.
    Failed(Failure),
    /// Cancelled on the phone.
    Cancelled,
    /// The prompt ran out.
    Expired,
}

/// What the operator's log is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentAudit {
    /// An event that cannot belong to a payment in this state.
    Unexpected,
    /// A report carries another payment's reference; it was ignored.
    ForeignReference,
    /// The push's own answer names another reference than a callback taught us; the answer's is kept.
    ReferenceReplaced,
    /// Another amount or phone than asked for was reported as paid.
    Mismatch,
    /// A second, different receipt was reported for this payment. A query's answer outranks a callback's.
    SecondReceipt(ProviderReceipt),
    /// A callback or an earlier query and the latest answer disagree on whether it was paid.
    Contradiction,
    /// The provider used a code that we do not know.
    UnknownCode,
    /// The failure is one of our own set-up: alert the operator.
    OurConfiguration,
    /// The days of asking are over.
    GaveUp,
    /// Neither the push's answer nor a callback told the payment's name at the provider: there is nothing to ask by.
    NoReference,
    /// An operator's order cannot be done in this state.
    OrderRefused,
}

/// What is to be done once the payment is on disk, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentEffect {
    /// Send the prompt, once; never re-emit it after a restart.
    Submit,
    /// Ask the provider about this reference.
    Query(ProviderReference),
    /// Tick this payment at that time; the same as [`Payment::due`].
    WakeAt(Wall),
    /// Give the value: at most once in a payment's life.
    Settle {
        /// The receipt, when it is known already.
        receipt: Option<ProviderReceipt>,
    },
    /// The receipt of a payment that was settled without one, or under one that only a callback had told.
    ReceiptKnown(ProviderReceipt),
    /// Tell the customer.
    Tell(PaymentNotice),
    /// Write it down for the operator.
    Audit(PaymentAudit),
}
