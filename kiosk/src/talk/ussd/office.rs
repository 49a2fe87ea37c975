//! What menus ask of whoever keeps the books. The hub implements it over one transaction.

use super::act::{Act, Denied, Done};
use crate::{
    day::Day,
    ids::{AccountId, CustomerId, DispenserId, LoanId, SiteName},
    loan::{LoanPolicy, LoanState, Party},
    otp::OneTimeCode,
    payment::PaymentState,
    phone::{Country, Phone},
    pin::Pin,
    subscription::MonthlyCode,
    talk::{Language, Talk},
    tariff::{Plan, Tariff},
    units::{Money, Volume},
};
use serde::{Deserialize, Serialize};

/// The other side of the counter: what menus read, and what they have done.
///
/// One step of a session is one transaction: all methods that [`super::step`] calls see and change the same state, and
/// the session that it leaves is stored in the same commit as the acts. After an [`Office::Error`] nothing of the
/// transaction stays, and the session is as it was, so the step can be tried again. An implementation may use that to
/// wait: when an act needs a site's answer it ends the step with an error of its own, having written no more than what it
/// asked the site, and runs the same step again with the same input when the answer is there.
///
/// A denial ([`Denied`]) is an answer: the step goes on, and what was written before it, such as a right PIN that
/// cleared wrong tries, stays.
pub trait Office {
    /// What makes a step impossible: the store failed, or an answer is waited for.
    type Error;

    /// Renders texts.
    fn talk(&self) -> &Talk;

    /// What litres cost, and the currency of everything here.
    fn tariff(&self) -> Tariff;

    /// What loans may be; `None` where none are offered (CONTRACTS section 1, `loans.enabled`).
    fn loan_policy(&self) -> Option<LoanPolicy>;

    /// Who calls. Asked once at the start of every step, and again after what changes it.
    fn caller(&self, phone: Phone) -> Result<Caller, Self::Error>;

    /// The keyed seal of a PIN that `phone` has typed: the same PIN gives the same seal until the two entries of a new
    /// PIN have been compared. Its key is kept outside the database, for the seal lies in the stored session meanwhile.
    fn seal(&self, phone: Phone, pin: &Pin) -> Result<Seal, Self::Error>;

    /// Checks the PIN of who calls from `phone`, as customer or as manager: counts a wrong one, clears wrong tries after
    /// a right one. Neither the count nor a lock depends on what the PIN is asked for.
    fn check_pin(&mut self, phone: Phone, pin: &Pin) -> Result<PinCheck, Self::Error>;

    /// Whether this is the PIN that the caller must change. No try is counted: it was typed just before.
    fn is_kept_pin(&self, phone: Phone, pin: &Pin) -> Result<bool, Self::Error>;

    /// Sets the PIN of who calls from `phone`. [`super::step`] asks for it only of a caller who has none, after the old
    /// one was right, or after [`Office::redeem_pin_code`] said yes.
    fn set_pin(&mut self, phone: Phone, pin: &Pin) -> Result<(), Self::Error>;

    /// Whether this is the code that [`Act::SendPinCode`] sent; it is used up by that. Wrong ones are counted.
    fn redeem_pin_code(&mut self, phone: Phone, code: OneTimeCode) -> Result<Result<(), Denied>, Self::Error>;

    /// Keeps what an unregistered caller entered, as [`Registration::Unverified`], or what one entered again. `pin` is
    /// `None` when the caller has one already, which is then left as it is.
    fn register(
        &mut self,
        phone: Phone,
        particulars: &Particulars,
        pin: Option<&Pin>,
    ) -> Result<Result<(), Denied>, Self::Error>;

    /// Makes an account that knows nothing but its number (FEATURES C18). Called for an unregistered caller only.
    fn register_by_number(&mut self, phone: Phone) -> Result<(), Self::Error>;

