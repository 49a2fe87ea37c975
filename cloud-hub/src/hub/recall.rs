//! Rights that are asked back from sites (PROTOCOL rule 24, DESIGN section 4).
//!
//! Whatever needs more than is free at the hub names what it needs of which purse ([`Turn::ask_back`]) and halts with
//! [`super::turn::Halt::Waits`]: it is decided again when the site has closed the rights, or has not within 5 s. Until
//! then nothing of that customer is granted.

use kiosk::{
    fact::Fact,
    ids::{BoxId, CustomerId},
    units::Volume,
};

use super::{
    effect::Refusal,
    link::Link,
    store::{GrantRow, PurseKey},
    turn::{HubError, Turn},
};

/// What an open right may still hold.
fn left(row: &GrantRow) -> u64 {
    row.volume.unwrap_or_default().less(row.spent).ml()
}

impl Turn<'_> {
    /// Rights of a purse that may still be spent, the oldest first.
    fn open_grants(&self, key: PurseKey) -> Result<Vec<GrantRow>, HubError> {
        let rows = self.store.grants_of_purse(key)?.into_iter();
        Ok(rows.filter(|row| !row.closed && row.written_off.is_none()).collect())
    }

    /// Whether a box can be asked now.
    fn is_linked(&self, box_id: BoxId) -> bool {
        let mut links = self.links.values();
        links.any(|link| matches!(link, Link::Speaking(speaking) if speaking.serves(box_id)))
    }

    /// The most that open rights of a purse may still hold at sites: at all of them, or at those that can be asked now.
    pub fn held_ml(&self, key: PurseKey, now_only: bool) -> Result<u64, HubError> {
        let rows = self.open_grants(key)?.into_iter();
        let counts = |row: &GrantRow| !now_only || row.box_id.is_some_and(|box_id| self.is_linked(box_id));
        Ok(rows.filter(counts).map(|row| left(&row)).sum())
    }

    /// Asks back so many rights of a purse that so much of it will be free. Those that were asked for before count, and
    /// of the others the newest go first, for they are the least likely to be in use. Only sites that are linked are
    /// asked: whoever calls waits for them.
    pub fn ask_back(&mut self, key: PurseKey, needed: Volume) -> Result<(), HubError> {
        let mut open = self.open_grants(key)?;
        open.retain(|row| row.box_id.is_some_and(|box_id| self.is_linked(box_id)));
        let asked = open.iter().filter(|row| row.recalled).map(left);
        let mut coming = self.free_of(key)? + asked.sum::<u64>().cast_signed();
        for row in open.iter().rev().filter(|row| !row.recalled && left(row) > 0) {
            if coming >= needed.signed_ml() {
                break;
            }
            coming += left(row).cast_signed();
            self.recall(row)?;
        }
        Ok(())
    }

    /// More is granted or spent than there is: rights are asked back until what they may still hold covers it. The
    /// newest go first.
    pub fn recall_lacking(&mut self, key: PurseKey, lacking_ml: u64) -> Result<(), HubError> {
        let open = self.open_grants(key)?;
        let mut coming: u64 = open.iter().filter(|row| row.recalled).map(left).sum();
        for row in open.iter().rev().filter(|row| !row.recalled && left(row) > 0) {
            if coming >= lacking_ml {
                break;
            }
            coming += left(row);
            self.recall(row)?;
        }
        if coming < lacking_ml {
            let short = Volume::from_ml(lacking_ml - coming);
            self.alarm(
                "overdrawn",
                format!("customer {}: {short} more drawn than paid for", key.customer),
            )?;
        }
        Ok(())
    }

    /// Asks a right back.
    pub fn recall(&mut self, row: &GrantRow) -> Result<(), HubError> {
        match row.box_id {
            Some(box_id) if !row.recalled && !row.closed && row.written_off.is_none() => {
                self.write(box_id, Fact::Recalled { grant: row.grant })
            }
            _ => Ok(()),
        }
    }

    /// Decides again on requests whose water may have come, and grants what they leave.
    pub fn answer_parked(&mut self) -> Result<(), HubError> {
        while let Some(customer) = self.parked.take_freed() {
            for parked in self.parked.of(customer) {
                if let Some(answer) = self
                    .answer_to(&parked.by, parked.key.as_deref(), &parked.request)?
                    .given()
                {
                    self.parked.remove(&parked);
                    self.reply(parked.reply, answer);
                }
            }
            self.settle_unless_waited_for(customer)?;
        }
        Ok(())
    }

    fn settle_unless_waited_for(&mut self, customer: CustomerId) -> Result<(), HubError> {
        if !self.parked.waits_for(customer) {
            self.settle_customer(customer)?;
        }
        self.parked.forget_freed(customer);
        Ok(())
    }

    /// Requests that have waited long enough are decided on with what is here now. What was asked back in vain is
    /// granted again as it comes.
    pub fn give_up_waiting(&mut self) -> Result<(), HubError> {
        for parked in self.parked.due(self.moment) {
            let key = parked.key.as_deref();
            let answer = match self.answer_to(&parked.by, key, &parked.request)?.given() {
                Some(answer) => answer,
                None => {
                    let answer = Err(held_at_site());
                    self.keep_answer(&parked.by, key, &parked.request, &answer)?;
                    answer
                }
            };
            self.parked.remove(&parked);
            self.reply(parked.reply, answer);
        }
        Ok(())
    }
}

/// The refusal of what a site holds and cannot give back now.
pub(super) fn held_at_site() -> Refusal {
    let message = "a site holds this customer's water: use the page at the kiosk";
    Refusal::conflict("held_at_site", message)
}
