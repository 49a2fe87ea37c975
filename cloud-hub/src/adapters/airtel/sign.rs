//! Signed requests, which some countries' Airtel asks for (Airtel portal, "Encryption"): the body under an AES-256 key
//! made for it, and that key under Airtel's RSA key.
//!
//! RSA is done here with big numbers: only the public operation is needed, on data that is random, so there is no secret
//! whose handling could leak through time.

use aes::Aes256;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cbc::{
    Encryptor,
    cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7},
};
use num_bigint::BigUint;

/// DER's tags (ITU-T X.690).
const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const INTEGER: u8 = 0x02;
/// The smallest RSA key that is taken, in bytes.
const MODULUS_BYTES_MIN: usize = 128;
/// What PKCS#1 v1.5 puts around a message: 00 02, at least eight random bytes, 00 (RFC 8017, section 7.2.1).
const PADDING_BYTES_MIN: usize = 11;

/// Airtel's RSA key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    modulus: BigUint,
    exponent: BigUint,
    bytes: usize,
}

/// What a signed request carries in its headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// `x-signature`
    pub signature: String,
    /// `x-key`
    pub key: String,
}

/// Why a request cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The system has no random bytes.
    #[error("airtel: no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// The key is too short for what is to be said under it.
    #[error("airtel: the encryption key is too short")]
    ShortKey,
}

impl PublicKey {
    /// Reads base64 of a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7; RFC 8017, appendix A.1.1). `None` for anything
    /// else, and for a key of less than 1,024 bits.
    pub fn read(text: &str) -> Option<PublicKey> {
        let der = STANDARD.decode(text.trim()).ok()?;
        let (info, _) = taken(&der, SEQUENCE)?;
        let (_, rest) = taken(info, SEQUENCE)?;
        let (bits, _) = taken(rest, BIT_STRING)?;
        let (numbers, _) = taken(bits.strip_prefix(&[0])?, SEQUENCE)?;
        let (modulus, rest) = taken(numbers, INTEGER)?;
        let (exponent, _) = taken(rest, INTEGER)?;
        let (modulus, exponent) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
        let bytes = usize::try_from(modulus.bits().div_ceil(8)).ok()?;
        let fits = bytes >= MODULUS_BYTES_MIN && exponent.bits() > 1;
        fits.then_some(PublicKey {
            modulus,
            exponent,
            bytes,
        })
    }

    /// RSAES-PKCS1-v1_5 (RFC 8017, section 7.2.1).
    fn encrypt(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let random = self.bytes.checked_sub(message.len() + PADDING_BYTES_MIN - 8);
        let random = random.filter(|length| *length >= 8).ok_or(SignError::ShortKey)?;
        let mut padded = vec![0, 2];
        while padded.len() < 2 + random {
            let mut byte = [0];
            getrandom::fill(&mut byte)?;
            // A zero ends the padding.
            padded.extend(byte.iter().filter(|byte| **byte != 0));
        }
        padded.push(0);
        padded.extend_from_slice(message);
        let secret = BigUint::from_bytes_be(&padded).modpow(&self.exponent, &self.modulus);
        let secret = secret.to_bytes_be();
        let mut whole = vec![0; self.bytes - secret.len()];
        whole.extend(secret);
        Ok(whole)
    }
}

/// Signs the bytes that will be sent, under a key that is used once.
pub fn sign(key: &PublicKey, body: &[u8]) -> Result<Signature, SignError> {
    let (mut aes, mut iv) = ([0; 32], [0; 16]);
    getrandom::fill(&mut aes)?;
    getrandom::fill(&mut iv)?;
    let sealed = Encryptor::<Aes256>::new(&aes.into(), &iv.into()).encrypt_padded_vec::<Pkcs7>(body);
    let pair = format!("{}:{}", STANDARD.encode(aes), STANDARD.encode(iv));
    Ok(Signature {
        signature: STANDARD.encode(sealed),
        key: STANDARD.encode(key.encrypt(pair.as_bytes())?),
    })
}