    /// A caller says that they had another number. When name and PIN are those of `old`, an operator is asked to say
    /// yes; only then does `phone` get the account and `old` lose it. What is wrong is counted for `old`, apart from the
    /// tries at its taps and menus: a stranger is to shut nobody out of them.
    fn change_number(
        &mut self,
        phone: Phone,
        old: Phone,
        name: &str,
        pin: &Pin,
    ) -> Result<Result<(), Denied>, Self::Error>;

    /// The sites where water can be drawn now, the caller's own first, then by title.
    fn sites(&self, customer: CustomerId) -> Result<Vec<Site>, Self::Error>;

    /// The plans offered at a site, the cheapest first; empty when there is no such site.
    fn plans(&self, site: &SiteName) -> Result<Vec<Plan>, Self::Error>;

    /// What a customer has.
    fn water(&self, customer: CustomerId) -> Result<Water, Self::Error>;

    /// What a customer drew.
    fn usage(&self, customer: CustomerId) -> Result<Usage, Self::Error>;

    /// What a customer owes for water drawn before; `None` when nothing is.
    fn bill(&self, customer: CustomerId) -> Result<Option<Owed>, Self::Error>;

    /// The customer's last five purchases, the newest first (FEATURES X15).
    fn orders(&self, customer: CustomerId) -> Result<Vec<Order>, Self::Error>;

    /// What is in a customer's wallet.
    fn wallet(&self, customer: CustomerId) -> Result<Money, Self::Error>;

    /// The last movements of a wallet, the newest first, at most 20.
    fn movements(&self, customer: CustomerId) -> Result<Vec<Movement>, Self::Error>;

    /// The loans in which a customer borrows or lends, those that are open first, then the newest first, at most 20.
    fn loans(&self, customer: CustomerId) -> Result<Vec<LoanView>, Self::Error>;

    /// A loan in which this customer borrows or lends.
    fn loan(&self, customer: CustomerId, loan: LoanId) -> Result<Option<LoanView>, Self::Error>;

    /// What a site sold today.
    fn today(&self, site: &SiteName) -> Result<Today, Self::Error>;

    /// The dispensers of a site that are not connected, by name.
    fn offline_dispensers(&self, site: &SiteName) -> Result<Vec<DispenserId>, Self::Error>;

    /// How many people a message to the site's customers would go to.
    fn audience(&self, site: &SiteName) -> Result<u32, Self::Error>;

    /// The customer that a manager of `site` means.
    fn find(&self, site: &SiteName, handle: &Handle) -> Result<Result<Found, Denied>, Self::Error>;

    /// Does something for who calls from `phone`. It checks itself that they may: a session can be older than a right.
    fn act(&mut self, phone: Phone, act: &Act) -> Result<Result<Done, Denied>, Self::Error>;
}

/// What a session keeps of the first of two entries of a new PIN.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal(pub [u8; 16]);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal(…)")
    }
}

/// What the check of a PIN says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinCheck {
    /// It is right.
    Right,
    /// It is wrong.
    Wrong,
    /// It was not looked at, after too many wrong ones.
    Locked {
        /// Milliseconds until the next try is taken.
        for_ms: u64,
    },
}

/// Who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The customer with this number.
    pub customer: Option<Customer>,
    /// The site that they manage.
    pub manages: Option<Site>,
    /// The language that they chose, or the one that strangers are spoken to in; `None` leaves it as it is, at first
    /// English.
    pub language: Option<Language>,
    /// Whether there is a PIN to check. Who has none chooses one when it is first needed.
    pub has_pin: bool,
    /// The PIN is a manager's first one, which an operator has read: another is chosen before anything else of the site.
    pub must_change_pin: bool,
}

/// A customer as menus know one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// Who.
    pub id: CustomerId,
    /// How far they have registered.
    pub registration: Registration,
    /// The name as it was entered; empty when they registered by number.
    pub name: String,
    /// The city.
    pub city: String,
    /// The site where they draw; litres of somebody without one could be drawn nowhere.
    pub site: Option<SiteName>,
}

/// How far somebody has registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// By number alone.
    Number,
    /// All is entered, and not yet found right (FEATURES B7).
    Unverified,
    /// All is right.
    Verified,
}

