//! Keys, and what they do: tags of frames, signatures of heads, PINs sealed to the hub, the keys of a site
//! (PROTOCOL rules 1, 6 and 10).
//!
//! Every type that holds a secret prints as `…`. Randomness comes in from outside.

use std::fmt;

use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit as _, Nonce, aead::Aead};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use kiosk::ids::{BoxId, Epoch, SiteName, Writer};
use sha2::{Digest as _, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};

/// Bytes of the tag that ends a frame.
pub const TAG_BYTES: usize = 8;
/// Bytes that sealing to the hub adds: the sender's one-time public key and the authenticator.
pub const SEAL_OVERHEAD_BYTES: usize = 32 + 16;

/// 32 secret bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// Takes the bytes of a key file or of the dice.
    pub const fn new(bytes: [u8; 32]) -> SecretKey {
        SecretKey(bytes)
    }

    /// The bytes, for the one who stores or uses them.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Another secret from this one; the same salt and label give the same key (HKDF-SHA-256).
    pub fn derive(&self, salt: &[u8], label: &str) -> SecretKey {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(Some(salt), &self.0)
            .expand(label.as_bytes(), &mut key)
            .expect("32 bytes are within what HKDF-SHA-256 can make");
        SecretKey(key)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

/// The keys of one site at one box: HKDF(hub master, site, box), one label per use (PROTOCOL rule 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteKey(SecretKey);

impl SiteKey {
    /// The key the hub hands over at `join`.
    pub fn derive(master: &SecretKey, site: &SiteName, box_id: BoxId) -> SiteKey {
        let salt = [&box_id.0.to_be_bytes(), site.as_str().as_bytes()].concat();
        SiteKey(master.derive(&salt, "kisima site"))
    }

    /// A site key as the gateway stores it.
    pub const fn from_secret(secret: SecretKey) -> SiteKey {
        SiteKey(secret)
    }

    /// The bytes to store.
    pub const fn secret(&self) -> &SecretKey {
        &self.0
    }

    /// The key under which PINs are checked at this site.
    pub fn pin_key(&self) -> SecretKey {
        self.0.derive(&[], "pin verifiers")
    }

    /// The key under which this site's receipts are made.
    pub fn receipt_key(&self) -> SecretKey {
        self.0.derive(&[], "receipts")
    }

    /// The key under which payment tokens for this site are made.
    pub fn token_key(&self) -> SecretKey {
        self.0.derive(&[], "tokens")
    }
}

/// An Ed25519 key pair: a box's, or the hub's signing key.
#[derive(Clone)]
pub struct Identity(SigningKey);

impl Identity {
    /// The key pair with this secret seed.
    pub fn from_seed(seed: &SecretKey) -> Identity {
        Identity(SigningKey::from_bytes(seed.expose()))
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// A signature over `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// Whether `signature` over `message` is by the holder of `public`. Weak keys and malleable signatures do not count.
pub fn verify(public: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    VerifyingKey::from_bytes(public)
        .is_ok_and(|key| key.verify_strict(message, &Signature::from_bytes(signature)).is_ok())
}

/// What a frame came over; part of its tag, so that a frame of one carrier is none of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// A WebSocket.
    Socket,
    /// A text message.
    Sms,
    /// A USSD session.
    Ussd,
    /// A file on a stick.
    File,
}

/// Everything about a frame that its tag covers besides its bytes (PROTOCOL rule 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// What it came over.
    pub carrier: Carrier,
    /// The end that sent it.
    pub from: Writer,
    /// The hash of both nonces; zero in a socket's first HELLO and off the socket.
    pub session: [u8; 32],
    /// How many frames this end sent before it on this socket; zero off the socket.
    pub counter: u64,
    /// The box the frame is about.
    pub box_id: BoxId,
    /// The sender's generation.
    pub generation: u32,
    /// The full epoch the frame names, or zero.
    pub epoch: Epoch,
}

/// The two frame keys of a pair, one per direction, by HKDF from the 32 bytes agreed at `join`.
#[derive(Clone, Debug)]
pub struct PairKey {
    from_site: SecretKey,
    from_hub: SecretKey,
}

impl PairKey {
    /// The frame keys of this pair secret.
    pub fn new(secret: &SecretKey) -> PairKey {
        PairKey {
            from_site: secret.derive(&[], "kisima frame from site"),
            from_hub: secret.derive(&[], "kisima frame from hub"),
        }
    }

    /// The tag of `frame`: everything before the tag itself.
    pub fn tag(&self, seal: &Seal, frame: &[u8]) -> [u8; TAG_BYTES] {
        let full = self.mac(seal, frame).finalize().into_bytes();
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&full[..TAG_BYTES]);
        tag
    }

    /// Whether `tag` is the tag of `frame`, compared in constant time.
    pub fn verifies(&self, seal: &Seal, frame: &[u8], tag: &[u8; TAG_BYTES]) -> bool {
        self.mac(seal, frame).verify_truncated_left(tag).is_ok()
    }

    fn mac(&self, seal: &Seal, frame: &[u8]) -> Hmac<Sha256> {
        let key = match seal.from {
            Writer::Site => &self.from_site,
            Writer::Hub => &self.from_hub,
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("HMAC takes a key of any length");
        mac.update(&[seal.carrier as u8, seal.from.number()]);
        mac.update(&seal.session);
        mac.update(&seal.counter.to_be_bytes());
        mac.update(&seal.box_id.0.to_be_bytes());
        mac.update(&seal.generation.to_be_bytes());
        mac.update(&seal.epoch.0.to_be_bytes());
        mac.update(frame);
        mac
    }
}

/// The name of a socket's session: the hash of the site's nonce and the hub's (PROTOCOL rule 10).
pub fn session_id(site_nonce: &[u8; 16], hub_nonce: &[u8; 16]) -> [u8; 32] {
    Sha256::new()
        .chain_update(site_nonce)
        .chain_update(hub_nonce)
        .finalize()
        .into()
}

/// Why a sealed field cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed field that this key does not open")]
pub struct NotForUs;

/// The public half of the hub's X25519 sealing key.
pub fn sealing_public(hub_secret: &SecretKey) -> [u8; 32] {
    PublicKey::from(&StaticSecret::from(*hub_secret.expose())).to_bytes()
}

/// Seals `bytes` so that only the holder of the hub's sealing key reads them (DESIGN section 6: PINs, phones in
/// journals). `random` must be fresh: it becomes the one-time key. The result is [`SEAL_OVERHEAD_BYTES`] longer.
pub fn seal_to_hub(random: [u8; 32], hub_public: &[u8; 32], bytes: &[u8]) -> Result<Vec<u8>, NotForUs> {
    let once = StaticSecret::from(random);
    let once_public = PublicKey::from(&once).to_bytes();
    let cipher = sealing_cipher(&once, hub_public, &once_public, hub_public)?;
    let sealed = cipher.encrypt(&Nonce::default(), bytes).map_err(|_| NotForUs)?;
    Ok([once_public.as_slice(), &sealed].concat())
}

/// Opens what [`seal_to_hub`] sealed.
pub fn open_sealed(hub_secret: &SecretKey, sealed: &[u8]) -> Result<Vec<u8>, NotForUs> {
    let (once_public, sealed) = sealed.split_first_chunk::<32>().ok_or(NotForUs)?;
    let hub = StaticSecret::from(*hub_secret.expose());
    let hub_public = PublicKey::from(&hub).to_bytes();
    let cipher = sealing_cipher(&hub, once_public, once_public, &hub_public)?;
    cipher.decrypt(&Nonce::default(), sealed).map_err(|_| NotForUs)
}

/// One key per sealing, so the nonce may be zero. Both public keys are in the salt: neither can be swapped.
fn sealing_cipher(
    own: &StaticSecret,
    theirs: &[u8; 32],
    once_public: &[u8; 32],
    hub_public: &[u8; 32],
) -> Result<ChaCha20Poly1305, NotForUs> {
    let shared = own.diffie_hellman(&PublicKey::from(*theirs));
    if !shared.was_contributory() {
        return Err(NotForUs);
    }
    let salt = [once_public.as_slice(), hub_public].concat();
    let key = SecretKey::new(*shared.as_bytes()).derive(&salt, "kisima seal to hub");
    Ok(ChaCha20Poly1305::new(&Key::from(*key.expose())))
}
