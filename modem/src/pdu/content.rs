//! What a message says, and the header that makes it a part of a longer text (3GPP TS 23.040 sections 9.2.3.16, 9.2.3.24).

use super::{Alphabet, Coding, PduError, octets::Octets};
use crate::{event::Body, gsm7};

/// Octets of user data in one message.
pub const OCTETS_MAX: usize = 140;

/// Septets of user data in one message.
pub const SEPTETS_MAX: usize = 160;

/// What a message says, in its own units: parts are put together before anything is read, so that a sender who cut a
/// pair in two is still understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Septets of [`crate::gsm7`], one in each byte.
    Gsm7(Vec<u8>),
    /// UTF-16.
    Ucs2(Vec<u16>),
    /// Bytes that are no letters.
    Data(Vec<u8>),
    /// A compressed text, which nobody reads.
    Compressed(Vec<u8>),
}

impl Content {
    /// What it says: words, or the bytes of what are none. A half pair becomes U+FFFD.
    pub fn body(&self) -> Body {
        match self {
            Content::Gsm7(septets) => Body::Text(gsm7::decode(septets)),
            Content::Ucs2(units) => Body::Text(String::from_utf16_lossy(units)),
            Content::Data(octets) | Content::Compressed(octets) => Body::Data(octets.clone()),
        }
    }

    /// Puts what follows behind it; `false`, with nothing done, where that is of another kind.
    pub fn append(&mut self, more: &Content) -> bool {
        match (self, more) {
            (Content::Gsm7(to), Content::Gsm7(more)) => to.extend(more),
            (Content::Ucs2(to), Content::Ucs2(more)) => to.extend(more),
            (Content::Data(to), Content::Data(more)) => to.extend(more),
            (Content::Compressed(to), Content::Compressed(more)) => to.extend(more),
            _ => return false,
        }
        true
    }

    /// The alphabet it is in.
    pub fn alphabet(&self) -> Alphabet {
        match self {
            Content::Gsm7(_) => Alphabet::Gsm7,
            Content::Ucs2(_) => Alphabet::Ucs2,
            Content::Data(_) | Content::Compressed(_) => Alphabet::Data,
        }
    }
}

/// Which part of which text a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What all parts of the text have in common: 0 to 255, or to 65535 where it is wide.
    pub reference: u16,
    /// The reference has 16 bits.
    pub is_wide: bool,
    /// How many parts there are, at least 1.
    pub total: u8,
    /// Which this is, from 1 to `total`.
    pub number: u8,
}

impl Part {
    fn octets(self) -> Vec<u8> {
        let [high, low] = self.reference.to_be_bytes();
        match self.is_wide {
            false => vec![5, 0x00, 3, low, self.total, self.number],
            true => vec![6, 0x08, 4, high, low, self.total, self.number],
        }
    }
}

/// What a header holds that somebody here looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Header {
    pub(super) part: Option<Part>,
    pub(super) has_national_table: bool,
}

/// Reads the elements of a header. Unknown ones are skipped, a concatenation that makes no sense is ignored, and of two
/// the last counts (section 9.2.3.24).
fn header(octets: &[u8]) -> Header {
    let mut rest = Octets(octets);
    let mut header = Header::default();
    while let (Ok(kind), Ok(count)) = (rest.one("header"), rest.one("header")) {
        let Ok(value) = rest.many(usize::from(count), "header") else {
            break;
        };
        let part = match (kind, value) {
            (0x00, &[reference, total, number]) => Some((u16::from(reference), false, total, number)),
            (0x08, &[high, low, total, number]) => Some((u16::from_be_bytes([high, low]), true, total, number)),
            _ => None,
        };
        if let Some((reference, is_wide, total, number)) =
            part.filter(|(_, _, total, number)| (1..=*total).contains(number))
        {
            header.part = Some(Part {
                reference,
                is_wide,
                total,
                number,
            });
        }
        header.has_national_table |= matches!(kind, 0x24 | 0x25);
    }
    header
}

