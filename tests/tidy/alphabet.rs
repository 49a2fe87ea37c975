//! The rules count letters of the GSM alphabet, the modem writes them, and neither may know the other: so its table stands
//! twice, and here both are held against each other.

use kiosk::talk::gsm7::{self as counted, Encoding};
use modem::gsm7 as written;

/// What both say of a character: units in the GSM alphabet, or `None`.
fn units(c: char) -> [Option<usize>; 2] {
    let text = c.to_string();
    let is_counted = Encoding::of(&text) == Encoding::Gsm7;
    [is_counted.then(|| counted::units(&text)), written::units(c)]
}

#[test]
fn every_character_has_the_same_units_in_both_tables() {
    let odd: Vec<char> = ('\0'..=char::MAX).filter(|c| units(*c)[0] != units(*c)[1]).collect();
    assert!(odd.is_empty(), "{odd:?}");
    assert_eq!(units('a'), [Some(1), Some(1)]);
    assert_eq!(units('€'), [Some(2), Some(2)]);
    assert_eq!(units('ê'), [None, None]);
}
