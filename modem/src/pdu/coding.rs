//! The data coding scheme of a message (3GPP TS 23.038 section 4).

/// How the letters of a message are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// Septets of [`crate::gsm7`].
    Gsm7,
    /// Bytes that are no letters.
    Data,
    /// Units of UTF-16, the higher byte first: the standard says UCS-2, phones send surrogate pairs as well.
    Ucs2,
}

/// What a data coding scheme says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding {
    /// How the letters are written.
    pub alphabet: Alphabet,
    /// The text is compressed, which nobody reads.
    pub is_compressed: bool,
    /// 0: shown at once and not kept; 1 to 3: for the phone, the SIM, the equipment behind it.
    pub class: Option<u8>,
}

impl Coding {
    /// Reads the octet. What is reserved is taken for the GSM alphabet, as the standard asks.
    pub fn of(octet: u8) -> Coding {
        let class = Some(octet & 0b11);
        let plain = |alphabet| Coding {
            alphabet,
            is_compressed: false,
            class: None,
        };
        match octet >> 4 {
            // General coding, and the same for messages marked for automatic deletion.
            group @ 0x0..=0x7 => Coding {
                alphabet: match octet >> 2 & 0b11 {
                    0b01 => Alphabet::Data,
                    0b10 => Alphabet::Ucs2,
                    _ => Alphabet::Gsm7,
                },
                is_compressed: group & 0b0010 != 0,
                class: class.filter(|_| group & 0b0001 != 0),
            },
            // Message waiting, stored, in UCS-2. Its brothers C and D are in the GSM alphabet.
            0xe => plain(Alphabet::Ucs2),
            0xf if octet & 0b100 != 0 => Coding {
                class,
                ..plain(Alphabet::Data)
            },
            0xf => Coding {
                class,
                ..plain(Alphabet::Gsm7)
            },
            _ => plain(Alphabet::Gsm7),
        }
    }

    /// The octet for an uncompressed message.
    pub(super) fn octet(alphabet: Alphabet, class: Option<u8>) -> u8 {
        let letters = match alphabet {
            Alphabet::Gsm7 => 0x00,
            Alphabet::Data => 0x04,
            Alphabet::Ucs2 => 0x08,
        };
        letters | class.map_or(0, |class| 0x10 | class & 0b11)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_is_read_as_the_table_has_it() {
        use Alphabet::{Data, Gsm7, Ucs2};
        for (octet, alphabet, is_compressed, class) in [
            (0x00, Gsm7, false, None),
            (0x04, Data, false, None),
            (0x08, Ucs2, false, None),
            (0x0c, Gsm7, false, None),
            (0x10, Gsm7, false, Some(0)),
            (0x19, Ucs2, false, Some(1)),
            (0x20, Gsm7, true, None),
            (0x28, Ucs2, true, None),
            (0x48, Ucs2, false, None),
            (0x80, Gsm7, false, None),
            (0xc8, Gsm7, false, None),
            (0xd0, Gsm7, false, None),
            (0xe8, Ucs2, false, None),
            (0xf0, Gsm7, false, Some(0)),
            (0xf6, Data, false, Some(2)),
        ] {
            assert_eq!(
                Coding::of(octet),
                Coding {
                    alphabet,
                    is_compressed,
                    class
                },
                "{octet:02x}"
            );
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for alphabet in [Alphabet::Gsm7, Alphabet::Data, Alphabet::Ucs2] {
            for class in [None, Some(0), Some(3)] {
                let expected = Coding {
                    alphabet,
                    is_compressed: false,
                    class,
                };
                assert_eq!(Coding::of(Coding::octet(alphabet, class)), expected);
            }
        }
    }
}
