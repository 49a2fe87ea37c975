//! May this person draw this water here and now? One pure decision, made alike online and offline (FEATURES X4).

use crate::{
    fact::Purse,
    ids::GrantId,
    moment::{Trust, Wall},
    units::Volume,
};

/// Why water is denied. The order of the variants is the order in which they are checked, and the first that applies is
/// told (CONTRACTS section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The ask cannot be read.
    BadRequest,
    /// The gateway cannot decide now: a failed commit, a past in doubt, another medium. Not final.
    GatewayDegraded,
    /// The operator switched the dispenser off.
    DispenserDisabled,
    /// The volume is not within 1 ml and the dispenser's maximum.
    VolumeOutOfRange,
    /// Nobody here has this phone, account or code.
    UnknownCustomer,
    /// Known, but not admitted to this site.
    NotAtThisSite,
    /// Too many wrong PINs.
    Locked,
    /// The PIN is wrong.
    WrongPin,
    /// The payment token is not one of ours.
    TokenInvalid,
    /// The payment token was redeemed before.
    TokenUsed,
    /// Blocked, or without a PIN so far.
    Inactive,
    /// A bill is overdue.
    BillOverdue,
    /// The day's limit would be passed.
    DailyLimit,
    /// A subscription ended and nothing is prepaid.
    SubscriptionExpired,
    /// A valid subscription is empty and nothing is prepaid.
    JerrycansUsed,
    /// Both purses together are too small.
    InsufficientCredit,
}

impl Reason {
    /// The word that dispensers and APIs are told when water is approved.
    pub const VERIFIED: &'static str = "verified";

    /// All reasons, in the order in which they are checked.
    pub const ALL: [Reason; 16] = [
        Reason::BadRequest,
        Reason::GatewayDegraded,
        Reason::DispenserDisabled,
        Reason::VolumeOutOfRange,
        Reason::UnknownCustomer,
        Reason::NotAtThisSite,
        Reason::Locked,
        Reason::WrongPin,
        Reason::TokenInvalid,
        Reason::TokenUsed,
        Reason::Inactive,
        Reason::BillOverdue,
        Reason::DailyLimit,
        Reason::SubscriptionExpired,
        Reason::JerrycansUsed,
        Reason::InsufficientCredit,
    ];

    /// The word in `reason` (CONTRACTS section 3).
    pub const fn name(self) -> &'static str {
        match self {
            Reason::BadRequest => "bad_request",
            Reason::GatewayDegraded => "gateway_degraded",
            Reason::DispenserDisabled => "dispenser_disabled",
            Reason::VolumeOutOfRange => "volume_out_of_range",
            Reason::UnknownCustomer => "unknown_customer",
            Reason::NotAtThisSite => "not_at_this_site",
            Reason::Locked => "locked",
            Reason::WrongPin => "wrong_pin",
            Reason::TokenInvalid => "token_invalid",
            Reason::TokenUsed => "token_used",
            Reason::Inactive => "inactive",
            Reason::BillOverdue => "bill_overdue",
            Reason::DailyLimit => "daily_limit",
            Reason::SubscriptionExpired => "subscription_expired",
            Reason::JerrycansUsed => "jerrycans_used",
            Reason::InsufficientCredit => "insufficient_credit",
        }
    }

    /// Reads that word.
    pub fn from_name(name: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.name() == name)
    }

    /// Whether an answer with this reason may tell name, account and balances: only after the person has proved who
    /// they are (CONTRACTS section 4: null for every reason up to `wrong_pin` and the token ones).
    pub fn tells_customer(self) -> bool {
        self > Reason::TokenUsed
    }

    /// Whether the answer stands for good; only `gateway_degraded` leaves without a commit (CONTRACTS section 3).
    pub fn is_final(self) -> bool {
        self != Reason::GatewayDegraded
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Something that cannot be read as an ask: a field missing or of the wrong form.
    Malformed,
    /// Water, in millilitres; any integer, as it came.
    Water {
        /// Millilitres asked.
        volume_ml: i64,
    },
}

/// What the PIN check said. The check itself, and its counter, is [`crate::pin`]'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinVerdict {
    /// Right.
    Right,
    /// Wrong.
    Wrong,
    /// The customer has none yet, so nothing could be compared.
    NotSet,
}

/// What the check of a payment token said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenVerdict {
    /// No token came with the ask.
    Absent,
    /// Good; its grant is among the customer's rights.
    Redeemed,
    /// Not one of ours.
    Invalid,
    /// Redeemed before.
    Used,
}

/// A customer's right to water at this site, without those that are recalled or closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// The grant.
    pub grant: GrantId,
    /// The purse it belongs to.
    pub purse: Purse,
    /// Its volume less what is spent and less what open holds have set aside.
    pub free: Volume,
    /// The first moment at which it is no longer honoured.
    pub valid_until: Option<Wall>,
}

/// What the site knows of the customer who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerView {
    /// Admitted to this site.
    pub at_this_site: bool,
    /// Locked out by wrong PINs.
    pub locked: bool,
    /// The PIN check's verdict.
    pub pin: PinVerdict,
    /// The token check's verdict.
    pub token: TokenVerdict,
    /// False when blocked.
    pub active: bool,
    /// A bill is overdue.
    pub bill_overdue: bool,
    /// The most that may be drawn in a day; `None` and zero are no limit.
    pub daily_limit: Option<Volume>,
    /// What was drawn today, open holds included.
    pub drawn_today: Volume,
    /// The end of the newest subscription, if there ever was one: the first moment at which it is over.
    pub subscription_until: Option<Wall>,
    /// The customer's rights here, the oldest first.
    pub rights: Vec<Right>,
}