/// Reads length and user data, which close a message.
pub(super) fn decode(from: &mut Octets<'_>, coding: Coding, has_header: bool) -> Result<(Header, Content), PduError> {
    let length = usize::from(from.one("length")?);
    let is_septets = coding.alphabet == Alphabet::Gsm7 && !coding.is_compressed;
    let octets = from.many(if is_septets { (7 * length).div_ceil(8) } else { length }, "text")?;
    let mut rest = Octets(octets);
    let mut found = Header::default();
    if has_header {
        let count = rest.one("header").map_err(|_| PduError::Header)?;
        found = header(rest.many(usize::from(count), "header").map_err(|_| PduError::Header)?);
    }
    let header_octets = octets.len() - rest.0.len();
    let content = match coding.alphabet {
        _ if coding.is_compressed => Content::Compressed(rest.0.to_vec()),
        Alphabet::Gsm7 => {
            // The header is counted in septets as well, and the text begins at the next border.
            let header_septets = (8 * header_octets).div_ceil(7);
            let fill = 7 * header_septets - 8 * header_octets;
            Content::Gsm7(gsm7::unpack(rest.0, fill, length.saturating_sub(header_septets)))
        }
        Alphabet::Data => Content::Data(rest.0.to_vec()),
        // A single octet at the end is half a letter.
        Alphabet::Ucs2 => Content::Ucs2(
            rest.0
                .chunks_exact(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect(),
        ),
    };
    Ok((found, content))
}

/// Writes length and user data.
pub(super) fn encode(part: Option<Part>, content: &Content, to: &mut Vec<u8>) -> Result<(), PduError> {
    let mut octets = part.map(Part::octets).unwrap_or_default();
    let length = match content {
        Content::Gsm7(septets) => {
            let header_septets = (8 * octets.len()).div_ceil(7);
            octets.extend(gsm7::pack(septets, 7 * header_septets - 8 * octets.len()));
            header_septets + septets.len()
        }
        Content::Ucs2(units) => {
            octets.extend(units.iter().flat_map(|unit| unit.to_be_bytes()));
            octets.len()
        }
        Content::Data(bytes) | Content::Compressed(bytes) => {
            octets.extend(bytes);
            octets.len()
        }
    };
    if octets.len() > OCTETS_MAX {
        return Err(PduError::TooLong(octets.len()));
    }
    to.push(length as u8);
    to.extend(octets);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Part = Part {
        reference: 0x2a,
        is_wide: false,
        total: 3,
        number: 2,
    };

    #[test]
    fn a_header_gives_its_part_and_skips_what_is_unknown() {
        assert_eq!(header(&[0x00, 3, 0x2a, 3, 2]).part, Some(PLAIN));
        let wide = Part {
            reference: 0x012a,
            is_wide: true,
            ..PLAIN
        };
        assert_eq!(header(&[0x08, 4, 0x01, 0x2a, 3, 2]).part, Some(wide));
        // Ports (05) before it, an element of the future (77) behind it.
        assert_eq!(
            header(&[5, 4, 0x0b, 0x84, 0, 0, 0, 3, 0x2a, 3, 2, 0x77, 1, 9]).part,
            Some(PLAIN)
        );
        assert_eq!(
            header(&[0, 3, 1, 1, 1, 0, 3, 0x2a, 3, 2]).part,
            Some(PLAIN),
            "the last counts"
        );
        // Part 0, part 4 of 3, none of 0, an element that runs over the end, one of the wrong length.
        for bad in [
            &[0u8, 3, 0x2a, 3, 0][..],
            &[0, 3, 0x2a, 3, 4],
            &[0, 3, 0x2a, 0, 0],
            &[0, 3, 0x2a, 3],
            &[0, 2, 3, 2],
            &[0],
        ] {
            assert_eq!(header(bad), Header::default(), "{bad:?}");
        }
        assert!(header(&[0x25, 1, 3]).has_national_table && header(&[0x24, 1, 3]).has_national_table);
    }

    #[test]
    fn septets_begin_at_a_border_behind_the_header() {
        let mut octets = Vec::new();
        encode(Some(PLAIN), &Content::Gsm7(vec![0x41, 0x42]), &mut octets).expect("short");
        // Six octets of header are seven septets less one bit: 7 + 2 septets; 'A' shifted by that bit: 82, then 'B'.
        assert_eq!(octets, [9, 5, 0, 3, 0x2a, 3, 2, 0b1000_0010, 0b0100_0010]);
    }

    #[test]
    fn what_does_not_fit_is_not_written() {
        let long = |units| encode(None, &Content::Gsm7(vec![0x41; units]), &mut Vec::new());
        assert_eq!(long(160), Ok(()));
        assert_eq!(long(161), Err(PduError::TooLong(141)));
        let part = |units| encode(Some(PLAIN), &Content::Gsm7(vec![0x41; units]), &mut Vec::new()).is_ok();
        assert!(part(153) && !part(154));
        let ucs2 = |units| encode(Some(PLAIN), &Content::Ucs2(vec![0x41; units]), &mut Vec::new()).is_ok();
        assert!(ucs2(67) && !ucs2(68));
        let wide = Part { is_wide: true, ..PLAIN };
        let part = |units| encode(Some(wide), &Content::Gsm7(vec![0x41; units]), &mut Vec::new()).is_ok();
        assert!(part(152) && !part(153));
    }

    #[test]
    fn parts_are_put_together_before_they_are_read() {
        let mut escape = Content::Gsm7(vec![0x41, 0x1b]);
        assert!(escape.append(&Content::Gsm7(vec![0x65])));
        assert_eq!(escape.body(), Body::Text("A€".into()));
        let mut pair = Content::Ucs2(vec![0xd83d]);
        assert!(pair.append(&Content::Ucs2(vec![0xde00])));
        assert_eq!(pair.body(), Body::Text("😀".into()));
        assert!(!pair.append(&Content::Data(vec![1])));
    }
}
