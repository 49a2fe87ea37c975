//! What is said of a key that nobody knows: which one may have been meant.

use crate::layers::Key;

/// Edits between two names that are taken for one, mistyped.
const EDITS_MAX: usize = 2;
/// A name shorter than this is in too many others to mean one of them.
const LETTERS_MIN: usize = 3;

/// Why this key is none of the known ones, and what to write instead where that can be told.
pub(crate) fn told<'a>(key: &Key, known: impl Iterator<Item = &'a Key> + Clone) -> String {
    if let Some(inside) = known.clone().find(|other| other.starts_with(key)) {
        return format!("is a section: set one of its keys, such as {}", inside.spelled());
    }
    match meant(key, known) {
        Some(other) => format!("is not a known key; is {} meant?", other.spelled()),
        None => "is not a known key".to_owned(),
    }
}

/// A key whose parts were joined by one underscore too few, as in a variable, or the value above it; one beside it of a
/// similar name; the only one of that name in another section.
fn meant<'a>(key: &Key, known: impl Iterator<Item = &'a Key> + Clone) -> Option<&'a Key> {
    let joined = |key: &Key| key.0.join("_");
    let (name, section) = key.0.split_last()?;
    let is_similar = |other: &&Key| {
        let Some((other, place)) = other.0.split_last() else {
            return false;
        };
        let is_within = |long: &str, short: &str| short.len() >= LETTERS_MIN && long.contains(short);
        let is_typo = name.len() > 2 * EDITS_MAX && edits(name, other) <= EDITS_MAX;
        place == section && (is_within(other, name) || is_within(name, other) || is_typo)
    };
    let mut namesakes = known.clone().filter(|other| other.0.last() == Some(name));
    let namesake = match (namesakes.next(), namesakes.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    };
    let mut known_again = known.clone();
    known_again
        .find(|other| joined(other) == joined(key) || key.starts_with(other))
        .or_else(|| known.clone().find(is_similar))
        .or(namesake)
}

/// How many letters must be put in, taken out or replaced to make one text of the other (Levenshtein).
fn edits(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, c) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = line + 1;
        for (place, d) in other.chars().enumerate() {
            let replaced = corner + usize::from(c != d);
            corner = row[place + 1];
            row[place + 1] = replaced.min(corner + 1).min(row[place] + 1);
        }
    }
    row[other.chars().count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_have_been_meant_is_said() {
        let known = [
            "modem.port",
            "modem.sim_pin_file",
            "mqtt.listen",
            "sms.hub_number",
            "sms.technician",
            "ussd.hub_code",
            "web.listen",
        ]
        .map(Key::from);
        for (written, said) in [
            ("modem.pin", "is not a known key; is modem.sim_pin_file meant?"),
            ("modem.sim_pin", "is not a known key; is modem.sim_pin_file meant?"),
            ("sms.technicians", "is not a known key; is sms.technician meant?"),
            ("sms.tehcnician", "is not a known key; is sms.technician meant?"),
            ("web.lisen", "is not a known key; is web.listen meant?"),
            ("web_listen", "is not a known key; is web.listen meant?"),
            ("sms.hub_code", "is not a known key; is ussd.hub_code meant?"),
            ("hub_number", "is not a known key; is sms.hub_number meant?"),
            ("modem", "is a section: set one of its keys, such as modem.port"),
            ("modem.port.name", "is not a known key; is modem.port meant?"),
            // Several sections have one of that name.
            ("hub.listen", "is not a known key"),
            ("modem.enabled", "is not a known key"),
            ("modem.x", "is not a known key"),
            ("nonsense", "is not a known key"),
        ] {
            assert_eq!(told(&Key::from(written), known.iter()), said, "{written}");
        }
    }

    #[test]
    fn edits_are_counted() {
        for (one, other, count) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("kitten", "sitting", 3),
            ("", "ab", 2),
            ("ab", "ba", 2),
        ] {
            assert_eq!(edits(one, other), count, "{one} {other}");
        }
    }
}
