//! What can be asked of the hub, by people and programs, and what each request says.

use kiosk::{
    ids::{CustomerId, LoanId, PayoutId, ProviderReceipt, PurchaseId, RecordId, RequestId, SiteName},
    payment::PaymentOrder,
    payout::PayoutOrder,
    provider::Provider,
    talk::broadcast,
    units::Volume,
};

use super::money::{
    Allocation, CashCount, NewBilling, NewLoan, NewPurchase, NewReading, NewRefund, NewWithdrawal, Settling,
};
use super::people::{CustomerChange, NewCustomer, NewManager};
use super::texts::NewBroadcast;
use super::ussd::{UssdName, UssdStep};
use crate::hub::{money::Arrival, operator::Role};

/// What can be asked of the hub. Each is one transaction.
#[derive(Clone, Debug)]
pub enum Request {
    /// A new site, or a fresh join code for one that nobody has joined yet.
    AddSite(NewSite),
    /// A join code that replaces the box of a site.
    ReplaceSite {
        /// Which.
        site: SiteName,
        /// How long the code is valid; 7 days when left out.
        valid_ms: Option<i64>,
    },
    /// Refuses the site's box from now on and writes off what it holds (PROTOCOL rule 25): it is burnt, stolen or given
    /// up. A site has no other box than its current one.
    RevokeSite {
        /// Which.
        site: SiteName,
    },
    /// Ends the hub's doubt before every box is heard (PROTOCOL rule 17).
    EndDoubt {
        /// The sum at risk that the operator was shown, in millilitres; it goes into the audit.
        at_risk_ml: i64,
    },
    /// A gateway trades its code for an enrolment.
    Join(JoinRequest),
    /// A person who may log in. The adapter has hashed the first password.
    AddUser {
        /// The login, `[a-z0-9-]{1,32}`.
        name: String,
        /// What they may do.
        role: Role,
        /// argon2id, in PHC form.
        password_hash: Secret,
    },
    /// A new password, already hashed.
    SetPassword {
        /// Whose.
        name: String,
        /// argon2id, in PHC form.
        password_hash: Secret,
    },
    /// Takes a login away, with its sessions.
    RemoveUser {
        /// Whose.
        name: String,
    },
    /// An API token.
    AddToken {
        /// Its name; an older one of that name is void.
        name: String,
        /// What it may do.
        role: Role,
        /// The site it is bound to: required of role `kiosk`.
        site: Option<SiteName>,
    },
    /// Voids an API token.
    RevokeToken {
        /// Its name.
        name: String,
    },
    /// A login was tried. The adapter has compared the password with the stored hash.
    Login {
        /// The login.
        name: String,
        /// SHA-256 of what this browser is known by, or will be.
        device: [u8; 32],
        /// Whether the password was right.
        right: bool,
    },
    /// Somebody who is logged in typed their password again. The adapter has compared it with the stored hash.
    ProvePassword {
        /// The login.
        name: String,
        /// SHA-256 of what this browser is known by.
        device: [u8; 32],
        /// Whether the password was right.
        right: bool,
    },
    /// A page session was used: it does not fall idle.
    UseSession {
        /// SHA-256 of the session's secret.
        session: [u8; 32],
    },
    /// Ends a page session.
    Logout {
        /// SHA-256 of the session's secret.
        session: [u8; 32],
    },
    /// A new customer.
    CreateCustomer(NewCustomer),
    /// Other particulars of a customer.
    UpdateCustomer {
        /// Whose.
        customer: CustomerId,
        /// What changes.
        change: CustomerChange,
    },
    /// A new PIN.
    SetPin {
        /// Whose.
        customer: CustomerId,
        /// Four digits.
        pin: Secret,
    },
    /// Blocks or unblocks a customer.
    SetActive {
        /// Whom.
        customer: CustomerId,
        /// False blocks.
        active: bool,
    },
    /// The most a customer may draw in a day.
    SetDailyLimit {
        /// Whose.
        customer: CustomerId,
        /// `None` is no limit.
        limit: Option<Volume>,
    },
    /// Litres given or taken by an operator.
    Credit {
        /// Whose.
        customer: CustomerId,
        /// Millilitres, not 0; negative takes.
        volume_ml: i64,
        /// Why, for the audit.
        reason: String,
    },
    /// A purchase.
    CreatePurchase(NewPurchase),
    /// An operator decides about a payment that needs one.
    OrderPayment {
        /// Which.
        purchase: PurchaseId,
        /// What they decided.
        order: PaymentOrder,
    },
    /// These alarms were looked at.
    SeeAlarms {
        /// Their numbers, those that were shown and no others.
        alarms: Vec<i64>,
    },
    /// Whoever asked for this loan was told that there is none.
    RefuseLoan {
        /// The record that asked.
        loan: RecordId,
    },
    /// A customer asks another for a loan.
    CreateLoan(NewLoan),
    /// The lender approves, with their PIN.
    ApproveLoan {
        /// Which.
        loan: LoanId,
        /// The lender's.
        pin: Secret,
    },
    /// The lender said no.
    DeclineLoan {
        /// Which.
        loan: LoanId,
    },
    /// The borrower no longer wants it.
    CancelLoan {
        /// Which.
        loan: LoanId,
    },
    /// The borrower pays back by hand, with their PIN.
    RepayLoan {
        /// Which.
        loan: LoanId,
        /// How much, in minor units; all that is owed when left out.
        amount_minor: Option<i64>,
        /// The borrower's.
        pin: Secret,
    },
    /// What sites asked for a customer is looked at again.
    SyncLoans {
        /// Whose.
        borrower: CustomerId,
    },
    /// What was reported is solved.
    SolveTicket {
        /// Its number.
        ticket: i64,
    },
    /// A customer who said STOP wants news again.
    AllowTexts {
        /// Who.
        customer: CustomerId,
    },
    /// A line of a provider's statement, which proves the money.
    BookLine(Arrival),
    /// An operator says whose money in suspense is.
    AllocateMoney {
        /// Who took it.
        provider: Provider,
        /// Its receipt.
        receipt: ProviderReceipt,
        /// Whose it is.
        to: Allocation,
    },
    /// A customer pays by bill from now on, or by other terms.
    SetBilling {
        /// Who.
        customer: CustomerId,
        /// `None` ends it, with a last bill.
        terms: Option<NewBilling>,
    },
    /// A customer's meter was read.
    EnterReading {
        /// Whose.
        customer: CustomerId,
        /// What it shows.
        reading: NewReading,
    },
    /// A bill's usage was less than it says: the difference becomes a credit.
    CorrectBill {
        /// Its number.
        bill: i64,
        /// What was used in truth.
        usage: Volume,
        /// Why, for the audit.
        reason: String,
    },
    /// A bill that nobody will pay any more.
    WriteOffBill {
        /// Its number.
        bill: i64,
        /// Why, for the audit.
        reason: String,
    },
    /// Something that was bought is given back.
    Refund(NewRefund),
    /// Money out of a wallet.
    Withdraw(NewWithdrawal),
    /// Money in suspense goes back to its payer, through the provider.
    ReturnMoney {
        /// Who took it.
        provider: Provider,
        /// Its receipt.
        receipt: ProviderReceipt,
        /// Why, for the audit.
        reason: String,
    },
    /// An operator decides about a payout.
    OrderPayout {
        /// Which.
        payout: PayoutId,
        /// What they decided.
        order: PayoutOrder,
        /// What they saw, for the audit.
        note: String,
    },
    /// The statements were compared with the books of a restored hub: payouts leave by themselves again.
    ReleasePayouts {
        /// What was seen, for the audit.
        note: String,
    },
    /// What held texts back is mended: they go at once.
    ReleaseTexts,
    /// What a broadcast would be; changes nothing.
    PreviewBroadcast(NewBroadcast),
    /// A broadcast begins.
    StartBroadcast(NewBroadcast),
    /// A person pauses, resumes or cancels a broadcast.
    OrderBroadcast {
        /// Its number.
        broadcast: i64,
        /// What they decided.
        order: broadcast::Order,
    },
    /// How much cash a site's manager may take before handing it in; nothing withdraws it.
    SetFloat {
        /// Where.
        site: SiteName,
        /// The manager's account there.
        manager: String,
        /// Cash not handed in and open floats together, in minor units.
        limit_minor: i64,
    },
    /// A manager hands cash in.
    HandIn(CashCount),
    /// What was handed in too little, or too much, is settled.
    SettleDifference {
        /// Where.
        site: SiteName,
        /// The manager's account there.
        manager: String,
        /// Minor units, above zero.
        amount_minor: i64,
        /// How.
        how: Settling,
    },
    /// A cash sale that was not booked by itself is booked, or dropped.
    DecideCashSale {
        /// Its number in the list.
        sale: i64,
        /// The manager who took the cash; `None` drops it.
        book_to: Option<String>,
    },
    /// Somebody manages a site by phone.
    AddManager(NewManager),
    /// A manager by phone gets a first PIN again.
    ResetManagerPin {
        /// Where.
        site: SiteName,
        /// Their number there.
        manager: i64,
    },
    /// Somebody manages a site by phone no more.
    RemoveManager {
        /// Where.
        site: SiteName,
        /// Their number there.
        manager: i64,
    },
    /// A customer has another number now: yes or no.
    DecideNumber {
        /// The request's number in the list.
        request: i64,
        /// Whether they get the account there.
        is_yes: bool,
    },
    /// May this water be drawn? Asked by a dispenser that speaks to the hub (CONTRACTS section 4).
    VerifyDispense(DispenseAsk),
    /// What flowed.
    ReportDispense {
        /// The kiosk, named by its token's site.
        site: SiteName,
        /// Which ask.
        request: RequestId,
        /// Millilitres that flowed.
        volume_ml: i64,
        /// How it ended, in the contract's words.
        outcome: kiosk::fact::Outcome,
    },
    /// One step of a USSD session.
    Ussd(UssdStep),
    /// The network has ended a USSD session.
    EndUssd {
        /// Which.
        name: UssdName,
    },
    /// Forgets all USSD sessions.
    ClearUssd,
}

