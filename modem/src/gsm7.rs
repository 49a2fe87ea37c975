//! The GSM alphabet of seven bits (3GPP TS 23.038 section 6.2.1), and how its septets lie in octets (section 6.1.2).
//!
//! A text is first put into septets, one for each character or two with an escape, and these are then packed.

/// The basic table, in the order of its codes. Place 1B is the escape: here a character that no text holds.
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', //
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É', //
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', //
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', //
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', //
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', //
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', //
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The extension: what stands behind an escape.
const EXTENSION: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// The next septet is of the extension.
pub const ESCAPE: u8 = 0x1b;

/// Carriage return: also what fills a packed USSD string of 8n - 1 septets.
const CARRIAGE_RETURN: u8 = 0x0d;

/// How many septets a character takes: 1, or 2 with an escape; `None` when the alphabet lacks it.
pub fn units(c: char) -> Option<usize> {
    code(c).map(|(escaped, _)| 1 + usize::from(escaped))
}

/// The code of a character, and whether an escape stands before it.
fn code(c: char) -> Option<(bool, u8)> {
    let basic = || BASIC.iter().position(|known| *known == c && c != '\u{1b}');
    let extended = || {
        EXTENSION
            .iter()
            .find(|(_, known)| *known == c)
            .map(|(code, _)| (true, *code))
    };
    match c {
        // Most of what is ever written has its ASCII code.
        ' '..='#' | '%'..='?' | 'A'..='Z' | 'a'..='z' => Some((false, c as u8)),
        _ => basic().map(|code| (false, code as u8)).or_else(extended),
    }
}

/// The septets of a text, one in each byte; `None` when a character is not in the alphabet.
pub fn encode(text: &str) -> Option<Vec<u8>> {
    let mut septets = Vec::with_capacity(text.len());
    for c in text.chars() {
        let (escaped, code) = code(c)?;
        septets.extend(escaped.then_some(ESCAPE));
        septets.push(code);
    }
    Some(septets)
}

/// The text of septets. An escape before a code that the extension lacks gives the character of the basic table, and one
/// at the end a space (section 6.2.1.1, notes 1 and 3). The eighth bit of a byte is ignored.
pub fn decode(septets: &[u8]) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut codes = septets.iter().map(|septet| septet & 0x7f);
    while let Some(code) = codes.next() {
        if code != ESCAPE {
            text.push(BASIC[usize::from(code)]);
            continue;
        }
        match codes.next() {
            // Twice the escape is kept for a further table that was never made.
            None | Some(ESCAPE) => text.push(' '),
            Some(code) => {
                let extended = EXTENSION.iter().find(|(known, _)| *known == code);
                text.push(extended.map_or(BASIC[usize::from(code)], |(_, c)| *c));
            }
        }
    }
    text
}

/// Packs septets into octets behind `fill` empty bits (0 to 6), which bring them to a septet border behind a header.
pub fn pack(septets: &[u8], fill: usize) -> Vec<u8> {
    let mut octets = vec![0; (fill + 7 * septets.len()).div_ceil(8)];
    for (place, septet) in septets.iter().enumerate() {
        let bit = fill + 7 * place;
        let two = u16::from(septet & 0x7f) << (bit % 8);
        octets[bit / 8] |= two as u8;
        if two > 0xff {
            octets[bit / 8 + 1] |= (two >> 8) as u8;
        }
    }
    octets
}

/// The `count` septets that lie packed behind `fill` empty bits; fewer where the octets end earlier.
pub fn unpack(octets: &[u8], fill: usize, count: usize) -> Vec<u8> {
    let there = (8 * octets.len()).saturating_sub(fill) / 7;
    let septet = |place: usize| {
        let bit = fill + 7 * place;
        let high = octets.get(bit / 8 + 1).copied().unwrap_or(0);
        (u16::from_le_bytes([octets[bit / 8], high]) >> (bit % 8)) as u8 & 0x7f
    };
    (0..count.min(there)).map(septet).collect()
}

/// Packs a USSD string. Where seven bits would stay empty they are a carriage return, for zeros would read as `@`; a
/// text that ends on an octet border with a carriage return of its own gets a second one (section 6.1.2.3.1).
pub fn pack_ussd(septets: &[u8]) -> Vec<u8> {
    let mut padded = septets.to_vec();
    let is_taken_for_padding = septets.len().is_multiple_of(8) && septets.last() == Some(&CARRIAGE_RETURN);
    if septets.len() % 8 == 7 || is_taken_for_padding {
        padded.push(CARRIAGE_RETURN);
    }
    pack(&padded, 0)
}

