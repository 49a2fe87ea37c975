//! Money that customers pay without a prompt, and what becomes of money that we send.
//!
//! A customer types the paybill and her account number, or pays the till: the provider asks first whether to take it
//! ([`Arrival`] offered), then tells that it has come. What has come is written down once per receipt. A confirmation is
//! as unsigned as any callback, so it is a claim and moves nothing; what our own call to the provider brings, or an
//! operator's statement, proves it. A proof takes the place of a claim in whole: whoever made a claim up must not choose
//! the account. Where proven money belongs is said in `incoming`.

use kiosk::{
    ids::{CustomerId, ProviderReceipt, ProviderReference, PurchaseId},
    incoming::{Named, Why},
    moment::Wall,
    payment::Failure,
    provider::Provider,
    units::Money,
};

use super::{
    AMOUNT_MINOR_MAX,
    effect::{Effect, Response},
    input::ReplyId,
    store::MoneyRow,
    turn::{HubError, Turn},
};

/// Where customers pay by themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// The numbers that are ours: the paybill, or the store's number and the till's.
    pub short_codes: Vec<String>,
    /// It is a till: payments carry no account number.
    pub is_till: bool,
}

/// A payment as its provider shows it, offered or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The provider.
    pub provider: Provider,
    /// The number on the payer's receipt.
    pub receipt: ProviderReceipt,
    /// What is paid, above zero.
    pub amount: Money,
    /// The payer as the provider shows them, which may be masked; `None` when it shows nothing.
    pub payer: Option<String>,
    /// What the payer typed as the account; `None` when nothing.
    pub reference: Option<String>,
    /// Who is paid.
    pub short_code: String,
    /// Paid to a till, where there is no account to type.
    pub at_till: bool,
    /// When, as the provider says.
    pub time: Wall,
}

impl Arrival {
    /// Whether another word about the same receipt tells of the same money. What one of them leaves out (the account)
    /// does not contradict; the number paid to does not, either, for a till and its store are two numbers of one place.
    fn agrees_with(&self, other: &Arrival) -> bool {
        let same_reference = match (&self.reference, &other.reference) {
            (Some(one), Some(other)) => one.trim().eq_ignore_ascii_case(other.trim()),
            _ => true,
        };
        self.amount == other.amount && same_reference
    }
}

/// Where money stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyPlace {
    /// Only claimed, or the hub is in doubt: nothing is booked.
    Waits,
    /// Paid to a number that is not ours, or in another currency: nothing is booked.
    Foreign,
    /// A purchase was paid by it.
    Purchase(PurchaseId),
    /// In the wallet of a customer.
    Wallet(CustomerId),
    /// Booked, and nobody knows whose it is.
    Suspense(Why),
    /// Given back to who had paid.
    Returned,
}

impl MoneyPlace {
    /// The word in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            MoneyPlace::Waits => "waits",
            MoneyPlace::Foreign => "foreign",
            MoneyPlace::Purchase(_) => "purchase",
            MoneyPlace::Wallet(_) => "wallet",
            MoneyPlace::Suspense(_) => "suspense",
            MoneyPlace::Returned => "returned",
        }
    }

    /// Whether the books hold it.
    pub const fn is_booked(self) -> bool {
        !matches!(self, MoneyPlace::Waits | MoneyPlace::Foreign)
    }
}

/// How we learnt of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneySource {
    /// The provider told us at once.
    Confirmation,
    /// From a statement that an operator brought.
    Statement,
    /// We asked the provider for its latest payments.
    Pull,
}

impl MoneySource {
    /// The word in the database.
    pub const fn name(self) -> &'static str {
        match self {
            MoneySource::Confirmation => "confirmation",
            MoneySource::Statement => "statement",
            MoneySource::Pull => "pull",
        }
    }

    /// The source with this word.
    pub fn from_name(name: &str) -> Option<MoneySource> {
        let all = [MoneySource::Confirmation, MoneySource::Statement, MoneySource::Pull];
        all.into_iter().find(|source| source.name() == name)
    }

    /// Whether it proves what it tells.
    const fn is_proof(self) -> bool {
        !matches!(self, MoneySource::Confirmation)
    }
}

/// What a provider is told that asks whether to take a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferVerdict {
    /// Take it.
    Accepted,
    /// Nobody has this account.
    UnknownAccount,
    /// The short code is not ours.
    ForeignShortCode,
}

impl OfferVerdict {
    const fn name(self) -> &'static str {
        match self {
            OfferVerdict::Accepted => "accepted",
            OfferVerdict::UnknownAccount => "unknown account",
            OfferVerdict::ForeignShortCode => "foreign short code",
        }
    }
}

/// What became of an order to move money that we gave a provider, or of a question about one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderResult {
    /// The provider.
    pub provider: Provider,
    /// Our own name of the order, where the provider kept it.
    pub order: Option<ProviderReference>,
    /// The provider's name of it.
    pub conversation: Option<ProviderReference>,
    /// The receipt of the movement this is about.
    pub receipt: Option<ProviderReceipt>,
    /// How much moved, where it says.
    pub amount: Option<Money>,
    /// How it ended.
    pub end: OrderEnd,
    /// It tells how a transaction stands, as an answer to a question does; else it is the end of an order, or of a
    /// question that was not answered.
    pub is_status: bool,
}

/// How an order ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderEnd {
    /// Done.
    Done,
    /// Certainly not done.
    Failed(Failure),
    /// Not known: to be asked about, never to be given again first.
    Unknown,
}

