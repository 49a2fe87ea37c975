//! A text in parts: cut for sending, joined when received (3GPP TS 23.040 section 9.2.3.24.1).

mod joiner;

pub use joiner::Joiner;

use crate::{
    gsm7,
    pdu::{Content, Part, content::SEPTETS_MAX},
};

/// Septets in each part of several: a header with an 8-bit reference takes seven of 160.
const SEPTETS_IN_PART: usize = 153;

/// UTF-16 units alone, and in each part of several.
const UNITS_ALONE: usize = 70;
const UNITS_IN_PART: usize = 67;

/// Parts of one text at most: their number has one octet.
pub const PARTS_MAX: usize = 255;

/// A text needs more parts than a text can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text needs {0} messages, and {PARTS_MAX} is the most")]
pub struct TooManyParts(pub usize);

/// Cuts a text into messages: in the GSM alphabet where it holds every character, else in UCS-2. A text that fits one
/// message has no part; the parts of a longer one share the reference. No character of two units is cut.
pub fn split(text: &str, reference: u8) -> Result<Vec<(Option<Part>, Content)>, TooManyParts> {
    let contents: Vec<Content> = match gsm7::encode(text) {
        Some(septets) => {
            let parts = cut(&septets, SEPTETS_MAX, SEPTETS_IN_PART, |unit| *unit == gsm7::ESCAPE);
            parts.into_iter().map(Content::Gsm7).collect()
        }
        None => {
            let units: Vec<u16> = text.encode_utf16().collect();
            let parts = cut(&units, UNITS_ALONE, UNITS_IN_PART, |unit| {
                (0xd800..0xdc00).contains(unit)
            });
            parts.into_iter().map(Content::Ucs2).collect()
        }
    };
    let total = u8::try_from(contents.len()).map_err(|_| TooManyParts(contents.len()))?;
    let part = |number| {
        let part = Part {
            reference: u16::from(reference),
            is_wide: false,
            total,
            number,
        };
        (total > 1).then_some(part)
    };
    Ok((1..=total).map(part).zip(contents).collect())
}

/// Cuts units into parts, never behind one that leads a pair.
fn cut<U: Clone>(units: &[U], alone: usize, in_part: usize, leads: impl Fn(&U) -> bool) -> Vec<Vec<U>> {
    if units.len() <= alone {
        return vec![units.to_vec()];
    }
    let (mut parts, mut rest) = (Vec::new(), units);
    while !rest.is_empty() {
        let most = rest.len().min(in_part);
        let end = if leads(&rest[most - 1]) && most > 1 {
            most - 1
        } else {
            most
        };
        parts.push(rest[..end].to_vec());
        rest = &rest[end..];
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::Body;

    fn said(content: &Content) -> String {
        match content.body() {
            Body::Text(text) => text,
            Body::Data(_) => panic!("letters"),
        }
    }

    #[test]
    fn parts_are_as_many_as_the_network_counts() {
        for (text, parts) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("€".repeat(153), 3),
            ("ê".repeat(70), 1),
            ("ê".repeat(71), 2),
            ("ê".repeat(135), 3),
            ("😀".repeat(35), 1),
            ("😀".repeat(67), 3),
            ("a".repeat(255 * 153), 255),
        ] {
            assert_eq!(
                split(&text, 1).map(|parts| parts.len()),
                Ok(parts),
                "{} of {:?}",
                text.len(),
                text.chars().next()
            );
        }
        assert_eq!(split(&"a".repeat(255 * 153 + 1), 1), Err(TooManyParts(256)));
    }

    #[test]
    fn parts_are_numbered_under_one_reference() {
        let parts = split(&"a".repeat(400), 0xfe).expect("short");
        let numbers: Vec<Part> = parts.iter().filter_map(|(part, _)| *part).collect();
        let part = |number| Part {
            reference: 0xfe,
            is_wide: false,
            total: 3,
            number,
        };
        assert_eq!(numbers, [part(1), part(2), part(3)]);
        assert_eq!(split("short", 1).expect("short")[0].0, None);
    }

    proptest! {
        #[test]
        fn parts_are_the_text_and_each_is_read_alone(text in prop_oneof!["[a-z€{ ]{0,500}", "[a-zê😀]{0,200}"]) {
            let parts = split(&text, 7).expect("short");
            prop_assert_eq!(parts.iter().map(|(_, content)| said(content)).collect::<String>(), text);
            for (part, content) in &parts {
                let (used, most) = match content {
                    Content::Gsm7(septets) => (septets.len(), if part.is_some() { 153 } else { 160 }),
                    Content::Ucs2(units) => (units.len(), if part.is_some() { 67 } else { 70 }),
                    _ => (1, 0),
                };
                prop_assert!(used <= most);
            }
        }
    }
}
