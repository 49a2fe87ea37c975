//! Commands by SMS (CONTRACTS section 7): what people write to the number of the hub or of a site, read and typed.
//!
//! A command begins with its word, in English, Swahili or French, in either case; polite words before it do not count, and
//! one letter of it may be wrong, missing, too many or swapped with its neighbour if no other command is as near. What
//! follows is told apart by its shape where that is certain, and never guessed where money is meant.
//!
//! The sender proves nothing, and a message is kept by every network on its way. So no command carries a PIN: what looks
//! like one is answered with the request never to send it, nothing else is done, and the message is not repeated
//! anywhere. [`NotUnderstood`] carries nothing of what was written.
//!
//! | part | what it holds |
//! |---|---|
//! | `word` | the words of the commands, and which of them was meant |
//! | `argument` | amounts, litres, phones and accounts as people write them |
//! | [`CommandCount`] | how many commands a day a number is answered |
//! | [`Answer`] | what is said to them |
//! | [`LoanText`] | what is said of loans |

mod answer;
mod argument;
mod lending;
mod limit;
mod word;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use lending::LoanText;
pub use limit::{Admitted, CommandCount};
pub use word::Form;

use super::Language;
use crate::{
    ids::AccountId,
    otp::OneTimeCode,
    phone::{Country, Phone},
    units::{Money, Volume},
};
use argument::Tokens;
use word::{Found, Word};

/// The longest message that is read, in characters: four parts.
pub const MESSAGE_CHARS_MAX: usize = 612;
/// The longest name or city, in characters; the hub's own limit.
pub const NAME_CHARS_MAX: usize = 60;
/// The shortest name or city.
const NAME_CHARS_MIN: usize = 2;
/// The shortest and longest receipt: ours has 8 characters, M-PESA's 10, and others up to 20.
const RECEIPT_CHARS: std::ops::RangeInclusive<usize> = 6..=20;
/// Digits of a PIN.
const PIN_DIGITS: usize = 4;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Register this number.
    Register {
        /// The name, 2 to 60 characters.
        name: String,
        /// The city, 2 to 60 characters.
        city: String,
    },
    /// How the account stands.
    Status,
    /// What water and money there is.
    Balance,
    /// Start a payment prompt on this phone.
    Buy(Wanted),
    /// What was drawn.
    Usage,
    /// What is owed for water.
    Bill,
    /// Start a payment prompt for the bill.
    Pay,
    /// Ask somebody for a loan.
    Loan {
        /// How much; whole units, more than zero.
        amount: Money,
        /// From whom.
        lender: Phone,
        /// How much is paid back each period; whole units, more than zero.
        repayment: Money,
    },
    /// Approve what this code was sent for.
    Approve(OneTimeCode),
    /// The loans of this number.
    Loans,
    /// Report a problem.
    Report {
        /// The account it concerns; `None` is the sender's own.
        account: Option<AccountId>,
        /// What is wrong, one to 612 characters.
        text: String,
    },
    /// Is this receipt one of ours or of a payment to us?
    Check {
        /// The receipt: 6 to 20 letters and digits, upper case, at least one digit among them. Eight may be a
        /// [`crate::receipt::Receipt`].
        receipt: String,
    },
    /// Speak this language from now on.
    Lang(Language),
    /// Send nothing that was not asked for.
    Stop,
    /// How to write commands.
    Help,
}

/// What is to be bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Prepaid litres, more than none.
    Litres(Volume),
    /// A subscription, by the name of its plan in lower case; whether there is one is for the caller to say
    /// ([`nearest`]).
    Plan(String),
}

/// Why a message is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotUnderstood {
    /// The command whose form is to be shown; `None` when not even its word was understood.
    pub form: Option<Form>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is nothing in it.
    Empty,
    /// It is longer than any command.
    TooLong,
    /// It seems to hold a PIN: ask never to send one.
    Pin,
    /// It begins with no word of a command.
    Word,
    /// Something is not there, or not as it should be.
    Missing(Part),
    /// Something is there that does not belong to the command, or more than one reading is possible.
    Unclear,
}

/// A part of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A name, before a comma.
    Name,
    /// A city, after a comma.
    City,
    /// Litres, or the name of a plan.
    LitresOrPlan,
    /// An amount of money.
    Amount,
    /// A mobile number.
    Phone,
    /// What is paid back each period.
    Repayment,
    /// A code of six digits. Who approves without one may be sent a new one.
    Code,
    /// A report in words.
    Text,
    /// A receipt.
    Receipt,
    /// A language.
    Language,
}

