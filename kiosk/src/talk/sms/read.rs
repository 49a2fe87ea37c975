//! What follows the word of each command.

use super::{
    Command, Fault, NAME_CHARS_MAX, Part, Wanted,
    argument::{self, Tokens},
    word::{self, Form, Word},
};
use crate::{
    ids::AccountId,
    phone::{Country, Phone},
    units::Money,
};

/// The shortest name or city.
const NAME_CHARS_MIN: usize = 2;
/// The shortest and longest receipt: ours has 8 characters, M-PESA's 10, and others up to 20.
const RECEIPT_CHARS: std::ops::RangeInclusive<usize> = 6..=20;

/// Reads what follows the word of a command.
pub(super) fn form(form: Form, found: &Word<'_>, tokens: &Tokens<'_>, country: Country) -> Result<Command, Fault> {
    let alone = |command: Command| match tokens.is_empty() {
        true => Ok(command),
        false => Err(tokens.stray()),
    };
    match form {
        Form::Register => register(found.rest),
        Form::Buy => buy(tokens),
        Form::Loan => loan(tokens, country),
        Form::Approve => approve(tokens),
        Form::Report => report(found.rest),
        Form::Check => check(tokens),
        Form::Lang => lang(tokens),
        // Who writes HELP outright means it, whatever follows; a word that only looks like it must stand alone.
        Form::Help if found.is_exact && !tokens.holds_four_digits() => Ok(Command::Help),
        Form::Stop => alone(Command::Stop),
        Form::Help => alone(Command::Help),
        Form::Status => alone(Command::Status),
        Form::Balance => alone(Command::Balance),
        Form::Usage => alone(Command::Usage),
        Form::Bill => alone(Command::Bill),
        Form::Pay => alone(Command::Pay),
        Form::Loans => alone(Command::Loans),
    }
}

/// `name, city`. Without a comma two words are taken, and no more: who has three names is not cut in the wrong place.
fn register(rest: &str) -> Result<Command, Fault> {
    if argument::holds_four_digits(rest) {
        return Err(Fault::Pin);
    }
    let separators = [',', ';', '\n', '/', '–', '—', '،', '፣'];
    let clean = |part: &str| {
        let words: Vec<&str> = words_of(part).collect();
        words.join(" ").trim_matches(['.', ':', '-', ' ', '\'', '"']).to_owned()
    };
    let mut parts: Vec<String> = rest
        .split(separators)
        .flat_map(|part| part.split(" - "))
        .map(clean)
        .filter(|part| !part.is_empty())
        .collect();
    if let [single] = parts.as_slice() {
        let words: Vec<String> = single.split(' ').map(str::to_owned).collect();
        if words.len() == 2 {
            parts = words;
        }
    }
    let is_name = |part: &String| {
        let count = part.chars().count();
        (NAME_CHARS_MIN..=NAME_CHARS_MAX).contains(&count) && part.chars().any(char::is_alphabetic)
    };
    let mut parts = parts.into_iter();
    let name = parts.next().filter(is_name).ok_or(Fault::Missing(Part::Name))?;
    let city = parts.next().filter(is_name).ok_or(Fault::Missing(Part::City))?;
    match parts.next() {
        None => Ok(Command::Register { name, city }),
        Some(_) => Err(Fault::Unclear),
    }
}

/// `litres|plan`.
fn buy(tokens: &Tokens) -> Result<Command, Fault> {
    let wanted: Vec<&str> = tokens.without(argument::FILLERS_OF_BUY).collect();
    let missing = Fault::Missing(Part::LitresOrPlan);
    match wanted.as_slice() {
        [] => Err(missing),
        [one] => match argument::litres(one) {
            Some(volume) => Ok(Command::Buy(Wanted::Litres(volume))),
            None => argument::plan(one).map(Wanted::Plan).map(Command::Buy).ok_or(missing),
        },
        _ => Err(Fault::Unclear),
    }
}

