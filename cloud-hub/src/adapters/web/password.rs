//! Passwords of people: argon2id, one at a time, so that many logins at once cost time and not memory.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::{
    doors::party,
    hub::effect::{Refusal, RefusalKind},
    secret::Secret,
};

/// OWASP's figures for argon2id: 19 MiB, two passes, one lane (RELIABILITY section 5).
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// The shortest password that may be chosen, in characters.
pub const LENGTH_MIN: usize = 10;
/// The longest, in bytes.
pub const BYTES_MAX: usize = 256;
/// How many hashes may wait for their turn, of strangers and of those who are known each: some seconds of work on a small
/// machine, and no flood of strangers keeps out whoever has logged in before.
const WAITING_MAX: usize = 64;
/// How many of them may be of strangers of one address.
const WAITING_OF_ADDRESS_MAX: usize = 8;

/// What letters a first password is made of: none that looks like another.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// How many of them: 80 bits.
const FIRST_LENGTH: usize = 16;

/// Who waits for a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Somebody who has logged in, or whose browser has before.
    Known,
    /// Anybody else, at this address.
    Stranger(IpAddr),
}

/// Why there is no hash.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// The hash function refused.
    #[error("password: {0}")]
    Hash(argon2::password_hash::Error),
    /// The operating system gave no randomness.
    #[error("password: the operating system gives no randomness: {0}")]
    NoDice(getrandom::Error),
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("OWASP's figures are within argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes a password with a fresh salt, in PHC form. Takes tens of milliseconds and 19 MiB.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let hashed = argon2()
        .hash_password(password.as_bytes())
        .map_err(PasswordError::Hash)?;
    Ok(hashed.to_string())
}

fn is_right(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A first password for somebody: 80 bits, to be changed at the first login.
pub fn first() -> Result<Secret, PasswordError> {
    let mut bytes = [0; FIRST_LENGTH];
    getrandom::fill(&mut bytes).map_err(PasswordError::NoDice)?;
    let letters = bytes.map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    Ok(Secret::new(String::from_iter(letters)))
}

/// Whether a password may be chosen.
pub fn check_choice(password: &str, login: &str) -> Result<(), Refusal> {
    let bad = |message: String| Err(Refusal::invalid("password", "password_too_weak", message));
    let mut letters: Vec<char> = password.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    if password.chars().count() < LENGTH_MIN {
        bad(format!("Take at least {LENGTH_MIN} characters."))
    } else if password.len() > BYTES_MAX {
        bad(format!("Take at most {BYTES_MAX} characters."))
    } else if letters.len() < 4 || password.eq_ignore_ascii_case(login) {
        bad("That one is easily guessed. A few words in a row make a good one.".to_owned())
    } else {
        Ok(())
    }
}

/// The one place where passwords are compared and hashed while the program serves.
pub struct Passwords {
    turn: Semaphore,
    known: Semaphore,
    strangers: Mutex<BTreeMap<IpAddr, usize>>,
    /// Compared with when there is no such login, so that the time tells nobody which logins there are.
    nobody: String,
}

impl Passwords {
    /// Makes it; hashes once.
    pub fn new() -> Result<Passwords, PasswordError> {
        Ok(Passwords {
            turn: Semaphore::new(1),
            known: Semaphore::new(WAITING_MAX),
            strangers: Mutex::default(),
            nobody: hash(first()?.expose())?,
        })
    }

    /// Whether `password` is the one behind `hash`; never when there is no hash.
    pub async fn verify(&self, who: Waiting, password: String, hash: Option<String>) -> Result<bool, Refusal> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.clone());
        let right = self.alone(who, move || is_right(&password, &hash)).await?;
        Ok(right && known)
    }

    /// The hash of a password that was chosen by somebody who has logged in.
    pub async fn hash(&self, password: String) -> Result<String, Refusal> {
        self.alone(Waiting::Known, move || hash(&password))
            .await?
            .map_err(|error| {
                tracing::error!(%error, "a password could not be hashed");
                later()
            })
    }

    async fn alone<T: Send + 'static>(
        &self,
        who: Waiting,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let busy = || {
            Refusal::new(
                RefusalKind::TooMany,
                "too_many",
                "Too many people log in at once. Try again in a minute.",
            )
        };
        let _place = match who {
            Waiting::Known => (Some(self.known.try_acquire().map_err(|_| busy())?), None),
            Waiting::Stranger(address) => (None, Some(self.stranger(address).ok_or_else(busy)?)),
        };
        let _turn = self.turn.acquire().await.map_err(|_| busy())?;
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "hashing ended early");
            later()
        })
    }
}