/// The content of the DER value at the beginning, when it has this tag, and what comes after it.
fn taken(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let rest = der.strip_prefix(&[tag])?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits
                .iter()
                .fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
            (length, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of 1,024 bits made with OpenSSL for these tests: `openssl genrsa 1024`, `openssl rsa -pubout -outform DER`.
    const SPKI: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDNOFyazKrIFb/NWEsudxUDxuzQ1ev96Hp6U3+9jTfGCGtpGiusYvuVrv7lnqGpF/EM+Bl9F5VhzNfNGQ4s5J6w82O4Rvczl5ljcAu7UPtyBx1oLvKh4PgIthVlC4pxB9zvF4RDC7/MBP1TV2NB3q5YFVkglMpHDoNypSBu0KaBCwIDAQAB";
    const MODULUS: &str = "cd385c9accaac815bfcd584b2e771503c6ecd0d5ebfde87a7a537fbd8d37c6086b691a2bac62fb95aefee59ea1a917f10cf8197d179561ccd7cd190e2ce49eb0f363b846f733979963700bbb50fb72071d682ef2a1e0f808b615650b8a7107dcef1784430bbfcc04fd53576341deae5815592094ca470e8372a5206ed0a6810b";
    const PRIVATE_EXPONENT: &str = "1772992216c06c9c0f8e26c87046aae0039a8b41e5f4dcdb219ee8b97fa91fb7568e6baf11c33d7b9cc302f95cff34fd15be432b47c689a61e02111acd86519b31c05734e1f5a0a2938ecd99ed7a79b75c6645af32e3ff399cf966a0cbe2e565fac57d8905c669a38ff2307b667043a302bf1c778255b56b29bea2418a9e8401";

    fn number(hex: &str) -> BigUint {
        BigUint::parse_bytes(hex.as_bytes(), 16).unwrap()
    }

    #[test]
    fn a_key_is_read_as_openssl_writes_it() {
        let key = PublicKey::read(SPKI).unwrap();
        assert_eq!(
            (key.modulus, key.exponent),
            (number(MODULUS), BigUint::from(65_537_u32))
        );
        assert_eq!(key.bytes, 128);
        for odd in ["", "!", "AAAA", "MAA=", &SPKI[..100]] {
            assert_eq!(PublicKey::read(odd), None, "{odd}");
        }
    }

    #[test]
    fn what_is_signed_can_be_opened_by_airtel_alone_and_never_twice_alike() {
        use cbc::{Decryptor, cipher::BlockModeDecrypt};
        let (key, body) = (PublicKey::read(SPKI).unwrap(), br#"{"reference":"Water"}"#);
        let signed = sign(&key, body).unwrap();
        assert_ne!(signed, sign(&key, body).unwrap());
        let sealed = BigUint::from_bytes_be(&STANDARD.decode(&signed.key).unwrap());
        let opened = sealed.modpow(&number(PRIVATE_EXPONENT), &number(MODULUS)).to_bytes_be();
        // The leading zero is no part of a number. Then 02, the padding without a zero, a zero, the message.
        assert_eq!(opened[0], 2);
        let end = opened.iter().position(|byte| *byte == 0).unwrap();
        assert!(end > 8, "at least eight random bytes");
        let pair = String::from_utf8(opened[end + 1..].to_vec()).unwrap();
        let (aes, iv) = pair.split_once(':').unwrap();
        let aes: [u8; 32] = STANDARD.decode(aes).unwrap().try_into().unwrap();
        let iv: [u8; 16] = STANDARD.decode(iv).unwrap().try_into().unwrap();
        let sealed = STANDARD.decode(&signed.signature).unwrap();
        let opened = Decryptor::<Aes256>::new(&aes.into(), &iv.into()).decrypt_padded_vec::<Pkcs7>(&sealed);
        assert_eq!(opened.unwrap(), body);
    }

    #[test]
    fn a_message_too_long_for_the_key_is_not_cut() {
        let key = PublicKey::read(SPKI).unwrap();
        assert!(key.encrypt(&[1; 117]).is_ok(), "128 less 11");
        assert!(matches!(key.encrypt(&[1; 118]), Err(SignError::ShortKey)));
    }
}
