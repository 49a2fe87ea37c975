//! What happened, as it travels between a site and the hub.
//!
//! A fact is immutable and has one writer; its id is its place in a log ([`crate::ids::RecordId`]). Balances are never
//! facts: every replica folds them from these. How a fact looks as bytes is `sync`'s business.

use crate::{
    ids::{AccountId, CustomerId, DispenserId, GrantId, HoldId, ManagerId, RecordId},
    moment::Wall,
    units::Volume,
};

/// Which of a customer's two purses water comes from (CONTRACTS section 3). The allowance is spent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purse {
    /// The month's allowance of a subscription.
    Allowance,
    /// Litres paid for.
    Prepaid,
}

/// How a hold came to be settled (PROTOCOL rule 23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    /// The dispenser reported what flowed.
    Report,
    /// No report came in time: booked in full by rule.
    Rule,
}

/// How a pour ended, as the dispenser tells it (CONTRACTS section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// All that was asked flowed.
    Complete,
    /// The person stopped it.
    Stopped,
    /// Nothing flowed for too long.
    Timeout,
    /// The dispenser found a fault.
    Fault,
    /// The power went; the report comes from its memory.
    PowerLost,
}

impl Outcome {
    /// All outcomes; the index is the number on the wire.
    pub const ALL: [Outcome; 5] = [
        Outcome::Complete,
        Outcome::Stopped,
        Outcome::Timeout,
        Outcome::Fault,
        Outcome::PowerLost,
    ];

    /// The word used by dispensers, APIs and CSV.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Complete => "complete",
            Outcome::Stopped => "stopped",
            Outcome::Timeout => "timeout",
            Outcome::Fault => "fault",
            Outcome::PowerLost => "power_lost",
        }
    }

    /// Reads that word.
    pub fn from_name(name: &str) -> Option<Outcome> {
        Outcome::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// A fact of the money lane. Kinds may be added; an older program keeps what it does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    // Written by the hub.
    /// What the hub alone may say of a customer at this box.
    Listed(Listed),
    /// A subscription a customer may draw under at this box.
    Subscribed(Subscribed),
    /// A right to draw.
    Granted(Granted),
    /// A right is asked back: no new hold on it.
    Recalled {
        /// Which right.
        grant: GrantId,
    },
    /// One person registered twice while apart: everything of `from` counts as `into` from now on.
    Merged {
        /// The younger registration.
        from: CustomerId,
        /// The one that stays.
        into: CustomerId,
    },
    /// What became of something asked at the site.
    Answered(Answered),
    /// A manager may take cash.
    FloatGranted(FloatGranted),
    /// A manager handed cash in.
    HandedIn(HandedIn),
    // Written by the site.
    /// Water flowed, or is counted as if it had.
    Poured(Poured),
    /// A recalled right has no open hold left; every spend on it precedes this fact.
    Closed {
        /// Which right.
        grant: GrantId,
    },
    /// A payment token was typed in: the same right as its `Granted`, whichever comes first (PROTOCOL rule 26).
    Redeemed(Redeemed),
    /// A person was registered at the site; provisional until the hub lists them.
    Registered(Registered),
    /// A purchase asked while the hub was away.
    PurchaseAsked(PurchaseAsked),
    /// A loan asked while the hub was away. Only the hub approves.
    LoanAsked(LoanAsked),
    /// A manager took cash for water.
    FloatSold(FloatSold),
    /// A text that came to the site's own SIM and that only the hub can answer.
    Forwarded(Forwarded),
}

/// What the hub alone may say of a customer, sent whole at each change; the highest `(generation, revision)` stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Who.
    pub customer: CustomerId,
    /// The hub's generation when it said so (PROTOCOL rule 4).
    pub generation: u32,
    /// Grows with every change the hub makes to this customer.
    pub revision: u64,
    /// The account number.
    pub account: AccountId,
    /// False when blocked.
    pub active: bool,
    /// A bill is overdue.
    pub bill_overdue: bool,
    /// The most that may be drawn in a day; `None` is no limit.
    pub daily_limit: Option<Volume>,
    /// What checks the PIN at this site alone (DESIGN section 6); `None` before one is set.
    pub pin: Option<[u8; 16]>,
}

/// A subscription as the site needs it; its water comes in allowance grants of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// Who.
    pub customer: CustomerId,
    /// The monthly code that may stand in place of the phone.
    pub code: String,
    /// Valid until this moment.
    pub valid_until: Wall,
}

/// A right to draw water at one box (PROTOCOL rule 20).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Its id.
    pub grant: GrantId,
    /// Who may draw.
    pub customer: CustomerId,
    /// From which purse.
    pub purse: Purse,
    /// How much at most.
    pub volume: Volume,
    /// When the site stops honouring it; frees nothing at the hub.
    pub valid_until: Option<Wall>,
}

/// A right that came to the site as a code its bearer typed in (PROTOCOL rule 26).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeemed {
    /// The right, as the code says it; its id is the token's.
    pub granted: Granted,
    /// When.
    pub time: Wall,
}

