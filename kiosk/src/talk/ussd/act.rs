//! What a menu asks to be done, and what comes of it.

use super::stored;
use crate::{
    ids::{AccountId, CustomerId, LoanId, SiteName},
    phone::Phone,
    receipt::Receipt,
    talk::Language,
    units::{Money, Volume},
};
use serde::{Deserialize, Serialize};

/// One thing done for a caller. It waits in a session for a yes or for the PIN, so it never holds a PIN; what takes one
/// is a method of [`super::Office`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Act {
    /// What the caller entered about themselves is right: the account is made, and its number given.
    Verify,
    /// A purchase: by a prompt on the caller's own phone, or from the wallet.
    Buy {
        /// What.
        what: Purchase,
        /// What the caller was told that it costs. Another price by now is denied with [`Denied::PriceChanged`].
        #[serde(with = "stored::money")]
        price: Money,
        /// How it is paid.
        pay: Pay,
    },
    /// Another site becomes the home: rights elsewhere are asked back and granted there as they come home.
    MoveWater {
        /// That site.
        #[serde(with = "stored::text")]
        to: SiteName,
    },
    /// The site where somebody draws who has drawn nowhere yet.
    Settle {
        /// That site.
        #[serde(with = "stored::text")]
        at: SiteName,
    },
    /// A loan is asked for. A lender whom nobody knows is invited by a text.
    RequestLoan {
        /// Who is to lend.
        #[serde(with = "stored::phone")]
        lender: Phone,
        /// How much.
        #[serde(with = "stored::money")]
        amount: Money,
        /// What is to be paid back each period.
        #[serde(with = "stored::money")]
        repayment: Money,
    },
    /// The caller lends: the money leaves their wallet.
    ApproveLoan {
        /// Which.
        #[serde(with = "stored::text")]
        loan: LoanId,
    },
    /// The caller does not lend.
    RefuseLoan {
        /// Which.
        #[serde(with = "stored::text")]
        loan: LoanId,
    },
    /// The caller takes a request back that nobody has answered.
    CancelLoan {
        /// Which.
        #[serde(with = "stored::text")]
        loan: LoanId,
    },
    /// The caller pays back from the wallet.
    RepayLoan {
        /// Which.
        #[serde(with = "stored::text")]
        loan: LoanId,
        /// How much.
        #[serde(with = "stored::money")]
        amount: Money,
    },
    /// A problem becomes a ticket, an alert for the operator and a text to the caller.
    Report {
        /// The caller's words, 1 to [`super::TEXT_CHARS_MAX`] characters.
        text: String,
    },
    /// Customer care is to call back: a ticket.
    CallBack,
    /// The caller is spoken to in another language from now on.
    SetLanguage {
        /// Which.
        #[serde(with = "stored::language")]
        language: Language,
    },
    /// A one-time code for a forgotten PIN is sent to the caller by SMS.
    SendPinCode,
    /// The caller's subscription ends; an account is closed by an operator alone.
    Unsubscribe,
    /// A manager hands out jerrycans of a customer's allowance: a site visit.
    Collect {
        /// The manager's site.
        #[serde(with = "stored::text")]
        site: SiteName,
        /// Whose.
        #[serde(with = "stored::text")]
        customer: CustomerId,
        /// How many, 1 or more.
        jerrycans: u32,
    },
    /// A manager takes cash for litres.
    TakeCash {
        /// The manager's site.
        #[serde(with = "stored::text")]
        site: SiteName,
        /// Who pays.
        #[serde(with = "stored::text")]
        customer: CustomerId,
        /// What was handed over.
        #[serde(with = "stored::money")]
        amount: Money,
        /// What the manager was told that it buys; the same holds for it.
        #[serde(with = "stored::volume")]
        volume: Volume,
    },
    /// A manager's message to every customer of the site.
    Broadcast {
        /// The manager's site.
        #[serde(with = "stored::text")]
        site: SiteName,
        /// The message, in the alphabet of an SMS, 1 to [`super::TEXT_CHARS_MAX`] characters.
        text: String,
    },
}

impl Act {
    /// Whether it moves value or rights, or speaks in a site's name, so that the PIN is asked for right before it. The
    /// network's word on who calls is enough for the rest: a prompt on the caller's own phone asks for its own PIN.
    pub fn needs_pin(&self) -> bool {
        match self {
            Act::Buy { pay, .. } => *pay == Pay::Wallet,
            Act::MoveWater { .. }
            | Act::ApproveLoan { .. }
            | Act::RepayLoan { .. }
            | Act::Unsubscribe
            | Act::Collect { .. }
            | Act::TakeCash { .. }
            | Act::Broadcast { .. } => true,
            Act::Verify
            | Act::Settle { .. }
            | Act::RequestLoan { .. }
            | Act::RefuseLoan { .. }
            | Act::CancelLoan { .. }
            | Act::Report { .. }
            | Act::CallBack
            | Act::SetLanguage { .. }
            | Act::SendPinCode => false,
        }
    }
}

