//! What a text costs as an SMS, and names in letters that every phone and screen shows.
//!
//! Source: 3GPP TS 23.038 section 6.2.1 (the alphabet and its extension) and TS 23.040 section 9.2.3.24.1 (a part of a
//! longer text carries six octets of header: 153 of 160 units are left, or 67 of 70).

/// The basic alphabet: one unit each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿\
                     abcdefghijklmnopqrstuvwxyzäöñüà";

/// The extension: an escape and a character, two units each.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How a text is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Seven bits a unit.
    Gsm7,
    /// Sixteen bits a unit: one character that is not in the alphabet puts the whole text into it.
    Ucs2,
}

impl Encoding {
    /// The encoding a text needs.
    pub fn of(text: &str) -> Encoding {
        if text.chars().all(|c| gsm_units(c).is_some()) {
            Encoding::Gsm7
        } else {
            Encoding::Ucs2
        }
    }

    /// Units in an SMS of one part.
    pub const fn units_alone(self) -> usize {
        match self {
            Encoding::Gsm7 => 160,
            Encoding::Ucs2 => 70,
        }
    }

    /// Units in each part of a longer one.
    pub const fn units_in_part(self) -> usize {
        match self {
            Encoding::Gsm7 => 153,
            Encoding::Ucs2 => 67,
        }
    }

    fn units(self, c: char) -> usize {
        match self {
            Encoding::Gsm7 => gsm_units(c).unwrap_or(1),
            Encoding::Ucs2 => c.len_utf16(),
        }
    }
}

/// Units of one character in the alphabet: 1, or 2 with an escape; `None` when it is not in it.
fn gsm_units(c: char) -> Option<usize> {
    match c {
        ' '..='Z' | 'a'..='z' if !matches!(c, '`') => Some(1),
        _ if BASIC.contains(c) => Some(1),
        _ if EXTENSION.contains(c) => Some(2),
        _ => None,
    }
}

/// Units of a text, as its encoding counts them.
pub fn units(text: &str) -> usize {
    let encoding = Encoding::of(text);
    text.chars().map(|c| encoding.units(c)).sum()
}

/// The text of each SMS part; one that fits stays whole. No character of two units is cut.
pub fn parts(text: &str) -> Vec<&str> {
    let encoding = Encoding::of(text);
    if units(text) <= encoding.units_alone() {
        return vec![text];
    }
    let (mut parts, mut begin, mut used) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        let more = encoding.units(c);
        if used + more > encoding.units_in_part() {
            parts.push(&text[begin..at]);
            (begin, used) = (at, 0);
        }
        used += more;
    }
    parts.push(&text[begin..]);
    parts
}

/// A name in characters of one unit: what the basic alphabet lacks is written with what it has. What cannot be written
/// at all becomes one `?` for each run.
pub fn transliterated(name: &str) -> String {
    spelled(name, |c| gsm_units(c) == Some(1) && !c.is_control())
}

/// A name in ASCII without `\` and `~`, which the usual character displays show as other signs (Hitachi HD44780U,
/// character ROM A00, where nothing beyond ASCII is a European letter).
pub fn ascii(name: &str) -> String {
    spelled(name, |c| matches!(c, ' '..='}') && c != '\\')
}

fn spelled(name: &str, is_shown: impl Fn(char) -> bool) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        if is_shown(c) {
            text.push(c);
            continue;
        }
        match plain(c) {
            Some(instead) => text.push_str(instead),
            None if text.ends_with('?') => {}
            None => text.push('?'),
        }
    }
    text
}

