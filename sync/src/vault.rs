//! What names a person, kept sealed at rest: in a database whose file is stolen it is noise (RELIABILITY rows 27 and 42).
//!
//! Sealing changes nothing that travels: chains, hashes and frames are over the plain bytes. The key lies outside the
//! database.

use std::fmt;

use chacha20poly1305::{Key, KeyInit as _, XChaCha20Poly1305, XNonce, aead::Aead as _, aead::Payload};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::seal::{NotForUs, SecretKey};

/// Bytes of the nonce that stands before what is sealed.
const NONCE_BYTES: usize = 24;
/// Bytes that sealing adds: the nonce and the authenticator.
pub const VAULT_OVERHEAD_BYTES: usize = NONCE_BYTES + 16;

/// Seals values for a place, and makes keyed hashes by which a sealed value is found again.
///
/// The nonce is a keyed hash of the place and the value (a synthetic nonce, as in RFC 5297): it needs no dice, so the
/// same inputs give the same database, and one nonce never serves two values. What it tells is only that one place held
/// the same value twice.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    nonce_key: SecretKey,
    index_key: SecretKey,
}

impl Vault {
    /// The vault of this key.
    pub fn new(key: &SecretKey) -> Vault {
        let cipher = key.derive(&[], "kisima vault cipher");
        Vault {
            cipher: XChaCha20Poly1305::new(&Key::from(*cipher.expose())),
            nonce_key: key.derive(&[], "kisima vault nonce"),
            index_key: key.derive(&[], "kisima vault index"),
        }
    }

    /// Seals `bytes` for `place`: elsewhere they do not open. [`VAULT_OVERHEAD_BYTES`] longer.
    pub fn seal(&self, place: &[u8], bytes: &[u8]) -> Vec<u8> {
        let hash = mac(&self.nonce_key, place, bytes);
        let mut nonce = [0; NONCE_BYTES];
        nonce.copy_from_slice(&hash[..NONCE_BYTES]);
        let payload = Payload { msg: bytes, aad: place };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.expect("only more than 256 GB cannot be sealed");
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what [`Vault::seal`] sealed for this place. An error means: altered, moved, or under another key.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, NotForUs> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(NotForUs)?;
        let payload = Payload {
            msg: sealed,
            aad: place,
        };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| NotForUs)
    }

    /// A hash of `bytes` that only the holder of the key can make: a phone's nine digits would fall to any other.
    pub fn keyed(&self, label: &[u8], bytes: &[u8]) -> [u8; 32] {
        mac(&self.index_key, label, bytes)
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

/// HMAC-SHA-256 over both, told apart by the length of the first.
fn mac(key: &SecretKey, first: &[u8], second: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes a key of any length");
    mac.chain_update((first.len() as u64).to_be_bytes())
        .chain_update(first)
        .chain_update(second)
        .finalize()
        .into_bytes()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(byte: u8) -> Vault {
        Vault::new(&SecretKey::new([byte; 32]))
    }

    #[test]
    fn what_is_sealed_opens_at_its_place_under_its_key_and_nowhere_else() {
        let sealed = vault(1).seal(b"name of 7", b"Jane");
        assert_eq!(sealed.len(), 4 + VAULT_OVERHEAD_BYTES);
        assert_eq!(vault(1).open(b"name of 7", &sealed), Ok(b"Jane".to_vec()));
        assert_eq!(vault(1).open(b"name of 8", &sealed), Err(NotForUs));
        assert_eq!(vault(2).open(b"name of 7", &sealed), Err(NotForUs));
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert_eq!(vault(1).open(b"name of 7", &altered), Err(NotForUs), "{at}");
            assert_eq!(vault(1).open(b"name of 7", &sealed[..at]), Err(NotForUs), "{at}");
        }
    }

    #[test]
    fn a_nonce_serves_one_value_at_one_place() {
        let vault = vault(1);
        let nonce = |place: &[u8], bytes: &[u8]| vault.seal(place, bytes)[..NONCE_BYTES].to_vec();
        assert_eq!(nonce(b"a", b"Jane"), nonce(b"a", b"Jane"));
        assert_ne!(nonce(b"a", b"Jane"), nonce(b"a", b"Joan"));
        assert_ne!(nonce(b"a", b"Jane"), nonce(b"b", b"Jane"));
        assert_ne!(nonce(b"ab", b"c"), nonce(b"a", b"bc"));
    }

    #[test]
    fn a_keyed_hash_depends_on_key_label_and_value() {
        let hash = vault(1).keyed(b"phone", b"+254700000102");
        assert_eq!(hash, vault(1).keyed(b"phone", b"+254700000102"));
        for other in [
            vault(2).keyed(b"phone", b"+254700000102"),
            vault(1).keyed(b"login", b"+254700000102"),
            vault(1).keyed(b"phone", b"+254700000103"),
        ] {
            assert_ne!(hash, other);
        }
    }
}
