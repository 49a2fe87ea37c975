//! What people write, and how it is read.

use super::*;
use crate::{
    talk::{Talk, Text},
    units::Currency,
};
use proptest::prelude::*;

fn read(text: &str) -> Result<Command, NotUnderstood> {
    Command::read(text, Country::Kenya)
}

fn phone(text: &str) -> Phone {
    Phone::parse(text, Country::Kenya).unwrap()
}

fn shillings(units: i64) -> Money {
    Money::new(units * 100, Currency::Kes)
}

fn loan(units: i64, lender: &str, repayment: i64) -> Command {
    Command::Loan {
        amount: shillings(units),
        lender: phone(lender),
        repayment: shillings(repayment),
    }
}

fn register(name: &str, city: &str) -> Command {
    Command::Register {
        name: name.to_owned(),
        city: city.to_owned(),
    }
}

fn report(account: Option<u32>, text: &str) -> Command {
    Command::Report {
        account: account.and_then(AccountId::new),
        text: text.to_owned(),
    }
}

fn litres(ml: u64) -> Command {
    Command::Buy(Wanted::Litres(Volume::from_ml(ml)))
}

fn plan(name: &str) -> Command {
    Command::Buy(Wanted::Plan(name.to_owned()))
}

fn check(receipt: &str) -> Command {
    Command::Check {
        receipt: receipt.to_owned(),
    }
}

fn reads(table: &[(&str, Command)]) {
    for (text, expected) in table {
        assert_eq!(read(text), Ok(expected.clone()), "{text}");
    }
}

fn fails(table: &[(&str, Option<Form>, Fault)]) {
    for (text, form, fault) in table {
        let expected = NotUnderstood {
            form: *form,
            fault: *fault,
        };
        assert_eq!(read(text), Err(expected), "{text}");
    }
}

#[test]
fn every_command_of_the_contract_is_read_in_english_swahili_and_french() {
    let code: OneTimeCode = "482913".parse().unwrap();
    reads(&[
        ("REGISTER Jane Wanjiku, Nairobi", register("Jane Wanjiku", "Nairobi")),
        ("sajili Jane Wanjiku, Nairobi", register("Jane Wanjiku", "Nairobi")),
        ("Inscrire Aline, Kigali", register("Aline", "Kigali")),
        ("STATUS", Command::Status),
        ("hali", Command::Status),
        ("Statut", Command::Status),
        ("BALANCE", Command::Balance),
        ("Salio", Command::Balance),
        ("SOLDE", Command::Balance),
        ("BUY 20", litres(20_000)),
        ("Nunua lita 20", litres(20_000)),
        ("Acheter 20 litres", litres(20_000)),
        ("BUY monthly", plan("monthly")),
        ("USAGE", Command::Usage),
        ("matumizi", Command::Usage),
        ("BILL", Command::Bill),
        ("ankara", Command::Bill),
        ("facture", Command::Bill),
        ("PAY", Command::Pay),
        ("lipa", Command::Pay),
        ("payer", Command::Pay),
        ("LOAN 5000 254702345678 500", loan(5_000, "254702345678", 500)),
        ("Mkopo 5000 0702345678 500", loan(5_000, "254702345678", 500)),
        ("Prêt 5000 0702345678 500", loan(5_000, "254702345678", 500)),
        ("APPROVE 482913", Command::Approve(code)),
        ("kubali 482913", Command::Approve(code)),
        ("LOANS", Command::Loans),
        ("mikopo", Command::Loans),
        (
            "REPORT AQP123456 no water since Monday",
            report(Some(123_456), "no water since Monday"),
        ),
        ("ripoti 123456 hakuna maji", report(Some(123_456), "hakuna maji")),
        ("CHECK SKL7XYZ123", check("SKL7XYZ123")),
        ("kagua PRPCY61P", check("PRPCY61P")),
        ("LANG sw", Command::Lang(Language::Swahili)),
        ("lugha en", Command::Lang(Language::English)),
        ("langue fr", Command::Lang(Language::French)),
        ("STOP", Command::Stop),
        ("acha", Command::Stop),
        ("arrêt", Command::Stop),
        ("HELP", Command::Help),
        ("msaada", Command::Help),
        ("aide", Command::Help),
    ]);
}

