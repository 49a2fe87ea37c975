//! What a purchase gave, and what of it is left: here, or where it must be asked back from.

use kiosk::{
    day::{Day, Zone},
    ids::CustomerId,
    moment::Wall,
    refund::Bought,
    units::Volume,
};

use crate::hub::{
    effect::Refusal,
    parked::{Awaited, waiting_full},
    recall::{not_given_back, site_away},
    store::{PurchaseKind, PurchaseRow, PurseKey, SubscriptionRow},
    turn::{Halt, HubError, Turn},
};

/// The time zone of a purchase whose site nobody knows any more.
const ZONE_OF_NOBODY: &str = "Africa/Nairobi";

/// Which undrawn water counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Undrawn {
    /// What nobody has drawn, wherever it lies.
    Everywhere,
    /// What is free at the hub.
    Here,
}

impl Turn<'_> {
    /// What was bought, and what is left of it: at the hub, or wherever it lies.
    pub(super) fn bought(
        &self,
        purchase: &PurchaseRow,
        customer: CustomerId,
        undrawn: Undrawn,
    ) -> Result<Bought, Halt> {
        Ok(match &purchase.kind {
            PurchaseKind::Bill => Bought::Bill,
            PurchaseKind::Deposit => Bought::Deposit {
                wallet: self.money(self.wallet_minor(customer)?),
            },
            PurchaseKind::Topup(volume) => Bought::Water {
                volume: *volume,
                free: self.undrawn_of(purchase, customer, undrawn)?,
            },
            PurchaseKind::Subscription { .. } => {
                let found = self.subscription_bought(purchase)?;
                let (allowance, free) = match found {
                    Some(row) => {
                        let key = PurseKey::allowance(customer, row.id);
                        let free = self.undrawn(key, undrawn)?;
                        (
                            self.allowance_bought(purchase)?,
                            if row.expired { Volume::ZERO } else { free },
                        )
                    }
                    None => (Volume::ZERO, Volume::ZERO),
                };
                Bought::Subscription {
                    allowance,
                    free,
                    paid: self.day_paid(purchase)?,
                }
            }
        })
    }

    /// What of some prepaid litres nobody has drawn. All that a customer buys is one purse, of which the oldest is drawn
    /// first: what came later is undrawn before any of these.
    fn undrawn_of(&self, purchase: &PurchaseRow, customer: CustomerId, undrawn: Undrawn) -> Result<Volume, HubError> {
        let key = PurseKey::prepaid(customer);
        let since = purchase.settled.unwrap_or(purchase.created);
        let later = self.store.prepaid_since_ml(customer, since)?;
        let later = Volume::try_from_ml(later.max(0)).unwrap_or(Volume::MAX);
        let of_these = self.undrawn(key, Undrawn::Everywhere)?.less(later);
        Ok(of_these.min(self.undrawn(key, undrawn)?))
    }

    /// What of a purse nobody has drawn. What may be drawn without being paid for is none of it.
    fn undrawn(&self, key: PurseKey, undrawn: Undrawn) -> Result<Volume, HubError> {
        let row = self.store.purse(key)?;
        let left = (row.credited_ml - row.spent_ml).max(0);
        let volume = match undrawn {
            Undrawn::Everywhere => left,
            Undrawn::Here => {
                let cap = match key.purse {
                    kiosk::fact::Purse::Prepaid => self.cap_of(key.customer)?.signed_ml(),
                    kiosk::fact::Purse::Allowance => 0,
                };
                (self.free_of(key)? - cap).clamp(0, left)
            }
        };
        Ok(Volume::try_from_ml(volume).unwrap_or(Volume::ZERO))
    }

    /// Whether a site holds water of this purchase that nobody has drawn.
    pub(super) fn lacking(&self, purchase: &PurchaseRow, customer: CustomerId, here: &Bought) -> Result<bool, Halt> {
        let (Some(key), Some((volume, free))) = (self.purse_of_purchase(purchase, customer)?, water(here)) else {
            return Ok(false);
        };
        let (_, taken_back) = self.store.refunded_of(purchase.id)?;
        let undrawn = match purchase.kind {
            PurchaseKind::Topup(_) => self.undrawn_of(purchase, customer, Undrawn::Everywhere)?,
            _ => self.undrawn(key, Undrawn::Everywhere)?,
        };
        let wanted = volume.less(Volume::from_ml(taken_back)).min(undrawn);
        Ok(free < wanted && self.held_ml(key, false)? > 0)
    }

    /// Asks the sites for it. What comes of the refund until then: it waits, or it is refused.
    pub(super) fn ask_back_for_refund(
        &mut self,
        purchase: &PurchaseRow,
        customer: CustomerId,
    ) -> Result<Halt, HubError> {
        let Some(key) = self.purse_of_purchase(purchase, customer)? else {
            return Ok(Refusal::not_found("purchase").into());
        };
        if self.held_ml(key, true)? < self.held_ml(key, false)? {
            return Ok(site_away().into());
        }
        if self.is_asked_in_vain(&[key], customer)? {
            return Ok(not_given_back().into());
        }
        if self.again.is_none() && self.parked.is_full() {
            return Ok(waiting_full().into());
        }
        let all = self.undrawn(key, Undrawn::Everywhere)?;
        self.ask_back(key, all)?;
        Ok(Halt::Waits(Awaited::Water(customer)))
    }

    fn purse_of_purchase(&self, purchase: &PurchaseRow, customer: CustomerId) -> Result<Option<PurseKey>, HubError> {
        Ok(match purchase.kind {
            PurchaseKind::Deposit | PurchaseKind::Bill => None,
            PurchaseKind::Topup(_) => Some(PurseKey::prepaid(customer)),
            PurchaseKind::Subscription { .. } => {
                let found = self.subscription_bought(purchase)?;
                found.map(|row| PurseKey::allowance(customer, row.id))
            }
        })
    }

    /// The subscription that a purchase gave: its credit was named as the payment was when it was settled.
    pub fn subscription_bought(&self, purchase: &PurchaseRow) -> Result<Option<SubscriptionRow>, HubError> {
        let payment = &purchase.payment;
        let names = match purchase.provider {
            None => vec![format!("wallet:{}", purchase.id)],
            Some(provider) => [
                // One that only a callback told named nothing when it was settled.
                payment
                    .receipt
                    .as_ref()
                    .filter(|_| payment.receipt_proven)
                    .map(|receipt| format!("{provider}:{receipt}")),
                payment
                    .reference
                    .as_ref()
                    .map(|name| format!("{provider}:reference {name}")),
                Some(format!("{provider}:purchase {}", purchase.id)),
            ]
            .into_iter()
            .flatten()
            .collect(),
        };
        for name in names {
            if let Some(period) = self
                .store
                .credit_period(crate::hub::credit_id(&name))?
                .filter(|period| *period != 0)
            {
                return Ok(self.store.subscription(period)?);
            }
        }
        Ok(None)
    }

    fn allowance_bought(&self, purchase: &PurchaseRow) -> Result<Volume, HubError> {
        let PurchaseKind::Subscription { plan, site, terms } = &purchase.kind else {
            return Ok(Volume::ZERO);
        };
        let today = match terms {
            Some(_) => None,
            None => self.terms_of(plan, site)?,
        };
        let terms = terms.as_ref().or(today.as_ref());
        Ok(terms.map_or(Volume::ZERO, |terms| terms.allowance))
    }

    fn day_paid(&self, purchase: &PurchaseRow) -> Result<Day, HubError> {
        let paid: Wall = purchase.settled.unwrap_or(purchase.created);
        Ok(self.zone_of_purchase(purchase)?.day(paid))
    }

    pub(super) fn zone_of_purchase(&self, purchase: &PurchaseRow) -> Result<Zone, HubError> {
        let of_site = match &purchase.kind {
            PurchaseKind::Subscription { site, .. } => self.zone_of(site)?,
            PurchaseKind::Deposit | PurchaseKind::Topup(_) | PurchaseKind::Bill => None,
        };
        let named = of_site.map_or_else(|| Zone::named(&self.settings.time_zone), Ok);
        named
            .or_else(|_| Zone::named(ZONE_OF_NOBODY))
            .map_err(|error| HubError::Journal(error.to_string()))
    }
}

fn water(bought: &Bought) -> Option<(Volume, Volume)> {
    match *bought {
        Bought::Water { volume, free } => Some((volume, free)),
        Bought::Subscription { allowance, free, .. } => Some((allowance, free)),
        Bought::Deposit { .. } | Bought::Bill => None,
    }
}
