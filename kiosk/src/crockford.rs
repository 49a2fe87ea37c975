//! Crockford's Base32: letters and digits that are read aloud and keyed in without confusion.
//! Source: Douglas Crockford, "Base 32" (crockford.com/base32.html): no I, L, O, U; those are read as 1, 1, 0 and not at all.

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The lowest `count` groups of five bits of `bits`, the highest group first.
pub fn encode(bits: u64, count: u32) -> String {
    let groups = (0..count).rev();
    groups
        .map(|group| char::from(ALPHABET[(bits.checked_shr(5 * group).unwrap_or(0) & 31) as usize]))
        .collect()
}

/// Reads such characters, at most 12 of them, in either case; spaces and `-` do not count.
pub fn decode(text: &str) -> Option<u64> {
    let characters = text.chars().filter(|c| !matches!(c, ' ' | '-'));
    let mut bits = 0_u64;
    for (count, character) in characters.enumerate() {
        let character = match character.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let group = ALPHABET.iter().position(|known| char::from(*known) == character)?;
        if count == 12 {
            return None;
        }
        bits = bits << 5 | group as u64;
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn groups_of_five_bits_become_characters() {
        assert_eq!(encode(0, 1), "0");
        assert_eq!(encode(31, 2), "0Z");
        assert_eq!(encode(32, 2), "10");
        // 18 = J and 20 = M, since I and L are left out.
        assert_eq!(encode(18 << 5 | 20, 2), "JM");
        assert_eq!(encode(u64::MAX, 14), "0FZZZZZZZZZZZZ");
    }

    #[test]
    fn what_looks_alike_is_read_alike() {
        assert_eq!(decode("oIl-0 1"), decode("01101"));
        assert_eq!(decode("jm"), Some(18 << 5 | 20));
        for bad in ["U", "7K3F9QX!", "Ä", "0000000000000"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(bits in 0..1_u64 << 60) {
            prop_assert_eq!(decode(&encode(bits, 12)), Some(bits));
        }
    }
}
