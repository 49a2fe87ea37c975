//! Every text in every language with the longest arguments there can be.

use super::{
    super::{
        Denied,
        page::{BODY_UNITS_MAX, Row, Sheet, lay},
    },
    *,
};
use crate::{
    day::Day,
    ids::Epoch,
    receipt::ReceiptKey,
    talk::{Language, Talk, gsm7},
    units::{Currency, Money, Volume},
};

const LONG_NAME: &str = "Wangarĩ–Nyawira{Wanjikũ}€€€€€€€€€€€€ of Kibera";
/// More, in minor units, than is paid or lent at once; a wallet may hold ten times that.
pub const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000;
/// Units of a line about a wrong input; a line end comes after it.
const NOTE_UNITS_MAX: usize = 21;

#[track_caller]
pub fn assert_fits(screen: &str) {
    assert!(!screen.is_empty());
    assert_eq!(gsm7::Encoding::of(screen), gsm7::Encoding::Gsm7, "{screen}");
    assert!(
        gsm7::units(screen) <= SCREEN_UNITS_MAX,
        "{}: {screen}",
        gsm7::units(screen)
    );
    assert!(!screen.contains(['{', '}']), "{screen}");
}

/// A text with the longest of everything that any text asks for. A wallet holds more than one payment may move.
fn longest(word: Word) -> Say {
    let money = Money::new(-10 * AMOUNT_MINOR_MAX + 1, Currency::Kes);
    let amount = Money::new(AMOUNT_MINOR_MAX - 1, Currency::Kes);
    let day = Day::new(2026, 12, 20).unwrap();
    let phone = office::phone("0700000102");
    let mut say = Say::new(word);
    for volume in ["volume", "balance", "week", "week_before", "month", "month_before"] {
        say = say.volume(volume, Volume::MAX);
    }
    for number in [
        "jerrycans",
        "days",
        "pours",
        "people",
        "parts",
        "ticket",
        "minutes",
        "least",
    ] {
        say = say.number(number, u64::MAX);
    }
    say = match word {
        Word::LoanLeft | Word::Bill | Word::BillOverdue => say.shillings("left", amount),
        _ => say.number("left", u64::MAX),
    };
    for name in ["name", "site", "plan", "city"] {
        say = match word {
            Word::Review => say.full_name(name, LONG_NAME),
            _ => say.name(name, LONG_NAME),
        };
    }
    for sum in ["amount", "repayment", "price"] {
        say = say.shillings(sum, amount);
    }
    for sum in ["wallet", "cash", "paid"] {
        say = say.money(sum, money);
    }
    let receipt = ReceiptKey::new([0; 32]).receipt(Epoch(1), 1);
    say.day("due", day)
        .day("last_day", day)
        .short_day("day", day)
        .phone("phone", phone)
        .phone("lender", phone)
        .currency("currency", Currency::Kes)
        .plain("account", "AQP123456")
        .plain("code", "000-5724")
        .plain("receipt", receipt)
        .plain("dispenser", "d".repeat(32))
        .plain("text", "what was said")
        .plain("what", "99999999 l")
        .word("side", Word::Borrower)
        .word("period", Word::PerWeek)
        .word("state", Word::LoanAsked)
        .word("kind", Word::MovedRepayment)
        .plain("why", "why not")
}

#[test]
fn every_text_fits_a_screen_in_every_language() {
    let talk = Talk::new();
    for language in Language::ALL {
        for word in Word::ALL {
            let said = longest(*word).text(&talk, language);
            assert_fits(&said);
            let is_note = format!("{word:?}").starts_with("Note");
            let foot = gsm7::units(&Say::from(Word::Cancel).text(&talk, language)) + 1;
            let most = if is_note { NOTE_UNITS_MAX } else { BODY_UNITS_MAX - foot };
            let units = gsm7::units(&said);
            assert!(units <= most, "{language:?} {word:?} {units} of {most}: {said}");
        }
    }
}

#[test]
fn every_denial_has_its_own_text_and_it_fits_as_an_error() {
    let talk = Talk::new();
    let money = Money::new(-10 * AMOUNT_MINOR_MAX + 1, Currency::Kes);
    for language in Language::ALL {
        let mut texts: Vec<String> = Denied::all(money)
            .iter()
            .map(|denied| {
                let why = Say::new(Word::of_denied(*denied)).money("wallet", money);
                let why = match denied {
                    Denied::JustCollected { left } => why.number("left", *left),
                    Denied::JustSold { receipt } => why.plain("receipt", receipt),
                    _ => why,
                };
                let error = Say::new(Word::Failure).say("why", why).text(&talk, language);
                assert!(gsm7::units(&error) <= BODY_UNITS_MAX - 11, "{error}");
                error
            })
            .collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), Denied::all(money).len(), "{language:?}");
    }
}

#[test]
fn a_list_shows_what_fits_and_the_rest_on_the_next_page() {
    let talk = Talk::new();
    let rows = (0..20).map(|number| Row {
        say: Say::new(Word::SiteRow).name("site", &format!("Kituo cha maji {number}")),
        shown: Some(Shown::Plan(number.to_string())),
    });
    let sheet = Sheet {
        rows: rows.collect(),
        ..Sheet::new(Word::SitesToSubscribe, Word::Back)
    };
    let (mut first, mut seen) = (0, Vec::new());
    loop {
        let page = lay(&talk, Language::English, None, &sheet, first);
        assert!(gsm7::units(&page.screen) <= BODY_UNITS_MAX, "{}", page.screen);
        assert!(page.screen.ends_with("\n0. Back"), "{}", page.screen);
        assert_eq!(page.screen.contains("9. More"), page.next.is_some());
        assert_eq!(
            page.shown.len(),
            page.screen.lines().count() - 2 - usize::from(page.next.is_some())
        );
        seen.extend(page.shown);
        match page.next {
            Some(next) => first = next,
            None => break,
        }
    }
    let all: Vec<Shown> = (0..20).map(|number| Shown::Plan(number.to_string())).collect();
    assert_eq!(seen, all);
}

#[test]
fn a_row_that_is_too_long_is_cut_and_does_not_stop_the_list() {
    let talk = Talk::new();
    let row = |text: String| Row {
        say: Say::new(Word::OfflineRow).plain("dispenser", text),
        shown: None,
    };
    let sheet = Sheet {
        rows: vec![row("a".repeat(300)), row("b".repeat(9)), row("c".to_owned())],
        ..Sheet::new(Word::Offline, Word::Back)
    };
    let page = lay(&talk, Language::English, None, &sheet, 0);
    assert_eq!(gsm7::units(&page.screen), BODY_UNITS_MAX);
    assert_eq!(page.next, Some(1));
    let page = lay(&talk, Language::English, None, &sheet, 1);
    assert_eq!(page.screen, "OFFLINE TAPS\nbbbbbbbbb\nc\n0. Back");
}

#[test]
fn who_waits_too_long_is_sent_to_no_menu_that_they_may_not_have() {
    let talk = Talk::new();
    let told = Language::ALL.map(|language| super::super::too_slow(&talk, language).screen);
    assert_eq!(
        told,
        [
            "This takes longer than usual. Dial again and look before you repeat it.",
            "Inachukua muda. Piga tena na uangalie kabla ya kurudia.",
            "Cela dure. Rappelez et regardez avant de recommencer.",
        ]
    );
}
