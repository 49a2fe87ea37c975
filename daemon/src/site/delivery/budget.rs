//! What a day's texts may cost, and who may count on how much of it.

use super::Purpose;
use crate::site::sim::SimSettings;

/// What of a day's texts is spent, in texts of the network.
#[derive(Clone, Copy, Debug)]
pub struct TextBudget {
    parts_per_day: u32,
    /// What each purpose may count on, whatever the others spend.
    reserved: [u32; 5],
    spent: [u32; 5],
    sync_texts_per_day: u32,
}

impl TextBudget {
    /// Thin sync has its own share, answers half of what is left, alarms a tenth of it.
    pub fn new(settings: &SimSettings, spent: [u32; 5]) -> TextBudget {
        let sync = match settings.hub_number {
            Some(_) => settings.sync_texts_per_day.min(settings.parts_per_day),
            None => 0,
        };
        let rest = settings.parts_per_day - sync;
        TextBudget {
            parts_per_day: settings.parts_per_day,
            reserved: [sync, rest / 2, rest / 10, 0, 0],
            spent,
            sync_texts_per_day: settings.sync_texts_per_day,
        }
    }

    pub fn spent(&self) -> u32 {
        self.spent.iter().sum()
    }

    pub fn spent_on_sync(&self) -> u32 {
        self.spent[Purpose::Sync as usize]
    }

    /// Texts that sync may still send today.
    pub fn left_for_sync(&self) -> u32 {
        let own = self.sync_texts_per_day.saturating_sub(self.spent_on_sync());
        own.min(self.left(Purpose::Sync))
    }

    /// Texts to everybody that may still be sent today.
    pub fn left_for_broadcasts(&self) -> u32 {
        self.left(Purpose::Broadcast)
    }

    /// What may still be spent on a purpose: what is left of the day, but for what the others can count on.
    fn left(&self, purpose: Purpose) -> u32 {
        let others = Purpose::ALL.into_iter().filter(|other| *other != purpose);
        let kept: u32 = others
            .map(|other| self.reserved[other as usize].saturating_sub(self.spent[other as usize]))
            .sum();
        self.parts_per_day.saturating_sub(self.spent()).saturating_sub(kept)
    }

    pub fn take(&mut self, purpose: Purpose, parts: u32) -> bool {
        let left = match purpose {
            Purpose::Sync => self.left_for_sync(),
            _ => self.left(purpose),
        };
        let has_room = parts <= left;
        if has_room {
            self.spent[purpose as usize] += parts;
        }
        has_room
    }
}
