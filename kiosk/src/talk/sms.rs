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
//! | `read` | what follows the word of each command |
//! | `argument` | amounts, litres, phones and accounts as people write them |
//! | [`CommandCount`] | how many commands a day a number is answered |
//! | [`Answer`] | what is said to them |
//! | [`LoanText`] | what is said of loans |

mod answer;
mod argument;
mod lending;
mod limit;
mod read;
mod word;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub(super) use argument::ungrouped;
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
use word::Found;

/// The longest message that is read, in characters: four parts.
pub const MESSAGE_CHARS_MAX: usize = 612;
/// The longest name or city, in characters; the hub's own limit.
pub const NAME_CHARS_MAX: usize = 60;
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
        let found = match word::found(text) {
            // Whatever else is in it.
            Found::Form(found) if found.form == Form::Stop && found.is_exact => return Ok(Command::Stop),
            _ if argument::names_a_pin(text) => return Err(wrong(None, Fault::Pin)),
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
        read::form(form, &found, &tokens, country).map_err(|fault| wrong(Some(form), fault))
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
