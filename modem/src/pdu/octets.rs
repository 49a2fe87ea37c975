//! Reads the octets of a PDU one field after another.

use super::PduError;

/// What is left to read.
pub(super) struct Octets<'a>(pub(super) &'a [u8]);

impl<'a> Octets<'a> {
    /// The next octet of a field with that name.
    pub(super) fn one(&mut self, field: &'static str) -> Result<u8, PduError> {
        self.many(1, field).map(|octets| octets[0])
    }

    /// The next octets.
    pub(super) fn many(&mut self, count: usize, field: &'static str) -> Result<&'a [u8], PduError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(PduError::Short(field))?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next seven or so octets, as an array.
    pub(super) fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], PduError> {
        let octets = self.many(N, field)?;
        Ok(octets.try_into().expect("as many as were asked for"))
    }
}
