//! What two ends compare to see that they know the same: a digest over all rights of a box.

use sha2::{Digest, Sha256};

use crate::{
    fact::Purse,
    ids::{CustomerId, GrantId},
    units::Volume,
};

/// Where a right stands, as the digest sees it; the order is the number in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashedState {
    /// It may be drawn on.
    Open,
    /// It was asked back.
    Recalled,
    /// Nothing more will be spent on it.
    Closed,
}

/// One right of a box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashedGrant {
    /// Its id.
    pub grant: GrantId,
    /// Whose it was when it was given.
    pub customer: CustomerId,
    /// Of which purse.
    pub purse: Purse,
    /// How much it gave.
    pub volume: Volume,
    /// What was spent on it.
    pub spent: Volume,
    /// Where it stands.
    pub state: HashedState,
}

/// The digest over all rights of a box, in any order: SHA-256 over each, ordered by epoch and number, as big-endian
/// `u64` epoch, number, customer, `u8` purse (0 allowance, 1 prepaid), `u64` volume, spent, `u8` state (0 open, 1
/// recalled, 2 closed); of it the first 16 bytes in hexadecimal.
pub fn state_hash(grants: impl IntoIterator<Item = HashedGrant>) -> String {
    let mut grants: Vec<HashedGrant> = grants.into_iter().collect();
    grants.sort_by_key(|row| (row.grant.epoch, row.grant.number));
    let mut hash = Sha256::new();
    for row in &grants {
        let purse = match row.purse {
            Purse::Allowance => 0,
            Purse::Prepaid => 1,
        };
        for number in [row.grant.epoch.0, row.grant.number, row.customer.0] {
            hash.update(number.to_be_bytes());
        }
        hash.update([purse]);
        hash.update(row.volume.ml().to_be_bytes());
        hash.update(row.spent.ml().to_be_bytes());
        hash.update([row.state as u8]);
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Epoch;

    fn grant(number: u64, spent: u64, state: HashedState) -> HashedGrant {
        HashedGrant {
            grant: GrantId {
                epoch: Epoch(1),
                number,
            },
            customer: CustomerId(7),
            purse: Purse::Prepaid,
            volume: Volume::from_ml(20_000),
            spent: Volume::from_ml(spent),
            state,
        }
    }

    #[test]
    fn nothing_hashes_to_the_beginning_of_the_empty_sha_256() {
        assert_eq!(state_hash([]), "e3b0c44298fc1c149afbf4c8996fb924");
    }

    #[test]
    fn the_order_does_not_matter_and_every_field_does() {
        let (one, two) = (grant(1, 0, HashedState::Open), grant(2, 500, HashedState::Recalled));
        assert_eq!(state_hash([one, two]), state_hash([two, one]));
        for other in [
            grant(1, 1, HashedState::Open),
            grant(1, 0, HashedState::Closed),
            HashedGrant {
                purse: Purse::Allowance,
                ..one
            },
        ] {
            assert_ne!(state_hash([one]), state_hash([other]), "{other:?}");
        }
    }
}
