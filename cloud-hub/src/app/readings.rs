//! `readings`: a list of meter readings beside the books, with what is wrong with each line. It reads the last commit
//! beside the hub; what it books goes through the machine, a line at a time, and a line that is booked is booked once.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, bail};
use kiosk::{
    bill::reading::{Kept, Reading, take},
    day::{Day, Zone},
    ids::CustomerId,
    phone::Country,
    units::Volume,
};
use runtime::{clock::Clock, dice::Dice};
use store::{Connection, StoreError};

use super::{
    commands::{asked, tell},
    control::Command,
    operations::look,
    settings,
};
use crate::{hub::store::read, statement::csv};

/// The largest list that is read: about a hundred thousand lines.
const LIST_BYTES_MAX: usize = 4 * 1_024 * 1_024;
/// The columns; the last may be missing.
const COLUMNS: [&str; 4] = ["account", "day", "meter_m3", "new_meter"];

/// A line that can be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    line: usize,
    account: String,
    customer: CustomerId,
    reading: Reading,
}

/// A list beside the books.
#[derive(Debug, Default)]
struct Checked {
    good: Vec<Line>,
    /// Entered before.
    known: usize,
    wrong: Vec<(usize, String)>,
}

/// `readings --file FILE [--book]`. An error when any line is wrong, and then nothing is booked.
pub async fn run(config: &config::Hub, file: &Path, book: bool) -> anyhow::Result<()> {
    let shown = || file.display().to_string();
    let bytes = std::fs::read(file).with_context(shown)?;
    let rows = rows(&bytes).map_err(anyhow::Error::msg).with_context(shown)?;
    let country = Country::of_currency(config.site.currency);
    let zone = Zone::named(&settings::time_zone(config))?;
    let today = zone.day(Clock::of_server().stamp(&mut Dice::from_system()?).wall);
    let checked = look(config, |books| check(books, rows, country, today))?;
    for (line, what) in &checked.wrong {
        tell(&format!("line {line}: {what}"))?;
    }
    let (good, known) = (checked.good.len(), checked.known);
    match (checked.wrong.len(), book) {
        (0, false) => tell(&format!(
            "{good} readings can be entered, {known} are already; add --book to enter them"
        )),
        (0, true) => {
            for line in &checked.good {
                let heard = asked(config, command(line)).await?;
                if let Err(why) = heard.told() {
                    bail!("line {}: {}: {why}", line.line, line.account);
                }
            }
            tell(&format!("{good} readings entered, {known} were already"))
        }
        (1, _) => bail!("one line is wrong; nothing was entered, and {good} others could be"),
        (several, _) => bail!("{several} lines are wrong; nothing was entered, and {good} others could be"),
    }
}

fn command(line: &Line) -> Command {
    Command::Reading {
        customer: line.customer.to_string(),
        day: line.reading.day.to_string(),
        meter_ml: line.reading.meter.ml(),
        new_meter: line.reading.new_meter,
    }
}