#[test]
fn spelling_spaces_signs_and_polite_words_do_not_matter() {
    reads(&[
        ("  balence!!", Command::Balance),
        ("Blaance", Command::Balance),
        ("*BALANCE#", Command::Balance),
        ("Please, BALANCE", Command::Balance),
        ("naomba salio yangu tafadhali", Command::Balance),
        ("my balance please", Command::Balance),
        ("buy20", litres(20_000)),
        ("BUY:20L", litres(20_000)),
        ("BUY-20", litres(20_000)),
        ("BUY - 20", litres(20_000)),
        ("I want to buy 20 litres of water", litres(20_000)),
        ("nunua maji lita 20.", litres(20_000)),
        ("BUY 1,000", litres(1_000_000)),
        ("BUY 0.5 l", litres(500)),
        ("acheter 20,5", litres(20_500)),
        ("Buy Monthly plan", plan("monthly")),
        ("STOP sending me these", Command::Stop),
        ("Stop asking for my PIN 8364", Command::Stop),
        ("Help me", Command::Help),
        ("LANG kiswahili", Command::Lang(Language::Swahili)),
        ("language: English", Command::Lang(Language::English)),
        ("langue français", Command::Lang(Language::French)),
        ("check prpc-y61p", check("PRPCY61P")),
        ("CHECK receipt SKL7 XYZ 123", check("SKL7XYZ123")),
        ("approve 482 913", Command::Approve("482913".parse().unwrap())),
        ("APROVE code: 482-913", Command::Approve("482913".parse().unwrap())),
    ]);
}

#[test]
fn the_parts_of_a_loan_are_told_apart_by_their_shape() {
    let expected = loan(5_000, "254702345678", 500);
    for text in [
        "LOAN 5000 0702345678 500",
        "LOAN 0702345678 5000 500",
        "loan 5000 500 +254702345678",
        "LOAN 5,000 0702 345 678 500",
        "Loan 5000,0702345678,500",
        "LOAN Ksh 5000 from 0702-345-678 repay Ksh500 per week",
        "LOAN Ksh.5000/= 254702345678 KES 500.00",
        "LOAN5000 00254702345678 500",
        "Mkopo shilingi 5000 kutoka 0702345678 rudisha 500 kila wiki",
        // LOANS with what belongs to LOAN.
        "LOANS 5000 0702345678 500",
    ] {
        assert_eq!(read(text), Ok(expected.clone()), "{text}");
    }
    let lender = Phone::parse("0772000102", Country::Uganda).unwrap();
    let expected = Command::Loan {
        amount: Money::new(50_000, Currency::Ugx),
        lender,
        repayment: Money::new(5_000, Currency::Ugx),
    };
    let text = "LOAN UGX 50,000 0772000102 5000";
    assert_eq!(Command::read(text, Country::Uganda), Ok(expected));
    let missing = |part| Fault::Missing(part);
    let form = Some(Form::Loan);
    fails(&[
        ("LOAN", form, missing(Part::Amount)),
        ("LOAN 5000", form, missing(Part::Phone)),
        ("LOAN 5000 500", form, missing(Part::Phone)),
        ("LOAN 0702345678", form, missing(Part::Amount)),
        ("LOAN 5000 0702345678", form, missing(Part::Repayment)),
        // A digit too few, a fixed line, no number at all.
        ("LOAN 5000 070234567 500", form, missing(Part::Phone)),
        ("LOAN 5000 0202345678 500", form, missing(Part::Phone)),
        // Not money, not whole, nothing, of another country.
        ("LOAN much 0702345678 500", form, missing(Part::Amount)),
        ("LOAN 5000.50 0702345678 500", form, missing(Part::Amount)),
        ("LOAN 0 0702345678 500", form, missing(Part::Amount)),
        ("LOAN -5000 0702345678 500", form, missing(Part::Amount)),
        ("LOAN 0702345678 -5000 500", form, missing(Part::Amount)),
        ("LOAN UGX 5000 0702345678 500", form, missing(Part::Amount)),
        ("LOAN 5000 0702345678 500 monthly", form, missing(Part::Amount)),
        ("LOAN 99999999999999999999 0702345678 500", form, missing(Part::Amount)),
        // Two phones, or one amount too many: nothing is guessed.
        ("LOAN 5000 0702345678 0702345679", form, missing(Part::Amount)),
        ("LOAN 500 0702345678 50 60", form, Fault::Unclear),
        ("LOAN 254 702345678 254 702345679", form, Fault::Unclear),
    ]);
}

