//! Everything a site's machine can want done outside, on one page. None leaves before its commit.

use kiosk::{
    dispense::Reason,
    float::NoQuote,
    ids::{AccountId, BoxId, CustomerId, DispenserId, Epoch, RecordId, RequestId, SiteName},
    moment::{Trust, Wall},
    units::{Currency, Money, Volume},
};

use super::{
    airtime::CannotAsk,
    input::{Door, ReplyId, Role},
    room::Room,
    sim::{SimOrder, SimStatus},
};
pub use super::{
    broadcast::BroadcastPlan,
    fleet::{Presence, Way},
};

/// An effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// An answer or a receipt, in the bytes that were stored.
    Deliver(Door, Delivery),
    /// A dispenser's payload cannot be used; nothing changed.
    Reject(Door, RequestId, Rejection),
    /// The retained configuration of a dispenser.
    Configure(DispenserId, DispenserConfig),
    /// The secrets that the broker's front checks, after one changed.
    Credentials(Vec<(DispenserId, [u8; 32])>),
    /// A frame for the hub.
    Send {
        /// On the socket with this number; an older one is gone.
        socket: u64,
        /// The frame.
        bytes: Vec<u8>,
    },
    /// Close the socket to the hub and dial again.
    HangUp {
        /// Which socket.
        socket: u64,
        /// Seconds; zero for the usual back-off.
        retry_after_s: u32,
    },
    /// A source named the time.
    ClockHeard(Trust, Wall),
    /// What a person is told.
    Reply(ReplyId, Result<Told, Refusal>),
    /// The box belongs to the hub at this address now.
    Dial(String),
    /// Give up the ballast file: its place is needed.
    FreeBallast,
    /// Make the ballast file: there is ample room.
    MakeBallast,
    /// The SIM in the modem is asked something.
    Sim(SimOrder),
    /// Something changed that an open page shows.
    Live,
}

/// What is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// On `answer`.
    Answer(Vec<u8>),
    /// On `receipt`.
    Receipt(Vec<u8>),
}

/// Why a payload of a dispenser cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    /// The same request came before with other content.
    RequestConflict,
    /// This box has not joined a hub, so nothing can be recorded; the dispenser keeps its pour.
    NotJoined,
    /// The store failed; the dispenser keeps its pour.
    NotSaved,
}

/// The decision on an ask, before it is put into bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The request it answers.
    pub request: RequestId,
    /// `None` when approved.
    pub denied: Option<Reason>,
    /// What may flow: the volume asked, or nothing.
    pub volume: Volume,
    /// The customer, unless the reason keeps it.
    pub customer: Option<CustomerShown>,
    /// Four lines for the display.
    pub lines: [String; 4],
}

/// What an answer tells of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerShown {
    /// The first name.
    pub name: String,
    /// The account, once the hub gave one.
    pub account: Option<AccountId>,
    /// Prepaid litres at this site.
    pub balance: Volume,
    /// Whole jerrycans left of the month's allowance.
    pub jerrycans_left: u64,
}

/// The acknowledgement of a pour, before it is put into bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The request it settles.
    pub request: RequestId,
    /// What was charged, or what flowed when nobody could be charged.
    pub volume: Volume,
    /// Prepaid litres left; `None` without a customer.
    pub balance: Option<Volume>,
    /// The receipt number.
    pub receipt: String,
    /// Four lines for the display.
    pub lines: [String; 4],
}

/// How answers and receipts look as bytes: the wire's business, handed in by whoever assembles the program.
#[derive(Clone, Copy)]
pub struct Wire {
    /// An answer for this door.
    pub answer: fn(&Door, &Answer) -> Vec<u8>,
    /// A receipt for this door.
    pub receipt: fn(&Door, &Receipt) -> Vec<u8>,
    /// What a caller of the API is told: kept where a caller gave a key, so that a repeat gets the same bytes.
    pub told: fn(&Result<Told, Refusal>) -> Rendered,
}

/// What a person is told, as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// What a dispenser is configured with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispenserConfig {
    /// Grows with every change.
    pub revision: i64,
    /// Pulses of the flow meter per litre.
    pub pulses_per_litre: i64,
    /// The same where a manager set it for this dispenser alone.
    pub pulses_measured: Option<i64>,
    /// The most that may be asked for at once.
    pub volume_max: Volume,
    /// The display's language.
    pub language: String,
    /// Whether it sells.
    pub enabled: bool,
}

/// A good answer to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// It is done.
    Done,
    /// A customer was registered, provisionally.
    Registered(CustomerId),
    /// It waits for the hub under this id.
    Waiting(RecordId),
    /// Water was sold for cash.
    CashTaken(CashTaken),
    /// What a text to everybody would be.
    BroadcastPlan(Box<BroadcastPlan>),
    /// A text to everybody is on its way.
    Broadcast {
        /// Which.
        id: i64,
        /// How many get it.
        people: u32,
        /// All of them together, in texts of the network.
        parts: u64,
    },
    /// How the site stands.
    Status(Box<Status>),
    /// The answer of the first time, in the same bytes.
    Again(Rendered),
    /// The try was counted.
    Login {
        /// The hash that the typed password must match; `None` where there is no such account.
        hash: Option<String>,
        /// The device has logged in under this name before.
        is_known: bool,
    },
    /// Whose page or token it is; `None` when it is nobody's, or over.
    Caller(Option<Caller>),
}

/// A sale for cash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashTaken {
    /// The record that says so.
    pub record: RecordId,
    /// The receipt number.
    pub receipt: String,
    /// What the customer may draw for it.
    pub volume: Volume,
    /// What was paid.
    pub amount: Money,
    /// What the manager may still take before handing in.
    pub left: Money,
}

