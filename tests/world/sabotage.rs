//! Worlds that are broken on purpose, once each, to see that the checker sees it.
//!
//! All of it is done from outside the machines: to what they commit, to what leaves them, or to their rows.

/// One way to break a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// A receipt leaves, and its commit is forgotten.
    ReceiptWithoutCommit,
    /// The hub tells an operator that litres were credited, and forgets it.
    AnswerWithoutCommit,
    /// The hub acknowledges records and forgets them; then the box burns.
    AckBeforeCommit,
    /// A run goes on with the epoch of an older one, after its card was set back.
    EpochReused,
    /// The hub takes an open grant for closed and grants its rest again.
    OpenGrantRegranted,
    /// A payment is credited twice.
    CreditedTwice,
    /// A cash sale is credited twice.
    CashCreditedTwice,
    /// The hub counts the spends of a chunk twice.
    ChunkAppliedTwice,
    /// A dispenser is told "approved" where the gateway said no.
    DenialTurned,
    /// A repeated answer differs from the first.
    AnswerChanged,
    /// An entry of the ledger has only one side.
    LedgerTorn,
    /// A record of a log is altered after it was sent.
    RecordAltered,
    /// The hub tells that a payment was made, and forgets it.
    PaidWithoutCommit,
    /// A direct payment is booked twice.
    DirectBookedTwice,
    /// The hub takes the word of one provider for the answer of another.
    AnswerOfAnother,
    /// A caller confirms a purchase, is told that it was made, and the hub forgets it.
    ConfirmedForgotten,
    /// A purchase that a caller confirmed stands twice.
    ConfirmedTwice,
    /// A caller is shown the screen of another.
    ScreenOfAnother,
    /// A caller is told another balance than the books have.
    BalanceMisstated,
    /// A session keeps a PIN as it was typed.
    PinKept,
    /// The hub says that it has a text, and forgets it.
    TextForgotten,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Sabotage; 21] = [
        Sabotage::ReceiptWithoutCommit,
        Sabotage::AnswerWithoutCommit,
        Sabotage::AckBeforeCommit,
        Sabotage::EpochReused,
        Sabotage::OpenGrantRegranted,
        Sabotage::CreditedTwice,
        Sabotage::CashCreditedTwice,
        Sabotage::ChunkAppliedTwice,
        Sabotage::DenialTurned,
        Sabotage::AnswerChanged,
        Sabotage::LedgerTorn,
        Sabotage::RecordAltered,
        Sabotage::PaidWithoutCommit,
        Sabotage::DirectBookedTwice,
        Sabotage::AnswerOfAnother,
        Sabotage::ConfirmedForgotten,
        Sabotage::ConfirmedTwice,
        Sabotage::ScreenOfAnother,
        Sabotage::BalanceMisstated,
        Sabotage::PinKept,
        Sabotage::TextForgotten,
    ];
}
