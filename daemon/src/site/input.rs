//! Everything that can reach a site's machine, on one page.

use kiosk::{
    fact::{Outcome, PurchaseItem},
    float::Wish,
    ids::{CustomerId, DispenserId, RequestId},
    moment::Wall,
    units::Volume,
};

use super::{broadcast::NewBroadcast, enrolment::Enrolment, fleet::Way, room::Room, sim::SimEvent};

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
    /// Somebody looked at the disk.
    Room(Room),

    /// A dispenser asks for water.
    Asked(Door, Ask),
    /// The same without a request of its own: an equal ask of the last minute is the same one (CONTRACTS section 4).
    /// The request in it is taken when there was none.
    AskedUnnamed(Door, Ask),
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

    /// Somebody was turned away at the dispensers' door, or cut.
    TurnedAway(TurnedAway),

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
    /// The SIM in the modem told something.
    Sim(SimEvent),
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
    /// How the dispenser speaks.
    pub fn way(&self) -> Way {
        match self {
            Door::Mqtt(_) => Way::Mqtt,
            Door::Http(..) => Way::Http,
        }
    }

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

/// A refusal of the dispensers' front.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnedAway {
    /// The dispenser, or the user name it claimed, if any.
    pub user: Option<String>,
    /// The address it came from, without its port.
    pub from: String,
    /// Why, in a word.
    pub why: &'static str,
    /// How many more were refused meanwhile, too many to tell each.
    pub untold: u32,
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
    /// A manager has measured a dispenser's meter.
    SetPulses {
        /// Which.
        dispenser: DispenserId,
        /// Pulses a litre; `None` follows the site's settings again.
        pulses_per_litre: Option<i64>,
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
    /// The one who gives the command has taken cash for water.
    SellForCash {
        /// Who bought.
        customer: CustomerId,
        /// What.
        wish: Wish,
        /// The price that was shown before, in minor units: at another nothing is sold.
        shown_minor: Option<i64>,
    },
    /// The manager sets the clock.
    SetClock(Wall),
    /// Ask the operator what is left on the SIM.
    AskAirtime,
    /// Tell what a text to everybody of this site would be.
    PlanBroadcast(NewBroadcast),
    /// Send it.
    Broadcast(NewBroadcast),
    /// Let no more of one leave.
    StopBroadcast(i64),
    /// A person who said STOP wants texts to everybody again.
    EndStop {
        /// Their phone, in any accepted form.
        phone: String,
    },
    /// A command with the name of who gave it, for the audit, and the key that makes a repeat harmless.
    By(Box<Order>),

    /// Make a manager, or give one a new first password.
    ResetManager {
        /// The account.
        name: String,
        /// What they may do.
        role: Role,
        /// The password's hash, a PHC string.
        hash: String,
    },
    /// Make a token for the API; one of the same name stops working.
    AddToken {
        /// What it is for.
        name: String,
        /// What it may do.
        role: Role,
        /// SHA-256 of the token.
        hash: [u8; 32],
    },
    /// Somebody types a password: count the try, and tell the hash it must match.
    TryLogin {
        /// The account.
        name: String,
        /// SHA-256 of what the browser shows that has logged in before.
        device: Option<[u8; 32]>,
    },
    /// The password was right: open a page.
    OpenSession(Box<Login>),
    /// Close a page.
    CloseSession([u8; 32]),
    /// The password was right, and its owner chose another.
    ChangePassword {
        /// The account.
        name: String,
        /// The hash that was matched.
        proved: String,
        /// The hash of the new one.
        hash: String,
        /// The page that stays open; the others are closed.
        session: [u8; 32],
    },
    /// Tell whose page or token this is.
    WhoIs(Credential),
}

/// A password that was right.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The account.
    pub name: String,
    /// The hash that was matched.
    pub proved: String,
    /// SHA-256 of the page's id.
    pub session: [u8; 32],
    /// SHA-256 of what this browser shows at its next login.
    pub device: [u8; 32],
}

/// What a person or a program may do at a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees everything.
    Viewer,
    /// Sees and changes everything.
    Manager,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 2] = [Role::Viewer, Role::Manager];

    /// The word in commands and on pages.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Manager => "manager",
        }
    }

    /// Reads that word.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What a caller shows, hashed with SHA-256.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A page's id.
    Session([u8; 32]),
    /// A token.
    Token([u8; 32]),
}

/// A command and who gave it.
#[derive(Clone, PartialEq, Eq)]
pub struct Order {
    /// Who, as the audit names them.
    pub who: String,
    /// The caller's own key for it, so that a repeat gets the first answer.
    pub once: Option<Once>,
    /// What.
    pub command: Command,
}

/// A caller's key for one change.
#[derive(Clone, PartialEq, Eq)]
pub struct Once {
    /// As the caller chose it.
    pub key: String,
    /// A hash of all that was asked; other content under the same key is refused.
    pub content: [u8; 32],
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Command::Status => "Status",
            Command::AddDispenser { .. } => "AddDispenser",
            Command::EnableDispenser { .. } => "EnableDispenser",
            Command::SetPulses { .. } => "SetPulses",
            Command::Register { .. } => "Register",
            Command::ClearLock(_) => "ClearLock",
            Command::Purchase { .. } => "Purchase",
            Command::Loan { .. } => "Loan",
            Command::SellForCash { .. } => "SellForCash",
            Command::SetClock(_) => "SetClock",
            Command::AskAirtime => "AskAirtime",
            Command::PlanBroadcast(_) => "PlanBroadcast",
            Command::Broadcast(_) => "Broadcast",
            Command::StopBroadcast(_) => "StopBroadcast",
            Command::EndStop { .. } => "EndStop",
            Command::By(order) => return write!(f, "By({:?})", order.command),
            Command::ResetManager { .. } => "ResetManager",
            Command::AddToken { .. } => "AddToken",
            Command::TryLogin { .. } => "TryLogin",
            Command::OpenSession(_) => "OpenSession",
            Command::CloseSession(_) => "CloseSession",
            Command::ChangePassword { .. } => "ChangePassword",
            Command::WhoIs(_) => "WhoIs",
        })
    }
}