/// Whose page or token it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The account, or what the token is for.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// They must choose a password first.
    pub must_change: bool,
}

/// Why a person's command changed nothing. A refusal is an answer, not an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A field is not usable.
    #[error("{field}: {message}")]
    Field {
        /// Which.
        field: &'static str,
        /// What it must be.
        message: String,
    },
    /// No such thing here.
    #[error("{0} is not known at this site")]
    Unknown(&'static str),
    /// A person with this phone is here already.
    #[error("this phone is registered already")]
    PhoneTaken(CustomerId),
    /// The box has not joined.
    #[error("this box has not joined a hub: run kisima-gateway join HUB_URL CODE")]
    NotJoined,
    /// Too many wrong passwords for this account.
    #[error("too many wrong passwords: try again in {} minutes", retry_after_s.div_ceil(60))]
    TooManyTries {
        /// When the next try counts.
        retry_after_s: u64,
    },
    /// The password was changed meanwhile.
    #[error("this account was changed meanwhile: log in again")]
    Outdated,
    /// The key came before with another content.
    #[error("this Idempotency-Key was used for something else: take a new one")]
    KeyReused,
    /// The disk is nearly full, and what is asked can wait.
    #[error(
        "the disk of this gateway is nearly full: water is sold; loans, purchases and cash wait; make room on it, then try again"
    )]
    DiskLow,
    /// There is no modem here.
    #[error("this site has no modem and sends no texts: set modem.port, then try again")]
    NoSim,
    /// Nobody can be asked what is left on the SIM.
    #[error("nobody can ask for the airtime: {0}")]
    CannotAsk(CannotAsk),
    /// Another text to everybody is on its way.
    #[error("another text to everybody is still on its way: wait for it, or stop it")]
    BroadcastRuns,
    /// Nobody of this site would get it.
    #[error("nobody of this site would get it: all are blocked, said STOP, or have no phone")]
    Nobody,
    /// The box may not sell now.
    #[error("this gateway sells nothing now: it waits until it has heard the hub, or another box has taken its place")]
    SellsNothing,
    /// Whoever pays could not draw here.
    #[error(
        "this person cannot draw here now: blocked, without a PIN, with a bill overdue, not yet confirmed by the hub, or at home at another site; take no cash"
    )]
    CannotDraw,
    /// The hub has given the caller no float here.
    #[error("your account has no float at this site: ask the office for one before you take cash")]
    NoFloat,
    /// The float does not cover it.
    #[error("{0}")]
    Float(#[from] NoQuote),
    /// The price is another than the one that was shown.
    #[error("the price is {0} now: ask the customer again")]
    PriceChanged(Money),
    /// The manager's time cannot be believed.
    #[error("{0}")]
    Clock(#[from] ClockRefusal),
    /// The store failed; nothing was changed.
    #[error("the gateway could not save this; nothing was changed, try again")]
    Degraded,
}

/// Why the clock stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockRefusal {
    /// A source that is trusted above a manager has set it.
    #[error("the clock is set by {} already, which is more exact; it stays as it is", voucher(*.0))]
    Better(Trust),
    /// The time has passed already.
    #[error("this time is over already: it was after {} (UTC) when this box last knew the time. Is the year right?", .0.rfc3339())]
    Past(Wall),
}

fn voucher(trust: Trust) -> &'static str {
    match trust {
        Trust::None => "nobody",
        Trust::Manager => "a manager",
        Trust::Modem => "the mobile network",
        Trust::Ntp => "the internet (NTP)",
        Trust::Hub => "the hub",
    }
}

/// What the link has cost since today began, in bytes of frames as they leave and come; what TLS, TCP and a carrier put
/// around them is not seen from here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Bytes of replication sent to the hub.
    pub sync_sent: u64,
    /// Bytes of replication received from it.
    pub sync_received: u64,
}

/// How the site stands, for its page and its API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// This box, once joined.
    pub box_id: Option<BoxId>,
    /// The site's name and title, once joined.
    pub site: Option<(SiteName, String)>,
    /// Where the hub is looked for, once joined.
    pub hub_url: Option<String>,
    /// The currency of its prices, once joined.
    pub currency: Option<Currency>,
    /// An IANA name.
    pub time_zone: String,
    /// Whether the hub is heard.
    pub link_up: bool,
    /// Since when it has been so; `None` when the hub was never heard in this run.
    pub link_since: Option<Wall>,
    /// When it was last heard.
    pub last_heard: Option<Wall>,
    /// Records that the hub has not acknowledged, per lane, the most urgent first.
    pub queue: [u64; 4],
    /// What the link has cost today.
    pub spent: Spent,
    /// The newest record this site has written.
    pub journal_through: Option<(Epoch, u32)>,
    /// It sells nothing now.
    pub degraded: bool,
    /// What was last seen of the disk; `None` before anybody looked.
    pub room: Option<Room>,
    /// How the SIM stands; `None` where there is no modem.
    pub sim: Option<SimStatus>,
    /// How far the clock is trusted.
    pub trust: Trust,
    /// The time.
    pub wall: Wall,
    /// When today began here.
    pub today: Wall,
    /// Asks decided since the program started, by the word they were told.
    pub decided: Vec<(&'static str, u64)>,
    /// Rows of sales written since the program started and their millilitres, by kind.
    pub sold: Vec<(&'static str, u64, i64)>,
    /// Batches committed since the program started.
    pub commits: u64,
    /// Each dispenser.
    pub dispensers: Vec<DispenserStatus>,
}

/// How a dispenser stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispenserStatus {
    /// Which.
    pub id: DispenserId,
    /// What it is configured with.
    pub config: DispenserConfig,
    /// Connected, and heard within three heartbeats.
    pub online: bool,
    /// What is known of it in this run.
    pub presence: Presence,
}
