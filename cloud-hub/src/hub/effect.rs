//! Everything the hub's machine wants done outside, after the commit. One page.

use std::borrow::Cow;

use kiosk::{
    dispense::Reason,
    ids::{AccountId, BoxId, CustomerId, LoanId, ProviderReference, RequestId, SiteName},
    loan::LoanState,
    moment::Wall,
    payment::{Msisdn, PaymentEvent, PaymentState},
    payout::PayoutState,
    phone::Phone,
    provider::Provider,
    talk::broadcast,
    units::{Currency, Money, Volume},
};

use super::{
    input::{LinkId, PayoutId, PurchaseId, ReplyId},
    money::{MoneyPlace, OfferVerdict},
    operator::Role,
    payout::{PayoutCall, PayoutQuestion, PayoutWord},
    pull::PullQuestion,
};

/// A row of the outbox of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutboxId(pub i64);

/// An effect of the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// One whole frame leaves on a socket.
    Send {
        /// The socket.
        link: LinkId,
        /// The frame.
        bytes: Vec<u8>,
    },
    /// The socket is to be closed, after what was sent on it.
    Close {
        /// The socket.
        link: LinkId,
        /// Why, for the log.
        why: &'static str,
    },
    /// The box at the other end of the socket has proved who it is.
    Proven {
        /// The socket.
        link: LinkId,
    },
    /// The answer to an [`super::input::Input::Asked`] or an [`super::input::Input::Callback`].
    Reply {
        /// To whom.
        reply: ReplyId,
        /// What; a refusal is a value.
        answer: Result<Response, Refusal>,
    },
    /// Send a payment prompt: once in a payment's life.
    Submit(Prompt),
    /// Ask a provider what became of a payment.
    Query {
        /// The purchase, for the answer.
        purchase: PurchaseId,
        /// The provider.
        provider: Provider,
        /// The payment's name there.
        reference: ProviderReference,
    },
    /// Ask a provider for the payments that it took.
    Pull(PullQuestion),
    /// Have a provider pay out: once in a payout's life.
    PayOut(PayoutCall),
    /// Ask a provider what became of a payout.
    AskPayout(PayoutQuestion),
    /// As [`Effect::HandInAgain`], of a payout.
    HandInPayoutAgain {
        /// The payout.
        payout: PayoutId,
        /// What the provider said.
        word: PayoutWord,
    },
    /// Send a text.
    Text {
        /// The row, for the outcome.
        outbox: OutboxId,
        /// To whom.
        phone: Phone,
        /// What, ready to send.
        text: String,
    },
    /// What a provider answered could not be written: hand it in again in a moment, for the provider will not say it
    /// again.
    HandInAgain {
        /// The purchase.
        purchase: PurchaseId,
        /// What the provider said.
        event: PaymentEvent,
    },
    /// Something pages show at once.
    Live(LiveEvent),
}

/// A payment prompt to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The purchase: the call carries it, and the answer comes back with it.
    pub purchase: PurchaseId,
    /// The provider.
    pub provider: Provider,
    /// What the customer is asked for: whole units of the currency.
    pub amount: Money,
    /// Whose phone.
    pub payer: Msisdn,
    /// The reference we chose, for providers that let us.
    pub reference: Option<ProviderReference>,
    /// The last part of the callback's address, lower-case hexadecimal.
    pub token: String,
    /// The account number that stands on the prompt.
    pub account: AccountId,
    /// From then on it is refused and not sent.
    pub send_before: Wall,
}

/// What pages show at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiveEvent {
    /// A site came or went.
    Site {
        /// Which.
        site: SiteName,
        /// Whether it has a socket.
        online: bool,
    },
    /// Water was drawn, or a correction came.
    Poured {
        /// Where.
        site: SiteName,
        /// Who; nobody for a loss.
        customer: Option<CustomerId>,
        /// How much.
        volume: Volume,
        /// When.
        time: Wall,
    },
    /// A purchase moved on.
    Purchase {
        /// Which.
        purchase: PurchaseId,
        /// Whose.
        customer: CustomerId,
        /// Where it stands.
        state: PaymentState,
    },
    /// A payout moved on.
    Payout {
        /// Which.
        payout: PayoutId,
        /// Whose money it is.
        customer: Option<CustomerId>,
        /// Where it stands.
        state: PayoutState,
    },
    /// A customer was made, changed, credited or merged.
    Customer {
        /// Who.
        customer: CustomerId,
    },
    /// An operator should look.
    Alarm {
        /// A stable word.
        code: &'static str,
        /// A sentence.
        detail: String,
    },
}

