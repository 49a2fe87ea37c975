//! Statements of mobile-money accounts, as an operator downloads them: CSV, its columns known by their names.
//!
//! Each provider describes its own in a [`Layout`]. Columns may stand in any order, others may stand between them, and
//! lines about the account may stand above the header. A statement is taken whole or not at all: a line that cannot be
//! read is named by its number, so that nobody reconciles with half a month.

pub(crate) mod csv;
pub mod plain;

use kiosk::{
    ids::ProviderReceipt,
    moment::Wall,
    units::{Currency, Money},
};

use crate::civil;

/// The largest statement that is read: about a hundred thousand lines.
pub const STATEMENT_BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// How many lines may stand above the header.
const PREAMBLE_LINES_MAX: usize = 64;

/// How a provider's statement is laid out. A column may have several names; capitals and outer spaces do not matter.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The provider's name for messages: `M-PESA`.
    pub title: &'static str,
    /// The receipt.
    pub receipt: &'static [&'static str],
    /// When it was completed.
    pub time: &'static [&'static str],
    /// How far those times are ahead of UTC.
    pub ahead_ms: i64,
    /// Where the amount stands.
    pub amounts: AmountColumns,
    /// What it was; may be missing.
    pub details: &'static [&'static str],
    /// The account that the payer typed; may be missing.
    pub reference: &'static [&'static str],
    /// The payer or the receiver; may be missing.
    pub other_party: &'static [&'static str],
    /// The status; may be missing.
    pub status: &'static [&'static str],
    /// What the status says of a movement that took place; any other did not.
    pub completed: &'static str,
    /// The kind of movement: it says which way an amount without a sign went; may be missing.
    pub kind: &'static [&'static str],
    /// The currency's code; may be missing. Another one than `currency` is refused.
    pub currency_code: &'static [&'static str],
    /// What it counts.
    pub currency: Currency,
}

/// Where a statement writes amounts.
#[derive(Clone, Copy, Debug)]
pub enum AmountColumns {
    /// In one column what came and in another what went; the latter may be written with a minus.
    Two {
        /// What came.
        paid_in: &'static [&'static str],
        /// What went.
        withdrawn: &'static [&'static str],
    },
    /// In one column, with a minus for what went.
    Signed(&'static [&'static str]),
}

/// A line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// Its place in the file: the first line of the file is 1.
    pub line: usize,
    /// The receipt.
    pub receipt: ProviderReceipt,
    /// When it was completed.
    pub time: Wall,
    /// What moved; above zero.
    pub amount: Money,
    /// Whether it came or went.
    pub flow: Flow,
    /// It took place.
    pub is_completed: bool,
    /// What it was.
    pub details: String,
    /// The account that the payer typed.
    pub reference: Option<String>,
    /// The payer or the receiver.
    pub other_party: Option<String>,
}

/// Which way money moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Into the account.
    In,
    /// Out of it.
    Out,
}

