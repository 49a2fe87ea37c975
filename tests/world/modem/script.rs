//! The language of scripts: one happening a line, with a time before it where it is not at once.
//!
//! ```text
//! # A line that begins with a hash is a remark.
//! number +254700000900            the SIM's own number
//! operator "Safaricom" 63902      name and number
//! signal -97                      in dBm; "signal unknown"
//! registration denied             home, roaming, searching, denied, none
//! pin 1234                        the SIM wants this PIN from now on
//! sim out                         … and "sim in"
//! places 5                        room for texts on the SIM
//! at 5s receive +254700000101 "BALANCE"     after the beginning
//! after 2s receive MPESA "You have …"       after the line before
//! receive-pdu 0791…               a PDU as it is
//! ussd *144# "Bal: Ksh 25.00"     what a code says
//! ussd *100# "1. Bundles"         … and with answers below it, a menu:
//! ussd *100# 1 "You have 50 MB"
//! ussd network                    other codes are dialled in the network behind (--network)
//! ussd delay 3s, ussd late        slow; the next answer never comes
//! push "Win a phone!"             the network begins by itself; "push open" waits for an answer
//! lose 10%, double 5%             texts each way
//! cms 38 next, cms 38 always, cms off       texts are refused
//! silent next, no-prompt next     a text's result, or its prompt, never comes
//! send delay 5s                   what the network takes for a text
//! report delivered                failed, trying, none
//! remove, plug, restart           out of its port, into it, off and on
//! mute, speak                     it hears and says nothing; and again
//! chatter 5s, chatter off         what its kind says all day
//! garbage 60s                     noise at 115200 baud
//! long-line 1000000               one line of so many bytes
//! line "^BOOT:1"                  it writes this
//! answer "+CSQ" "+CSQ: 9,99"      another answer to a command; ERROR for an error
//! ```
//!
//! Times are `500ms`, `5s`, `2m`. In quotes `\n`, `\"` and `\\` are a line end, a quote and a backslash.

use std::time::Duration;

use modem::pdu::Address;

use super::happening::Happening;

/// A line that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("script line {line}: {what}")]
pub struct ScriptError {
    /// Which, from 1.
    pub line: usize,
    /// Why.
    pub what: String,
}

/// Reads a script: what happens, and when, counted from the beginning; in the order of time.
pub fn parse(script: &str) -> Result<Vec<(Duration, Happening)>, ScriptError> {
    let (mut happenings, mut before) = (Vec::new(), Duration::ZERO);
    for (place, line) in script.lines().enumerate() {
        let error = |what: String| ScriptError { line: place + 1, what };
        let words = words(line).map_err(error)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (at, words) = match words.as_slice() {
            [] => continue,
            ["at", time, rest @ ..] => (duration(time).map_err(error)?, rest),
            ["after", time, rest @ ..] => (before + duration(time).map_err(error)?, rest),
            rest => (before, rest),
        };
        happenings.push((at, happening(words).map_err(error)?));
        before = at;
    }
    happenings.sort_by_key(|(at, _)| *at);
    Ok(happenings)
}

