use super::*;
use proptest::{collection::vec, prelude::*};

const NOON: Wall = Wall(1_763_726_400_000);

fn code(text: &str) -> OneTimeCode {
    text.parse().unwrap()
}

fn sent(text: &str) -> Issued {
    Issued::new(code(text), NOON)
}

#[test]
fn six_digits_are_read_as_people_write_them() {
    for text in ["001234", "001 234", "001-234", " 0 0 1 2 3 4 "] {
        assert_eq!(code(text).digits(), "001234", "{text}");
    }
    for bad in [
        "",
        "1234",
        "12345",
        "1234567",
        "12345a",
        "+12345",
        "１２３４５６",
        "-12345",
    ] {
        assert!(bad.parse::<OneTimeCode>().is_err(), "{bad}");
    }
}

#[test]
fn a_code_is_never_printed() {
    let issued = sent("482913");
    assert_eq!(format!("{:?}", issued.code), "OneTimeCode(******)");
    assert!(!format!("{issued:?}").contains("482913"));
}

#[test]
fn a_code_is_right_once() {
    let (codes, redeemed) = redeem(&[sent("111111"), sent("222222")], code("222222"), NOON);
    assert_eq!(redeemed, Redeemed::Right(1));
    assert_eq!([codes[0].used, codes[1].used], [false, true]);
    // The network delivers the same SMS again: it does nothing, and costs the other code no try.
    let (codes, redeemed) = redeem(&codes, code("222222"), NOON);
    assert_eq!((redeemed, codes[0].wrong), (Redeemed::Again(1), 0));
    assert_eq!(redeem(&codes, code("111111"), NOON).1, Redeemed::Right(0));
}

#[test]
fn fifteen_minutes_and_not_a_moment_longer() {
    for (after_ms, expected) in [
        (0, Redeemed::Right(0)),
        (899_999, Redeemed::Right(0)),
        (900_000, Redeemed::TooLate),
        (i64::MAX, Redeemed::TooLate),
        // The clock was set back: by seconds, and by more than a code lives.
        (-5_000, Redeemed::Right(0)),
        (-900_001, Redeemed::TooLate),
        (i64::MIN, Redeemed::TooLate),
    ] {
        let now = NOON.plus_ms(after_ms);
        assert_eq!(redeem(&[sent("482913")], code("482913"), now).1, expected, "{after_ms}");
    }
}

#[test]
fn the_third_wrong_try_voids_every_code_that_was_open() {
    let mut codes = vec![sent("111111"), sent("222222")];
    for left in [2, 1, 0] {
        let (next, redeemed) = redeem(&codes, code("999999"), NOON);
        assert_eq!(redeemed, Redeemed::Wrong { left });
        codes = next;
    }
    assert_eq!(redeem(&codes, code("111111"), NOON).1, Redeemed::TooLate);
    assert_eq!(redeem(&codes, code("999999"), NOON).1, Redeemed::None);
    // A new one has its own three tries, and old ones take none of them.
    codes.push(sent("333333"));
    let (codes, redeemed) = redeem(&codes, code("999999"), NOON);
    assert_eq!(redeemed, Redeemed::Wrong { left: 2 });
    assert_eq!([codes[0].wrong, codes[2].wrong], [3, 1]);
    assert_eq!(redeem(&codes, code("333333"), NOON).1, Redeemed::Right(2));
}

#[test]
fn without_an_open_code_there_is_nothing_to_guess() {
    assert_eq!(redeem(&[], code("111111"), NOON).1, Redeemed::None);
}

#[test]
fn an_old_code_of_the_same_digits_does_not_hide_the_open_one() {
    let old = Issued {
        used: true,
        ..sent("111111")
    };
    assert_eq!(
        redeem(&[old, sent("111111")], code("111111"), NOON).1,
        Redeemed::Right(1)
    );
}

proptest! {
    #[test]
    fn a_code_differs_from_those_that_are_open(seed in any::<[u8; 32]>()) {
        let draw = Draw::new(seed);
        let mut open = Vec::new();
        for _ in 0..5 {
            let next = OneTimeCode::drawn(&draw, &open);
            prop_assert_eq!(next.digits().len(), 6);
            prop_assert!(open.iter().all(|issued: &Issued| issued.code.digits() != next.digits()));
            prop_assert_eq!(next.digits().parse::<OneTimeCode>().unwrap().digits(), next.digits());
            open.push(Issued::new(next, NOON));
        }
    }

    #[test]
    fn no_more_than_three_guesses_and_one_success(
        tries in vec((0..4_u8, -1_000_000..1_000_000_i64), 0..30),
    ) {
        let mut codes = vec![sent("000001")];
        let (mut right, mut wrong) = (0, 0);
        for (digit, at) in tries {
            let (next, redeemed) = redeem(&codes, code(&format!("00000{digit}")), NOON.plus_ms(at));
            right += u32::from(matches!(redeemed, Redeemed::Right(_)));
            wrong += u32::from(matches!(redeemed, Redeemed::Wrong { .. }));
            codes = next;
        }
        prop_assert!(right <= 1 && wrong <= 3);
    }
}
