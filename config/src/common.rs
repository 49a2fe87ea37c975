//! What both programs are told in the same words.

use std::path::PathBuf;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::reader::Reader;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person at a terminal.
    Text,
    /// One JSON object a line.
    Json,
    /// To journald with its fields.
    Journal,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// And what looks wrong.
    Warn,
    /// And what happened.
    Info,
    /// And why.
    Debug,
    /// And every step.
    Trace,
}

impl LogLevel {
    /// The word that logging filters use.
    pub const fn name(self) -> &'static str {
        match self {
            LogLevel::Error => "error",
            LogLevel::Warn => "warn",
            LogLevel::Info => "info",
            LogLevel::Debug => "debug",
            LogLevel::Trace => "trace",
        }
    }
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// `log.format`
    pub format: LogFormat,
    /// `log.level`
    pub level: LogLevel,
}

impl Log {
    pub(crate) fn read(reader: &mut Reader) -> Log {
        let formats = [
            ("text", LogFormat::Text),
            ("json", LogFormat::Json),
            ("journal", LogFormat::Journal),
        ];
        let levels = [
            LogLevel::Error,
            LogLevel::Warn,
            LogLevel::Info,
            LogLevel::Debug,
            LogLevel::Trace,
        ];
        Log {
            format: reader.choice("log.format", "text", &formats),
            level: reader.choice("log.level", "info", &levels.map(|level| (level.name(), level))),
        }
    }
}

/// `storage.data_dir`: where the database, the keys, the lock and the control socket live.
pub(crate) fn data_dir(reader: &mut Reader, default: &str) -> PathBuf {
    reader.path("storage.data_dir", default)
}

/// `site.time_zone`: an IANA name, looked up in the rules built into the program so that every box agrees.
pub(crate) fn time_zone(reader: &mut Reader) -> TimeZone {
    reader.checked_text("site.time_zone", "Africa/Nairobi", |name| {
        let zone = TimeZoneDatabase::bundled().get(name);
        zone.map_err(|_| "must be a time zone such as \"Africa/Nairobi\"".to_owned())
    })
}

/// `site.language`: one of the languages the texts are written in.
pub(crate) fn language(reader: &mut Reader) -> &'static str {
    reader.choice("site.language", "en", &[("en", "en"), ("sw", "sw"), ("fr", "fr")])
}

/// A USSD code: `*` or `#`, digits, `*` and `#`, and a `#` at its end (3GPP TS 22.030 section 6.5.2).
pub(crate) fn ussd_code(text: &str) -> Result<String, String> {
    let known = |c: char| c.is_ascii_digit() || matches!(c, '*' | '#');
    let is_code = text.starts_with(['*', '#'])
        && text.ends_with('#')
        && text.len() <= 32
        && text.chars().all(known)
        && text.contains(|c: char| c.is_ascii_digit());
    match is_code {
        true => Ok(text.to_owned()),
        false => Err("must be a USSD code such as \"*144#\"".to_owned()),
    }
}

/// Where texts are sent: a number with plus and country code (at most 15 digits, ITU-T E.164), or a short code. A number
/// as it is written at home leads elsewhere once the SIM roams, and is no short code.
pub(crate) fn texted(text: &str) -> Result<String, String> {
    let written: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
    let (digits, lengths) = match written.strip_prefix('+') {
        Some(digits) => (digits, 8..=15),
        None => (written.as_str(), 3..=8),
    };
    let is_number = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    match is_number && lengths.contains(&digits.len()) {
        true => Ok(written),
        false => Err(
            "must be a number with plus and country code such as \"+254700000100\", or a short code such as \"22384\""
                .to_owned(),
        ),
    }
}