/// One happening, without a time.
pub fn happening(words: &[&str]) -> Result<Happening, String> {
    let owned = |text: &str| text.to_owned();
    Ok(match words {
        ["number", number] => Happening::Number(owned(sim_number(number)?)),
        ["operator", name, code] => Happening::Operator(owned(name), owned(code)),
        ["signal", "unknown"] => Happening::Signal(None),
        ["signal", dbm] => Happening::Signal(Some(number(dbm)?)),
        ["registration", state] => Happening::Registration(match *state {
            "none" => 0,
            "home" => 1,
            "searching" => 2,
            "denied" => 3,
            "roaming" => 5,
            other => {
                return Err(format!(
                    "registration is home, roaming, searching, denied or none, not {other}"
                ));
            }
        }),
        ["pin", pin] => Happening::Pin(owned(pin)),
        ["sim", "in"] => Happening::Sim(true),
        ["sim", "out"] => Happening::Sim(false),
        ["places", places] => Happening::Places(number(places)?),
        ["receive", from, text] => Happening::Receive {
            from: owned(from),
            text: owned(text),
        },
        ["receive-pdu", hex] => Happening::ReceivePdu(owned(hex)),
        ["ussd", "network"] => Happening::UssdFromNetwork,
        ["ussd", "late"] => Happening::UssdLate,
        ["ussd", "delay", time] => Happening::UssdDelay(duration(time)?),
        ["ussd", path @ .., text] if !path.is_empty() => {
            Happening::Menu(path.iter().map(|word| owned(word)).collect(), owned(text))
        }
        ["push", text] => Happening::Push {
            text: owned(text),
            is_open: false,
        },
        ["push", "open", text] => Happening::Push {
            text: owned(text),
            is_open: true,
        },
        ["lose", share] => Happening::Lose(percent(share)?),
        ["double", share] => Happening::Double(percent(share)?),
        ["cms", "off"] => Happening::Refuse(None),
        ["cms", code, "next"] => Happening::Refuse(Some((number(code)?, false))),
        ["cms", code, "always"] => Happening::Refuse(Some((number(code)?, true))),
        ["silent", "next"] => Happening::SilentNext,
        ["no-prompt", "next"] => Happening::NoPromptNext,
        ["send", "delay", time] => Happening::SendDelay(duration(time)?),
        ["report", fate] => Happening::Status(match *fate {
            "delivered" => Some(0x00),
            "trying" => Some(0x20),
            "failed" => Some(0x40),
            "none" => None,
            other => return Err(format!("report is delivered, failed, trying or none, not {other}")),
        }),
        ["remove"] => Happening::Remove,
        ["plug"] => Happening::Plug,
        ["restart"] => Happening::Restart,
        ["mute"] => Happening::Mute(true),
        ["speak"] => Happening::Mute(false),
        ["chatter", "off"] => Happening::Chatter(None),
        ["chatter", every] => Happening::Chatter(Some(duration(every)?)),
        ["garbage", time] => Happening::Garbage(duration(time)?),
        ["long-line", bytes] => Happening::LongLine(number(bytes)?),
        ["line", line] => Happening::Line(owned(line)),
        ["answer", command, line] => Happening::Answer(owned(command), owned(line)),
        [] => return Err("a time, and nothing that happens".to_owned()),
        [word, ..] => {
            return Err(format!(
                "{word} is not known, or has too few or too many words; see --help"
            ));
        }
    })
}

/// Words, with what stands in quotes as one.
fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut rest) = (Vec::new(), line.chars().peekable());
    while let Some(c) = rest.next() {
        match c {
            '#' if words.is_empty() => break,
            c if c.is_whitespace() => {}
            '"' => {
                let mut word = String::new();
                loop {
                    match (rest.next(), rest.peek()) {
                        (Some('"'), _) => break,
                        (Some('\\'), Some(_)) => word.push(match rest.next().unwrap_or('\\') {
                            'n' => '\n',
                            other => other,
                        }),
                        (Some(c), _) => word.push(c),
                        (None, _) => return Err("a quote is not closed".to_owned()),
                    }
                }
                words.push(word);
            }
            c => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| !c.is_whitespace()) {
                    word.push(c);
                }
                words.push(word);
            }
        }
    }
    Ok(words)
}

fn duration(text: &str) -> Result<Duration, String> {
    let unit = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(unit);
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return Err(format!("{text} is no time: 500ms, 5s, 2m")),
    };
    let count: u64 = number(count)?;
    Ok(Duration::from_millis(count.saturating_mul(millis)))
}

fn percent(text: &str) -> Result<u8, String> {
    match number(text.trim_end_matches('%'))? {
        percent @ 0..=100 => Ok(percent),
        more => Err(format!("{more} % is more than all")),
    }
}

/// The number of a SIM as it is written everywhere here: with plus and country code.
pub fn sim_number(text: &str) -> Result<&str, String> {
    let is_whole = |digits: &String| (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    match Address::number(text) {
        Ok(Address::International(digits)) if is_whole(&digits) => Ok(text),
        _ => Err(format!(
            "{text:?} is no number of a SIM with plus and country code, such as +254700000900"
        )),
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is no number, or too large"))
}
