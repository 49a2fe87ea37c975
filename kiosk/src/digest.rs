//! One short hash over the grants of a box: equal at the site and at the hub once both hold the same logs.

use crate::{
    fact::Purse,
    ids::{CustomerId, GrantId},
};
use sha2::{Digest as _, Sha256};

/// What is hashed of one grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantLine {
    /// Its id.
    pub grant: GrantId,
    /// Whose it is.
    pub customer: CustomerId,
    /// Of which purse.
    pub purse: Purse,
    /// What was granted, in millilitres.
    pub volume_ml: u64,
    /// What is spent of it, in millilitres.
    pub spent_ml: u64,
    /// 0 open, 1 recalled, 2 closed.
    pub state: u8,
}

/// The first 16 bytes, as 32 hexadecimal digits, of SHA-256 over the lines in the order of their ids: epoch, number and
/// customer as 8 bytes, the purse (0 allowance, 1 prepaid) as one, volume and spend as 8, the state as one, the highest
/// byte first.
pub fn state_hash(lines: impl IntoIterator<Item = GrantLine>) -> String {
    let mut lines: Vec<GrantLine> = lines.into_iter().collect();
    lines.sort_by_key(|line| line.grant);
    let mut hash = Sha256::new();
    for line in lines {
        let purse = match line.purse {
            Purse::Allowance => 0,
            Purse::Prepaid => 1,
        };
        for number in [line.grant.epoch.0, line.grant.number, line.customer.0] {
            hash.update(number.to_be_bytes());
        }
        hash.update([purse]);
        hash.update(line.volume_ml.to_be_bytes());
        hash.update(line.spent_ml.to_be_bytes());
        hash.update([line.state]);
    }
    hash.finalize()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Epoch;

    fn line(number: u64) -> GrantLine {
        GrantLine {
            grant: GrantId {
                epoch: Epoch(1),
                number,
            },
            customer: CustomerId(3),
            purse: Purse::Prepaid,
            volume_ml: 20_000,
            spent_ml: 500,
            state: 0,
        }
    }

    #[test]
    fn the_hash_is_that_of_the_bytes_in_order() {
        // Computed by an independent tool: SHA-256 of
        // struct.pack('>QQQBQQB', 1, 2, 3, 1, 20000, 500, 0).
        assert_eq!(state_hash([line(2)]), "0cd7dccad5817fd584d00da5eac4f408");
        assert_eq!(state_hash([line(2), line(5)]), state_hash([line(5), line(2)]));
        assert_ne!(
            state_hash([line(2)]),
            state_hash([GrantLine {
                spent_ml: 501,
                ..line(2)
            }])
        );
    }
}
