//! What goes out and why: refunds of purchases, money withdrawn from wallets, money of nobody that goes back.
//!
//! What of a purchase can be refunded is [`kiosk::refund`]'s to say. Water counts as undrawn only where the hub has it:
//! what a linked site holds is asked back first, as for a draw (`recall`).

mod goods;

use self::goods::Undrawn;
use kiosk::{
    ids::{PayoutId, ProviderReceipt},
    moment::MINUTE_MS,
    payment::Msisdn,
    provider::Provider,
    refund::{Bought, Refund, RefundDenied, Sale, refund},
    units::{Money, Volume},
};

use super::{
    effect::{Refusal, Response},
    input::{Actor, NewRefund, NewWithdrawal, Pay, PayBy},
    money::MoneyPlace,
    payout::{NewPayout, PayoutKind, PayoutWay, SourceKind},
    purchase::msisdn,
    store::{PayoutRow, PurchaseKind, PurchaseRow},
    turn::{Halt, HubError, Turn},
};

/// The longest reason that is kept.
const REASON_CHARS_MAX: usize = 200;
/// An equal withdrawal is refused for so long after one was made, as an equal purchase is: it is a second click.
const EQUAL_WITHIN_MS: i64 = 2 * MINUTE_MS;

impl Turn<'_> {
    /// A reason, or what was seen: something must stand in the audit.
    pub(super) fn checked_reason(&self, field: &'static str, written: &str) -> Result<String, Halt> {
        let text = written.trim();
        let fits = (1..=REASON_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        match fits {
            true => Ok(text.to_owned()),
            false => {
                let message = format!("say why, in 1 to {REASON_CHARS_MAX} characters");
                Err(Refusal::invalid(field, "bad_field", message).into())
            }
        }
    }

    /// Gives a purchase back, or what is left of it.
    pub fn refund_purchase(&mut self, by: &Actor, asked: &NewRefund) -> Result<Response, Halt> {
        let purchase = self.store.purchase(asked.purchase)?;
        let purchase = purchase.ok_or_else(|| Refusal::not_found("purchase"))?;
        let reason = self.checked_reason("reason", &asked.reason)?;
        let customer = self.known_customer(purchase.customer)?.id;
        // What was paid from the wallet goes back there.
        let pay_by = match purchase.pay {
            Pay::Wallet => PayBy::Wallet,
            Pay::Prompt => asked.pay_by,
        };
        if pay_by == PayBy::Wallet && purchase.kind == PurchaseKind::Deposit {
            let message = "this money is in the wallet already; pay it out by the provider or by hand";
            return Err(Refusal::invalid("by", "bad_field", message).into());
        }
        if purchase.kind != PurchaseKind::Deposit && self.in_doubt()? {
            let message = "part of the past may be missing, so nobody knows what sites hold: refund it when the doubt \
                           is over";
            return Err(Refusal::conflict("in_doubt", message).into());
        }
        let wanted = asked.amount_minor.map(|minor| Money {
            minor,
            ..purchase.payment.amount
        });
        // Nothing is asked back from a site for a refund that will be refused.
        let hoped = self.refund_of(
            &purchase,
            pay_by,
            self.bought(&purchase, customer, Undrawn::Everywhere)?,
            wanted,
        )?;
        self.way_out(&purchase, pay_by, &hoped)?;
        let bought = self.bought(&purchase, customer, Undrawn::Here)?;
        let bought = match self.lacking(&purchase, customer, &bought)? {
            true => return Err(self.ask_back_for_refund(&purchase, customer)?),
            false => bought,
        };
        let due = self.refund_of(&purchase, pay_by, bought, wanted)?;
        if wanted.is_some() {
            let since = self.now().plus_ms(-EQUAL_WITHIN_MS);
            let equal = self
                .store
                .equal_refund(purchase.id, due.amount.minor + due.to_wallet.minor, since)?;
            self.is_no_equal(equal)?;
        }
        let (provider, way) = self.way_out(&purchase, pay_by, &due)?;
        let new = NewPayout {
            kind: PayoutKind::Refund,
            source: match purchase.kind {
                PurchaseKind::Deposit | PurchaseKind::Bill => SourceKind::Wallet,
                PurchaseKind::Topup(_) | PurchaseKind::Subscription { .. } => SourceKind::Water,
            },
            customer: Some(customer),
            purchase: Some(purchase.id),
            provider,
            way,
            amount: due.amount,
            payee: purchase.payment.payer,
            to_wallet: due.to_wallet,
            taken_back: due.taken_back,
            why: None,
            reason,
        };
        self.begin_payout(by, new).map(begun).map_err(Halt::from)
    }

    /// The refund that the rules allow.
    fn refund_of(
        &self,
        purchase: &PurchaseRow,
        pay_by: PayBy,
        bought: Bought,
        wanted: Option<Money>,
    ) -> Result<Refund, Halt> {
        let (refunded, taken_back) = self.store.refunded_of(purchase.id)?;
        let price = purchase.payment.amount;
        let sale = Sale {
            state: purchase.payment.state,
            // Who gives back whole payments only is no hindrance where it is not asked to.
            provider: match pay_by {
                PayBy::Provider => purchase.provider.unwrap_or(Provider::Mpesa),
                PayBy::Wallet | PayBy::Hand => Provider::Mpesa,
            },
            price,
            refunded: Money {
                minor: refunded,
                ..price
            },
            taken_back: Volume::from_ml(taken_back),
            bought,
        };
        let today = self.zone_of_purchase(purchase)?.day(self.now());
        refund(&self.settings.refunds, &sale, wanted, today).map_err(|denied| refused(&denied).into())
    }

    /// By whom and how it goes out.
    fn way_out(
        &self,
        purchase: &PurchaseRow,
        pay_by: PayBy,
        due: &Refund,
    ) -> Result<(Option<Provider>, PayoutWay), Halt> {
        let provider = match (pay_by, purchase.provider) {
            (PayBy::Wallet, _) | (_, None) => return Ok((None, PayoutWay::Wallet)),
            (PayBy::Hand, Some(provider)) => return Ok((Some(provider), PayoutWay::Hand)),
            (PayBy::Provider, Some(provider)) => provider,
        };
        let outlet = self.settings.outlets.get(&provider).copied().unwrap_or_default();
        let is_whole = due.amount == purchase.payment.amount;
        let reverses = outlet.reversals && is_whole;
        let way = match &purchase.payment.receipt {
            Some(receipt) if reverses && self.is_shown_to_be(purchase, provider, receipt)? => {
                PayoutWay::Reversal(receipt.clone())
            }
            _ => self.transfer(provider, due.amount)?,
        };
        Ok((Some(provider), way))
    }

    /// Whether the provider itself has shown that this receipt is the purchase's. What only a callback told, or an operator
    /// typed, may be the receipt of another customer's payment. M-PESA's query names none, so its list must have.
    fn is_shown_to_be(
        &self,
        purchase: &PurchaseRow,
        provider: Provider,
        receipt: &ProviderReceipt,
    ) -> Result<bool, HubError> {
        let place = self.store.money(provider, receipt)?.map(|money| money.place);
        let is_listed = match place {
            Some(place) => place == MoneyPlace::Purchase(purchase.id),
            None => provider != Provider::Mpesa,
        };
        Ok(is_listed && purchase.payment.receipt_proven)
    }

    /// To a phone, where this provider does that.
    fn transfer(&self, provider: Provider, amount: Money) -> Result<PayoutWay, Halt> {
        let outlet = self.settings.outlets.get(&provider).copied().unwrap_or_default();
        let title = provider.title();
        if !outlet.transfers {
            let message = format!(
                "this hub is not set up to pay out by {title} (see payments.{provider} in hub.toml): choose \"by\": \
                 \"wallet\", or pay it at the provider's portal with \"by\": \"hand\" and say so here afterwards"
            );
            return Err(Refusal::conflict("cannot_pay_out", message).into());
        }
        if amount.minor < outlet.least_minor {
            let least = Money {
                minor: outlet.least_minor,
                ..amount
            };
            let message = format!("{title} pays out at least {least}, and this is {amount}: leave it in the wallet");
            return Err(Refusal::conflict("too_little", message).into());
        }
        Ok(PayoutWay::Transfer)
    }

    /// Money out of a wallet, to its owner's phone.
    pub fn withdraw(&mut self, by: &Actor, asked: &NewWithdrawal) -> Result<Response, Halt> {
        let customer = self.known_customer(asked.customer)?;
        let reason = self.checked_reason("reason", &asked.reason)?;
        let amount = self.money(asked.amount_minor);
        if amount.minor <= 0 || amount.rounded_up() != amount {
            let denied = RefundDenied::Amount(amount);
            return Err(Refusal::invalid("amount_minor", "out_of_range", denied.to_string()).into());
        }
        let since = self.now().plus_ms(-EQUAL_WITHIN_MS);
        self.is_no_equal(self.store.equal_withdrawal(customer.id, amount.minor, since)?)?;
        let held = self.wallet_minor(customer.id)?;
        if held < amount.minor {
            let message = format!("the wallet holds {}", self.money(held));
            return Err(Refusal::conflict("wallet_too_small", message).into());
        }
        let phone = customer
            .phone
            .ok_or_else(|| Refusal::conflict("no_phone", "this customer has no phone to pay to"))?;
        let provider = self.provider_for(phone, asked.provider)?;
        let way = match asked.pay_by {
            PayBy::Provider => self.transfer(provider, amount)?,
            PayBy::Hand => PayoutWay::Hand,
            PayBy::Wallet => return Err(Refusal::invalid("by", "bad_field", "it is in the wallet").into()),
        };
        let new = NewPayout {
            kind: PayoutKind::Withdrawal,
            source: SourceKind::Wallet,
            customer: Some(customer.id),
            purchase: None,
            provider: Some(provider),
            way,
            amount,
            payee: msisdn(phone),
            to_wallet: self.money(0),
            taken_back: Volume::ZERO,
            why: None,
            reason,
        };
        self.begin_payout(by, new).map(begun).map_err(Halt::from)
    }

    /// A second press, or a second person, pays nothing twice.
    fn is_no_equal(&self, equal: Option<PayoutId>) -> Result<(), Halt> {
        let Some(equal) = equal else { return Ok(()) };
        let message = "an equal payout is open or was made within the last 2 minutes; look at it before you pay again";
        Err(Refusal::conflict("equal_payout", message).with_id(equal.0).into())
    }

    /// Money in suspense goes back to whoever paid it: the payment is undone.
    pub fn return_money(
        &mut self,
        by: &Actor,
        provider: Provider,
        receipt: &ProviderReceipt,
        reason: &str,
    ) -> Result<Response, Halt> {
        let money = self.store.money(provider, receipt)?;
        let money = money.ok_or_else(|| Refusal::not_found("payment"))?;
        let reason = self.checked_reason("reason", reason)?;
        let MoneyPlace::Suspense(why) = money.place else {
            let message = format!("this payment is not in suspense but: {}", money.place.name());
            return Err(Refusal::conflict("not_in_suspense", message).into());
        };
        self.is_of_no_purchase(&money)?;
        let outlet = self.settings.outlets.get(&provider).copied().unwrap_or_default();
        if !outlet.reversals {
            let message = format!(
                "this hub is not set up to undo payments by {} (see payments.{provider} in hub.toml): give it back at \
                 the provider's portal, and say so on the page of money that waits",
                provider.title()
            );
            return Err(Refusal::conflict("cannot_pay_out", message).into());
        }
        let amount = money.arrival.amount;
        let new = NewPayout {
            kind: PayoutKind::Return,
            source: SourceKind::Suspense,
            customer: None,
            purchase: None,
            provider: Some(provider),
            way: PayoutWay::Reversal(receipt.clone()),
            amount,
            payee: Msisdn(0),
            to_wallet: Money { minor: 0, ..amount },
            taken_back: Volume::ZERO,
            why: Some(why),
            reason,
        };
        self.begin_payout(by, new).map(begun).map_err(Halt::from)
    }
}

fn begun(row: PayoutRow) -> Response {
    Response::Payout {
        payout: row.id,
        state: row.payout.state,
    }
}

/// A denial of the rules, as the API says it.
fn refused(denied: &RefundDenied) -> Refusal {
    let message = denied.to_string();
    match denied {
        RefundDenied::NotPaid => Refusal::conflict("not_paid", message),
        RefundDenied::Bill => Refusal::conflict("bill", message),
        RefundDenied::NothingLeft => Refusal::conflict("nothing_left", message),
        RefundDenied::TooLate(_) => Refusal::conflict("too_late", message),
        RefundDenied::WholeOnly(_) => Refusal::conflict("whole_only", message),
        RefundDenied::TooMuch(_) => Refusal::invalid("amount_minor", "too_much", message),
        RefundDenied::Amount(_) => Refusal::invalid("amount_minor", "out_of_range", message),
    }
}
