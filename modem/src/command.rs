//! What is said to a modem and how its answers end: each command with its own time-out and number of tries.
//!
//! `at-commands` builds and reads single lines. It lets any byte through, and its integers overflow: so every string is
//! looked at here first, and numbers are read as strings.

use at_commands::{builder::CommandBuilder, parser::CommandParser};

use crate::event::{Refused, Then};

/// The longest command line, in bytes: one USSD answer of 182 characters as hexadecimal UCS-2, and room.
const COMMAND_MAX: usize = 1024;

/// Ends the text of a message (3GPP TS 27.005 section 3.5.1).
pub const CTRL_Z: u8 = 0x1A;
/// Abandons it.
pub const ESCAPE: u8 = 0x1B;

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The line, without the carriage return that ends it.
    pub line: String,
    /// How long its end is waited for, in milliseconds.
    pub timeout_ms: u64,
    /// How often it is said when nothing comes back.
    pub tries: u8,
    /// How its lines begin; empty where they are bare.
    pub prefix: &'static str,
    /// What follows the prompt, in hexadecimal and without Ctrl-Z.
    pub payload: Option<String>,
}

/// A parameter that would end the command or its string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it holds a quotation mark, a line end or a control character")]
pub struct Unsendable;

/// A parameter of a command.
#[derive(Clone, Copy, Debug)]
pub enum Parameter<'a> {
    /// A number.
    Number(u16),
    /// A string, written in quotation marks.
    Text(&'a str),
}

impl Command {
    /// A command as it stands, without parameters from outside. It has 10 s and two tries.
    pub fn fixed(line: &str, prefix: &'static str) -> Command {
        Command {
            line: line.to_owned(),
            timeout_ms: 10_000,
            tries: 2,
            prefix,
            payload: None,
        }
    }

    /// `AT` with a name and parameters.
    ///
    /// # Errors
    /// [`Unsendable`] when a string holds what would end it or the command.
    pub fn set(name: &str, parameters: &[Parameter<'_>]) -> Result<Command, Unsendable> {
        let mut buffer = [0; COMMAND_MAX];
        let mut builder = CommandBuilder::create_set(&mut buffer, true).named(name);
        for parameter in parameters {
            builder = match parameter {
                Parameter::Number(number) => builder.with_int_parameter(*number),
                Parameter::Text(text) if is_sendable(text) => builder.with_string_parameter(text),
                Parameter::Text(_) => return Err(Unsendable),
            };
        }
        let line = builder.finish_with(b"").map_err(|_| Unsendable)?;
        let line = String::from_utf8(line.to_vec()).map_err(|_| Unsendable)?;
        Ok(Command::fixed(&line, ""))
    }

    /// The same with another time-out.
    pub fn within(self, timeout_ms: u64) -> Command {
        Command { timeout_ms, ..self }
    }

    /// The same with another number of tries.
    pub fn tries(self, tries: u8) -> Command {
        Command { tries, ..self }
    }
}

/// Whether a string can stand between quotation marks: printable ASCII without them.
pub fn is_sendable(text: &str) -> bool {
    text.bytes().all(|byte| (0x20..0x7F).contains(&byte) && byte != b'"')
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// `OK`.
    Ok,
    /// Anything else.
    Fault(Fault),
}

/// A command that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which list the number is of.
    pub class: Class,
    /// The number, where it is known: a text is looked up.
    pub code: Option<u16>,
    /// The line as it came.
    pub word: String,
}

/// The list that a fault's number is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// `+CME ERROR` (3GPP TS 27.007 section 9.2).
    Equipment,
    /// `+CMS ERROR` (3GPP TS 27.005 section 3.2.5, 24.011 annex E).
    Message,
    /// No number.
    Plain,
}

/// The final result in a line, if it is one (ITU-T V.250 section 5.7.1). `NO CARRIER`, `BUSY`, `NO ANSWER` and
/// `NO DIALTONE` end calls, and none is made here: they come when somebody rings the SIM's number and gives up, and must
/// not end what is under way.
pub fn end(line: &str) -> Option<End> {
    let line = line.trim();
    let (class, rest) = match line {
        "OK" => return Some(End::Ok),
        "ERROR" | "COMMAND NOT SUPPORT" => (Class::Plain, ""),
        _ => {
            let found = [("+CME ERROR:", Class::Equipment), ("+CMS ERROR:", Class::Message)];
            let (prefix, class) = found.into_iter().find(|(prefix, _)| line.starts_with(prefix))?;
            (class, line[prefix.len()..].trim())
        }
    };
    let named = || {
        let (_, code) = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(rest))?;
        Some(code[usize::from(class == Class::Message)]).filter(|code| *code != NONE)
    };
    Some(End::Fault(Fault {
        class,
        code: rest.parse().ok().or_else(named),
        word: line.chars().take(80).collect(),
    }))
}

/// A text that has no number in one of the lists.
const NONE: u16 = u16::MAX;

