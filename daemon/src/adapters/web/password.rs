//! Passwords and secrets. argon2id takes 19 MiB and a while, so one is hashed at a time and few may wait: a flood of
//! logins costs memory once and never the deciding thread (RELIABILITY row 41).

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::problem::Problem;

/// The shortest password a person may choose.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// The longest.
pub const PASSWORD_CHARS_MAX: usize = 128;
/// Logins that may wait for their turn, of strangers and of browsers that are known each: no flood of strangers keeps a
/// manager's own phone out.
const TURNS_MAX: usize = 8;
/// Strangers of one address that may wait.
const TURNS_OF_ADDRESS_MAX: usize = 5;
/// Cost of a hash: KiB, passes, lanes (RELIABILITY section 5).
const COST: (u32, u32, u32) = (19 * 1_024, 2, 1);
/// Letters of a first password, none of which looks like another; 32 of them.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

/// Why a secret could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The system has no randomness yet.
    #[error("the system has no randomness yet: {0}")]
    Dice(getrandom::Error),
    /// The hash failed.
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
}

/// Who waits for a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// A browser that has logged in before.
    Known,
    /// Anybody else, at this address.
    Stranger(IpAddr),
}

/// Hashes one at a time.
pub(super) struct Hasher {
    turn: Semaphore,
    known: Semaphore,
    strangers: Mutex<BTreeMap<IpAddr, usize>>,
}

impl Default for Hasher {
    fn default() -> Hasher {
        Hasher {
            turn: Semaphore::new(1),
            known: Semaphore::new(TURNS_MAX),
            strangers: Mutex::default(),
        }
    }
}

impl Hasher {
    /// Whether `password` is the one behind `hash`. Without a hash the same time is spent, and it is not.
    pub(super) async fn is_right(&self, who: Waiting, password: String, hash: Option<String>) -> Result<bool, Problem> {
        self.in_turn(who, move || match hash {
            Some(hash) => {
                Ok(PasswordHash::new(&hash)
                    .is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok()))
            }
            None => hash_password(&password).map(|_| false),
        })
        .await
    }

    /// The hash of a new password, for somebody who has logged in.
    pub(super) async fn hash(&self, password: String) -> Result<String, Problem> {
        self.in_turn(Waiting::Known, move || hash_password(&password)).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        who: Waiting,
        work: impl FnOnce() -> Result<T, SecretError> + Send + 'static,
    ) -> Result<T, Problem> {
        let known = (who == Waiting::Known).then(|| self.known.try_acquire());
        let stranger = match who {
            Waiting::Known => None,
            Waiting::Stranger(address) => Some(self.stranger(address)),
        };
        if matches!(known, Some(Err(_))) || matches!(stranger, Some(None)) {
            return Err(Problem::busy());
        }
        let _turn = self.turn.acquire().await.map_err(|_| Problem::stopping())?;
        match tokio::task::spawn_blocking(work).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                tracing::error!(%error, "a password");
                Err(Problem::unreadable())
            }
            Err(error) => {
                tracing::error!(%error, "a password");
                Err(Problem::unreadable())
            }
        }
    }

    /// A stranger's place in the row, if there is one.
    fn stranger(&self, address: IpAddr) -> Option<Stranger<'_>> {
        let mut waiting = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = waiting.get(&address).copied().unwrap_or_default();
        if of_address >= TURNS_OF_ADDRESS_MAX || waiting.values().sum::<usize>() >= TURNS_MAX {
            return None;
        }
        waiting.insert(address, of_address + 1);
        Some(Stranger { hasher: self, address })
    }
}

/// A stranger's place, given up when dropped.
struct Stranger<'a> {
    hasher: &'a Hasher,
    address: IpAddr,
}

impl Drop for Stranger<'_> {
    fn drop(&mut self) {
        let mut waiting = self.hasher.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = waiting.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                waiting.remove(&self.address);
            }
        }
    }
}

/// Hashes a password: a PHC string of argon2id. Takes 19 MiB and tens of milliseconds.
pub fn hash_password(password: &str) -> Result<String, SecretError> {
    let hash: Result<PasswordHash, _> = hasher().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| SecretError::Hash(error.to_string()))
}

/// A first password for a manager, 60 random bits in three groups, and its hash.
pub fn first_password() -> Result<(String, String), SecretError> {
    let random: [u8; 12] = random()?;
    let letters = random.map(|byte| char::from(LETTERS[usize::from(byte & 31)]));
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    let password = groups.join("-");
    let hash = hash_password(&password)?;
    Ok((password, hash))
}

/// A token for the API, 128 random bits, and what is stored of it.
pub fn token() -> Result<(String, [u8; 32]), SecretError> {
    let token = hex::encode(random::<16>()?);
    let hash = digest(&token);
    Ok((token, hash))
}

/// What is stored of a token, a page's id or a dispenser's secret: all are long and random, so a plain hash does.
pub fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Compares without telling by time where they differ.
pub(super) fn is_equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

fn random<const N: usize>() -> Result<[u8; N], SecretError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(SecretError::Dice)?;
    Ok(bytes)
}

fn hasher() -> Argon2<'static> {
    let (memory_kib, passes, lanes) = COST;
    let params = Params::new(memory_kib, passes, lanes, None).expect("the cost is within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRANGER: Waiting = Waiting::Stranger(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    #[tokio::test]
    async fn a_first_password_is_right_and_no_other() {
        let (password, hash) = first_password().unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let hasher = Hasher::default();
        let is_right = |password: String, hash| hasher.is_right(STRANGER, password, hash);
        assert!(is_right(password.clone(), Some(hash.clone())).await.unwrap());
        assert!(!is_right(format!("{password}x"), Some(hash)).await.unwrap());
        assert!(!is_right(password, None).await.unwrap());
    }

    #[tokio::test]
    async fn a_flood_is_refused_and_a_known_browser_is_served_meanwhile() {
        let hasher = Hasher::default();
        let tries = (0..200).map(|number: u32| {
            let who = Waiting::Stranger(IpAddr::from(number.to_be_bytes()));
            hasher.is_right(who, "water".to_owned(), None)
        });
        let own = hasher.is_right(Waiting::Known, "water".to_owned(), None);
        let flood = futures_util::future::join_all(tries);
        let (results, own) = futures_util::future::join(flood, own).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), TURNS_MAX);
        assert_eq!(own, Ok(false));
    }

    #[tokio::test]
    async fn a_flood_of_one_address_leaves_room_for_another() {
        let hasher = Hasher::default();
        let tries = (0..200).map(|_| hasher.is_right(STRANGER, "water".to_owned(), None));
        let other = Waiting::Stranger(IpAddr::from([10, 0, 0, 2]));
        let other = hasher.is_right(other, "water".to_owned(), None);
        let (results, other) = futures_util::future::join(futures_util::future::join_all(tries), other).await;
        assert_eq!(
            results.iter().filter(|result| result.is_ok()).count(),
            TURNS_OF_ADDRESS_MAX
        );
        assert_eq!(other, Ok(false));
    }

    #[test]
    fn equal_is_equal() {
        assert!(is_equal(b"abc", b"abc"));
        assert!(!is_equal(b"abc", b"abd") && !is_equal(b"abc", b"ab"));
    }
}