/// The rows behind the header, their fields in the order of [`COLUMNS`].
fn rows(bytes: &[u8]) -> Result<Vec<(usize, [String; 4])>, String> {
    if bytes.len() > LIST_BYTES_MAX {
        return Err(format!("more than {LIST_BYTES_MAX} bytes; split the list"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8 text; save it as CSV".to_owned())?;
    let rows = csv::rows(text.trim_start_matches('\u{feff}'))
        .map_err(|line| format!("the quoted field that begins in line {line} does not end"))?;
    let mut rows = rows
        .into_iter()
        .filter(|row| row.fields.iter().any(|field| !field.trim().is_empty()));
    let header = rows.next().map(|row| row.fields).unwrap_or_default();
    let place = |name: &str| header.iter().position(|field| field.trim().eq_ignore_ascii_case(name));
    let places = COLUMNS.map(place);
    if let Some(missing) = COLUMNS[..3]
        .iter()
        .zip(places)
        .find_map(|(name, place)| place.is_none().then_some(name))
    {
        return Err(format!(
            "the first line must name the columns {}, and {missing} is not among them",
            COLUMNS.join(",")
        ));
    }
    let field = |fields: &[String], place: Option<usize>| {
        let text = place.and_then(|place| fields.get(place));
        text.map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    Ok(rows
        .map(|row| (row.line, places.map(|place| field(&row.fields, place))))
        .collect())
}

fn check(
    books: &Connection,
    rows: Vec<(usize, [String; 4])>,
    country: Country,
    today: Day,
) -> Result<Checked, StoreError> {
    let mut checked = Checked::default();
    let mut last: BTreeMap<CustomerId, Option<Kept>> = BTreeMap::new();
    for (line, [account, day, meter, new_meter]) in rows {
        let Some(customer) = read::customer_named(books, &account, country)?.map(|customer| customer.id) else {
            checked.wrong.push((line, format!("there is no customer {account:?}")));
            continue;
        };
        let reading = match reading(&day, &meter, &new_meter) {
            Ok(reading) => reading,
            Err(what) => {
                checked.wrong.push((line, what));
                continue;
            }
        };
        let state = read::metered(books, customer, &reading)?;
        if state.is_known {
            checked.known += 1;
            continue;
        }
        if !state.is_metered {
            checked
                .wrong
                .push((line, format!("{account} is not billed by a meter")));
            continue;
        }
        let before = last.entry(customer).or_insert(state.last);
        match take(reading, before.as_ref(), today) {
            // Twice in the list.
            Ok(None) => checked.known += 1,
            Ok(Some(kept)) => {
                *before = Some(kept);
                checked.good.push(Line {
                    line,
                    account,
                    customer,
                    reading,
                });
            }
            Err(error) => checked.wrong.push((line, format!("{account}: {error}"))),
        }
    }
    Ok(checked)
}

fn reading(day: &str, meter: &str, new_meter: &str) -> Result<Reading, String> {
    Ok(Reading {
        day: day.parse().map_err(|error: kiosk::day::DayError| error.to_string())?,
        meter: cubic_metres(meter)
            .ok_or_else(|| format!("{meter:?} is no reading in cubic metres, such as 123.456"))?,
        new_meter: match new_meter {
            "" | "no" | "false" | "0" => false,
            "yes" | "true" | "1" => true,
            other => return Err(format!("{other:?} is neither yes nor no")),
        },
    })
}

/// `123.456`, with at most six decimals.
fn cubic_metres(text: &str) -> Option<Volume> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 6 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = format!("{decimals:0<6}").parse().ok()?;
    Volume::try_from_ml(whole.checked_mul(1_000_000)?.checked_add(part)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_meter_shows_is_read_to_the_millilitre() {
        for (text, ml) in [
            ("123.456", Some(123_456_000)),
            ("0", Some(0)),
            ("12", Some(12_000_000)),
            ("1.000001", Some(1_000_001)),
            ("1.0000001", None),
            ("1,5", None),
            ("-1", None),
            ("", None),
            (".5", None),
            ("99999999999", None),
        ] {
            assert_eq!(cubic_metres(text).map(Volume::ml), ml, "{text}");
        }
    }

    #[test]
    fn columns_are_known_by_their_names() {
        let list = rows(b"Meter_m3,account,day\n7.5,AQP000001,2026-11-30\n\n").unwrap();
        let fields = ["AQP000001", "2026-11-30", "7.5", ""].map(str::to_owned);
        assert_eq!(list, [(2, fields)]);
        assert!(rows(b"account,day\n").unwrap_err().contains("meter_m3"));
        assert!(rows(b"").unwrap_err().contains("account"));
        assert!(reading("2026-11-31", "1", "").is_err());
        assert!(reading("2026-11-30", "1", "maybe").is_err());
    }
}