/// `amount lender-phone repayment`. The phone is told by its shape wherever it stands; of the two amounts the first is
/// the loan, for which of two sums a person meant is never guessed.
fn loan(tokens: &Tokens, country: Country) -> Result<Command, Fault> {
    let currency = argument::currency_words(country.currency());
    let words: Vec<&str> = tokens.without(argument::FILLERS_OF_LOAN).collect();
    let words: Vec<&str> = words
        .into_iter()
        .filter(|word| !currency.contains(&word::plain(word).as_str()))
        .collect();
    let amounts_of = |words: &[&str]| -> Option<Vec<Money>> {
        words
            .iter()
            .map(|word| argument::amount(word, country.currency()))
            .collect()
    };
    let mut readings = Vec::new();
    for (window, lender) in argument::phones(&words, country) {
        let rest: Vec<&str> = [&words[..window.start], &words[window.end..]].concat();
        readings.push((lender, amounts_of(&rest)));
    }
    let whole = |(lender, amounts): &(Phone, Option<Vec<Money>>)| match amounts.as_deref() {
        Some([amount, repayment]) => Some((*lender, *amount, *repayment)),
        _ => None,
    };
    let mut wholes = readings.iter().filter_map(whole);
    match (wholes.next(), wholes.next()) {
        (Some((lender, amount, repayment)), None) => Ok(Command::Loan {
            amount,
            lender,
            repayment,
        }),
        (Some(_), Some(_)) => Err(Fault::Unclear),
        (None, _) => Err(match readings.first() {
            None if words.is_empty() => Fault::Missing(Part::Amount),
            None => Fault::Missing(Part::Phone),
            Some((_, Some(amounts))) if amounts.is_empty() => Fault::Missing(Part::Amount),
            Some((_, Some(amounts))) if amounts.len() == 1 => Fault::Missing(Part::Repayment),
            Some((_, Some(amounts))) if amounts.len() == 3 && tokens.ends_with_four_digits() => Fault::Pin,
            Some((_, Some(_))) => Fault::Unclear,
            Some((_, None)) => Fault::Missing(Part::Amount),
        }),
    }
}

/// `code`.
fn approve(tokens: &Tokens) -> Result<Command, Fault> {
    if tokens.holds_four_digits() {
        return Err(Fault::Pin);
    }
    let digits: String = tokens.without(argument::FILLERS_OF_CODE).collect();
    digits
        .parse()
        .map(Command::Approve)
        .map_err(|_| Fault::Missing(Part::Code))
}

/// `account text`; with its letters the account may stand anywhere. Six digits at the end may be a date.
fn report(rest: &str) -> Result<Command, Fault> {
    let words: Vec<&str> = words_of(rest).collect();
    let account = |(at, word): (usize, &&str)| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_named = word.starts_with(|c: char| c.is_ascii_alphabetic());
        let account = word.parse::<AccountId>().ok().filter(|_| is_named || at == 0)?;
        Some((at, account))
    };
    let account = words.iter().enumerate().find_map(account);
    let place = account.map(|(at, _)| at);
    let said = words.iter().enumerate().filter(|(at, _)| Some(*at) != place);
    let text = said.map(|(_, word)| *word).collect::<Vec<&str>>().join(" ");
    let text = text.trim_matches([':', ',', ';', '-', ' ']);
    if text.chars().any(char::is_alphabetic) {
        return Ok(Command::Report {
            account: account.map(|(_, account)| account),
            text: text.to_owned(),
        });
    }
    // Digits alone are no report, and four of them may be a PIN.
    Err(match argument::holds_four_digits(rest) {
        true => Fault::Pin,
        false => Fault::Missing(Part::Text),
    })
}

/// `receipt`.
fn check(tokens: &Tokens) -> Result<Command, Fault> {
    let receipt: String = tokens.without(argument::FILLERS_OF_CHECK).collect();
    let receipt: String = receipt
        .chars()
        .filter(|c| *c != '-')
        .collect::<String>()
        .to_ascii_uppercase();
    let is_receipt = RECEIPT_CHARS.contains(&receipt.len())
        && receipt.bytes().all(|b| b.is_ascii_alphanumeric())
        && receipt.bytes().any(|b| b.is_ascii_digit());
    match is_receipt {
        true => Ok(Command::Check { receipt }),
        false if tokens.holds_four_digits() => Err(Fault::Pin),
        false => Err(Fault::Missing(Part::Receipt)),
    }
}

/// `en|sw|fr`, or the name of the language in any of the three.
fn lang(tokens: &Tokens) -> Result<Command, Fault> {
    match tokens.iter().collect::<Vec<&str>>().as_slice() {
        [] => Err(Fault::Missing(Part::Language)),
        [one] => match word::language(one) {
            Some(language) => Ok(Command::Lang(language)),
            None if tokens.holds_four_digits() => Err(Fault::Pin),
            None => Err(Fault::Missing(Part::Language)),
        },
        _ => Err(tokens.stray()),
    }
}

/// What stands between spaces; characters that only steer a screen are spaces, too.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty())
}
