//! The other end of Airtel's signed requests: what only the holder of the private key can open.

use aes::Aes256;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use cbc::{
    Decryptor,
    cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7},
};
use num_bigint::BigUint;

/// The public key, as Airtel tells it. The pair was made with OpenSSL for the sandbox: `openssl genrsa 1024`.
pub(super) const PUBLIC_KEY: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDNOFyazKrIFb/NWEsudxUDxuzQ1ev96Hp6U3+9jTfGCGtpGiusYvuVrv7lnqGpF/EM+Bl9F5VhzNfNGQ4s5J6w82O4Rvczl5ljcAu7UPtyBx1oLvKh4PgIthVlC4pxB9zvF4RDC7/MBP1TV2NB3q5YFVkglMpHDoNypSBu0KaBCwIDAQAB";
const MODULUS: &str = "cd385c9accaac815bfcd584b2e771503c6ecd0d5ebfde87a7a537fbd8d37c6086b691a2bac62fb95aefee59ea1a917f10cf8197d179561ccd7cd190e2ce49eb0f363b846f733979963700bbb50fb72071d682ef2a1e0f808b615650b8a7107dcef1784430bbfcc04fd53576341deae5815592094ca470e8372a5206ed0a6810b";
const PRIVATE_EXPONENT: &str = "1772992216c06c9c0f8e26c87046aae0039a8b41e5f4dcdb219ee8b97fa91fb7568e6baf11c33d7b9cc302f95cff34fd15be432b47c689a61e02111acd86519b31c05734e1f5a0a2938ecd99ed7a79b75c6645af32e3ff399cf966a0cbe2e565fac57d8905c669a38ff2307b667043a302bf1c778255b56b29bea2418a9e8401";

/// Whether `signature` is `body` under the AES key that `key` holds under ours.
pub(super) fn is_of(body: &[u8], signature: &str, key: &str) -> bool {
    opened(signature, key).is_some_and(|opened| opened == body)
}

fn opened(signature: &str, key: &str) -> Option<Vec<u8>> {
    let number = |hex: &str| BigUint::parse_bytes(hex.as_bytes(), 16);
    let sealed = BigUint::from_bytes_be(&STANDARD.decode(key).ok()?);
    let padded = sealed
        .modpow(&number(PRIVATE_EXPONENT)?, &number(MODULUS)?)
        .to_bytes_be();
    // 02, at least eight bytes that are not zero, a zero, the message (RFC 8017, section 7.2.2).
    let padded = padded.strip_prefix(&[2])?;
    let end = padded.iter().position(|byte| *byte == 0).filter(|end| *end >= 8)?;
    let pair = std::str::from_utf8(padded.get(end + 1..)?).ok()?;
    let (aes, iv) = pair.split_once(':')?;
    let aes: [u8; 32] = STANDARD.decode(aes).ok()?.try_into().ok()?;
    let iv: [u8; 16] = STANDARD.decode(iv).ok()?.try_into().ok()?;
    let sealed = STANDARD.decode(signature).ok()?;
    Decryptor::<Aes256>::new(&aes.into(), &iv.into())
        .decrypt_padded_vec::<Pkcs7>(&sealed)
        .ok()
}
