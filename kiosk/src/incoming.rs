//! Money that a provider reports outside of, or beside, our own prompt: a C2B confirmation, a line of a statement, a
//! row of a pull, the result of a status query. [`place`] says where it belongs.
//!
//! ```text
//!            ┌ receipt known ─────────────────────────────> AlreadyBooked
//!            │ the receipt that a callback told for one ──> AttachReceipt or Confirm, if nothing contradicts
//!            │ fits one success that waits for a receipt ──> AttachReceipt   (claimed: AskProvider)
//! a line ────┤ fits one open or unhappy payment ───────────> Confirm         (claimed: ask about that payment)
//!            │ its reference names one customer ───────────> Deposit         (claimed: AskProvider)
//!            └ anything else ──────────────────────────────> Suspense        (claimed: AskProvider)
//! ```
//!
//! A success by query carries no receipt, and the same payment may raise a C2B confirmation later (reference: Daraja,
//! section 9). So a payment settled by query waits for its receipt: before a line counts as new money it is held against
//! those who wait. A receipt that only a callback told may be made up: a line that fits such a payment and has another
//! receipt goes to suspense, unless the line of the one it was told has come before. A line fits a payment when
//! provider, short code and amount are the same, it was paid within [`WITHIN_MS`] of the payment's life (from its making to
//! its settling, which may be days later), the payer or the reference agrees, and it is neither from another phone nor for another customer. Waiting successes come before
//! open payments, because they are known to have money coming to them; two that wait alike go to suspense, and an
//! operator's list shows all that is there.
//!
//! What is absent on purpose:
//! - No value from a claim. An unsigned line attaches nothing, either: a made-up receipt would take the place of the
//!   right one, which would then be credited a second time.
//! - No customer by the payer's phone alone: who pays is not always for whom, and a masked phone is nobody's.
//! - No nearest amount, no likely spelling.
//!
//! The caller owes three things: all purchases of the short code whose life comes within [`WITHIN_MS`] of the line's time stand in
//! [`Books::purchases`]; looking up, placing and booking are one transaction; and a receipt is unique with its provider,
//! whether it was credited, attached or put in suspense.

mod payer;
mod reference;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use payer::{Agreement, MaskedPhone, Payer, VISIBLE_DIGITS_MIN};
pub use reference::{Reference, SeenAs};

use reference::bare;

use crate::{
    ids::{CustomerId, ProviderReceipt, PurchaseId, ShortCode},
    moment::{DAY_MS, Wall},
    payment::{Msisdn, PaymentState},
    provider::Provider,
    units::Money,
};

/// How far the time of a line may lie outside of a payment's life for them to be the same money, either way: 24 hours.
pub const WITHIN_MS: i64 = DAY_MS;

/// How far a line is to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Proof {
    /// It came over our own authenticated query, or an operator entered the provider's statement.
    Proven,
    /// Somebody called us: neither signature nor credential.
    Claimed,
}

/// One receipt's worth of money, as a provider reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The provider.
    pub provider: Provider,
    /// Where the money arrived.
    pub short_code: ShortCode,
    /// The provider's number for it, unique at the provider.
    pub receipt: ProviderReceipt,
    /// What was paid.
    pub amount: Money,
    /// Who paid, as far as the provider tells.
    pub payer: Payer,
    /// What the payer typed as the account (`BillRefNumber`, "A/C No."); empty at a till.
    pub reference: String,
    /// When the provider took it.
    pub time: Wall,
    /// How far it is to be believed.
    pub proof: Proof,
}

/// A purchase that a line may be the money of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub id: PurchaseId,
    /// For whom it is.
    pub customer: CustomerId,
    /// The provider that was asked.
    pub provider: Provider,
    /// Where its money is to arrive.
    pub short_code: ShortCode,
    /// Where its payment stands.
    pub state: PaymentState,
    /// Whether its money is in the books: it was settled, also where what was paid for could not be given.
    pub booked: bool,
    /// Whether another amount or phone was reported for it: an operator is looking at it.
    pub mismatched: bool,
    /// What was asked for.
    pub amount: Money,
    /// The phone that was asked.
    pub payer: Msisdn,
    /// The account reference that the prompt carried.
    pub reference: String,
    /// Its receipt, as far as it is known.
    pub receipt: Option<ProviderReceipt>,
    /// Whether more than a callback has told the receipt.
    pub receipt_proven: bool,
    /// When it was made: before it was paid.
    pub made: Wall,
    /// When it was settled or last asked about, the later of the two: after it was paid.
    pub last: Wall,
}

