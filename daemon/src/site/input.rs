//! Everything that can reach a site's machine, on one page.

use kiosk::{
    fact::{Outcome, PurchaseItem},
    ids::{CustomerId, DispenserId, RequestId},
    moment::Wall,
    units::Volume,
};

use super::enrolment::Enrolment;

/// Names one waiting caller of an adapter, so that the answer finds its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyId(pub u64);

/// An input; each is one transaction.
#[derive(Debug)]
pub enum Input {
    /// The first input of a run: what was left open is taken up again.
    Started,
    /// About a second went by.
    Tick,

    /// A dispenser asks for water.
    Asked(Door, Ask),
    /// An ask that cannot be read, but whose request can.
    Malformed(Door, RequestId),
    /// A dispenser reports what flowed.
    Poured(Door, Report),
    /// A dispenser's first connection.
    Connected(DispenserId),
    /// Its last connection ended.
    Disconnected(DispenserId),
    /// A dispenser is well.
    Heartbeat(DispenserId, Heartbeat),

    /// The socket to the hub with this number is open.
    LinkUp(u64),
    /// A frame came on it.
    LinkFrame(Vec<u8>),
    /// The socket is gone.
    LinkDown,
    /// The box was enrolled.
    Joined(Box<Enrolment>),

    /// A person at the page or the command line.
    Told(ReplyId, Command),
}

/// By which door a dispenser came, and so where its answer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// MQTT: the answer is published under the dispenser's prefix.
    Mqtt(DispenserId),
    /// HTTP: a caller waits.
    Http(DispenserId, ReplyId),
}

impl Door {
    /// The dispenser that came.
    pub fn dispenser(&self) -> &DispenserId {
        match self {
            Door::Mqtt(dispenser) | Door::Http(dispenser, _) => dispenser,
        }
    }
}

/// Who wants water, as the person typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A phone in any accepted form, an account id, or its digits alone.
    User(String),
    /// A subscription code.
    Code(String),
}

/// `ask` of CONTRACTS section 3. The PIN's text is whatever was typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Ask {
    /// Unique per dispenser.
    pub request: RequestId,
    /// Who.
    pub who: Who,
    /// The PIN.
    pub pin: String,
    /// A payment token to redeem first.
    pub token: Option<String>,
    /// Millilitres, any integer.
    pub volume_ml: i64,
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ask")
            .field("request", &self.request)
            .field("volume_ml", &self.volume_ml)
            .finish_non_exhaustive()
    }
}

/// `poured` of CONTRACTS section 3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The ask it answers.
    pub request: RequestId,
    /// What flowed.
    pub volume: Volume,
    /// How it ended.
    pub outcome: Outcome,
}

/// `heartbeat` of CONTRACTS section 3, as far as the site uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The firmware's version.
    pub firmware: String,
    /// The revision of `config` it runs with.
    pub config_revision: Option<i64>,
    /// What it is doing.
    pub state: String,
    /// Its pulse counter.
    pub pulses_total: Option<u64>,
    /// The strength of its Wi-Fi, in dBm.
    pub rssi_dbm: Option<i64>,
}

/// What a person, or a subcommand, tells the site to do.
#[derive(Clone, PartialEq, Eq)]
pub enum Command {
    /// Tell how the site stands.
    Status,
    /// Make a dispenser, or a new secret for one; `secret` is SHA-256 of its password.
    AddDispenser {
        /// Which.
        dispenser: DispenserId,
        /// SHA-256 of its password.
        secret: [u8; 32],
    },
    /// Switch a dispenser on or off.
    EnableDispenser {
        /// Which.
        dispenser: DispenserId,
        /// On.
        enabled: bool,
    },
    /// Register a person while the hub may be away.
    Register {
        /// Their phone, in any accepted form.
        phone: String,
        /// Their name.
        name: String,
        /// Four digits.
        pin: String,
    },
    /// A manager, with the customer present, clears a lock-out.
    ClearLock(CustomerId),
    /// Ask the hub for a purchase; the payment prompt goes out when the link returns.
    Purchase {
        /// For whom.
        customer: CustomerId,
        /// What.
        item: PurchaseItem,
    },
    /// Ask the hub for a loan (FEATURES C9).
    Loan {
        /// Who asks.
        borrower: CustomerId,
        /// The lender's phone.
        lender: String,
        /// Minor units.
        amount_minor: i64,
        /// Minor units a week.
        repayment_minor: i64,
    },
    /// The manager sets the clock.
    SetClock(Wall),
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Command::Status => "Status",
            Command::AddDispenser { .. } => "AddDispenser",
            Command::EnableDispenser { .. } => "EnableDispenser",
            Command::Register { .. } => "Register",
            Command::ClearLock(_) => "ClearLock",
            Command::Purchase { .. } => "Purchase",
            Command::Loan { .. } => "Loan",
            Command::SetClock(_) => "SetClock",
        })
    }
}