impl Passwords {
    /// A stranger's place in the row, if there is one.
    fn stranger(&self, address: IpAddr) -> Option<Stranger<'_>> {
        let address = party(address);
        let mut waiting = self.waiting();
        let own = waiting.get(&address).copied().unwrap_or_default();
        if own >= WAITING_OF_ADDRESS_MAX || waiting.values().sum::<usize>() >= WAITING_MAX {
            return None;
        }
        waiting.insert(address, own + 1);
        Some(Stranger {
            passwords: self,
            address,
        })
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<IpAddr, usize>> {
        // Counters: a panic elsewhere cannot leave them half-written.
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stranger's place, given back when dropped.
struct Stranger<'a> {
    passwords: &'a Passwords,
    address: IpAddr,
}

impl Drop for Stranger<'_> {
    fn drop(&mut self) {
        let mut waiting = self.passwords.waiting();
        if let Some(own) = waiting.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                waiting.remove(&self.address);
            }
        }
    }
}

fn later() -> Refusal {
    Refusal::new(RefusalKind::Unavailable, "unavailable", "Try again in a moment.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_somebody_is_right() {
        let passwords = Passwords::new().unwrap();
        let first = first().unwrap();
        assert_eq!(first.expose().len(), FIRST_LENGTH);
        let hash = passwords.hash(first.expose().to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        for (password, known, right) in [
            (first.expose(), true, true),
            ("another one", true, false),
            (first.expose(), false, false),
        ] {
            let hash = known.then(|| hash.clone());
            assert_eq!(
                passwords
                    .verify(Waiting::Known, password.to_owned(), hash)
                    .await
                    .unwrap(),
                right
            );
        }
    }

    #[tokio::test]
    async fn a_flood_of_strangers_leaves_room_for_others_and_for_the_known() {
        let passwords = Passwords::new().unwrap();
        let flood = |count: usize, address: fn(usize) -> [u8; 4]| {
            let places = (0..count).map_while(|number| passwords.stranger(IpAddr::from(address(number))));
            places.collect::<Vec<_>>()
        };
        let of_one = flood(200, |_| [192, 0, 2, 1]);
        assert_eq!(of_one.len(), WAITING_OF_ADDRESS_MAX);
        let others = flood(200, |number| [198, 51, 100, number as u8]);
        assert_eq!(of_one.len() + others.len(), WAITING_MAX);
        let stranger = Waiting::Stranger(IpAddr::from([203, 0, 113, 1]));
        let refusal = passwords.verify(stranger, "water".to_owned(), None).await.unwrap_err();
        assert_eq!(refusal.kind, RefusalKind::TooMany);
        assert_eq!(
            passwords.verify(Waiting::Known, "water".to_owned(), None).await,
            Ok(false)
        );
        drop((of_one, others));
        assert!(passwords.waiting().is_empty());
    }

    #[test]
    fn easy_passwords_cannot_be_chosen() {
        for bad in ["short", "aaaaaaaaaaaa", "maria-the-first"] {
            assert!(check_choice(bad, "maria-the-first").is_err(), "{bad}");
        }
        check_choice("three cups of tea", "maria").unwrap();
    }
}
