//! Who may connect: dispenser ids and the SHA-256 of their secrets, replaceable while connections are open.

use std::{collections::HashMap, sync::Arc};

use kiosk::ids::DispenserId;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

/// SHA-256 of a dispenser's secret. The secrets have 128 random bits, so an unkeyed hash is enough.
pub type SecretHash = [u8; 32];

/// Hashes a secret as it is stored.
pub fn hash(secret: &[u8]) -> SecretHash {
    Sha256::digest(secret).into()
}

/// The dispensers that may connect. Clones share one table; a change is seen by all at once, and the front closes the
/// connections of a dispenser whose secret was changed or withdrawn.
#[derive(Clone, Debug)]
pub struct Credentials(Arc<watch::Sender<HashMap<DispenserId, SecretHash>>>);

impl Default for Credentials {
    fn default() -> Credentials {
        Credentials::new(HashMap::new())
    }
}

impl Credentials {
    /// A table with these dispensers.
    pub fn new(dispensers: HashMap<DispenserId, SecretHash>) -> Credentials {
        Credentials(Arc::new(watch::Sender::new(dispensers)))
    }

    /// Replaces the whole table.
    pub fn replace(&self, dispensers: HashMap<DispenserId, SecretHash>) {
        self.0.send_replace(dispensers);
    }

    /// Adds a dispenser or changes its secret.
    pub fn set(&self, dispenser: DispenserId, secret: SecretHash) {
        self.0.send_modify(|table| {
            table.insert(dispenser, secret);
        });
    }

    /// Withdraws a dispenser's secret.
    pub fn remove(&self, dispenser: &DispenserId) {
        self.0.send_modify(|table| {
            table.remove(dispenser);
        });
    }

    /// The dispenser of this user name if the secret is its own. Takes as long for a wrong secret as for an unknown name.
    pub fn check(&self, user: &str, secret: &[u8]) -> Option<(DispenserId, SecretHash)> {
        let offered = hash(secret);
        let dispenser: Option<DispenserId> = user.parse().ok();
        let table = self.0.borrow();
        let known = dispenser.as_ref().and_then(|dispenser| table.get(dispenser));
        // The complement can never be equal, so an unknown name costs the same comparison and fails it.
        let expected = known.copied().unwrap_or_else(|| offered.map(|byte| !byte));
        if equal(&offered, &expected) {
            dispenser.map(|dispenser| (dispenser, offered))
        } else {
            None
        }
    }

    /// Whether this is still the dispenser's secret.
    pub fn holds(&self, dispenser: &DispenserId, secret: &SecretHash) -> bool {
        self.0.borrow().get(dispenser).is_some_and(|known| equal(known, secret))
    }

    /// Whether the dispenser is in the table.
    pub fn knows(&self, dispenser: &DispenserId) -> bool {
        self.0.borrow().contains_key(dispenser)
    }

    /// Tells of every change from now on.
    pub fn changes(&self) -> watch::Receiver<HashMap<DispenserId, SecretHash>> {
        self.0.subscribe()
    }
}

/// Compares in a time that does not depend on where the two differ.
fn equal(left: &SecretHash, right: &SecretHash) -> bool {
    let difference = left
        .iter()
        .zip(right)
        .fold(0, |difference, (a, b)| std::hint::black_box(difference | (a ^ b)));
    difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_secret_of_a_known_dispenser_is_taken() {
        let credentials = Credentials::default();
        let tap: DispenserId = "tap-1".parse().unwrap();
        credentials.set(tap.clone(), hash(b"secret"));
        assert_eq!(
            credentials.check("tap-1", b"secret"),
            Some((tap.clone(), hash(b"secret")))
        );
        for (user, secret) in [
            ("tap-1", "Secret"),
            ("tap-1", ""),
            ("tap-2", "secret"),
            ("", ""),
            ("TAP-1", "secret"),
        ] {
            assert_eq!(credentials.check(user, secret.as_bytes()), None, "{user}");
        }
        credentials.set(tap.clone(), hash(b"new"));
        assert!(!credentials.holds(&tap, &hash(b"secret")));
        assert!(credentials.holds(&tap, &hash(b"new")));
        credentials.remove(&tap);
        assert_eq!(credentials.check("tap-1", b"new"), None);
    }

    #[test]
    fn hashes_differing_in_any_one_byte_are_not_equal() {
        let hash = hash(b"secret");
        assert!(equal(&hash, &hash));
        for index in 0..32 {
            let mut other = hash;
            other[index] ^= 1;
            assert!(!equal(&hash, &other), "{index}");
        }
    }
}
