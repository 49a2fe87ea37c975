//! Money that goes out to a person: a refund by reversal, a B2C payment, a transfer. From the booking to the provider's
//! last word it is one pure function, [`step`], in the manner of [`crate::payment`].
//!
//! ```text
//! Created ──Start──> Submitting ──accepted──> Pending ──status: made──────> Succeeded
//!                        │                       │
//!                        ├──refused──────────────┼──status: failed────────> Failed (given back)
//!                        └──no answer, duplicate─┴──timed out──> Unknown ──> one of these
//!                                                   days of silence, other amount ──> NeedsOperator
//! ```
//!
//! What is absent on purpose:
//! - No second call. [`PayoutEffect::Submit`] leaves once, and after it the payout is only asked about: a time-out, a post
//!   at the time-out address and a "duplicate" are [`PayoutState::Unknown`] (reference: Daraja, section 8).
//! - No money back on a guess. It is reserved before the call and given back on a refusal in the call's own answer, on a
//!   failure that a status query confirmed, or on an operator's word; never on a posted result, on silence, or because
//!   the provider does not find it (yet: reference, MTN, section 3).
//! - No success on a posted result alone: it makes us ask.
//! - No way back from [`PayoutState::Succeeded`].
//!
//! When a provider confirms a payout that had failed, the books follow the money: it is reserved again, even if that
//! leaves its owner owing, and settled, and an operator hears of it.
//!
//! The caller owes: [`Payout::key`] is unique, made before the payout is stored and used as the provider's idempotency
//! key; [`PayoutEffect::Reserve`], [`PayoutEffect::Settle`] and [`PayoutEffect::GiveBack`] are booked in the transaction
//! that stores the payout, and whether the owner has the money is checked in the one that stores it as created or
//! starts it; [`PayoutEvent::StatusAnswered`] is only what answers our own authenticated query (for Daraja, whose
//! answers are posts too, a post at the secret address made for that query).

mod step;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use step::step;

use crate::{
    ids::{ProviderReceipt, ProviderReference},
    moment::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Wall},
    payment::{Failure, Msisdn},
    units::Money,
};

/// Where a payout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayoutState {
    /// Written down, nothing reserved, nothing sent.
    Created,
    /// Reserved; the call is on its way.
    Submitting,
    /// The provider has taken it.
    Pending,
    /// Made, and booked so. Final.
    Succeeded,
    /// Certainly not made; its owner has the money again.
    Failed,
    /// Nobody knows; the provider is being asked.
    Unknown,
    /// A person must look: another amount or payee, or silence for too long. The money stays reserved.
    NeedsOperator,
}

impl PayoutState {
    /// All of them, in the order of their life.
    pub const ALL: [PayoutState; 7] = [
        PayoutState::Created,
        PayoutState::Submitting,
        PayoutState::Pending,
        PayoutState::Succeeded,
        PayoutState::Failed,
        PayoutState::Unknown,
        PayoutState::NeedsOperator,
    ];

    /// The name in the API and the database.
    pub const fn name(self) -> &'static str {
        match self {
            PayoutState::Created => "created",
            PayoutState::Submitting => "submitting",
            PayoutState::Pending => "pending",
            PayoutState::Succeeded => "succeeded",
            PayoutState::Failed => "failed",
            PayoutState::Unknown => "unknown",
            PayoutState::NeedsOperator => "needs_operator",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<PayoutState> {
        PayoutState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A payout: what is to be paid, where it stands, and what is due. The hub stores it field by field, beside whose money
/// it is (`ledger::PayoutSource`) and by which provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// What is paid out.
    pub amount: Money,
    /// To whom.
    pub payee: Msisdn,
    /// Our name for it at the provider: its idempotency key, and what it is asked about by.
    pub key: ProviderReference,
    /// Where it stands.
    pub state: PayoutState,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// The provider's name for it, when it has one of its own.
    pub reference: Option<ProviderReference>,
    /// The receipt, as claimed until [`PayoutState::Succeeded`].
    pub receipt: Option<ProviderReceipt>,
    /// Whether the money is reserved now.
    pub reserved: bool,
    /// A posted result waits for a status to confirm it.
    pub claimed: bool,
    /// Another amount or payee was reported: never settled or given back without an operator.
    pub mismatched: bool,
    /// When it was sent; the days of asking count from here.
    pub since: Wall,
    /// Back-off steps taken since the last change of schedule.
    pub retries: u32,
    /// When [`PayoutEvent::Tick`] is wanted; `None` when nothing is left to do.
    pub due: Option<Wall>,
}

impl Payout {
    /// A payout written down before anything is reserved or sent.
    pub fn new(amount: Money, payee: Msisdn, key: ProviderReference, now: Wall) -> Payout {
        Payout {
            amount,
            payee,
            key,
            state: PayoutState::Created,
            failure: None,
            reference: None,
            receipt: None,
            reserved: false,
            claimed: false,
            mismatched: false,
            since: now,
            retries: 0,
            due: None,
        }
    }
}

/// The waits of the schedule, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayoutPolicy {
    /// How long the call may go without an answer before its outcome counts as unknown.
    pub answer_within_ms: i64,
    /// The first wait before a status query; doubles.
    pub ask_after_ms: i64,
    /// The first wait between queries that confirm a posted result; doubles.
    pub confirm_after_ms: i64,
    /// The longest wait that doubling reaches.
    pub wait_ms_max: i64,
    /// How long it is asked about in all before an operator must look.
    pub ask_for_ms: i64,
}

impl PayoutPolicy {
    /// No due time lies further ahead than this, unless the clock that set it ran ahead.
    pub fn longest_wait_ms(&self) -> i64 {
        let waits = [
            self.answer_within_ms,
            self.ask_after_ms,
            self.confirm_after_ms,
            self.wait_ms_max,
        ];
        waits.into_iter().max().unwrap_or_default()
    }
}

impl Default for PayoutPolicy {
    fn default() -> PayoutPolicy {
        PayoutPolicy {
            answer_within_ms: MINUTE_MS,
            ask_after_ms: MINUTE_MS,
            confirm_after_ms: 10 * SECOND_MS,
            wait_ms_max: 6 * HOUR_MS,
            ask_for_ms: 7 * DAY_MS,
        }
    }
}

/// What a provider says about a payout, whatever its codes. "Already reversed" is [`PayoutVerdict::Made`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutVerdict {
    /// Paid out.
    Made,
    /// Still working on it.
    Pending,
    /// Ended without paying.
    Failed(Failure),
    /// Not found, or a code that nobody has described: never taken for a failure.
    Unknown,
}