/// The texts of `CMEE=2`, with their numbers in both lists.
const WORDS: [(&str, [u16; 2]); 48] = [
    ("phone failure", [0, NONE]),
    ("operation not allowed", [3, 302]),
    ("operation not supported", [4, 303]),
    ("SIM not inserted", [10, 310]),
    ("SIM PIN required", [11, 311]),
    ("SIM PIN necessary", [11, 311]),
    ("PH-SIM PIN required", [5, 312]),
    ("PH-SIM PIN necessary", [5, 312]),
    ("SIM PUK required", [12, 316]),
    ("SIM failure", [13, 313]),
    ("SIM busy", [14, 314]),
    ("SIM wrong", [15, 315]),
    ("incorrect password", [16, NONE]),
    ("SIM PIN2 required", [17, 317]),
    ("SIM PUK2 required", [18, 318]),
    ("memory full", [20, 322]),
    ("invalid index", [21, 321]),
    ("invalid memory index", [21, 321]),
    ("not found", [22, NONE]),
    ("memory failure", [23, 320]),
    ("no network service", [30, 331]),
    ("network timeout", [31, 332]),
    ("network time-out", [31, 332]),
    ("unknown", [100, 500]),
    ("unknown error", [100, 500]),
    ("ME failure", [0, 300]),
    ("SMS service of ME reserved", [NONE, 301]),
    ("invalid PDU mode parameter", [NONE, 304]),
    ("invalid text mode parameter", [NONE, 305]),
    ("SMSC address unknown", [NONE, 330]),
    ("no +CNMA acknowledgement expected", [NONE, 340]),
    ("Unassigned (unallocated) number", [NONE, 1]),
    ("Operator determined barring", [NONE, 8]),
    ("Call barred", [NONE, 10]),
    ("Network failure", [NONE, 17]),
    ("Short message transfer rejected", [NONE, 21]),
    ("Congestion", [NONE, 42]),
    ("Memory capacity exceeded", [NONE, 22]),
    ("Destination out of service", [NONE, 27]),
    ("Destination out of order", [NONE, 27]),
    ("Unidentified subscriber", [NONE, 28]),
    ("Facility rejected", [NONE, 29]),
    ("Unknown subscriber", [NONE, 30]),
    ("Network out of order", [NONE, 38]),
    ("Temporary failure", [NONE, 41]),
    ("Resources unavailable, unspecified", [NONE, 47]),
    ("Requested facility not subscribed", [NONE, 50]),
    ("Interworking, unspecified", [NONE, 127]),
];

impl Fault {
    /// Whether it is that equipment error, or the message error that means the same.
    pub fn is(&self, equipment: u16, message: u16) -> bool {
        match self.class {
            Class::Equipment => self.code == Some(equipment),
            Class::Message => self.code == Some(message),
            Class::Plain => false,
        }
    }

    /// The SIM or the modem is busy: the same works in a moment.
    pub fn is_busy(&self) -> bool {
        self.is(14, 314)
    }

    /// The network did not answer in time: what was handed to it may have arrived all the same.
    pub fn is_network_timeout(&self) -> bool {
        self.is(31, 332)
    }

    /// What can be done about a text that it stopped.
    pub fn then(&self) -> Then {
        let code = self.code.unwrap_or(NONE);
        match self.class {
            Class::Message => match code {
                21 => Then::TryRarely,
                1 | 8 | 10 | 28 | 30 | 50 | 69 | 96..=99 | 111 | 127 | 302..=305 => Then::GiveUp,
                310..=313 | 315..=318 | 330 => Then::AskPerson,
                _ => Then::TryLater,
            },
            Class::Equipment => match code {
                5 | 10..=13 | 15..=18 => Then::AskPerson,
                3 | 4 | 24..=27 | 50 => Then::GiveUp,
                _ => Then::TryLater,
            },
            Class::Plain => Then::TryLater,
        }
    }

    /// The same for whoever wanted a text sent.
    pub fn refused(&self) -> Refused {
        Refused {
            word: self.word.clone(),
            then: self.then(),
        }
    }
}

/// The parameters after a prefix, quotation marks taken off: `+CPMS: 1,30,"SM"` gives `1`, `30`, `SM`. Empty when the line
/// does not begin so, or is not ASCII.
pub fn fields<'a>(line: &'a str, prefix: &str) -> Vec<&'a str> {
    let Some(mut rest) = line.strip_prefix(prefix).map(str::trim) else {
        return Vec::new();
    };
    let mut fields = Vec::new();
    // No result that is read has more; a hostile line must not make a long list.
    while fields.len() < 32 && rest.is_ascii() {
        // The parser takes any byte for the opening mark and a string without end for none: both are seen to here.
        let is_string = rest.starts_with('"') && rest[1..].contains('"');
        let parsed = match is_string {
            true => CommandParser::parse(rest.as_bytes()).expect_string_parameter().finish(),
            false => CommandParser::parse(rest.as_bytes())
                .expect_optional_raw_string_parameter()
                .finish()
                .map(|(field,)| (field.unwrap_or_default(),)),
        };
        let Ok((field,)) = parsed else {
            break;
        };
        fields.push(field.trim());
        let taken = field.len() + if is_string { 2 } else { 0 };
        match rest[taken..].trim_start().strip_prefix(',') {
            Some(after) => rest = after.trim_start(),
            None => break,
        }
    }
    fields
}