/// Whom the line's reference names, looked up by [`Reference::read`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// There is no reference.
    Nothing,
    /// Nobody is known by it.
    Nobody,
    /// Exactly this customer.
    Customer(CustomerId),
    /// Several customers.
    Several,
}

/// What the hub's books hold about a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Books {
    /// Whether this provider's receipt is booked already: credited, attached or in suspense.
    pub receipt_is_known: bool,
    /// Every purchase whose money this could be; those that do not fit do no harm.
    pub purchases: Vec<Candidate>,
    /// Whom the reference names.
    pub named: Named,
}

/// Why money stays in suspense until an operator has looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Nothing says for whom it is, as at a till.
    NoReference,
    /// The reference names nobody.
    UnknownReference,
    /// The reference names several customers.
    SeveralCustomers,
    /// Two payments or more wait for such money.
    TwoCandidates,
    /// A payment of this payer waits for such money, but the reference is another one and names nobody.
    OtherReference,
    /// The payment it fits was reported with another amount or phone before.
    WithOperator,
    /// A payment was told this receipt and it is not its money, or was told another receipt that nothing proves so far.
    ReceiptContradicts,
}

impl Why {
    /// All of them, in a fixed order.
    pub const ALL: [Why; 7] = [
        Why::NoReference,
        Why::UnknownReference,
        Why::SeveralCustomers,
        Why::TwoCandidates,
        Why::OtherReference,
        Why::WithOperator,
        Why::ReceiptContradicts,
    ];

    /// The name in the API, the database and the operator's list.
    pub const fn name(self) -> &'static str {
        match self {
            Why::NoReference => "no_reference",
            Why::UnknownReference => "unknown_reference",
            Why::SeveralCustomers => "several_customers",
            Why::TwoCandidates => "two_candidates",
            Why::OtherReference => "other_reference",
            Why::WithOperator => "with_operator",
            Why::ReceiptContradicts => "receipt_contradicts",
        }
    }

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<Why> {
        Why::ALL.into_iter().find(|why| why.name() == name)
    }
}

/// Where a line belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// This receipt is booked: nothing to do.
    AlreadyBooked,
    /// The receipt of a payment that was settled without one: no new money.
    AttachReceipt(PurchaseId),
    /// The money of a payment that is not settled. A proven line settles it, as the operator's word would
    /// (`PaymentOrder::Credit` with this receipt); a claimed one makes us ask the provider about that payment.
    Confirm(PurchaseId),
    /// New money for this customer's wallet.
    Deposit(CustomerId),
    /// Money that nobody can be given yet: booked to suspense, listed for an operator.
    Suspense(Why),
    /// Only claimed: ask the provider about this receipt and come back with what is proven. Nothing is booked.
    AskProvider,
}

/// Says where a line belongs. It books nothing itself and never fails; see the module for what the caller owes.
pub fn place(line: &Line, books: &Books) -> Place {
    let is_settled = |purchase: &Candidate| {
        let is_told = purchase.booked && has_receipt(purchase, line);
        // What is told twice, and never proven, books nothing more. Nor does the proven receipt of a purchase of as much;
        // of any other amount it is other money, whoever typed that receipt.
        let is_proven = purchase.receipt_proven && purchase.amount == line.amount;
        is_told && (is_proven || line.proof == Proof::Claimed)
    };
    if books.receipt_is_known || books.purchases.iter().any(is_settled) {
        return Place::AlreadyBooked;
    }
    match (line.proof, placed_if_proven(line, books)) {
        (Proof::Proven, place) => place,
        (Proof::Claimed, Place::Confirm(purchase)) => Place::Confirm(purchase),
        (Proof::Claimed, _) => Place::AskProvider,
    }
}

