//! The data types of MQTT (3.1.1 section 1.5, 5.0 sections 1.5 and 2.2.2), read from the front of a slice.

use super::Filter;
use crate::adapters::dispensers::reason::Fault;

/// What is left to read.
#[derive(Clone, Copy)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Fault::MALFORMED)?;
        self.0 = rest;
        Ok(taken)
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.take(1)?[0])
    }

    /// Two bytes, the higher first.
    pub fn short(&mut self) -> Result<u16, Fault> {
        let taken = self.take(2)?;
        Ok(u16::from_be_bytes([taken[0], taken[1]]))
    }

    /// Four bytes, the highest first.
    pub fn long(&mut self) -> Result<u32, Fault> {
        let taken = self.take(4)?;
        Ok(u32::from_be_bytes([taken[0], taken[1], taken[2], taken[3]]))
    }

    /// A packet identifier, never 0.
    pub fn packet_id(&mut self) -> Result<u16, Fault> {
        match self.short()? {
            0 => Err(Fault::MALFORMED),
            id => Ok(id),
        }
    }

    /// Bytes with their length in front.
    pub fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.short()?;
        self.take(usize::from(length))
    }

    /// UTF-8 with its length in front, without U+0000.
    pub fn text(&mut self) -> Result<&'a str, Fault> {
        let text = std::str::from_utf8(self.bytes()?).map_err(|_| Fault::MALFORMED)?;
        if text.contains('\0') {
            Err(Fault::MALFORMED)
        } else {
            Ok(text)
        }
    }

    /// A variable byte integer.
    pub fn variable(&mut self) -> Result<u32, Fault> {
        let mut value = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Fault::MALFORMED)
    }

    /// The properties of an MQTT 5 packet.
    pub fn properties(&mut self) -> Result<Reader<'a>, Fault> {
        let length = self.variable()?;
        Ok(Reader(self.take(length as usize)?))
    }

    /// The next property's id and, where it is a number, its value (MQTT 5 section 2.2.2.2).
    pub fn property(&mut self) -> Result<Option<(u8, u32)>, Fault> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let id = self.byte()?;
        let value = match id {
            0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28 | 0x29 | 0x2a => u32::from(self.byte()?),
            0x13 | 0x21 | 0x22 | 0x23 => u32::from(self.short()?),
            0x02 | 0x11 | 0x18 | 0x27 => self.long()?,
            0x0b => self.variable()?,
            0x03 | 0x08 | 0x12 | 0x15 | 0x1a | 0x1c | 0x1f => {
                self.text()?;
                0
            }
            0x09 | 0x16 => {
                self.bytes()?;
                0
            }
            0x26 => {
                self.text()?;
                self.text()?;
                0
            }
            _ => return Err(Fault::MALFORMED),
        };
        Ok(Some((id, value)))
    }

    /// One filter of a SUBSCRIBE with its options.
    pub fn filter(&mut self) -> Result<Filter<'a>, Fault> {
        let path = self.text()?;
        let options = self.byte()?;
        let (qos, retain_handling) = (options & 3, (options >> 4) & 3);
        if path.is_empty() || qos == 3 || retain_handling == 3 || options & 0xc0 != 0 {
            return Err(Fault::MALFORMED);
        }
        Ok(Filter {
            path,
            qos,
            retain_handling,
        })
    }

    /// Malformed if anything is left.
    pub fn end(&self) -> Result<(), Fault> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Fault::MALFORMED)
        }
    }
}