/// A field as a number.
pub fn number<T: std::str::FromStr>(fields: &[&str], at: usize) -> Option<T> {
    fields.get(at)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_written_and_what_would_end_them_is_refused() {
        let command = Command::set("+CMGR", &[Parameter::Number(65_535)]).unwrap();
        assert_eq!(command.line, "AT+CMGR=65535");
        let dial = [Parameter::Number(1), Parameter::Text("*144#"), Parameter::Number(15)];
        assert_eq!(Command::set("+CUSD", &dial).unwrap().line, "AT+CUSD=1,\"*144#\",15");
        for bad in ["a\"b", "a\rb", "a\nb", "a\u{1a}", "a\u{1b}", "a\0", "é", "a\u{7f}"] {
            assert_eq!(
                Command::set("+CUSD", &[Parameter::Text(bad)]),
                Err(Unsendable),
                "{bad:?}"
            );
        }
        let long = "x".repeat(COMMAND_MAX);
        assert_eq!(Command::set("+CUSD", &[Parameter::Text(&long)]), Err(Unsendable));
    }

    #[test]
    fn ends_are_told_from_other_lines() {
        assert_eq!(end("OK"), Some(End::Ok));
        for line in [
            "+CMGS: 1",
            "OKAY",
            "+CME",
            "RING",
            "NO CARRIER",
            "BUSY",
            "+CMTI: \"SM\",1",
            "",
        ] {
            assert_eq!(end(line), None, "{line}");
        }
    }

    /// The table of the reference: code, and what may be done.
    #[test]
    fn every_class_of_message_error_says_what_to_do() {
        let table: [(&[u16], Then); 4] = [
            (
                &[1, 8, 10, 28, 30, 50, 69, 96, 97, 98, 99, 111, 127, 302, 303, 304, 305],
                Then::GiveUp,
            ),
            (&[21], Then::TryRarely),
            (
                &[17, 22, 27, 38, 41, 42, 47, 300, 301, 500, 314, 320, 322, 331, 332, 4711],
                Then::TryLater,
            ),
            (&[310, 311, 313, 315, 316, 330], Then::AskPerson),
        ];
        for (codes, then) in table {
            for code in codes {
                let Some(End::Fault(fault)) = end(&format!("+CMS ERROR: {code}")) else {
                    panic!("{code} is an end");
                };
                assert_eq!((fault.code, fault.then()), (Some(*code), then), "{code}");
            }
        }
    }

    #[test]
    fn errors_in_words_mean_what_the_numbers_mean() {
        let pairs = [
            ("+CME ERROR: SIM not inserted", Class::Equipment, 10),
            ("+CME ERROR: incorrect password", Class::Equipment, 16),
            ("+CME ERROR: SIM busy", Class::Equipment, 14),
            ("+CMS ERROR: SIM busy", Class::Message, 314),
            ("+CMS ERROR: Network out of order", Class::Message, 38),
            ("+CMS ERROR: network timeout", Class::Message, 332),
        ];
        for (line, class, code) in pairs {
            let Some(End::Fault(fault)) = end(line) else {
                panic!("{line} is an end");
            };
            assert_eq!((fault.class, fault.code), (class, Some(code)), "{line}");
        }
        let Some(End::Fault(fault)) = end("+CMS ERROR: the moon is full") else {
            panic!("an end");
        };
        assert_eq!((fault.code, fault.then()), (None, Then::TryLater));
    }

    #[test]
    fn fields_are_split_outside_quotation_marks() {
        assert_eq!(fields("+COPS: 0,0,\"A, B\",7", "+COPS:"), ["0", "0", "A, B", "7"]);
        assert_eq!(fields("+CMGL: 1,0,,23", "+CMGL:"), ["1", "0", "", "23"]);
        assert_eq!(fields("+CSQ: 99999999999999,99", "+CSQ:"), ["99999999999999", "99"]);
        assert_eq!(number::<u8>(&fields("+CSQ: 99999999999999,99", "+CSQ:"), 0), None);
        assert_eq!(fields("+X: \"open", "+X:"), ["\"open"]);
        assert!(fields("+CREG: 1", "+CSQ:").is_empty());
        assert_eq!(fields("+X: ,", "+X:"), ["", ""]);
    }

    proptest::proptest! {
        #[test]
        fn no_line_breaks_the_parser(rest: String) {
            let _ = fields(&format!("+X:{rest}"), "+X:");
            let _ = end(&rest);
        }
    }
}
