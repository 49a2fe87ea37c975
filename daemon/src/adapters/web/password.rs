//! Passwords and secrets. argon2id takes 19 MiB and a while, so one is hashed at a time and few may wait: a flood of
//! logins costs memory once and never the deciding thread (RELIABILITY row 41).

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::problem::Problem;
use crate::site::effect::Refusal;

/// The shortest password a person may choose.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// The longest.
pub const PASSWORD_CHARS_MAX: usize = 128;
/// Logins that may wait for their turn, of strangers and of browsers that are known each: no flood of strangers keeps a
/// manager's own phone out.
const TURNS_MAX: usize = 8;
/// Strangers of one address that may wait.
const TURNS_OF_ADDRESS_MAX: usize = 5;
/// Tries of one stranger's address within [`TRIES_WITHIN`], under whatever names: each costs the deciding thread a commit.
const TRIES_OF_ADDRESS_MAX: u32 = 30;
/// The time in which they are counted.
const TRIES_WITHIN: Duration = Duration::from_secs(60);
/// Addresses that are counted at once; of more the next finds the row full.
const ADDRESSES_MAX: usize = 1_024;
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
    strangers: Mutex<Strangers>,
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
    /// A place in the row, if there is one and this address has not tried too often of late. Taken before a try is
    /// counted: who finds the row full has not tried.
    pub(super) fn place(&self, who: Waiting) -> Result<Place<'_>, Problem> {
        Ok(match who {
            Waiting::Known => Place {
                hasher: self,
                _known: Some(self.known.try_acquire().map_err(|_| Problem::busy())?),
                _stranger: None,
            },
            Waiting::Stranger(address) => Place {
                hasher: self,
                _known: None,
                _stranger: Some(self.stranger(address)?),
            },
        })
    }

    /// The hash of a new password, for somebody who has logged in.
    pub(super) async fn hash(&self, password: String) -> Result<String, Problem> {
        let place = self.place(Waiting::Known)?;
        place.in_turn(move || hash_password(&password)).await
    }

    /// A stranger's place in the row.
    fn stranger(&self, address: IpAddr) -> Result<Stranger<'_>, Problem> {
        let mut strangers = self.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = strangers.waiting.get(&address).copied().unwrap_or_default();
        if of_address >= TURNS_OF_ADDRESS_MAX || strangers.waiting.values().sum::<usize>() >= TURNS_MAX {
            return Err(Problem::busy());
        }
        strangers.count(address, Instant::now())?;
        strangers.waiting.insert(address, of_address + 1);
        Ok(Stranger { hasher: self, address })
    }
}

/// Those of whom nobody knows whether they have logged in before.
#[derive(Default)]
struct Strangers {
    /// How many of each address wait for their turn.
    waiting: BTreeMap<IpAddr, usize>,
    /// When an address began to try, and how often it has since.
    tried: BTreeMap<IpAddr, (Instant, u32)>,
}

impl Strangers {
    /// Counts a try of this address, unless it has had its share.
    fn count(&mut self, address: IpAddr, now: Instant) -> Result<(), Problem> {
        self.tried
            .retain(|_, (began, _)| now.saturating_duration_since(*began) < TRIES_WITHIN);
        if self.tried.len() >= ADDRESSES_MAX && !self.tried.contains_key(&address) {
            return Err(Problem::busy());
        }
        let (began, count) = self.tried.entry(address).or_insert((now, 0));
        if *count >= TRIES_OF_ADDRESS_MAX {
            let waited = now.saturating_duration_since(*began);
            let retry_after_s = TRIES_WITHIN.saturating_sub(waited).as_secs() + 1;
            return Err(Refusal::TooManyTries { retry_after_s }.into());
        }
        *count += 1;
        Ok(())
    }
}

/// A place in the row, given up when dropped.
pub(super) struct Place<'a> {
    hasher: &'a Hasher,
    _known: Option<SemaphorePermit<'a>>,
    _stranger: Option<Stranger<'a>>,
}

impl Place<'_> {
    /// Whether `password` is the one behind `hash`. Without a hash the same time is spent, and it is not.
    pub(super) async fn compare(self, password: String, hash: Option<String>) -> Result<bool, Problem> {
        self.in_turn(move || match hash {
            Some(hash) => {
                Ok(PasswordHash::new(&hash)
                    .is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok()))
            }
            None => hash_password(&password).map(|_| false),
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Result<T, SecretError> + Send + 'static,
    ) -> Result<T, Problem> {
        let _turn = self.hasher.turn.acquire().await.map_err(|_| Problem::stopping())?;
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
}

/// A stranger's part of a place.
struct Stranger<'a> {
    hasher: &'a Hasher,
    address: IpAddr,
}

impl Drop for Stranger<'_> {
    fn drop(&mut self) {
        let mut strangers = self.hasher.strangers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = strangers.waiting.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                strangers.waiting.remove(&self.address);
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

    async fn try_of(hasher: &Hasher, who: Waiting) -> Result<bool, Problem> {
        hasher.place(who)?.compare("water".to_owned(), None).await
    }

    #[tokio::test]
    async fn a_first_password_is_right_and_no_other() {
        let (password, hash) = first_password().unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let hasher = Hasher::default();
        let is_right = |password: String, hash| hasher.place(STRANGER).unwrap().compare(password, hash);
        assert!(is_right(password.clone(), Some(hash.clone())).await.unwrap());
        assert!(!is_right(format!("{password}x"), Some(hash)).await.unwrap());
        assert!(!is_right(password, None).await.unwrap());
    }

    #[tokio::test]
    async fn a_flood_is_refused_and_a_known_browser_is_served_meanwhile() {
        let hasher = Hasher::default();
        let tries = (0..200).map(|number: u32| {
            let who = Waiting::Stranger(IpAddr::from(number.to_be_bytes()));
            try_of(&hasher, who)
        });
        let own = try_of(&hasher, Waiting::Known);
        let flood = futures_util::future::join_all(tries);
        let (results, own) = futures_util::future::join(flood, own).await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), TURNS_MAX);
        assert_eq!(own, Ok(false));
    }

    #[tokio::test]
    async fn a_flood_of_one_address_leaves_room_for_another() {
        let hasher = Hasher::default();
        let tries = (0..200).map(|_| try_of(&hasher, STRANGER));
        let other = Waiting::Stranger(IpAddr::from([10, 0, 0, 2]));
        let other = try_of(&hasher, other);
        let (results, other) = futures_util::future::join(futures_util::future::join_all(tries), other).await;
        assert_eq!(
            results.iter().filter(|result| result.is_ok()).count(),
            TURNS_OF_ADDRESS_MAX
        );
        assert_eq!(other, Ok(false));
    }

    #[test]
    fn an_address_tries_thirty_times_a_minute_and_another_all_the_same() {
        let (mut strangers, began) = (Strangers::default(), Instant::now());
        let [one, other] = [1, 2].map(|last| IpAddr::from([10, 0, 0, last]));
        for _ in 0..30 {
            assert_eq!(strangers.count(one, began), Ok(()));
        }
        let refused = strangers.count(one, began + Duration::from_secs(20)).unwrap_err();
        assert_eq!((refused.status.as_u16(), refused.retry_after_s), (429, Some(41)));
        assert_eq!(strangers.count(other, began), Ok(()));
        assert_eq!(strangers.count(one, began + Duration::from_secs(60)), Ok(()));
    }

    #[test]
    fn equal_is_equal() {
        assert!(is_equal(b"abc", b"abc"));
        assert!(!is_equal(b"abc", b"abd") && !is_equal(b"abc", b"ab"));
    }
}
