//! Numbers as bits, the highest bit first.

use super::Malformed;

/// Bits one after the other.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits written.
    length: usize,
}

impl BitWriter {
    /// The low `width` bits of a number.
    pub(super) fn put(&mut self, value: u64, width: u32) {
        for place in (0..width).rev() {
            if self.length.is_multiple_of(8) {
                self.bytes.push(0);
            }
            if value >> place & 1 == 1 {
                self.bytes[self.length / 8] |= 0x80 >> (self.length % 8);
            }
            self.length += 1;
        }
    }

    /// A number in the Exp-Golomb code of this order: below 2^order it takes order + 1 bits, and two more each time that
    /// the range doubles.
    pub(super) fn golomb(&mut self, value: u64, order: u32) {
        let high = u128::from(value >> order) + 1;
        let zeros = high.ilog2();
        self.put(0, zeros);
        self.put(1, 1);
        self.put((high - (1 << zeros)) as u64, zeros);
        self.put(value, order);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.put(u64::from(*byte), 8);
        }
    }

    /// Whole bytes; the bits left over are zero.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// How many bits [`BitWriter::golomb`] takes.
pub(super) fn golomb_bits(value: u64, order: u32) -> u64 {
    let zeros = (u128::from(value >> order) + 1).ilog2();
    u64::from(2 * zeros + 1 + order)
}

/// Bits from the front.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    place: usize,
}

impl BitReader<'_> {
    pub(super) fn new(bytes: &[u8]) -> BitReader<'_> {
        BitReader { bytes, place: 0 }
    }

    /// Bits not read yet: what bounds every count that is read.
    pub(super) fn left(&self) -> u64 {
        (self.bytes.len() * 8 - self.place) as u64
    }

    /// A number of `width` bits, at most 64.
    pub(super) fn get(&mut self, width: u32) -> Result<u64, Malformed> {
        if u64::from(width) > self.left() {
            return Err(Malformed);
        }
        let mut value = 0;
        for _ in 0..width {
            let bit = self.bytes[self.place / 8] >> (7 - self.place % 8) & 1;
            value = value << 1 | u64::from(bit);
            self.place += 1;
        }
        Ok(value)
    }

    pub(super) fn golomb(&mut self, order: u32) -> Result<u64, Malformed> {
        let mut zeros = 0;
        while self.get(1)? == 0 {
            zeros += 1;
            if zeros > 64 {
                return Err(Malformed);
            }
        }
        let high = (1_u128 << zeros) + u128::from(self.get(zeros)?) - 1;
        let high = u64::try_from(high).map_err(|_| Malformed)?;
        if order > 0 && high.leading_zeros() < order {
            return Err(Malformed);
        }
        Ok(high.checked_shl(order).unwrap_or(0) | self.get(order)?)
    }

    pub(super) fn bytes(&mut self, length: u64) -> Result<Vec<u8>, Malformed> {
        if length > self.left() / 8 {
            return Err(Malformed);
        }
        (0..length).map(|_| Ok(self.get(8)? as u8)).collect()
    }

    /// Nothing may follow but the zeros of the last byte.
    pub(super) fn finish(mut self) -> Result<(), Malformed> {
        let left = self.left();
        match left < 8 && self.get(left as u32)? == 0 {
            true => Ok(()),
            false => Err(Malformed),
        }
    }
}