/// What a provider reports. Absent fields were not in the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutReport {
    /// Our key, as the message repeats it.
    pub key: ProviderReference,
    /// The outcome.
    pub verdict: PayoutVerdict,
    /// The receipt of a success.
    pub receipt: Option<ProviderReceipt>,
    /// What was paid out.
    pub amount: Option<Money>,
    /// To whom.
    pub payee: Option<Msisdn>,
}

/// What came of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayoutAnswer {
    /// The provider has taken it. It is not yet made.
    Accepted {
        /// The provider's own name for it.
        reference: Option<ProviderReference>,
    },
    /// The provider said no, or it was certainly never sent.
    Refused(Failure),
    /// The provider has our key already: an earlier try of the transport arrived.
    Duplicate,
    /// Sent, and nothing readable came back.
    NoAnswer,
}

/// What a person decides about a payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayoutOrder {
    /// The statement shows that it was made.
    Made {
        /// The provider's receipt, when they have it.
        receipt: Option<ProviderReceipt>,
    },
    /// The statement shows that it was not.
    NotMade,
    /// Begin the days of asking again, with a query now.
    AskAgain,
}

/// Everything that can happen to a payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayoutEvent {
    /// Reserve it and send it. Only the first one does.
    Start,
    /// The call was answered, or not.
    Answered(PayoutAnswer),
    /// A result was posted to us. Unsigned: a claim.
    CalledBack(PayoutReport),
    /// A post came at the time-out address: the provider does not know, either.
    TimedOut,
    /// Our query was answered; `None` when it was not.
    StatusAnswered(Option<PayoutReport>),
    /// Time has passed; acts only when [`Payout::due`] has.
    Tick,
    /// An operator decided.
    Ordered(PayoutOrder),
}

/// What the customer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutNotice {
    /// It is on its way.
    Started,
    /// They have the money.
    Made,
    /// It did not work, and the money is with us as before.
    Failed(Failure),
}

/// What the operator's log is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayoutAudit {
    /// An event that cannot belong to a payout in this state.
    Unexpected,
    /// A report carries another payout's key; it was ignored.
    ForeignKey,
    /// Another amount or payee was reported.
    Mismatch,
    /// A second, different receipt was reported.
    SecondReceipt(ProviderReceipt),
    /// Two reports disagree on whether it was made.
    Contradiction,
    /// It was made after its money had been given back: the owner may owe it now.
    MadeAfterGivenBack,
    /// The failure is one of our own set-up: alert the operator.
    OurConfiguration,
    /// The days of asking are over.
    GaveUp,
    /// An operator's order cannot be done in this state.
    OrderRefused,
}

/// What is to be done once the payout is on disk, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayoutEffect {
    /// Book the money out of its owner's account into transit.
    Reserve,
    /// Call the provider, once; never re-emit it after a restart.
    Submit,
    /// Ask the provider about it.
    AskStatus,
    /// Tick this payout at that time; the same as [`Payout::due`].
    WakeAt(Wall),
    /// Book it as gone: at most once in a payout's life.
    Settle {
        /// The receipt, when it is known already.
        receipt: Option<ProviderReceipt>,
    },
    /// The receipt of a payout that was settled without one.
    ReceiptKnown(ProviderReceipt),
    /// Book it back to its owner: at most once in a payout's life.
    GiveBack,
    /// Tell the customer.
    Tell(PayoutNotice),
    /// Write it down for the operator.
    Audit(PayoutAudit),
}