/// What can be bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purchase {
    /// Prepaid litres.
    Litres(#[serde(with = "stored::volume")] Volume),
    /// A subscription, new or renewed.
    Plan {
        /// Where it can be drawn.
        #[serde(with = "stored::text")]
        site: SiteName,
        /// The plan's name.
        plan: String,
    },
    /// Some or all of what is owed for water drawn before.
    Bill(#[serde(with = "stored::money")] Money),
    /// Money for the wallet; only by a prompt.
    Deposit(#[serde(with = "stored::money")] Money),
}

/// How a purchase is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pay {
    /// By the provider's prompt on the caller's own phone.
    Prompt,
    /// From the wallet.
    Wallet,
}

/// What came of an act that was done; what the act itself does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing more is to be told.
    Made,
    /// A prompt for this amount is on its way to the caller's phone.
    Prompted {
        /// What it asks for.
        amount: Money,
    },
    /// It was paid from the wallet.
    Paid {
        /// What it cost.
        amount: Money,
        /// What the wallet has left.
        wallet: Money,
    },
    /// The caller has this account.
    Verified {
        /// Its number.
        account: AccountId,
    },
    /// There is a ticket.
    Ticket {
        /// Its number.
        number: u32,
    },
    /// Jerrycans were handed out.
    Collected {
        /// Whole jerrycans left.
        left: u64,
    },
    /// Litres were sold for cash.
    Sold {
        /// What was sold.
        volume: Volume,
        /// Our receipt.
        receipt: Receipt,
    },
}

/// Why something is not done. It is an answer, not an error; each has a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// It is no longer there, or was decided by now: a loan, a site, a plan, a customer.
    Gone,
    /// Whoever calls may not do this, such as a manager of another site.
    NotAllowed,
    /// The account is blocked.
    Inactive,
    /// The wallet has too little.
    WalletTooSmall {
        /// What it has.
        wallet: Money,
    },
    /// An equal purchase is open or was just paid (CONTRACTS section 6, `purchase_open`).
    PurchaseOpen,
    /// It costs something else than the caller was told.
    PriceChanged,
    /// No payment provider is there to take it.
    NoProvider,
    /// More, or less, than can be paid or lent at once.
    AmountOutOfRange,
    /// No bill is open.
    NoBill,
    /// The caller pays by bill, and this is paid ahead.
    Postpaid,
    /// The number is registered already.
    PhoneTaken,
    /// Nobody is registered with this.
    Unknown,
    /// The customer belongs to another site.
    NotAtThisSite,
    /// A site holds the right and cannot be asked now: the page at the kiosk does it.
    HeldAtSite,
    /// Both purses together have too little.
    NotEnoughWater,
    /// The subscription has ended.
    SubscriptionEnded,
    /// The caller has no subscription.
    NoSubscription,
    /// The manager's float of cash is used up until it is handed in.
    FloatUsedUp,
    /// Loans are not offered here, or not with this person.
    NoLoans,
    /// Too many of them today or at once.
    TooMany,
    /// The code is wrong, used or too old.
    WrongCode,
    /// Number, name and PIN do not belong together; which of them is not told.
    NotMatching,
    /// The customer whom a manager serves is blocked, or their bill is overdue.
    CustomerInactive,
    /// The caller manages a site: the office gives the PIN, and no text does.
    PinAtOffice,
    /// The same manager has just handed the same out to the same customer: its answer may not have arrived.
    JustCollected {
        /// Whole jerrycans left.
        left: u64,
    },
    /// The same for cash.
    JustSold {
        /// The receipt of that sale.
        receipt: Receipt,
    },
    /// An equal message is on its way, or has just left.
    SentAlready,
    /// The hub cannot decide it now, as in doubt after a restore.
    NotNow,
}

#[cfg(test)]
impl Denied {
    /// One of each, for tables of texts; `money` stands where one carries an amount.
    pub fn all(money: Money) -> [Denied; 28] {
        use Denied::*;
        [
            Gone,
            NotAllowed,
            Inactive,
            WalletTooSmall { wallet: money },
            PurchaseOpen,
            PriceChanged,
            NoProvider,
            AmountOutOfRange,
            NoBill,
            Postpaid,
            PhoneTaken,
            Unknown,
            NotAtThisSite,
            HeldAtSite,
            NotEnoughWater,
            SubscriptionEnded,
            NoSubscription,
            FloatUsedUp,
            NoLoans,
            TooMany,
            WrongCode,
            NotMatching,
            CustomerInactive,
            PinAtOffice,
            JustCollected { left: u64::MAX },
            JustSold {
                receipt: crate::receipt::ReceiptKey::new([0; 32]).receipt(crate::ids::Epoch(1), 1),
            },
            SentAlready,
            NotNow,
        ]
    }
}