impl OrderEnd {
    /// The word in the audit.
    pub(super) const fn name(self) -> &'static str {
        match self {
            OrderEnd::Done => "done",
            OrderEnd::Failed(_) => "failed",
            OrderEnd::Unknown => "unknown",
        }
    }
}

/// Whether a payment that is offered is to be taken; `account_known` says whether its reference names one customer, as it
/// must when the money is placed.
fn judge(counter: &Counter, offer: &Arrival, account_known: bool) -> OfferVerdict {
    match counter.short_codes.contains(&offer.short_code) {
        false => OfferVerdict::ForeignShortCode,
        true if offer.at_till || counter.is_till || account_known => OfferVerdict::Accepted,
        true => OfferVerdict::UnknownAccount,
    }
}

impl Turn<'_> {
    /// May this payment be taken? Moves nothing; one that is turned away stands in the audit.
    pub fn money_offered(&mut self, reply: ReplyId, offer: &Arrival) -> Result<(), HubError> {
        let named = self.named(offer.reference.as_deref().unwrap_or_default())?;
        let verdict = judge(&self.settings.counter, offer, matches!(named, Named::Customer(_)));
        if verdict != OfferVerdict::Accepted {
            let (provider, receipt) = (offer.provider.name(), offer.receipt.as_str());
            self.audit_as(provider, "payment turned away", receipt, verdict.name())?;
        }
        self.effects.push(Effect::Reply {
            reply,
            answer: Ok(Response::Offer(verdict)),
        });
        Ok(())
    }

    /// Money has come, says the provider. It may say so again.
    pub fn money_seen(&mut self, reply: ReplyId, arrival: &Arrival, source: MoneySource) -> Result<(), HubError> {
        self.effects.push(Effect::Reply {
            reply,
            answer: Ok(Response::Done),
        });
        if self.store.money(arrival.provider, &arrival.receipt)?.is_some() {
            let (provider, receipt) = (arrival.provider.name(), arrival.receipt.as_str());
            self.audit_as(provider, "money seen again", receipt, &arrival.amount.to_string())?;
        }
        self.note_money(arrival, source).map(drop)
    }

    /// Writes money down, once per receipt, and finds its place as far as it is proven. It may come again, and another
    /// way.
    pub fn note_money(&mut self, arrival: &Arrival, source: MoneySource) -> Result<MoneyPlace, HubError> {
        let (name, receipt) = (arrival.provider.name(), arrival.receipt.as_str());
        if !(1..=AMOUNT_MINOR_MAX).contains(&arrival.amount.minor) {
            self.audit_as(name, "amount that cannot be", receipt, &arrival.amount.to_string())?;
            let detail = format!("{name} receipt {receipt}: {} cannot be", arrival.amount);
            self.alarm("odd_amount", detail)?;
            return Ok(MoneyPlace::Foreign);
        }
        let new = MoneyRow {
            arrival: arrival.clone(),
            source,
            proven: source.is_proof(),
            place: MoneyPlace::Waits,
        };
        let row = match self.store.money(arrival.provider, &arrival.receipt)? {
            None => {
                self.audit_as(name, "money seen", receipt, &arrival.amount.to_string())?;
                new
            }
            Some(known) => {
                if !known.arrival.agrees_with(arrival) {
                    self.contradicted(&known, &new)?;
                }
                match known.place.is_booked() || known.proven || !new.proven {
                    true => known,
                    false => new,
                }
            }
        };
        match row.place.is_booked() {
            true => Ok(row.place),
            false => self.place_money(row),
        }
    }

    fn contradicted(&mut self, known: &MoneyRow, new: &MoneyRow) -> Result<(), HubError> {
        let (name, receipt) = (known.arrival.provider.name(), &known.arrival.receipt);
        self.audit_as(name, "receipt with another content", receipt.as_str(), "")?;
        let kept = match new.proven && !known.proven && !known.place.is_booked() {
            true => "the first was only claimed and is replaced by what is proven",
            false => "the first was kept",
        };
        self.alarm(
            "receipt_contradicted",
            format!("{name} receipt {receipt} came again with another amount or account; {kept}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kiosk::units::Currency;

    fn offer(short_code: &str, at_till: bool) -> Arrival {
        Arrival {
            provider: Provider::Mpesa,
            receipt: "RKTQDM7W6S".parse().unwrap(),
            amount: Money::new(1_000, Currency::Kes),
            payer: None,
            reference: None,
            short_code: short_code.to_owned(),
            at_till,
            time: Wall(0),
        }
    }

    #[test]
    fn a_paybill_takes_known_accounts_and_a_till_takes_everything() {
        let paybill = Counter {
            short_codes: vec!["174379".to_owned()],
            is_till: false,
        };
        let till = Counter {
            short_codes: vec!["174379".to_owned(), "5110000".to_owned()],
            is_till: true,
        };
        for (counter, short_code, at_till, known, expected) in [
            (&paybill, "174379", false, true, OfferVerdict::Accepted),
            (&paybill, "174379", false, false, OfferVerdict::UnknownAccount),
            (&paybill, "600000", false, true, OfferVerdict::ForeignShortCode),
            (&paybill, "174379", true, false, OfferVerdict::Accepted),
            (&till, "5110000", true, false, OfferVerdict::Accepted),
            (&till, "174379", false, false, OfferVerdict::Accepted),
            (&till, "5110001", true, false, OfferVerdict::ForeignShortCode),
            (
                &Counter::default(),
                "174379",
                true,
                true,
                OfferVerdict::ForeignShortCode,
            ),
        ] {
            let found = judge(counter, &offer(short_code, at_till), known);
            assert_eq!(found, expected, "{short_code} till {at_till} known {known}");
        }
    }
}
