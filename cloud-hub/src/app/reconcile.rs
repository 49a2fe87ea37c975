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
    settings,
};
use crate::{
    adapters::mpesa::wire::statement::STATEMENT,
    hub::store::read::{self, BookedMoney, MadePayout},
    statement::{self, Flow, Layout, STATEMENT_BYTES_MAX, StatementLine, plain},
};

/// Statement and books side by side.
#[derive(Debug, Default)]
struct Comparison {
    /// In both, with the same amount.
    agree: usize,
    /// In the statement alone.
    missing: Vec<StatementLine>,
    /// Of those that agree, the ones whose receipt only a callback told so far.
    unproven: Vec<StatementLine>,
    /// In both, with another amount in the books.
    differ: Vec<(StatementLine, BookedMoney)>,
    /// Again in the statement under a receipt that it had before.
    twice: Vec<StatementLine>,
    /// More than once in the books.
    doubled: Vec<StatementLine>,
    /// In the books alone, paid within the statement's time.
    unseen: Vec<BookedMoney>,
    /// Payouts in both, with the same amount.
    payouts_agree: usize,
    /// Payouts in both, with another amount in the books.
    payouts_differ: Vec<(StatementLine, MadePayout)>,
    /// Payouts that the books hold as made within the statement's time, and that are not in it.
    payouts_unseen: Vec<MadePayout>,
    /// Lines of other money that went out, such as to the bank, and how much: not compared.
    out: Vec<StatementLine>,
    /// Lines of what did not take place.
    undone: usize,
}

impl Comparison {
    fn differences(&self) -> usize {
        let of_payouts = self.payouts_differ.len() + self.payouts_unseen.len();
        let of_money = self.missing.len() + self.differ.len() + self.unseen.len();
        of_money + self.twice.len() + self.doubled.len() + of_payouts
    }
}

/// `reconcile --statement FILE --provider NAME [--book]`. An error when differences are left.
pub async fn run(config: &config::Hub, file: &Path, provider: &str, book: bool) -> anyhow::Result<()> {
    let (provider, layout) = layout_of(config, provider)?;
    let mpesa = config.payments.mpesa.as_ref().filter(|_| provider == Provider::Mpesa);
    if book && mpesa.is_none() {
        bail!(
            "--book is for statements of mpesa, whose short code says that the money is ours; what a statement of {} has and \
             the books lack is credited by hand, with its receipt, on the page of the purchase that it paid for",
            provider.title()
        );
    }
    let bytes = whole(file).with_context(|| file.display().to_string())?;
    let lines = statement::read(&layout, &bytes).with_context(|| file.display().to_string())?;
    let mut found = look(config, |books| compare(books, provider, lines.clone()))?;
    tell_differences(&found, config)?;
    tell_payouts(&found, config)?;
    if let (true, Some(mpesa)) = (book, mpesa) {
        let short_code = mpesa.till.as_ref().unwrap_or(&mpesa.shortcode);
        // What agrees proves the receipt of a purchase that only a callback had told.
        for line in found.unproven.iter().chain(&found.missing) {
            let heard = asked(config, Command::BookLine(Box::new(booked_line(line, short_code)))).await?;
            match heard.told() {
                Ok(place) => tell(&format!("booked {}: {place}", line.receipt))?,
                Err(why) => bail!("{}: {why}", line.receipt),
            }
        }
        // A line that was booked may be the receipt that a payment in the books waited for.
        found = look(config, |books| compare(books, provider, lines))?;
    }
    let left = found.differences();
    let out: i64 = found.out.iter().map(|line| line.amount.minor).sum();
    if let Some(first) = found.out.first() {
        let sum = Money::new(out, first.amount.currency);
        tell(&format!(
            "not compared: {} lines of other money that went out, {sum} in all",
            found.out.len()
        ))?;
    }
    if found.undone > 0 {
        tell(&format!("left out: {} lines of what did not take place", found.undone))?;
    }
    tell(&agreeing(found.agree, "payment"))?;
    if found.payouts_agree > 0 {
        tell(&agreeing(found.payouts_agree, "payout"))?;
    }
    match left {
        0 => Ok(()),
        1 => bail!("one difference is left"),
        several => bail!("{several} differences are left"),
    }
}