/// Why a statement is not taken. Nothing of it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// Larger than any month.
    #[error("statement: more than {STATEMENT_BYTES_MAX} bytes; download a shorter period")]
    TooLarge,
    /// Not text.
    #[error("statement: not UTF-8 text; download it as CSV, not as a spreadsheet or PDF")]
    NotText,
    /// A quoted field does not end.
    #[error("statement: the quoted field that begins in line {0} does not end; was the file cut off?")]
    OpenQuote(usize),
    /// The columns are not there.
    #[error(
        "statement: no line of the first {PREAMBLE_LINES_MAX} has the columns of a {title} statement; {missing:?} was not found"
    )]
    NoHeader {
        /// Whose statement it was to be.
        title: &'static str,
        /// A column that no line has.
        missing: &'static str,
    },
    /// A line cannot be read.
    #[error("statement: line {line}: {what}; nothing was taken")]
    Line {
        /// The line of the file.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

/// Where the columns of one file are.
struct Columns {
    receipt: usize,
    time: usize,
    amounts: Amounts,
    details: Option<usize>,
    reference: Option<usize>,
    other_party: Option<usize>,
    status: Option<usize>,
    kind: Option<usize>,
    currency_code: Option<usize>,
    width: usize,
}

enum Amounts {
    Two { paid_in: usize, withdrawn: usize },
    Signed(usize),
}

/// Reads a statement.
pub fn read(layout: &Layout, bytes: &[u8]) -> Result<Vec<StatementLine>, StatementError> {
    if bytes.len() > STATEMENT_BYTES_MAX {
        return Err(StatementError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| StatementError::NotText)?;
    let rows = csv::rows(text.trim_start_matches('\u{feff}')).map_err(StatementError::OpenQuote)?;
    let mut missing = layout.receipt[0];
    let header = rows
        .iter()
        .take(PREAMBLE_LINES_MAX)
        .enumerate()
        .find_map(|(place, row)| {
            match Columns::find(layout, &row.fields) {
                Ok(columns) => Some((place, columns)),
                // The line that has the first column is the header meant.
                Err(lacks) => {
                    if lacks != layout.receipt[0] {
                        missing = lacks;
                    }
                    None
                }
            }
        });
    let Some((place, columns)) = header else {
        let title = layout.title;
        return Err(StatementError::NoHeader { title, missing });
    };
    let filled = rows[place + 1..]
        .iter()
        .filter(|row| row.fields.iter().any(|field| !field.trim().is_empty()));
    filled
        .map(|row| {
            columns
                .line(layout, row)
                .map_err(|what| StatementError::Line { line: row.line, what })
        })
        .collect()
}

impl Columns {
    /// Finds the columns in a header line; the name of the first that is needed and missing otherwise.
    fn find(layout: &Layout, header: &[String]) -> Result<Columns, &'static str> {
        let place = |names: &[&str]| {
            let is_named = |field: &String| names.iter().any(|name| field.trim().eq_ignore_ascii_case(name));
            header.iter().position(is_named)
        };
        let needed = |names: &'static [&'static str]| place(names).ok_or(names[0]);
        Ok(Columns {
            receipt: needed(layout.receipt)?,
            time: needed(layout.time)?,
            amounts: match layout.amounts {
                AmountColumns::Two { paid_in, withdrawn } => Amounts::Two {
                    paid_in: needed(paid_in)?,
                    withdrawn: needed(withdrawn)?,
                },
                AmountColumns::Signed(amount) => Amounts::Signed(needed(amount)?),
            },
            details: place(layout.details),
            reference: place(layout.reference),
            other_party: place(layout.other_party),
            status: place(layout.status),
            kind: place(layout.kind),
            currency_code: place(layout.currency_code),
            width: header.len(),
        })
    }

    fn line(&self, layout: &Layout, row: &csv::Row) -> Result<StatementLine, String> {
        let fields = &row.fields;
        if fields.len() != self.width {
            return Err(format!("{} fields where the header has {}", fields.len(), self.width));
        }
        let field = |place: usize| fields[place].trim();
        let maybe = |place: Option<usize>| place.map(field).filter(|text| !text.is_empty()).map(str::to_owned);
        let receipt = field(self.receipt);
        let time = field(self.time);
        if let Some(code) = maybe(self.currency_code)
            && !code.eq_ignore_ascii_case(layout.currency.code())
        {
            return Err(format!(
                "{code} where {} is collected in {}",
                layout.title, layout.currency
            ));
        }
        let (amount, signed) = self.amount(layout.currency, &field)?;
        let flow = match maybe(self.kind) {
            Some(kind) => plain::flow(&kind).ok_or_else(|| format!("{kind:?} is no kind; {}", plain::KINDS))?,
            None => signed,
        };
        if flow == Flow::In && signed == Flow::Out {
            return Err("a payment with a minus".to_owned());
        }
        Ok(StatementLine {
            line: row.line,
            receipt: receipt.parse().map_err(|_| format!("{receipt:?} is no receipt"))?,
            time: civil::read(time, layout.ahead_ms).ok_or_else(|| format!("{time:?} is no time"))?,
            amount,
            flow,
            is_completed: self
                .status
                .is_none_or(|place| field(place).eq_ignore_ascii_case(layout.completed)),
            details: maybe(self.details).unwrap_or_default(),
            reference: maybe(self.reference),
            other_party: maybe(self.other_party),
        })
    }

    fn amount<'a>(&self, currency: Currency, field: &impl Fn(usize) -> &'a str) -> Result<(Money, Flow), String> {
        let minor =
            |place: usize| minor(field(place), currency).ok_or_else(|| format!("{:?} is no amount", field(place)));
        let (paid_in, withdrawn) = match self.amounts {
            Amounts::Two { paid_in, withdrawn } => (minor(paid_in)?, minor(withdrawn)?.abs()),
            Amounts::Signed(amount) => match minor(amount)? {
                out if out < 0 => (0, -out),
                come => (come, 0),
            },
        };
        match (paid_in, withdrawn) {
            (come, 0) if come > 0 => Ok((Money::new(come, currency), Flow::In)),
            (0, gone) if gone > 0 => Ok((Money::new(gone, currency), Flow::Out)),
            (0, 0) => Err("no amount".to_owned()),
            _ => Err("an amount that came and one that went".to_owned()),
        }
    }
}

/// `1,250.00`, `-1,250`, `300` in minor units; nothing counts as zero. Commas only where thousands end.
fn minor(text: &str, currency: Currency) -> Option<i64> {
    if text.is_empty() || text == "-" {
        return Some(0);
    }
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let grouped = whole.contains(',');
    if first.is_empty()
        || !digits(first)
        || (grouped && first.len() > 3)
        || !groups.all(|group| group.len() == 3 && digits(group))
    {
        return None;
    }
    let places = currency.minor_per_unit().ilog10() as usize;
    let (kept, rest) = decimals.split_at_checked(places.min(decimals.len()))?;
    if !digits(kept) || rest.bytes().any(|byte| byte != b'0') || text.ends_with('.') {
        return None;
    }
    let whole: i64 = whole.replace(',', "").parse().ok()?;
    let part: i64 = format!("{kept:0<places$}").parse().unwrap_or_default();
    Some(sign * whole.checked_mul(currency.minor_per_unit())?.checked_add(part)?)
}

#[cfg(test)]
mod tests;
