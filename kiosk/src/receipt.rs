//! Receipts: eight characters that only the site and the hub can make, and that name one record.

use crate::{crockford, ids::Epoch};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{fmt, str::FromStr};

/// Characters in a receipt: 40 bits at five bits each.
const CHARACTERS: u32 = 8;

/// A site's key for receipts (PROTOCOL rule 1).
#[derive(Clone)]
pub struct ReceiptKey([u8; 32]);

impl ReceiptKey {
    /// The key with these bytes.
    pub const fn new(bytes: [u8; 32]) -> ReceiptKey {
        ReceiptKey(bytes)
    }

    /// The receipt of the record at `seq` of the site's money log of `epoch`: the first 40 bits of
    /// HMAC-SHA-256(site key, epoch, seq), both numbers with the highest byte first (CONTRACTS section 3).
    pub fn receipt(&self, epoch: Epoch, seq: u32) -> Receipt {
        let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        let mac = mac.chain_update(epoch.0.to_be_bytes()).chain_update(seq.to_be_bytes());
        let tag: [u8; 32] = mac.finalize().into_bytes().into();
        Receipt(tag[..5].iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte)))
    }
}

impl fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReceiptKey(…)")
    }
}

/// A receipt, `7K3F9QXA`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receipt(u64);

/// Why a text is not a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a receipt has eight letters and digits")]
pub struct ReceiptError;

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crockford::encode(self.0, CHARACTERS))
    }
}

impl FromStr for Receipt {
    type Err = ReceiptError;

    /// Reads a receipt as a person writes it: in either case, with O for 0 and I or L for 1, spaces and `-` as they like.
    fn from_str(text: &str) -> Result<Receipt, ReceiptError> {
        let count = text.chars().filter(|c| !matches!(c, ' ' | '-')).count();
        if count != CHARACTERS as usize {
            return Err(ReceiptError);
        }
        crockford::decode(text).map(Receipt).ok_or(ReceiptError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn receipts_are_forty_bits_of_hmac_sha_256() {
        let key = ReceiptKey::new([9; 32]);
        // hmac.new(bytes([9]*32), epoch.to_bytes(8, "big") + seq.to_bytes(4, "big"), "sha256").digest()[:5], in Python,
        // written out in Crockford's alphabet.
        for (epoch, seq, expected) in [
            (0xa1, 1, "PRPCY61P"),
            (0xa1, 2, "RGY6VSNR"),
            (0xfedc_ba98_7654_3210, 0x0102_0304, "H4Y6TWR2"),
        ] {
            assert_eq!(key.receipt(Epoch(epoch), seq).to_string(), expected);
        }
        assert_eq!(format!("{key:?}"), "ReceiptKey(…)");
    }

    #[test]
    fn receipts_are_read_as_people_write_them() {
        let receipt: Receipt = "PRPCY61P".parse().unwrap();
        for text in ["prpcy61p", "PRPC-Y61P", "prpc y6lp", "PRPCY6IP"] {
            assert_eq!(text.parse(), Ok(receipt), "{text}");
        }
        for bad in ["", "PRPCY61", "PRPCY61PP", "PRPCU61P", "--------"] {
            assert_eq!(bad.parse::<Receipt>(), Err(ReceiptError), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_receipt_reads_back(epoch in any::<u64>(), seq in any::<u32>()) {
            let receipt = ReceiptKey::new([1; 32]).receipt(Epoch(epoch), seq);
            prop_assert_eq!(receipt.to_string().len(), 8);
            prop_assert_eq!(receipt.to_string().parse(), Ok(receipt));
        }
    }
}