fn placed_if_proven(line: &Line, books: &Books) -> Place {
    let is_told = |purchase: &&Candidate| purchase.state != PaymentState::Created && has_receipt(purchase, line);
    if let Some(purchase) = books.purchases.iter().find(is_told) {
        return match is_money_of(purchase, line, books.named) {
            false => Place::Suspense(Why::ReceiptContradicts),
            true if purchase.booked => Place::AttachReceipt(purchase.id),
            true => confirmed(purchase),
        };
    }
    let fits = |is_wanted: fn(&Candidate) -> bool, wanted: Fit| -> Vec<&Candidate> {
        let purchases = books.purchases.iter().filter(|purchase| is_wanted(purchase));
        purchases
            .filter(|purchase| fit(purchase, line, books.named) == wanted)
            .collect()
    };
    let (waiting, unsettled) = (fits(waits_for_receipt, Fit::Whole), fits(is_unsettled, Fit::Whole));
    match (waiting.as_slice(), unsettled.as_slice()) {
        ([], []) => {}
        ([waiting], _) => return Place::AttachReceipt(waiting.id),
        ([], [unsettled]) => return confirmed(unsettled),
        _ => return Place::Suspense(Why::TwoCandidates),
    }
    // Its money may be this line's or that of the receipt it was told: nobody knows before both have come.
    if !fits(is_told_a_receipt, Fit::Whole).is_empty() {
        return Place::Suspense(Why::ReceiptContradicts);
    }
    if !fits(
        |purchase| waits_for_receipt(purchase) || is_unsettled(purchase),
        Fit::OtherReference,
    )
    .is_empty()
    {
        return Place::Suspense(Why::OtherReference);
    }
    match books.named {
        Named::Customer(customer) => Place::Deposit(customer),
        Named::Nothing => Place::Suspense(Why::NoReference),
        Named::Nobody => Place::Suspense(Why::UnknownReference),
        Named::Several => Place::Suspense(Why::SeveralCustomers),
    }
}

fn confirmed(purchase: &Candidate) -> Place {
    match purchase.mismatched {
        true => Place::Suspense(Why::WithOperator),
        false => Place::Confirm(purchase.id),
    }
}

/// Whether the line of a receipt that a purchase is said to have can be that purchase's money: the same amount at the same
/// short code, and neither from another phone nor for another customer.
pub fn is_money_of(purchase: &Candidate, line: &Line, named: Named) -> bool {
    let is_for_another = matches!(named, Named::Customer(customer) if customer != purchase.customer);
    let is_from_another = line.payer.agrees_with(purchase.payer) == Agreement::Contradicts;
    is_same_money(purchase, line) && !is_for_another && !is_from_another
}

fn has_receipt(purchase: &Candidate, line: &Line) -> bool {
    purchase.provider == line.provider && purchase.receipt.as_ref() == Some(&line.receipt)
}

fn waits_for_receipt(purchase: &Candidate) -> bool {
    purchase.booked && purchase.receipt.is_none()
}

fn is_told_a_receipt(purchase: &Candidate) -> bool {
    purchase.booked && purchase.receipt.is_some() && !purchase.receipt_proven
}

/// Sent, and not settled. What an unsigned callback claimed as its receipt does not bind it to that receipt.
fn is_unsettled(purchase: &Candidate) -> bool {
    !purchase.booked && purchase.state != PaymentState::Created
}

fn is_same_money(purchase: &Candidate, line: &Line) -> bool {
    purchase.provider == line.provider && purchase.short_code == line.short_code && purchase.amount == line.amount
}

/// How a line fits a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// It is other money.
    None,
    /// Payer or reference agrees, and neither contradicts.
    Whole,
    /// The payer agrees; the reference is another one, of which nobody knows whose.
    OtherReference,
}

fn fit(purchase: &Candidate, line: &Line, named: Named) -> Fit {
    let (first, last) = (purchase.made.plus_ms(-WITHIN_MS), purchase.last.plus_ms(WITHIN_MS));
    if !is_same_money(purchase, line) || !(first..=last).contains(&line.time) {
        return Fit::None;
    }
    let is_blank = bare(&line.reference).is_empty();
    let same_text = !is_blank && bare(&purchase.reference) == bare(&line.reference);
    match (line.payer.agrees_with(purchase.payer), named) {
        // A prompt is answered on the phone it was sent to: money from another phone is other money.
        (Agreement::Contradicts, _) => Fit::None,
        (_, Named::Customer(customer)) if customer == purchase.customer => Fit::Whole,
        _ if same_text => Fit::Whole,
        // Money that names another customer is theirs.
        (_, Named::Customer(_)) | (Agreement::CannotTell, _) => Fit::None,
        (Agreement::Agrees, _) if is_blank => Fit::Whole,
        (Agreement::Agrees, _) => Fit::OtherReference,
    }
}