/// What stands for a character in plain letters and signs.
fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'À'..='Ã' | 'Ä' | 'Å' | 'Ā' | 'Ă' | 'Ą' | 'Ǎ' => "A",
        'à'..='ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ǎ' => "a",
        'Æ' => "AE",
        'æ' => "ae",
        'Ç' | 'Ć' | 'Ĉ' | 'Ċ' | 'Č' => "C",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'Ď' | 'Đ' | 'Ð' => "D",
        'ď' | 'đ' | 'ð' => "d",
        'È'..='Ë' | 'Ē' | 'Ĕ' | 'Ė' | 'Ę' | 'Ě' => "E",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'Ĝ' | 'Ğ' | 'Ġ' | 'Ģ' => "G",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'Ĥ' | 'Ħ' => "H",
        'ĥ' | 'ħ' => "h",
        'Ì'..='Ï' | 'Ĩ' | 'Ī' | 'Ĭ' | 'Į' | 'İ' => "I",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'Ĵ' => "J",
        'ĵ' => "j",
        'Ķ' => "K",
        'ķ' => "k",
        'Ĺ' | 'Ļ' | 'Ľ' | 'Ł' => "L",
        'ĺ' | 'ļ' | 'ľ' | 'ł' => "l",
        'Ñ' | 'Ń' | 'Ņ' | 'Ň' | 'Ŋ' => "N",
        'ñ' | 'ń' | 'ņ' | 'ň' | 'ŋ' => "n",
        'Ò'..='Ö' | 'Ø' | 'Ō' | 'Ŏ' | 'Ő' => "O",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' => "o",
        'Œ' => "OE",
        'œ' => "oe",
        'Ŕ' | 'Ŗ' | 'Ř' => "R",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'Ś' | 'Ŝ' | 'Ş' | 'Š' => "S",
        'ś' | 'ŝ' | 'ş' | 'š' => "s",
        'ß' => "ss",
        'Ţ' | 'Ť' | 'Ŧ' => "T",
        'ţ' | 'ť' | 'ŧ' => "t",
        'Ù'..='Ü' | 'Ũ' | 'Ū' | 'Ŭ' | 'Ů' | 'Ű' | 'Ų' => "U",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'Ŵ' => "W",
        'ŵ' => "w",
        'Ý' | 'Ÿ' | 'Ŷ' => "Y",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'Ź' | 'Ż' | 'Ž' => "Z",
        'ź' | 'ż' | 'ž' => "z",
        '‘' | '’' | '‚' | 'ʼ' | '`' | '´' | '^' => "'",
        '“' | '”' | '„' => "\"",
        '‐'..='―' | '~' => "-",
        '•' => "*",
        '…' => "...",
        '\\' | '|' => "/",
        '{' | '[' => "(",
        '}' | ']' => ")",
        '€' => "E",
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{feff}' => "",
        c if c.is_whitespace() || c.is_control() => " ",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_alphabet_has_127_characters_and_its_extension_ten() {
        // 128 places less the escape.
        assert_eq!(BASIC.chars().count(), 127);
        assert!(BASIC.chars().all(|c| gsm_units(c) == Some(1)));
        assert!(EXTENSION.chars().all(|c| gsm_units(c) == Some(2)));
        let ascii = (' '..='~').filter(|c| gsm_units(*c).is_none());
        assert_eq!(ascii.collect::<String>(), "`");
        for c in "“”‘’–—…•êçÀ😀".chars() {
            assert_eq!(gsm_units(c), None, "{c}");
        }
    }

    #[test]
    fn parts_are_counted_as_the_network_counts_them() {
        for (text, units_expected, parts_expected) in [
            (String::new(), 0, 1),
            ("a".repeat(160), 160, 1),
            ("a".repeat(161), 161, 2),
            ("a".repeat(306), 306, 2),
            ("a".repeat(307), 307, 3),
            ("€".repeat(80), 160, 1),
            // 76 signs of two units fit into 153, so one unit of each part stays empty.
            ("€".repeat(81), 162, 2),
            ("€".repeat(153), 306, 3),
            ("ê".repeat(70), 70, 1),
            ("ê".repeat(71), 71, 2),
            ("ê".repeat(134), 134, 2),
            ("ê".repeat(135), 135, 3),
            ("😀".repeat(35), 70, 1),
            ("😀".repeat(36), 72, 2),
            ("😀".repeat(67), 134, 3),
        ] {
            assert_eq!(units(&text), units_expected, "{text}");
            assert_eq!(parts(&text).len(), parts_expected, "{text}");
        }
    }

    #[test]
    fn names_are_written_with_what_there_is() {
        for (name, gsm, lcd) in [
            ("Jane Smith", "Jane Smith", "Jane Smith"),
            ("Zoë Müller", "Zoe Müller", "Zoe Muller"),
            ("Françoise Lévêque", "Francoise Léveque", "Francoise Leveque"),
            ("Ng’ang’a", "Ng'ang'a", "Ng'ang'a"),
            ("Łukasz—Œ…", "Lukasz-OE...", "Lukasz-OE..."),
            ("{x}[y]~z\\|^", "(x)(y)-z//'", "{x}[y]-z/|^"),
            ("ሰላም Abebe", "? Abebe", "? Abebe"),
            ("a\u{301}b\tc\nd", "ab c d", "ab c d"),
        ] {
            assert_eq!(transliterated(name), gsm);
            assert_eq!(ascii(name), lcd);
        }
    }

    proptest! {
        #[test]
        fn any_name_becomes_plain(name in any::<String>()) {
            prop_assert!(transliterated(&name).chars().all(|c| gsm_units(c) == Some(1) && !c.is_control()));
            let is_plain = ascii(&name).chars().all(|c| matches!(c, ' '..='}') && c != '\\');
            prop_assert!(is_plain);
        }

        #[test]
        fn parts_are_the_text_and_each_of_them_fits(text in prop_oneof!["[a-z€{ ]{0,500}", "[a-zê😀]{0,200}"]) {
            let encoding = Encoding::of(&text);
            let parts = parts(&text);
            prop_assert_eq!(parts.concat(), text.clone());
            let room = if parts.len() == 1 { encoding.units_alone() } else { encoding.units_in_part() };
            for part in parts {
                prop_assert!(part.chars().map(|c| encoding.units(c)).sum::<usize>() <= room);
            }
        }
    }
}
