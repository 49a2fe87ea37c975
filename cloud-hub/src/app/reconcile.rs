//! `reconcile`: a provider's statement beside the books, every difference in plain words. It reads the last commit beside
//! the hub; what it books goes through the machine, a line at a time, and a line that is booked is booked once.

use std::{collections::BTreeSet, fs::File, io::Read, path::Path};

use anyhow::{Context, bail};
use kiosk::{incoming::Payer, moment::Wall, provider::Provider, units::Money};
use store::{Connection, StoreError};

use super::{
    commands::{asked, tell},
    control::{BookedLine, Command},
    operations::look,
};
use crate::{
    adapters::mpesa::wire::statement::STATEMENT,
    hub::store::read::{self, BookedMoney},
    statement::{self, Flow, STATEMENT_BYTES_MAX, StatementLine},
};

/// Statement and books side by side.
#[derive(Debug, Default)]
struct Comparison {
    /// In both, with the same amount.
    agree: usize,
    /// In the statement alone.
    missing: Vec<StatementLine>,
    /// In both, with another amount in the books.
    differ: Vec<(StatementLine, BookedMoney)>,
    /// In the books alone, paid within the statement's time.
    unseen: Vec<BookedMoney>,
    /// Lines of money that went out, and how much: not compared.
    out: Vec<StatementLine>,
    /// Lines of what did not take place.
    undone: usize,
}

/// `reconcile --statement FILE --provider mpesa [--book]`. An error when differences are left.
pub async fn run(config: &config::Hub, file: &Path, provider: &str, book: bool) -> anyhow::Result<()> {
    let Some(mpesa) = config
        .payments
        .mpesa
        .as_ref()
        .filter(|_| provider == Provider::Mpesa.name())
    else {
        match Provider::from_name(provider) {
            Some(Provider::Mpesa) => bail!("payments.mpesa is not configured"),
            Some(other) => bail!("statements of {} cannot be read yet; mpesa can", other.title()),
            None => bail!("there is no provider {provider}; mpesa can be reconciled"),
        }
    };
    let bytes = whole(file).with_context(|| file.display().to_string())?;
    let lines = statement::read(&STATEMENT, &bytes).with_context(|| file.display().to_string())?;
    let found = look(config, |books| compare(books, Provider::Mpesa, lines))?;
    for line in &found.missing {
        tell(&format!("in the statement, not in the books: {}", described(line)))?;
    }
    for (line, booked) in &found.differ {
        let held = Money::new(booked.amount_minor, line.amount.currency);
        tell(&format!("another amount: {}; the books hold {held}", described(line)))?;
    }
    for booked in &found.unseen {
        tell(&format!(
            "in the books, not in the statement: {}",
            of_books(booked, config)
        ))?;
    }
    let mut left = found.differ.len() + found.unseen.len() + found.missing.len();
    if book {
        let short_code = mpesa.till.as_ref().unwrap_or(&mpesa.shortcode);
        for line in &found.missing {
            let heard = asked(config, Command::BookLine(Box::new(booked_line(line, short_code)))).await?;
            match heard.told() {
                Ok(place) => tell(&format!("booked {}: {place}", line.receipt))?,
                Err(why) => bail!("{}: {why}", line.receipt),
            }
            left -= 1;
        }
    }
    let out: i64 = found.out.iter().map(|line| line.amount.minor).sum();
    if let Some(first) = found.out.first() {
        let sum = Money::new(out, first.amount.currency);
        tell(&format!(
            "not compared: {} lines of money that went out, {sum} in all",
            found.out.len()
        ))?;
    }
    if found.undone > 0 {
        tell(&format!("left out: {} lines of what did not take place", found.undone))?;
    }
    tell(&format!("{} payments agree", found.agree))?;
    match left {
        0 => Ok(()),
        1 => bail!("one difference is left"),
        several => bail!("{several} differences are left"),
    }
}

/// The file, and no more of it than shows that it is too large.
fn whole(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let bytes_max = u64::try_from(STATEMENT_BYTES_MAX).unwrap_or(u64::MAX);
    File::open(file)?
        .take(bytes_max.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn compare(books: &Connection, provider: Provider, lines: Vec<StatementLine>) -> Result<Comparison, StoreError> {
    let mut found = Comparison::default();
    let times: Vec<Wall> = lines.iter().map(|line| line.time).collect();
    let mut receipts = BTreeSet::new();
    for line in lines {
        if !line.is_completed {
            found.undone += 1;
            continue;
        }
        if line.flow == Flow::Out {
            found.out.push(line);
            continue;
        }
        if !receipts.insert(line.receipt.to_string()) {
            continue;
        }
        match read::booked_under(books, provider, line.receipt.as_str())? {
            None => found.missing.push(line),
            Some(booked) if booked.amount_minor == line.amount.minor => found.agree += 1,
            Some(booked) => found.differ.push((line, booked)),
        }
    }
    if let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) {
        let booked = read::booked_between(books, provider, *first, *last)?;
        let is_seen = |booked: &BookedMoney| {
            booked
                .receipt
                .as_ref()
                .is_some_and(|receipt| receipts.contains(receipt))
        };
        found.unseen = booked.into_iter().filter(|booked| !is_seen(booked)).collect();
    }
    Ok(found)
}

fn described(line: &StatementLine) -> String {
    let account = line
        .reference
        .as_ref()
        .map_or_else(String::new, |account| format!(", account {account}"));
    format!(
        "line {}, {}, {}, {}{account}",
        line.line,
        line.receipt,
        line.amount,
        line.time.rfc3339()
    )
}

fn of_books(booked: &BookedMoney, config: &config::Hub) -> String {
    let amount = Money::new(booked.amount_minor, config.site.currency);
    let name = match (&booked.receipt, booked.purchase) {
        (Some(receipt), _) => receipt.clone(),
        (None, Some(purchase)) => format!("purchase {purchase}, settled without a receipt so far"),
        (None, None) => "without a receipt".to_owned(),
    };
    format!("{name}, {amount}, {}", booked.since.rfc3339())
}

/// A name that stands beside the payer's phone is left behind: none is kept.
fn booked_line(line: &StatementLine, short_code: &str) -> BookedLine {
    let phone = |text: &String| {
        let digits = text.split(|c: char| c.is_alphabetic()).next().unwrap_or_default();
        let phone = digits.trim_matches([' ', '-', ',']).to_owned();
        (Payer::read(&phone) != Payer::Unknown).then_some(phone)
    };
    BookedLine {
        provider: Provider::Mpesa.name().to_owned(),
        receipt: line.receipt.to_string(),
        amount_minor: line.amount.minor,
        currency: line.amount.currency.code().to_owned(),
        payer: line.other_party.as_ref().and_then(phone),
        reference: line.reference.clone(),
        short_code: short_code.to_owned(),
        time_ms: line.time.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_end_is_read_no_further_than_shows_it() {
        let bytes = whole(Path::new("/dev/zero")).unwrap();
        assert_eq!(
            statement::read(&STATEMENT, &bytes),
            Err(statement::StatementError::TooLarge)
        );
    }
}
