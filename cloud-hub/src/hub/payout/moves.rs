//! What a payout takes from its owner and gives back. Each is booked in the transaction that decides it.

use kiosk::{
    ids::CustomerId,
    ledger::Postings,
    moment::{DAY_MS, SECOND_MS, Wall},
    payout::PayoutState,
    units::Money,
};

use super::{PayoutKind, PayoutRow, SourceKind};
use crate::hub::{
    ledger::Event,
    money::MoneyPlace,
    store::{CreditRow, MoneyRow, PurchaseKind, PurseKey, SubscriptionRow},
    turn::{HubError, Turn},
};

/// Which way water and money of a purchase go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    FromCustomer,
    ToCustomer,
}

impl Turn<'_> {
    /// The money is no longer its owner's, and so is the water that it paid for.
    pub(super) fn reserve(&mut self, row: &mut PayoutRow) -> Result<(), HubError> {
        self.about(Event::Payout(row.id), |turn| turn.reserved(row))
    }

    fn reserved(&mut self, row: &mut PayoutRow) -> Result<(), HubError> {
        let root = self.owner(row)?;
        if let Some(provider) = row.provider {
            let reserved = Postings::payout_reserved(provider, row.source(root), row.payout.amount);
            self.book("payout reserved", reserved)?;
        }
        self.place_return(row, true)?;
        self.move_goods(row, root, Direction::FromCustomer)
    }

    /// It was certainly not made: its owner has all as before.
    pub(super) fn give_back(&mut self, row: &mut PayoutRow) -> Result<(), HubError> {
        self.about(Event::Payout(row.id), |turn| turn.given_back(row))
    }

    fn given_back(&mut self, row: &mut PayoutRow) -> Result<(), HubError> {
        let root = self.owner(row)?;
        if let Some(provider) = row.provider {
            let returned = Postings::payout_returned(provider, row.source(root), row.payout.amount);
            self.book("payout given back", returned)?;
        }
        self.place_return(row, false)?;
        self.move_goods(row, root, Direction::ToCustomer)
    }

    /// The money has left the till.
    pub(super) fn book_as_made(&mut self, row: &PayoutRow) -> Result<(), HubError> {
        if let Some(provider) = row.provider {
            let made = Postings::payout_made(provider, row.payout.amount, row.fee);
            self.about(Event::Payout(row.id), |turn| turn.book("payout made", made))?;
        }
        let receipt = row.payout.receipt.as_ref().map_or("-", |receipt| receipt.as_str());
        self.audit_as(row.actor(), "payout made", &row.id.to_string(), receipt)?;
        self.remember_payout(row)
    }

    /// A refund into the wallet is made at once.
    pub(super) fn put_into_wallet(&mut self, mut row: PayoutRow) -> Result<PayoutRow, HubError> {
        // All of it, the part of a whole unit too.
        let whole = row.payout.amount.checked_add(row.to_wallet);
        row.to_wallet = whole.unwrap_or(row.payout.amount);
        row.payout.amount = Money::new(0, row.to_wallet.currency);
        row.payout.state = PayoutState::Succeeded;
        row.ended = Some(self.now());
        let root = self.owner(&row)?;
        self.about(Event::Payout(row.id), |turn| {
            turn.move_goods(&mut row, root, Direction::FromCustomer)
        })?;
        self.store.put_payout(&row)?;
        self.remember_payout(&row)?;
        self.payout_moved(&row);
        Ok(row)
    }

    fn remember_payout(&mut self, row: &PayoutRow) -> Result<(), HubError> {
        let Some(customer) = self.owner(row)? else {
            return Ok(());
        };
        let site = self.store.customer(customer)?.and_then(|customer| customer.site);
        let worth = row.payout.amount.minor.saturating_add(row.to_wallet.minor);
        let volume_ml = -row.taken_back.signed_ml();
        self.remember(customer, site.as_ref(), row.kind.name(), volume_ml, -worth)?;
        self.live_customer(customer);
        Ok(())
    }

    /// Who the customer is by now.
    fn owner(&self, row: &PayoutRow) -> Result<Option<CustomerId>, HubError> {
        Ok(match row.customer {
            Some(customer) => Some(self.store.root(customer)?),
            None => None,
        })
    }

    /// Money of nobody is no longer in suspense while it is on its way back, and lies there again if that fails; unless it
    /// turned out to be a purchase's meanwhile. What went elsewhere before a late word stays where it is.
    fn place_return(&mut self, row: &PayoutRow, leaves: bool) -> Result<(), HubError> {
        let (PayoutKind::Return, Some(provider), Some(why)) = (row.kind, row.provider, row.why) else {
            return Ok(());
        };
        let super::PayoutWay::Reversal(receipt) = &row.way else {
            return Ok(());
        };
        let Some(money) = self.store.money(provider, receipt)? else {
            return Ok(());
        };
        let place = match (leaves, money.place) {
            (true, MoneyPlace::Suspense(_)) => MoneyPlace::Returned,
            (false, MoneyPlace::Returned) => match self.purchase_of(&money)? {
                Some(purchase) => {
                    let id = purchase.id;
                    self.take_from_suspense(&money, purchase)?;
                    MoneyPlace::Purchase(id)
                }
                None => MoneyPlace::Suspense(why),
            },
            _ => return Ok(()),
        };
        Ok(self.store.put_money(&MoneyRow { place, ..money }, self.now())?)
    }

    /// The water that a refund takes back leaves its purse with what was paid for it, and returns in the same way; the
    /// part that nobody pays out moves between water and wallet. A subscription ends with its refund.
    fn move_goods(
        &mut self,
        row: &mut PayoutRow,
        root: Option<CustomerId>,
        direction: Direction,
    ) -> Result<(), HubError> {
        let (SourceKind::Water, Some(customer)) = (row.source, root) else {
            return Ok(());
        };
        if row.to_wallet.minor > 0 {
            let part = Postings::refunded_to_wallet(customer, row.to_wallet);
            match direction {
                Direction::FromCustomer => self.book("refund to the wallet", part)?,
                Direction::ToCustomer => self.book("refund to the wallet undone", part.map(Postings::reversed))?,
            }
        }
        let subscription = self.subscription_of(row)?;
        let key = match &subscription {
            Some(subscription) => PurseKey::allowance(customer, subscription.id),
            None => PurseKey::prepaid(customer),
        };
        if let Some(subscription) = &subscription {
            match direction {
                // Whoever has their money back needs no text of its end.
                Direction::FromCustomer => {
                    self.store.expire_subscription(subscription.id)?;
                    self.store.set_end_told(subscription.id)?;
                }
                Direction::ToCustomer => self.revive(row, subscription)?,
            }
        }
        row.moves += 1;
        let name = format!("refund:{}:{}", row.id, row.moves);
        let worth = row.payout.amount.minor.saturating_add(row.to_wallet.minor);
        let (sign, reason) = match direction {
            Direction::FromCustomer => (-1, "refunded"),
            Direction::ToCustomer => (1, "refund that failed"),
        };
        self.add_credit(&CreditRow {
            id: crate::hub::credit_id(&name),
            key,
            volume_ml: sign * row.taken_back.signed_ml(),
            amount_minor: sign * worth,
            source: name,
            reason: reason.to_owned(),
            time: self.now(),
        })?;
        Ok(())
    }

    /// The subscription that a refund is of.
    fn subscription_of(&self, row: &PayoutRow) -> Result<Option<SubscriptionRow>, HubError> {
        let Some(purchase) = row.purchase else {
            return Ok(None);
        };
        match self.store.purchase(purchase)? {
            Some(purchase) if matches!(purchase.kind, PurchaseKind::Subscription { .. }) => {
                self.subscription_bought(&purchase)
            }
            _ => Ok(None),
        }
    }

    /// A subscription whose refund failed goes on, longer by the days that it was away.
    fn revive(&mut self, row: &PayoutRow, subscription: &SubscriptionRow) -> Result<(), HubError> {
        let away_ms = (self.now().0 - row.created.0).max(0);
        let days = (away_ms + DAY_MS - 1) / DAY_MS;
        let mut valid_until = subscription.valid_until.plus_ms(days * DAY_MS);
        // No two of a customer's end together: a grant finds its allowance by its end.
        while let Some(other) = self.store.subscription_ending(subscription.customer, valid_until)? {
            if other.id == subscription.id {
                break;
            }
            valid_until = Wall(valid_until.0 - SECOND_MS);
        }
        self.store.revive_subscription(subscription.id, valid_until)?;
        self.tell_sites_of(subscription.customer, &subscription.code, valid_until)
    }
}