/// A spend. Without a hold it is the site's loss and `parts` is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poured {
    /// The hold it settles.
    pub hold: Option<HoldId>,
    /// What each grant pays.
    pub parts: Vec<(GrantId, Volume)>,
    /// What flowed beyond the hold: the site's loss.
    pub over: Volume,
    /// By report or by rule.
    pub how: How,
    /// What the dispenser said.
    pub outcome: Option<Outcome>,
    /// Where.
    pub dispenser: DispenserId,
    /// When, to the second.
    pub time: Wall,
    /// Whether the site's clock was trusted then.
    pub clock_trusted: bool,
}

/// A registration made at a site. Name and phone are in the customer's document, never here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The id the site made up.
    pub customer: CustomerId,
    /// The PIN, sealed to the hub's key.
    pub sealed_pin: Vec<u8>,
    /// When.
    pub time: Wall,
}

/// What somebody asked to buy at a site without a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseAsked {
    /// Who.
    pub customer: CustomerId,
    /// What.
    pub item: PurchaseItem,
    /// When; a purchase asked too long ago expires.
    pub time: Wall,
}

/// What can be bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PurchaseItem {
    /// Prepaid litres.
    Litres(Volume),
    /// Money into the wallet, in minor units of the site's currency.
    Deposit(i64),
    /// A subscription, by the plan's name.
    Plan(String),
    /// The open bill.
    Bill,
}

/// A loan asked at a site. The lender's phone is sealed to the hub's key: journals hold no phones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoanAsked {
    /// Who asks.
    pub borrower: CustomerId,
    /// The lender's phone, sealed to the hub's key.
    pub sealed_lender: Vec<u8>,
    /// Minor units asked.
    pub amount_minor: i64,
    /// Minor units paid back a week.
    pub repayment_minor: i64,
    /// When.
    pub time: Wall,
}

/// A text to the site's own SIM that only the hub can answer, such as a report of a problem. Sender and words are sealed to
/// the hub's key: journals hold no phones. The sender proves nothing, here as there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// The sender's phone in international form, a line feed, and what was written; sealed.
    pub sealed: Vec<u8>,
    /// When it came.
    pub time: Wall,
}

/// A right of a manager to take cash at one box: a grant to a manager instead of a customer (DESIGN section 4). It is
/// recalled, closed and written off as any grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloatGranted {
    /// Its id, of the same numbers as other grants.
    pub float: GrantId,
    /// Who may take cash, as the books call them.
    pub manager: ManagerId,
    /// The account under which they log in at the site.
    pub login: String,
    /// How much they may take, in minor units of the site's currency.
    pub amount_minor: i64,
    /// The price at which they sell, in minor units for a cubic metre: the hub's tariff as the site knows it.
    pub price_per_m3_minor: u32,
}

/// Cash for water, taken by a manager. It spends the floats and opens an equal prepaid right of the customer at this box,
/// whose id is the record's own place: the run that wrote it and its number there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloatSold {
    /// What each float pays, in minor units. The first one's price is the price of the sale.
    pub parts: Vec<(GrantId, i64)>,
    /// Who bought.
    pub customer: CustomerId,
    /// What.
    pub volume: Volume,
    /// When.
    pub time: Wall,
    /// Whether the site's clock was trusted then.
    pub clock_trusted: bool,
}

impl FloatSold {
    /// What was paid, in minor units.
    pub fn amount_minor(&self) -> i64 {
        let sum = |sum: i64, (_, minor): &(GrantId, i64)| sum.saturating_add(*minor);
        self.parts.iter().fold(0, sum)
    }
}

/// A manager handed cash in, and it was counted at the hub. A restored hub that gets it back books it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandedIn {
    /// Who.
    pub manager: ManagerId,
    /// What of their sales it settles, in minor units.
    pub owed_minor: i64,
    /// The part of that which was taken at this box.
    pub here_minor: i64,
    /// What was counted, in minor units.
    pub counted_minor: i64,
    /// When.
    pub time: Wall,
}

/// What became of a record that asked the hub for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The record that asked.
    pub to: RecordId,
    /// The state it reached.
    pub state: AnsweredState,
}

/// The states a site is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnsweredState {
    /// The hub has it and acts on it.
    Taken,
    /// It is done.
    Done,
    /// It will not be done.
    Refused,
}

/// A fact of the alarm lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// How bad.
    pub severity: Severity,
    /// A stable word for what it is about, such as `fork` or `loss`.
    pub code: String,
    /// A sentence for the person who reads it.
    pub detail: String,
    /// When.
    pub time: Wall,
}

/// How bad an alarm is (FEATURES D65).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it this week.
    Warning,
    /// Look at it now.
    Critical,
}

/// A fact of the telemetry lane: one dispenser's hour, folded from its heartbeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hour {
    /// Which dispenser.
    pub dispenser: DispenserId,
    /// The hour's beginning.
    pub hour: Wall,
    /// Heartbeats heard in it.
    pub heartbeats: u32,
    /// The newest firmware it named.
    pub firmware: String,
    /// Its pulse counter at the end.
    pub pulses_total: u64,
}
