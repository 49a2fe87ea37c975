//! Everything that can reach the hub's machine. One page; nothing else gets in.

mod money;
mod people;
mod request;
mod texts;
mod ussd;

pub use kiosk::ids::{PayoutId, PurchaseId};
pub use money::{
    Allocation, CashCount, Item, NewBilling, NewLoan, NewPurchase, NewReading, NewRefund, NewWithdrawal, Pay, PayBy,
    Settling,
};
pub use people::{CustomerChange, NewCustomer, NewManager};
pub use request::{DispenseAsk, JoinRequest, NewSite, Request, Secret};
pub use texts::{IncomingText, NewBroadcast, Service, TextFate, TextOutcome, TextReport};
pub use ussd::{Aggregator, UssdName, UssdStep, UssdText};

use kiosk::{
    ids::{ProviderReference, SiteName},
    payment::{PaymentEvent, Report},
    phone::Phone,
    provider::Provider,
};

use super::{
    effect::OutboxId,
    money::{Arrival, MoneySource, OrderResult},
    operator::Role,
    payout::PayoutWord,
    pull::{PullPage, PullQuestion},
};

/// One open socket of a gateway. Numbered by the adapter, never used again within a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// Where an answer goes: numbered by the adapter that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplyId(pub u64);

/// An input of the hub.
#[derive(Clone, Debug)]
pub enum Input {
    /// The program has started: effects that a crash may have swallowed leave again.
    Started,
    /// A gateway dialled.
    Linked {
        /// Its socket.
        link: LinkId,
    },
    /// One whole frame came.
    Frame {
        /// On this socket.
        link: LinkId,
        /// As it came.
        bytes: Vec<u8>,
    },
    /// The socket is gone.
    Unlinked {
        /// Which.
        link: LinkId,
    },
    /// Somebody asks for something through the API, a page or a subcommand.
    Asked {
        /// Where the answer goes.
        reply: ReplyId,
        /// Who asks, as the adapter has established it.
        by: Actor,
        /// The `Idempotency-Key`: the same key from the same actor gets the first answer again for 24 h.
        key: Option<String>,
        /// What.
        request: Box<Request>,
    },
    /// A payment provider answered a call about a purchase that the hub made.
    Provider {
        /// The purchase that the call carried.
        purchase: PurchaseId,
        /// What it said: `PushAnswered` or `QueryAnswered`.
        event: PaymentEvent,
    },
    /// A payment provider called back by itself: a claim, not a proof.
    Callback {
        /// Where it is told that the callback is on disk: only then may the provider forget it.
        reply: ReplyId,
        /// How the provider names the purchase.
        name: CallbackName,
        /// What it says.
        report: Report,
    },
    /// Bytes that came to a callback's address and are none: written down, and nothing else.
    BadCallback {
        /// Where it is told that this is on disk.
        reply: ReplyId,
        /// Whose address it was.
        service: Service,
        /// Why they are none.
        why: String,
    },
    /// A provider asks whether to take a payment that nobody was asked for.
    MoneyOffered {
        /// Where the verdict goes.
        reply: ReplyId,
        /// The payment.
        arrival: Arrival,
    },
    /// Money has come that nobody was asked for: a claim, not a proof.
    MoneySeen {
        /// Where it is told that this is on disk: only then may the provider forget it.
        reply: ReplyId,
        /// The payment.
        arrival: Arrival,
        /// How it became known.
        source: MoneySource,
    },
    /// A provider told the payments that it took, or did not answer. We asked, so what it told is proven.
    Pulled {
        /// What was asked.
        question: PullQuestion,
        /// The answer; `None` when none came.
        page: Option<PullPage>,
    },
    /// A provider answered a call about a payout.
    PaidOut {
        /// The payout that the call carried.
        payout: PayoutId,
        /// What it said.
        word: PayoutWord,
    },
    /// A provider tells what became of money that it was to move.
    OrderEnded {
        /// Where it is told that this is on disk.
        reply: ReplyId,
        /// The last part of the address it came to, where that was made for one order or one question.
        token: Option<String>,
        /// What became of it.
        result: OrderResult,
    },
    /// What became of a text that was handed to the messaging provider.
    Texted {
        /// The row of the outbox.
        outbox: OutboxId,
        /// What became of it.
        outcome: TextOutcome,
    },
    /// The messaging provider tells what became of a text that it took: a claim.
    TextReported {
        /// Where it is told that this is on disk.
        reply: ReplyId,
        /// What it says.
        report: TextReport,
    },
    /// A text came. Its sender proves nothing.
    TextReceived {
        /// Where it is told that it is on disk: only then may the provider forget it.
        reply: ReplyId,
        /// The text.
        text: IncomingText,
    },
    /// The messaging provider tells that somebody wants no more texts.
    TextsStopped {
        /// Where it is told that this is on disk.
        reply: ReplyId,
        /// Who.
        phone: Phone,
    },
    /// Time passes: about once a second.
    Tick,
}

/// Who does something. The audit names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person on the pages.
    User {
        /// The login.
        name: String,
        /// What they may do.
        role: Role,
    },
    /// A program with an API token.
    Token {
        /// The token's name.
        name: String,
        /// What it may do.
        role: Role,
        /// The site it is bound to: tokens of role `kiosk`.
        site: Option<SiteName>,
    },
    /// Whoever has the machine's own account: a subcommand over the control socket.
    Owner,
    /// A gateway that has only its join code.
    Gateway,
    /// A person who calls by USSD, as the network says.
    Ussd,
    /// Whoever wrote a text to the hub: the rules say who that is, and what their word is worth.
    Sms,
}

/// How a callback names its purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallbackName {
    /// The purchase's own token: Daraja has it in the callback's address (CONTRACTS section 5: TOKEN per payment),
    /// IntaSend in the body.
    Token {
        /// The provider.
        provider: Provider,
        /// The token.
        token: String,
    },
    /// The reference that we chose, or that the provider gave when it accepted.
    Reference {
        /// The provider.
        provider: Provider,
        /// The payment's name there.
        reference: ProviderReference,
    },
}