impl Command {
    /// Reads a message that came to a number in `country`: there `07…` is at home, and amounts are in its currency.
    pub fn read(text: &str, country: Country) -> Result<Command, NotUnderstood> {
        let wrong = |form, fault| NotUnderstood { form, fault };
        if text.chars().nth(MESSAGE_CHARS_MAX).is_some() {
            return Err(wrong(None, Fault::TooLong));
        }
        if argument::names_a_pin(text) {
            return Err(wrong(None, Fault::Pin));
        }
        let found = match word::found(text) {
            Found::Form(found) => found,
            Found::Nothing => return Err(wrong(None, Fault::Empty)),
            Found::Unknown if argument::holds_four_digits(text) => return Err(wrong(None, Fault::Pin)),
            Found::Unknown => return Err(wrong(None, Fault::Word)),
        };
        let tokens = Tokens::of(found.rest);
        // LOANS with what belongs to LOAN is a LOAN.
        let form = match found.form {
            Form::Loans if tokens.numbers() > 1 => Form::Loan,
            form => form,
        };
        read_form(form, &found, &tokens, country).map_err(|fault| wrong(Some(form), fault))
    }

    /// The command whose form this is.
    pub fn form(&self) -> Form {
        match self {
            Command::Register { .. } => Form::Register,
            Command::Status => Form::Status,
            Command::Balance => Form::Balance,
            Command::Buy(_) => Form::Buy,
            Command::Usage => Form::Usage,
            Command::Bill => Form::Bill,
            Command::Pay => Form::Pay,
            Command::Loan { .. } => Form::Loan,
            Command::Approve(_) => Form::Approve,
            Command::Loans => Form::Loans,
            Command::Report { .. } => Form::Report,
            Command::Check { .. } => Form::Check,
            Command::Lang(_) => Form::Lang,
            Command::Stop => Form::Stop,
            Command::Help => Form::Help,
        }
    }
}

/// The one of `names` that was meant by `written`: itself, or the only one that a single letter makes of it; neither
/// case nor accents count.
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = word::plain(written);
    let mut near = None;
    for name in names {
        let plain = word::plain(name);
        if plain == written {
            return Some(name);
        }
        if word::is_one_letter_off(&written, &plain) {
            near = Some(near.map_or(Some(name), |_| None));
        }
    }
    near.flatten()
}

/// Reads what follows the word of a command.
fn read_form(form: Form, found: &Word<'_>, tokens: &Tokens<'_>, country: Country) -> Result<Command, Fault> {
    let is_exact = found.is_exact;
    let alone = |command: Command| match tokens.is_empty() {
        true => Ok(command),
        false => Err(tokens.stray()),
    };
    match form {
        Form::Register => read_register(found.rest),
        Form::Buy => read_buy(tokens),
        Form::Loan => read_loan(tokens, country),
        Form::Approve => read_approve(tokens),
        Form::Report => read_report(found.rest),
        Form::Check => read_check(tokens),
        Form::Lang => read_lang(tokens),
        // Who writes STOP or HELP outright means it, whatever follows; a word that only looks like it must stand alone.
        Form::Stop if is_exact => Ok(Command::Stop),
        Form::Help if is_exact && !tokens.holds_four_digits() => Ok(Command::Help),
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
fn read_register(rest: &str) -> Result<Command, Fault> {
    if argument::holds_four_digits(rest) {
        return Err(Fault::Pin);
    }
    let separators = [',', ';', '\n', '/', '–', '—', '،', '፣'];
    let clean = |part: &str| {
        let words: Vec<&str> = part.split_whitespace().collect();
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
fn read_buy(tokens: &Tokens) -> Result<Command, Fault> {
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
fn read_loan(tokens: &Tokens, country: Country) -> Result<Command, Fault> {
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
fn read_approve(tokens: &Tokens) -> Result<Command, Fault> {
    if tokens.holds_four_digits() {
        return Err(Fault::Pin);
    }
    let digits: String = tokens.without(argument::FILLERS_OF_CODE).collect();
    digits
        .parse()
        .map(Command::Approve)
        .map_err(|_| Fault::Missing(Part::Code))
}

/// `account text`; the account may also stand at the end, and with its letters anywhere.
fn read_report(rest: &str) -> Result<Command, Fault> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let last = words.len().saturating_sub(1);
    let account = |(at, word): (usize, &&str)| {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_named = word.starts_with(|c: char| c.is_ascii_alphabetic());
        let account = word
            .parse::<AccountId>()
            .ok()
            .filter(|_| is_named || at == 0 || at == last)?;
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
fn read_check(tokens: &Tokens) -> Result<Command, Fault> {
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
fn read_lang(tokens: &Tokens) -> Result<Command, Fault> {
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
