//! The Damm check digit: it catches every single wrong digit and every swap of neighbours in a number keyed in by hand.
//! Source: H. M. Damm, "Total anti-symmetrische Quasigruppen", Marburg 2004; the table is the one of order 10 given there.

/// The totally anti-symmetric quasigroup: row = digit so far, column = next digit.
const TABLE: [[u8; 10]; 10] = [
    [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
    [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
    [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
    [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
    [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
    [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
    [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
    [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
    [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
    [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
];

/// The check digit of a number written in ASCII digits, as an ASCII digit; `None` when there is anything else in it.
pub fn check_digit(digits: &str) -> Option<char> {
    let mut state = 0_u8;
    for byte in digits.bytes() {
        let digit = byte.is_ascii_digit().then(|| byte - b'0')?;
        state = TABLE[usize::from(state)][usize::from(digit)];
    }
    Some(char::from(b'0' + state))
}

/// Whether a number that ends with its check digit is whole.
pub fn is_whole(digits: &str) -> bool {
    !digits.is_empty() && check_digit(digits) == Some('0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_published_example_holds() {
        // The usual example of the algorithm: 572 has check digit 4.
        assert_eq!(check_digit("572"), Some('4'));
        assert!(is_whole("5724"));
        assert!(!is_whole("5727"));
        for text in ["", "57a4", "５７２４"] {
            assert!(!is_whole(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn one_wrong_digit_and_one_swap_are_always_seen(number in "[0-9]{1,14}", at in any::<prop::sample::Index>(), other in 0..10_u8) {
            let whole = format!("{number}{}", check_digit(&number).expect("digits"));
            prop_assert!(is_whole(&whole));
            let at = at.index(whole.len());
            let mut wrong = whole.clone().into_bytes();
            wrong[at] = b'0' + other;
            let wrong = String::from_utf8(wrong).expect("digits");
            prop_assert_eq!(is_whole(&wrong), wrong == whole);
            let mut swapped = whole.clone().into_bytes();
            swapped.swap(at, (at + 1).min(whole.len() - 1));
            let swapped = String::from_utf8(swapped).expect("digits");
            prop_assert_eq!(is_whole(&swapped), swapped == whole);
        }
    }
}