#[test]
fn what_is_missing_is_said_with_the_command_it_is_missing_of() {
    let missing = |part| Fault::Missing(part);
    fails(&[
        ("", None, Fault::Empty),
        (" \n ", None, Fault::Empty),
        ("...!", None, Fault::Empty),
        ("👍🏿💧", None, Fault::Empty),
        ("ውሃ የለም", None, Fault::Word),
        ("مياه", None, Fault::Word),
        ("please", None, Fault::Word),
        ("water is bad here", None, Fault::Word),
        ("20", None, Fault::Word),
        // BUY or PAY, LOAN or LOANS.
        ("bay 20", None, Fault::Word),
        ("loanz", None, Fault::Word),
        ("BUY", Some(Form::Buy), missing(Part::LitresOrPlan)),
        ("BUY 0", Some(Form::Buy), missing(Part::LitresOrPlan)),
        ("BUY -20", Some(Form::Buy), missing(Part::LitresOrPlan)),
        ("BUY 20kg", Some(Form::Buy), missing(Part::LitresOrPlan)),
        ("BUY 2 jerrycans", Some(Form::Buy), Fault::Unclear),
        ("BUY 20 monthly", Some(Form::Buy), Fault::Unclear),
        ("BUY 1000000000000", Some(Form::Buy), missing(Part::LitresOrPlan)),
        ("REGISTER", Some(Form::Register), missing(Part::Name)),
        ("REGISTER Jane", Some(Form::Register), missing(Part::City)),
        (
            "REGISTER Jane Wanjiku Dar es Salaam",
            Some(Form::Register),
            missing(Part::City),
        ),
        ("REGISTER Jane, 7", Some(Form::Register), missing(Part::City)),
        ("REGISTER Jane, Nairobi, Kenya", Some(Form::Register), Fault::Unclear),
        ("APPROVE", Some(Form::Approve), missing(Part::Code)),
        ("APPROVE 48291", Some(Form::Approve), missing(Part::Code)),
        ("REPORT", Some(Form::Report), missing(Part::Text)),
        ("REPORT AQP123456", Some(Form::Report), missing(Part::Text)),
        ("CHECK", Some(Form::Check), missing(Part::Receipt)),
        ("CHECK it out", Some(Form::Check), missing(Part::Receipt)),
        ("LANG", Some(Form::Lang), missing(Part::Language)),
        ("LANG de", Some(Form::Lang), missing(Part::Language)),
        ("BILL for June", Some(Form::Bill), Fault::Unclear),
        // Only spelt right does it stop everything whatever follows.
        ("shop is closed", Some(Form::Stop), Fault::Unclear),
    ]);
    let ten_parts = "REPORT ".to_owned() + &"no water ".repeat(170);
    assert_eq!(read(&ten_parts).map_err(|wrong| wrong.fault), Err(Fault::TooLong));
}

#[test]
fn names_and_reports_are_kept_as_they_were_written() {
    reads(&[
        ("REGISTER Jane Nairobi", register("Jane", "Nairobi")),
        (
            "register  Ng'ang'a   Zoë ,  Dar es Salaam.",
            register("Ng'ang'a Zoë", "Dar es Salaam"),
        ),
        ("SAJILI አበበ, Addis Ababa", register("አበበ", "Addis Ababa")),
        ("REGISTER Jean-Paul - Kigali", register("Jean-Paul", "Kigali")),
        ("REGISTER Jane\nNairobi", register("Jane", "Nairobi")),
        ("REPORT no water", report(None, "no water")),
        ("REGISTER Jane\u{0}\u{7},\tNairobi", register("Jane", "Nairobi")),
        ("REPORT no\r\nwater\u{1b}[2J", report(None, "no water [2J")),
        (
            "REPORT: the tap leaks, AQP123456",
            report(Some(123_456), "the tap leaks"),
        ),
        (
            "report 123456: leak at house 1234",
            report(Some(123_456), "leak at house 1234"),
        ),
        // Six digits in the middle may be anything.
        ("REPORT meter 654321 leaks", report(None, "meter 654321 leaks")),
    ]);
}

