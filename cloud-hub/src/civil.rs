//! Times of day as providers write them: `20191219102115`, `06.07.2024 22:48:52`, `2026-11-20 09:00:00`. They carry no
//! zone; whoever reads them knows it.

use kiosk::{
    day::Day,
    moment::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Wall},
};

/// East Africa Time, UTC+3 the whole year (IANA time zone database, Africa/Nairobi).
pub const EAST_AFRICA_MS: i64 = 3 * HOUR_MS;

/// Reads a date with a time, `ahead_ms` ahead of UTC: fourteen digits, or six groups of digits of which the first or the
/// third is the year, with any single signs between them. A `Z` or `+03:00` at the end says how far ahead it is, parts of a
/// second are left out. `None` for anything else.
pub fn read(text: &str, ahead_ms: i64) -> Option<Wall> {
    let text = text.trim();
    let (text, ahead_ms) = match (text.strip_suffix('Z'), offset(text)) {
        (Some(text), _) => (text, 0),
        (None, Some((text, own_ms))) => (text, own_ms),
        (None, None) => (text, ahead_ms),
    };
    let text = whole_seconds(text);
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

/// Splits `+03:00` off the end; the offset in milliseconds.
fn offset(text: &str) -> Option<(&str, i64)> {
    let (text, offset) = text.split_at_checked(text.len().checked_sub("+03:00".len())?)?;
    let (sign, offset) = match offset.split_at_checked(1)? {
        ("+", offset) => (1, offset),
        ("-", offset) => (-1, offset),
        _ => return None,
    };
    let (hours, minutes) = offset.split_once(':')?;
    let ms = number(hours, 14)? * HOUR_MS + number(minutes, 59)? * MINUTE_MS;
    Some((text, sign * ms))
}

/// Without the parts of a second: a point and digits after the last colon.
fn whole_seconds(text: &str) -> &str {
    let part = text.rsplit_once(':').and_then(|(_, tail)| tail.split_once('.'));
    match part {
        Some((_, part)) if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) => {
            &text[..text.len() - part.len() - 1]
        }
        _ => text,
    }
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
            "2024-07-06T19:48:52.000Z",
            "2024-07-06T22:48:52.123456",
            "2024-07-06T22:48:52+03:00",
            "2024-07-06T22:48:52.000+03:00",
            "2024-07-06T14:18:52-05:30",
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
            "2024-07-06 22:48:52.",
            "2024-07-06 22:48:52.x",
            "2024-07-06 22:48:52+3:00",
            "2024-07-06 22:48:52+15:00",
            "2024-07-06+03:00",
            "+03:00",
        ] {
            let odd_space = text.ends_with(' ');
            assert_eq!(read(text, 0).is_none(), !odd_space, "{text}");
        }
    }
}