/// What somebody who registers enters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Particulars {
    /// 2 to [`NAME_CHARS_MAX`](crate::talk::sms::NAME_CHARS_MAX) characters with a letter among them.
    pub name: String,
    /// The same of the city.
    pub city: String,
    /// The language of the session.
    pub language: Language,
}

/// A site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its name in addresses.
    pub name: SiteName,
    /// What people call it.
    pub title: String,
}

/// What a customer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Water {
    /// Prepaid litres.
    pub balance: Volume,
    /// Whole jerrycans left this month.
    pub jerrycans: u64,
    /// The newest subscription.
    pub subscription: Option<Subscription>,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Where it can be drawn.
    pub site: Site,
    /// The monthly code.
    pub code: MonthlyCode,
    /// Its last day.
    pub last_day: Day,
    /// Whether that day is over.
    pub is_over: bool,
}

/// What a customer drew; weeks begin on Monday, both by the local days of the customer's site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// In this week.
    pub week: Volume,
    /// In the week before.
    pub week_before: Volume,
    /// In this month.
    pub month: Volume,
    /// In the month before.
    pub month_before: Volume,
}

/// What is owed for water drawn before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    /// What is left to pay, of all bills.
    pub left: Money,
    /// The last day to pay the oldest in time.
    pub due: Day,
    /// Whether that day is over.
    pub is_overdue: bool,
}

/// A purchase and where it stands (FEATURES X15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The local day it was made on.
    pub day: Day,
    /// What was bought.
    pub kind: OrderKind,
    /// What it costs.
    pub amount: Money,
    /// Where it stands.
    pub state: PaymentState,
}

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// Prepaid litres.
    Litres(Volume),
    /// A subscription.
    Subscription,
    /// A bill.
    Bill,
    /// The wallet.
    Deposit,
}

/// Money that came into a wallet, or went out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The local day.
    pub day: Day,
    /// How much; negative when it went out.
    pub amount: Money,
    /// What for.
    pub kind: MovementKind,
}

/// What moves a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovementKind {
    /// Money was put in.
    Deposit,
    /// Something was bought.
    Purchase,
    /// A loan was paid out, received or given.
    Loan,
    /// A loan was paid back.
    Repayment,
    /// Money was given back or taken out.
    Payout,
    /// Anything else, such as an operator's correction.
    Other,
}

/// A loan as one of its two parties sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoanView {
    /// Which.
    pub id: LoanId,
    /// Which of the two the caller is.
    pub party: Party,
    /// The other one.
    pub other: Phone,
    /// How much was asked for.
    pub amount: Money,
    /// What is to be paid back each period.
    pub repayment: Money,
    /// Days of a period (FEATURES X13).
    pub every_days: u16,
    /// What is owed now: nothing before it was given ([`crate::loan::Loan::owed`]).
    pub owed: Money,
    /// Whether a repayment should have come before today.
    pub is_late: bool,
    /// Where it stands.
    pub state: LoanState,
}

/// A site's figures of its local day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Today {
    /// How often water was drawn.
    pub pours: u32,
    /// How much.
    pub volume: Volume,
    /// What was sold for cash.
    pub cash: Money,
    /// What was paid otherwise.
    pub paid: Money,
}

/// How a manager names a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handle {
    /// By phone.
    Phone(Phone),
    /// By account number.
    Account(AccountId),
    /// By the monthly code.
    Code(MonthlyCode),
}

impl Handle {
    /// Reads what is typed: a monthly code of seven digits, an account number of six, or a phone, as a number of `home`
    /// when it has no country code. None of them can be taken for another.
    pub fn typed(text: &str, home: Country) -> Option<Handle> {
        if let Ok(code) = text.parse() {
            return Some(Handle::Code(code));
        }
        if let Ok(account) = text.parse() {
            return Some(Handle::Account(account));
        }
        Phone::parse(text, home).ok().map(Handle::Phone)
    }
}

/// A customer whom a manager found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub id: CustomerId,
    /// Their name.
    pub name: String,
    /// What they have.
    pub water: Water,
}
