//! Room on the disk. A ballast file of 16 MiB is given up when the disk is nearly full, so that water is sold in its
//! place; until there is ample room again nothing is written that can wait (RELIABILITY section 4).

use kiosk::moment::Moment;

use super::{
    Site, SiteError,
    effect::{Effect, Refusal},
};

/// The size of the ballast file.
pub const BALLAST_BYTES: u64 = 16 << 20;
/// With less room than this the ballast is given up.
pub const TIGHT_BYTES: u64 = 8 << 20;
/// With more room than this a ballast is made where none was given up: what it leaves is not tight.
pub const ENOUGH_BYTES: u64 = BALLAST_BYTES + TIGHT_BYTES;
/// With more room than this a ballast that was given up is made again.
pub const AMPLE_BYTES: u64 = 64 << 20;

/// What was last seen of the disk that holds the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What may still be written, without the ballast.
    pub free_bytes: u64,
    /// Whether the ballast lies there whole.
    pub has_ballast: bool,
    /// Whether this run gave a ballast up that is not back.
    pub is_owed: bool,
}

impl Room {
    /// Whether what can wait has to.
    pub fn is_tight(self) -> bool {
        self.free_bytes < TIGHT_BYTES || (self.is_owed && self.free_bytes <= AMPLE_BYTES)
    }

    /// What is to be done about the ballast.
    pub(super) fn order(self) -> Option<Effect> {
        if self.has_ballast {
            (self.free_bytes < TIGHT_BYTES).then_some(Effect::FreeBallast)
        } else {
            let from = if self.is_owed { AMPLE_BYTES } else { ENOUGH_BYTES };
            (self.free_bytes > from).then_some(Effect::MakeBallast)
        }
    }
}

impl Site {
    /// Somebody looked at the disk. When it becomes tight that is an alarm, once until there is room again.
    pub(super) fn room_seen(&mut self, moment: &Moment, room: Room) -> Result<Vec<Effect>, SiteError> {
        let mut effects: Vec<_> = room.order().into_iter().collect();
        if self.room.is_none_or(|before| before.is_tight() != room.is_tight()) {
            effects.push(Effect::Live);
        }
        self.room = Some(room);
        if !room.is_tight() {
            // A disk that hovers about the limit without a ballast is one alarm, not one a second.
            self.is_tight_told &= !room.has_ballast && room.free_bytes <= ENOUGH_BYTES;
        } else if !self.is_tight_told && self.enrolled.is_some() {
            self.is_tight_told = true;
            let mib = room.free_bytes >> 20;
            let detail =
                format!("{mib} MiB are left on the disk: water is sold; loans, purchases and cash wait for room");
            effects.extend(self.alarm(moment, "disk_low", &detail)?);
        }
        Ok(effects)
    }

    /// Refuses what can wait while the disk is nearly full.
    pub(super) fn room_for_more(&self) -> Result<(), Refusal> {
        match self.room {
            Some(room) if room.is_tight() => Err(Refusal::DiskLow),
            _ => Ok(()),
        }
    }
}
