//! Times of day as providers write them: `20191219102115`, `06.07.2024 22:48:52`, `2026-11-20 09:00:00`. They carry no
//! zone; whoever reads them knows it.

use kiosk::{
    day::Day,
    moment::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Wall},
};

/// East Africa Time, UTC+3 the whole year (IANA time zone database, Africa/Nairobi).
pub const EAST_AFRICA_MS: i64 = 3 * HOUR_MS;

/// Reads a date with a time, `ahead_ms` ahead of UTC: fourteen digits, or six groups of digits of which the first or the
/// third is the year, with any single signs between them. A `Z` at the end says UTC. `None` for anything else.
pub fn read(text: &str, ahead_ms: i64) -> Option<Wall> {
    let text = text.trim();
    let (text, ahead_ms) = match text.strip_suffix('Z') {
        Some(text) => (text, 0),
        None => (text, ahead_ms),
    };
    let groups: Vec<&str> = match text.len() == 14 && text.is_ascii() {
        true => vec![
            &text[..4],
            &text[4..6],
            &text[6..8],
            &text[8..10],
            &text[10..12],
            &text[12..],
        ],
        false => text.split(['.', '-', '/', ':', ' ', 'T']).collect(),
    };
    let [first, month, third, hour, minute, second] = groups.try_into().ok()?;
    let (year, day) = match (first.len(), third.len()) {
        (4, 2) => (first, third),
        (2, 4) => (third, first),
        _ => return None,
    };
    let (hour, minute) = (number(hour, 23)?, number(minute, 59)?);
    let day = Day::new(
        i16::try_from(number(year, 9_999)?).ok()?,
        i8::try_from(number(month, 12)?).ok()?,
        i8::try_from(number(day, 31)?).ok()?,
    )?;
    let days = Day::new(1970, 1, 1)?.days_until(day);
    let ms = i64::from(days) * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS + number(second, 59)? * SECOND_MS;
    Some(Wall(ms - ahead_ms))
}

/// Writes `2026-11-20 09:00:00`, `ahead_ms` ahead of UTC.
pub fn spaced(time: Wall, ahead_ms: i64) -> String {
    let text = time.plus_ms(ahead_ms).rfc3339();
    let (date, rest) = text.split_once('T').unwrap_or((&text, ""));
    format!("{date} {}", rest.get(..8).unwrap_or_default())
}

fn number(digits: &str, max: i64) -> Option<i64> {
    let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && *number <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2024-07-06T19:48:52Z, by `date -u -d 2024-07-06T19:48:52Z +%s`.
    const TIME: Wall = Wall::from_seconds(1_720_295_332);

    #[test]
    fn every_form_means_the_same_moment() {
        for text in [
            "20240706224852",
            "06.07.2024 22:48:52",
            "06-07-2024 22:48:52",
            "2024-07-06 22:48:52",
            "2024-07-06T22:48:52",
            "2024/07/06 22:48:52",
            "2024-07-06T19:48:52Z",
        ] {
            assert_eq!(read(text, EAST_AFRICA_MS), Some(TIME), "{text}");
        }
        assert_eq!(spaced(TIME, EAST_AFRICA_MS), "2024-07-06 22:48:52");
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "2024070622485",
            "2024070622485x",
            "20241306224852",
            "20240230224852",
            "20240706244852",
            "2024-07-06",
            "06.07.24 22:48:52",
            "2024-07-06 22:48:52 ",
            "2024-07--6 22:48:52",
            "+024-07-06 22:48:52",
            "2024-07-06 22:48:60",
        ] {
            let odd_space = text.ends_with(' ');
            assert_eq!(read(text, 0).is_none(), !odd_space, "{text}");
        }
    }
}
