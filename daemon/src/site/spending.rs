//! What the link costs: bytes by purpose and day (DESIGN section 5), counted as frames go and come and saved with the
//! time, so that a count takes no commit of its own. A crash loses a minute of it at most.

use ::store::StoreError;

use super::{Site, SiteError, effect::Spent, store::meta};

/// Under this key of `meta`: the day of sales, and the bytes sent and received in it.
const SPENT: &str = "spent";

/// What was spent in one day of sales.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spending {
    /// The number of the day; 0 before the machine has taken up its work.
    day: u64,
    /// What was spent in it.
    pub(super) spent: Spent,
}

impl Site {
    /// Takes up the count of today, or begins a new one when the day has turned.
    pub(super) fn turn_spending(&mut self) -> Result<(), SiteError> {
        if self.spending.day == self.day.number {
            return Ok(());
        }
        let kept = match meta::get(self.connection(), SPENT)? {
            Some(bytes) => read(&bytes)?,
            None => Spending::default(),
        };
        let is_first = self.spending.day == 0;
        self.spending = if is_first && kept.day == self.day.number {
            kept
        } else {
            Spending {
                day: self.day.number,
                spent: Spent::default(),
            }
        };
        Ok(())
    }

    pub(super) fn save_spending(&self) -> Result<(), SiteError> {
        let Spending { day, spent } = self.spending;
        if day == 0 {
            return Ok(());
        }
        let numbers = [day, spent.sync_sent, spent.sync_received];
        let bytes: Vec<u8> = numbers.into_iter().flat_map(u64::to_be_bytes).collect();
        Ok(meta::put(self.connection(), SPENT, &bytes)?)
    }
}

fn read(bytes: &[u8]) -> Result<Spending, StoreError> {
    let ([day, sent, received], []) = bytes.as_chunks::<8>() else {
        return Err(StoreError::Row("what was spent"));
    };
    Ok(Spending {
        day: u64::from_be_bytes(*day),
        spent: Spent {
            sync_sent: u64::from_be_bytes(*sent),
            sync_received: u64::from_be_bytes(*received),
        },
    })
}