#[test]
fn what_may_be_a_pin_is_never_read_and_never_repeated() {
    for text in [
        "1234",
        " 12 34 pin",
        "PIN 8364",
        "my pin is 8 3 6 4",
        "pin:8364 BALANCE",
        "BALANCE pin 8364",
        "BALANCE 8364",
        "STATUS 8364",
        "LOANS 8364",
        "PAY 8364",
        "HELP 8364",
        "APPROVE 8364",
        "APPROVE 482913 8364",
        "APPROVE 082913 8364",
        "hello 482913 8364",
        "LOAN 5000 0702345678 500 8364",
        "REGISTER Jane, Nairobi, 8364",
        "REGISTER Jane, Nairobi 8364",
        "REPORT 8364",
        "REPORT AQP123456 my PIN is 8364 and it does not work",
        "CHECK 8364",
        "LANG 8364",
        "nenosiri 8364",
        "BALANCE ٨٣٦٤",
        "hello 8364",
    ] {
        let wrong = read(text).expect_err(text);
        assert_eq!(wrong.fault, Fault::Pin, "{text}");
        assert_eq!(Answer::to_fault(&wrong), Answer::NeverSendPin, "{text}");
    }
    // Four digits that are litres, money, a house, or a piece of a phone or receipt.
    for text in [
        "BUY 8364",
        "LOAN 8364 0702345678 8364",
        "REPORT house 8364 is dry",
        "CHECK SKL7 8364",
    ] {
        assert!(read(text).is_ok(), "{text}");
    }
    assert_eq!(read("call 0702 345 678").map_err(|wrong| wrong.fault), Err(Fault::Word));
}

#[test]
fn the_nearest_plan_is_the_only_one_that_is_near() {
    let plans = ["monthly", "weekly", "weakly"];
    for (written, expected) in [
        ("Monthly", Some("monthly")),
        ("montly", Some("monthly")),
        ("weekly", Some("weekly")),
        ("wekly", None),
        ("year", None),
        ("", None),
    ] {
        assert_eq!(nearest(written, plans), expected, "{written}");
    }
}

#[test]
fn what_people_are_told_to_send_is_what_is_read() {
    let talk = Talk::new();
    for language in Language::ALL {
        for form in Form::ALL {
            let said = talk.text(language, &Text::Answer(Answer::NotUnderstood(Some(form))));
            let (_, example) = said.rsplit_once(": ").unwrap();
            let understood = read(example).map_or_else(|wrong| wrong.form, |command| Some(command.form()));
            assert_eq!(understood, Some(form), "{language:?}: {example}");
        }
    }
}

/// Pieces of commands in any order, with what people mistype around them.
fn messages() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("LOAN".to_owned()),
        Just("REGISTER".to_owned()),
        Just("buy".to_owned()),
        Just("ripoti".to_owned()),
        Just("0702345678".to_owned()),
        Just("+254".to_owned()),
        Just("AQP123456".to_owned()),
        "[0-9,.]{1,8}",
        "[a-zA-Z]{1,8}",
        "[ዐ-ፚ٠-٩😀-😎]{1,4}",
        any::<String>(),
    ];
    proptest::collection::vec(word, 0..8).prop_map(|words| words.join(" "))
}

proptest! {
    #[test]
    fn any_message_is_read_or_not_understood(text in prop_oneof![any::<String>(), messages()]) {
        for country in Country::ALL {
            match Command::read(&text, country) {
                Ok(Command::Register { name, city }) => {
                    for part in [name, city] {
                        prop_assert!((2..=60).contains(&part.chars().count()));
                    }
                }
                Ok(Command::Loan { amount, repayment, .. }) => {
                    for part in [amount, repayment] {
                        prop_assert!(part.minor > 0 && part.minor % part.currency.minor_per_unit() == 0);
                        prop_assert_eq!(part.currency, country.currency());
                    }
                }
                Ok(Command::Buy(Wanted::Litres(volume))) => prop_assert!(!volume.is_zero()),
                Ok(Command::Report { text, .. }) => prop_assert!(!text.is_empty()),
                Ok(_) | Err(_) => {}
            }
        }
    }

    #[test]
    fn four_digits_behind_a_word_that_takes_none_are_a_pin(pin in "[0-9]{4}", at in 0..7_usize) {
        let word = ["BALANCE", "hali", "Facture", "lipa", "USAGE", "MIKOPO", "approve"][at];
        let wrong = read(&format!("{word} {pin}")).expect_err("a PIN");
        prop_assert_eq!(wrong.fault, Fault::Pin);
        let is_told = format!("{wrong:?}{:?}", Answer::to_fault(&wrong)).contains(&pin);
        prop_assert!(!is_told);
    }
}