/// What an asker gets when it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// Done; nothing more to say.
    Done,
    /// A site has a join code; it is shown once.
    JoinCode {
        /// The code.
        code: String,
        /// Until when it is valid.
        valid_until: Wall,
    },
    /// A box is enrolled.
    Joined(Box<Enrolment>),
    /// A token or a session; the secret is shown once.
    Secret {
        /// The secret.
        secret: String,
    },
    /// A page session.
    Session {
        /// The secret for the cookie.
        secret: String,
        /// What the person may do.
        role: Role,
        /// A new password must be chosen first.
        change_password: bool,
    },
    /// A customer was made.
    Customer {
        /// Their id.
        customer: CustomerId,
        /// Their account number.
        account: AccountId,
    },
    /// Litres were given or taken.
    Credited {
        /// The credit.
        id: u64,
        /// Prepaid litres after it: credited less all spends known.
        balance_ml: i64,
    },
    /// A purchase stands there.
    Purchase {
        /// Which.
        purchase: PurchaseId,
        /// Where it stands.
        state: PaymentState,
    },
    /// A payout stands there.
    Payout {
        /// Which.
        payout: PayoutId,
        /// Where it stands.
        state: PayoutState,
    },
    /// A loan stands there.
    Loan {
        /// Which.
        loan: LoanId,
        /// Where it stands.
        state: LoanState,
    },
    /// Where money stands that came without a prompt.
    Money(MoneyPlace),
    /// Whether a payment that is offered is to be taken.
    Offer(OfferVerdict),
    /// The decision on an ask for water.
    Dispense(DispenseAnswer),
    /// A report was taken.
    Reported {
        /// Which ask.
        request: RequestId,
        /// What was charged.
        charged: Volume,
        /// Prepaid litres after it.
        balance_ml: i64,
    },
    /// What somebody who calls by USSD sees next.
    Ussd(UssdScreen),
    /// What a broadcast would be.
    BroadcastPlan(Box<BroadcastPlan>),
    /// A broadcast stands there.
    Broadcast {
        /// Its number.
        broadcast: i64,
        /// Where it stands.
        state: broadcast::State,
    },
}

/// What a broadcast would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BroadcastPlan {
    /// Its texts and who gets which.
    pub preview: broadcast::Preview,
    /// What one part costs, in minor units; 0 where nobody said.
    pub price_per_part_minor: u32,
    /// Whose minor units.
    pub currency: Currency,
    /// When texts may leave.
    pub hours: broadcast::Hours,
    /// IANA time zone of those hours.
    pub time_zone: String,
    /// Whether it is such an hour.
    pub is_open: bool,
}

/// A screen of a USSD session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UssdScreen {
    /// What it says, in letters of the GSM alphabet.
    pub screen: String,
    /// Whether an input is waited for; otherwise the session is over.
    pub goes_on: bool,
    /// Where the session stands ([`kiosk::talk::ussd::Session::state_name`]).
    pub state: &'static str,
}

/// The decision on an ask for water (CONTRACTS section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispenseAnswer {
    /// The ask's id, or the one that was made for it.
    pub request: RequestId,
    /// Why not; `None` when approved.
    pub denied: Option<Reason>,
    /// Who; only where [`Reason::tells_customer`].
    pub customer: Option<DispenseCustomer>,
}

/// What an answer tells of a customer who has proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispenseCustomer {
    /// As they are called.
    pub name: String,
    /// Their account number.
    pub account: AccountId,
    /// Prepaid litres, open holds not taken off.
    pub balance_ml: i64,
    /// Whole jerrycans left of the month's allowance.
    pub jerrycans_left: u64,
}

/// All that a gateway gets for its join code.
#[derive(Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The site.
    pub site: SiteName,
    /// What people call it.
    pub title: String,
    /// The enrolment's id.
    pub box_id: BoxId,
    /// IANA time zone.
    pub time_zone: String,
    /// ISO 4217.
    pub currency: kiosk::units::Currency,
    /// `en`, `sw` or `fr`.
    pub language: String,
    /// Seals frames between this box and the hub.
    pub pair_key: [u8; 32],
    /// Checks PINs at this site.
    pub pin_key: [u8; 32],
    /// Makes receipts at this site.
    pub receipt_key: [u8; 32],
    /// The hub's Ed25519 key.
    pub hub_signing_key: [u8; 32],
    /// The hub's X25519 key.
    pub hub_sealing_key: [u8; 32],
    /// The hub's generation.
    pub generation: u32,
    /// The hub's wall clock.
    pub wall: Wall,
}

impl std::fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Enrolment({}, {:?}, …)", self.site, self.box_id)
    }
}

/// Why something was not done. A value, not an error: `code` is the API's `error.code`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// A stable word.
    pub code: Cow<'static, str>,
    /// A sentence for the person who reads it.
    pub message: String,
    /// The field at fault, where there is one.
    pub field: Option<Cow<'static, str>>,
    /// The thing that stands in the way, where there is one: the customer with the phone, the open purchase.
    pub id: Option<u64>,
    /// What kind of refusal it is, which decides the HTTP status.
    pub kind: RefusalKind,
}

/// The kinds of refusal, by what the asker can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// 400: ask differently.
    Invalid,
    /// 401: prove who you are.
    Unauthenticated,
    /// 403: not with this role.
    Forbidden,
    /// 404: there is no such thing.
    NotFound,
    /// 409: something is in the way.
    Conflict,
    /// 429: too often.
    TooMany,
    /// 503: not now; the store failed or the hub is stopping.
    Unavailable,
}

impl Refusal {
    /// A refusal without field or id.
    pub fn new(kind: RefusalKind, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal {
            code: Cow::Borrowed(code),
            message: message.into(),
            field: None,
            id: None,
            kind,
        }
    }

    /// Bad input in `field`.
    pub fn invalid(field: &'static str, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal {
            field: Some(Cow::Borrowed(field)),
            ..Refusal::new(RefusalKind::Invalid, code, message)
        }
    }

    /// There is no such `thing`.
    pub fn not_found(thing: &str) -> Refusal {
        Refusal::new(RefusalKind::NotFound, "not_found", format!("there is no such {thing}"))
    }

    /// Something is in the way.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal::new(RefusalKind::Conflict, code, message)
    }

    /// The same, naming what is in the way.
    pub fn with_id(self, id: u64) -> Refusal {
        Refusal { id: Some(id), ..self }
    }
}