impl Request {
    /// The ask for water, if it is one.
    pub(in crate::hub) fn as_ask(&self) -> Option<&DispenseAsk> {
        match self {
            Request::VerifyDispense(ask) => Some(ask),
            _ => None,
        }
    }

    /// The secret in it that its `Debug` leaves out. The hash of a password is none: each is made with its own salt.
    pub(in crate::hub) fn secret(&self) -> Option<&str> {
        match self {
            Request::Join(asked) => Some(&asked.code.0),
            Request::CreateCustomer(new) => new.pin.as_ref().map(|pin| pin.0.as_str()),
            Request::SetPin { pin, .. } | Request::ApproveLoan { pin, .. } | Request::RepayLoan { pin, .. } => {
                Some(&pin.0)
            }
            Request::VerifyDispense(ask) => Some(&ask.pin.0),
            Request::Ussd(step) => Some(&step.text.0),
            _ => None,
        }
    }
}

/// Text that must not reach a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A site to be.
#[derive(Clone, Debug)]
pub struct NewSite {
    /// Its name.
    pub name: SiteName,
    /// What people call it; the name when left out.
    pub title: Option<String>,
    /// IANA time zone; the hub's own when left out.
    pub time_zone: Option<String>,
    /// How long the join code is valid; 7 days when left out.
    pub valid_ms: Option<i64>,
}

/// What a gateway says when it joins.
#[derive(Clone, Debug)]
pub struct JoinRequest {
    /// The code a person typed in.
    pub code: Secret,
    /// The box's Ed25519 key.
    pub public_key: [u8; 32],
    /// The serial of the medium that holds its database, hashed (PROTOCOL rule 2).
    pub medium: [u8; 8],
    /// The person said that this box replaces the one there.
    pub replace: bool,
}

/// An ask for water at the hub.
#[derive(Clone, Debug)]
pub struct DispenseAsk {
    /// The kiosk, named by its token's site.
    pub site: SiteName,
    /// Phone or account, as typed.
    pub user: String,
    /// As typed.
    pub pin: Secret,
    /// Any integer.
    pub volume_ml: i64,
    /// The kiosk's id for this ask; without one an equal ask within 60 s is the same.
    pub request: Option<RequestId>,
}
