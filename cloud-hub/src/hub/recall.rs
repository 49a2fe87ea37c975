//! Rights that are asked back from sites (PROTOCOL rule 24, DESIGN section 4).
//!
//! Whatever needs more than is free at the hub names what it needs of which purse ([`Turn::ask_back`]) and halts with
//! [`super::turn::Halt::Waits`]: it is decided again when the site has closed the rights, or has not within 4 s. Until
//! then nothing of that customer is granted.

use kiosk::{
    fact::Fact,
    ids::{BoxId, CustomerId},
    units::Volume,
};

use super::{
    effect::{Refusal, Response},
    link::Link,
    parked::{Awaited, Parked},
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
    pub fn is_linked(&self, box_id: BoxId) -> bool {
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

    /// Whether a right of these purses was asked back from a site that can be asked, and nobody waits for it any more: its
    /// site cannot close it yet. Then no further ones are taken from the customer there.
    pub fn is_asked_in_vain(&self, keys: &[PurseKey], customer: CustomerId) -> Result<bool, HubError> {
        if self.again.is_some() || self.parked.waits_for(Awaited::Water(customer)) {
            return Ok(false);
        }
        for key in keys {
            let in_vain = |row: &GrantRow| row.recalled && row.box_id.is_some_and(|box_id| self.is_linked(box_id));
            if self.open_grants(*key)?.iter().any(in_vain) {
                return Ok(true);
            }
        }
        Ok(false)
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
        while let Some(awaited) = self.parked.take_freed() {
            for parked in self.parked.of(awaited) {
                if let Some(answer) = self.decided_again(&parked)? {
                    self.answer_all(&parked, &answer);
                }
            }
            self.settle_unless_waited_for(awaited)?;
        }
        Ok(())
    }

    fn settle_unless_waited_for(&mut self, awaited: Awaited) -> Result<(), HubError> {
        if !self.parked.waits_for(awaited) {
            match awaited {
                Awaited::Water(customer) => self.settle_customer(customer)?,
                Awaited::Float(manager) => self.settle_float(manager)?,
            }
        }
        self.parked.forget_freed(awaited);
        Ok(())
    }

    /// Requests that have waited long enough are decided on with what is here now. What was asked back in vain is
    /// granted again as it comes.
    pub fn give_up_waiting(&mut self) -> Result<(), HubError> {
        self.waits_no_more = true;
        for parked in self.parked.due(self.moment) {
            let answer = self.decided_again(&parked)?.unwrap_or_else(|| Err(not_given_back()));
            self.answer_all(&parked, &answer);
        }
        self.waits_no_more = false;
        Ok(())
    }

    /// The answer to one that waited; `None` when it waits on.
    fn decided_again(&mut self, parked: &Parked) -> Result<Option<Result<Response, Refusal>>, HubError> {
        self.again = Some(parked.guesses);
        let decided = self.answer_to(&parked.by, parked.key.as_deref(), &parked.request);
        self.again = None;
        Ok(decided?.given())
    }

    fn answer_all(&mut self, parked: &Parked, answer: &Result<Response, Refusal>) {
        self.parked.remove(parked);
        for reply in &parked.replies {
            self.reply(*reply, answer.clone());
        }
    }
}

/// The code of both refusals below (CONTRACTS section 4).
pub(super) const HELD_AT_SITE: &str = "held_at_site";

/// The refusal of what a site holds that cannot be asked.
pub(super) fn held_at_site() -> Refusal {
    let message = "a site holds this customer's water: use the page at the kiosk";
    Refusal::conflict(HELD_AT_SITE, message)
}

/// The refusal of a refund of water that lies at a site which cannot be asked.
pub(super) fn site_away() -> Refusal {
    let message = "a site that is not online holds this customer's water: refund it when the site is online again";
    Refusal::conflict(HELD_AT_SITE, message)
}

/// The refusal of what a site was asked for and does not give back: the page at the kiosk would refuse it too.
pub(super) fn not_given_back() -> Refusal {
    let message = "the site was asked for this customer's water and has not given it back: somebody may be drawing from \
                   it there; try again in some minutes";
    Refusal::conflict(HELD_AT_SITE, message)
}