/// The dispenser that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DispenserView {
    /// False when the operator switched it off.
    pub enabled: bool,
    /// The most it may be asked for at once.
    pub volume_max: Volume,
}

/// Everything the decision depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
    /// The gateway cannot sell now.
    pub degraded: bool,
    /// Where.
    pub dispenser: DispenserView,
    /// Who; `None` when nobody here goes by that name.
    pub customer: Option<CustomerView>,
    /// When.
    pub now: Wall,
    /// How far `now` is to be believed; an untrusted clock expires nothing.
    pub trust: Trust,
}

/// The decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes: set these parts aside, in this order, before the valve opens. They add up to the volume asked.
    Approved {
        /// The grants that pay, the first to be spent first.
        parts: Vec<(GrantId, Volume)>,
    },
    /// No.
    Denied(Reason),
}

impl Verdict {
    /// The word in `reason`: `verified`, or why not.
    pub const fn reason_name(&self) -> &'static str {
        match self {
            Verdict::Approved { .. } => Reason::VERIFIED,
            Verdict::Denied(reason) => reason.name(),
        }
    }
}

/// Whether something with this end is over. Without a trusted clock nothing is (DESIGN section 9).
pub fn is_over(valid_until: Option<Wall>, now: Wall, trust: Trust) -> bool {
    trust.is_trusted() && valid_until.is_some_and(|end| now >= end)
}

/// Decides on an ask: the first reason that applies, or what to set aside (CONTRACTS section 3).
pub fn decide(ask: &Ask, situation: &Situation) -> Verdict {
    match check(ask, situation) {
        Ok((volume, customer)) => match allot(&customer.rights, volume, situation) {
            Some(parts) => Verdict::Approved { parts },
            None => Verdict::Denied(shortage(customer, situation)),
        },
        Err(reason) => Verdict::Denied(reason),
    }
}

/// Everything before the purses.
fn check<'a>(ask: &Ask, situation: &'a Situation) -> Result<(Volume, &'a CustomerView), Reason> {
    let Ask::Water { volume_ml } = *ask else {
        return Err(Reason::BadRequest);
    };
    if situation.degraded {
        return Err(Reason::GatewayDegraded);
    }
    if !situation.dispenser.enabled {
        return Err(Reason::DispenserDisabled);
    }
    let volume = Volume::try_from_ml(volume_ml)
        .filter(|volume| !volume.is_zero() && *volume <= situation.dispenser.volume_max)
        .ok_or(Reason::VolumeOutOfRange)?;
    let customer = situation.customer.as_ref().ok_or(Reason::UnknownCustomer)?;
    if !customer.at_this_site {
        return Err(Reason::NotAtThisSite);
    }
    if customer.locked {
        return Err(Reason::Locked);
    }
    if customer.pin == PinVerdict::Wrong {
        return Err(Reason::WrongPin);
    }
    match customer.token {
        TokenVerdict::Invalid => return Err(Reason::TokenInvalid),
        TokenVerdict::Used => return Err(Reason::TokenUsed),
        TokenVerdict::Absent | TokenVerdict::Redeemed => {}
    }
    if !customer.active || customer.pin == PinVerdict::NotSet {
        return Err(Reason::Inactive);
    }
    if customer.bill_overdue {
        return Err(Reason::BillOverdue);
    }
    let limit = customer.daily_limit.filter(|limit| !limit.is_zero());
    if limit.is_some_and(|limit| customer.drawn_today.plus(volume) > limit) {
        return Err(Reason::DailyLimit);
    }
    Ok((volume, customer))
}

/// Takes the whole volume from the rights, allowance that ends soonest first, then prepaid litres, the oldest first;
/// `None` when they are too small together.
fn allot(rights: &[Right], volume: Volume, situation: &Situation) -> Option<Vec<(GrantId, Volume)>> {
    let mut usable: Vec<&Right> = rights.iter().filter(|right| is_usable(right, situation)).collect();
    // The sort is stable, so what it leaves equal stays the oldest first.
    usable.sort_by_key(|right| match right.purse {
        Purse::Allowance => (0, right.valid_until.unwrap_or(Wall(i64::MAX))),
        Purse::Prepaid => (1, Wall::default()),
    });
    let mut parts = Vec::new();
    let mut missing = volume;
    for right in usable {
        if missing.is_zero() {
            break;
        }
        let taken = right.free.min(missing);
        parts.push((right.grant, taken));
        missing = missing.less(taken);
    }
    missing.is_zero().then_some(parts)
}

fn is_usable(right: &Right, situation: &Situation) -> bool {
    !right.free.is_zero() && !is_over(right.valid_until, situation.now, situation.trust)
}

/// Which of the three shortages it is, once both purses together are known to be too small.
fn shortage(customer: &CustomerView, situation: &Situation) -> Reason {
    let nothing_in = |purse| {
        let mut rights = customer.rights.iter().filter(|right| right.purse == purse);
        !rights.any(|right| is_usable(right, situation))
    };
    if customer.subscription_until.is_none() || !nothing_in(Purse::Prepaid) {
        return Reason::InsufficientCredit;
    }
    if is_over(customer.subscription_until, situation.now, situation.trust) {
        Reason::SubscriptionExpired
    } else if nothing_in(Purse::Allowance) {
        Reason::JerrycansUsed
    } else {
        Reason::InsufficientCredit
    }
}

#[cfg(test)]
mod tests;