fn agreeing(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what} agrees"),
        several => format!("{several} {what}s agree"),
    }
}

/// How the statement of a provider is laid out. Of M-PESA's the portal's own form is known; the others' is the plain one.
fn layout_of(config: &config::Hub, name: &str) -> anyhow::Result<(Provider, Layout)> {
    let Some(provider) = Provider::from_name(name) else {
        bail!("there is no provider {name}; it is mpesa, mtn, airtel or intasend");
    };
    if !settings::providers(&config.payments).contains(&provider) {
        bail!("payments.{name} is not configured");
    }
    let currency = settings::collects(&config.payments).get(&provider).copied();
    let layout = match provider {
        Provider::Mpesa => STATEMENT,
        other => plain::layout(other, currency.unwrap_or(config.site.currency)),
    };
    Ok((provider, layout))
}

fn tell_differences(found: &Comparison, config: &config::Hub) -> anyhow::Result<()> {
    for line in &found.missing {
        tell(&format!("in the statement, not in the books: {}", described(line)))?;
    }
    for (line, booked) in &found.differ {
        let held = Money::new(booked.amount_minor, line.amount.currency);
        tell(&format!("another amount: {}; the books hold {held}", described(line)))?;
    }
    for line in &found.twice {
        tell(&format!("twice in the statement: {}", described(line)))?;
    }
    for line in &found.doubled {
        tell(&format!("more than once in the books: {}", described(line)))?;
    }
    for booked in &found.unseen {
        tell(&format!(
            "in the books, not in the statement: {}",
            of_books(booked, config)
        ))?;
    }
    Ok(())
}

/// Tells the differences of payouts.
fn tell_payouts(found: &Comparison, config: &config::Hub) -> anyhow::Result<()> {
    for (line, made) in &found.payouts_differ {
        let held = Money::new(made.amount_minor, line.amount.currency);
        let line = described(line);
        tell(&format!(
            "another amount: {line}; the books hold {held} for payout {}",
            made.id
        ))?;
    }
    for made in &found.payouts_unseen {
        let amount = Money::new(made.amount_minor, config.site.currency);
        let receipt = made.receipt.as_deref().unwrap_or("without a receipt");
        let since = made.since.rfc3339();
        tell(&format!(
            "in the books, not in the statement: payout {}, {receipt}, {amount}, {since}",
            made.id
        ))?;
    }
    Ok(())
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
    let (mut receipts, mut gone, mut booked_seen) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for line in lines {
        if !line.is_completed {
            found.undone += 1;
            continue;
        }
        if line.flow == Flow::Out {
            match read::payout_under(books, provider, line.receipt.as_str())? {
                None => found.out.push(line),
                Some(_) if !gone.insert(line.receipt.to_string()) => {}
                Some(made) if made.amount_minor == line.amount.minor => found.payouts_agree += 1,
                Some(made) => found.payouts_differ.push((line, made)),
            }
            continue;
        }
        if !receipts.insert(line.receipt.to_string()) {
            found.twice.push(line);
            continue;
        }
        let booked = read::booked_under(books, provider, line.receipt.as_str(), line.reference.as_deref())?;
        match booked.as_slice() {
            [] => found.missing.push(line),
            [one] if one.amount_minor == line.amount.minor => {
                found.agree += 1;
                if !one.is_proven {
                    found.unproven.push(line);
                }
            }
            [one] => found.differ.push((line, one.clone())),
            _ => found.doubled.push(line),
        }
        booked_seen.extend(booked);
    }
    if let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) {
        let booked = read::booked_between(books, provider, *first, *last)?;
        let made = read::payouts_between(books, provider, *first, *last)?;
        let is_listed = |made: &MadePayout| made.receipt.as_ref().is_some_and(|receipt| gone.contains(receipt));
        found.payouts_unseen = made.into_iter().filter(|made| !is_listed(made)).collect();
        found.unseen = booked
            .into_iter()
            .filter(|booked| !booked_seen.contains(booked))
            .collect();
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