/// The septets of a packed USSD string, without the carriage return that fills it.
pub fn unpack_ussd(octets: &[u8]) -> Vec<u8> {
    let mut septets = unpack(octets, 0, usize::MAX);
    if septets.len().is_multiple_of(8) && septets.last() == Some(&CARRIAGE_RETURN) {
        septets.pop();
    }
    septets
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        pack(&encode(text).expect("in the alphabet"), 0)
    }

    #[test]
    fn a_word_is_packed_as_the_worked_examples_have_it() {
        // The example that every introduction to TS 23.040 works out by hand.
        assert_eq!(
            packed("hellohello"),
            [0xe8, 0x32, 0x9b, 0xfd, 0x46, 0x97, 0xd9, 0xec, 0x37]
        );
        // By hand: '1' 31 = 0110001, '2' 32 = 0110010; the second gives its last bit to the first octet.
        assert_eq!(packed("12"), [0b0011_0001, 0b0001_1001]);
        // Eight characters take seven octets (section 6.1.2.1.1).
        assert_eq!(packed("AAAAAAAA").len(), 7);
    }

    #[test]
    fn the_tables_have_what_the_standard_has_at_the_odd_places() {
        for (code, c) in [
            (0x00, '@'),
            (0x02, '$'),
            (0x11, '_'),
            (0x24, '¤'),
            (0x40, '¡'),
            (0x5f, '§'),
            (0x60, '¿'),
            (0x7f, 'à'),
        ] {
            assert_eq!(encode(&c.to_string()), Some(vec![code]), "{c}");
            assert_eq!(decode(&[code]), c.to_string());
        }
        assert_eq!(encode("[€]"), Some(vec![0x1b, 0x3c, 0x1b, 0x65, 0x1b, 0x3e]));
        assert_eq!(
            (units('a'), units('€'), units('ê'), units('\u{1b}')),
            (Some(1), Some(2), None, None)
        );
    }

    #[test]
    fn an_escape_that_means_nothing_is_read_as_the_standard_says() {
        assert_eq!(decode(&[0x1b, 0x41]), "A");
        assert_eq!(decode(&[0x41, 0x1b]), "A ");
        assert_eq!(decode(&[0x1b, 0x1b, 0x41]), " A");
    }

    #[test]
    fn fill_bits_stand_before_the_text() {
        // A header of six octets takes 48 bits; one more makes seven septets. 'A' = 1000001 then begins at bit 1.
        assert_eq!(pack(&[0x41], 1), [0b1000_0010]);
        assert_eq!(unpack(&[0b1000_0010], 1, 1), [0x41]);
    }

    #[test]
    fn seven_empty_bits_of_a_ussd_string_are_a_carriage_return() {
        // `*101#` as Huawei sticks take it: 35 bits in 5 octets.
        let septets = encode("*101#").expect("in the alphabet");
        assert_eq!(pack_ussd(&septets), [0xaa, 0x18, 0x2c, 0x36, 0x02]);
        // Seven characters leave seven bits: 0D in the last seven makes 1A of the last octet's upper bits.
        let seven = encode("*100*1#").expect("in the alphabet");
        let octets = pack_ussd(&seven);
        assert_eq!((octets.len(), octets[6] >> 1), (7, 0x0d));
        assert_eq!(unpack_ussd(&octets), seven);
        // Eight that end with a carriage return: a second one follows, so the reader keeps the first.
        let eight = encode("*100*12\r").expect("in the alphabet");
        assert_eq!(pack_ussd(&eight).len(), 8);
        assert!(decode(&unpack_ussd(&pack_ussd(&eight))).starts_with("*100*12\r"));
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(septets in prop::collection::vec(0u8..128, 0..200), fill in 0usize..7) {
            prop_assert_eq!(unpack(&pack(&septets, fill), fill, septets.len()), septets);
        }

        #[test]
        fn what_is_encoded_is_decoded(text in "[ -_a-~€£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà\n\r]{0,200}") {
            prop_assert_eq!(decode(&encode(&text).expect("in the alphabet")), text);
        }

        #[test]
        fn a_ussd_string_comes_back(text in "[ -Z\n\r]{0,60}") {
            let back = decode(&unpack_ussd(&pack_ussd(&encode(&text).expect("in the alphabet"))));
            // A carriage return at the end may be doubled, which no screen shows.
            let is_doubled = text.ends_with('\r') && back == format!("{text}\r");
            prop_assert!(back == text || is_doubled);
        }

        #[test]
        fn any_octets_are_read(octets in prop::collection::vec(any::<u8>(), 0..200), fill in 0usize..7, count in 0usize..400) {
            decode(&unpack(&octets, fill, count));
            unpack_ussd(&octets);
        }
    }
}
