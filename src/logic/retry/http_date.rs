//! The instants of HTTP-date (RFC 9110, section 5.6.7).

use super::{MICROS_PER_SECOND, is_digits};
use time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time};

/// The instant, in microseconds, that one of the three forms of HTTP-date names. The present is needed for
/// the century of a two-digit year only.
pub(super) fn parse(value: &str, now_micros: i64) -> Option<i64> {
    // One field more than the longest form has, so that text of any length costs no more than a few words.
    let fields: Vec<&str> = value.split_ascii_whitespace().take(7).collect();
    let (day_name, day, month, year, clock) = match fields[..] {
        // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
        [day_name, day, month, year, clock, zone] if is_utc(zone) => {
            (day_name.strip_suffix(',')?, day, month, year, clock)
        }
        // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
        [day_name, date, clock, zone] if is_utc(zone) => {
            let (day, rest) = date.split_once('-')?;
            let (month, year) = rest.split_once('-')?;
            (day_name.strip_suffix(',')?, day, month, year, clock)
        }
        // asctime: Sun Nov  6 08:49:37 1994
        [day_name, month, day, clock, year] => (day_name, day, month, year, clock),
        _ => return None,
    };
    if !is_day_name(day_name) {
        return None;
    }
    let day = if day.len() == 1 { digits(day, 1)? } else { digits(day, 2)? };
    let month = parse_month(month)?;
    let (time, leap) = parse_clock(clock)?;
    // Only RFC 850 separates its date by hyphens, and only it may shorten the year.
    let year = match digits(year, 4) {
        Some(year) => year,
        None if fields.len() == 4 => full_year(digits(year, 2)?, (month, day, time), now_micros),
        None => return None,
    };
    let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    let seconds = PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp() + i64::from(leap);
    Some(seconds.saturating_mul(MICROS_PER_SECOND))
}

/// The year that two digits mean: the latest that leaves the date at most 50 years in the future. RFC 9110
/// (section 5.6.7) asks for that bound; beyond it, the year is in the past.
fn full_year(two_digits: i32, (month, day, time): (Month, i32, Time), now_micros: i64) -> i32 {
    let epoch = OffsetDateTime::UNIX_EPOCH;
    // PostgreSQL's years reach farther than this crate's; out there no two-digit year makes sense anyway.
    let now = epoch.checked_add(Duration::microseconds(now_micros)).unwrap_or(epoch);
    let latest = now.year() + 50;
    let year = latest - (latest - two_digits).rem_euclid(100);
    let date = (year, u8::from(month), day, time);
    if date > (latest, u8::from(now.month()), i32::from(now.day()), now.time()) { year - 100 } else { year }
}

/// `HH:MM:SS`, and whether one second is to be added to it.
fn parse_clock(clock: &str) -> Option<(Time, bool)> {
    let (hour, rest) = clock.split_once(':')?;
    let (minute, second) = rest.split_once(':')?;
    let [hour, minute, second] = [digits(hour, 2)?, digits(minute, 2)?, digits(second, 2)?];
    let leap = second == 60;
    let [hour, minute, second] = [hour, minute, if leap { 59 } else { second }].map(u8::try_from);
    Some((Time::from_hms(hour.ok()?, minute.ok()?, second.ok()?).ok()?, leap))
}

fn parse_month(name: &str) -> Option<Month> {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let index = NAMES.iter().position(|month| month.eq_ignore_ascii_case(name))?;
    Some(Month::January.nth_next(u8::try_from(index).ok()?))
}

fn is_day_name(name: &str) -> bool {
    const NAMES: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    NAMES.iter().any(|day| day.eq_ignore_ascii_case(name) || day[..3].eq_ignore_ascii_case(name))
}

fn is_utc(zone: &str) -> bool {
    zone.eq_ignore_ascii_case("GMT") || zone.eq_ignore_ascii_case("UTC")
}

/// A number of exactly `len` digits.
fn digits(text: &str, len: usize) -> Option<i32> {
    if text.len() == len && is_digits(text) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use crate::retry::{MAX_RETRY_AFTER_MICROS as DAY, MICROS_PER_SECOND as SECOND, parse_retry_after};
    use proptest::prelude::*;
    use std::time::{Duration, UNIX_EPOCH};

    /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110, section 5.6.7.
    const RFC: i64 = 784_111_777 * SECOND;
    const YEAR_2026: i64 = 1_767_225_600 * SECOND;

    /// The wait from ten seconds before the RFC's example date.
    fn ten_before(value: &str) -> Option<i64> {
        parse_retry_after(value, RFC - 10 * SECOND)
    }

    #[test]
    fn dates() {
        for value in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            // Not in the grammar, but clear.
            "  sun, 6 nov 1994   08:49:37\tgmt ",
            "SUNDAY, 06-NOV-1994 08:49:37 UTC",
            "sun nov 06 08:49:37 1994",
            // The name of another day: the date counts.
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Friday, 06-Nov-94 08:49:37 GMT",
            "Tue Nov  6 08:49:37 1994",
        ] {
            assert_eq!(ten_before(value), Some(10 * SECOND), "{value:?}");
            assert_eq!(parse_retry_after(value, RFC), Some(0), "{value:?}");
            assert_eq!(parse_retry_after(value, RFC + SECOND), Some(0), "{value:?}");
            assert_eq!(parse_retry_after(value, RFC - 1), Some(1), "{value:?}");
            assert_eq!(parse_retry_after(value, RFC - 2 * DAY), Some(DAY), "{value:?}");
        }
    }

    #[test]
    fn nonsense_dates() {
        for value in [
            "06 Nov 1994 08:49:37 GMT",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 1994 08:49:37 +0100",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT x",
            "Sun, 06 Nov 1994 08:49:37 GMT x y z",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:37 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 29 Feb 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, -6 Nov 1994 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov +994 08:49:37 GMT",
            "Sun, 06 Nov 11994 08:49:37 GMT",
            "Sun, 06 Now 1994 08:49:37 GMT",
            "Sun, 06 November 1994 08:49:37 GMT",
            "Sol, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94-1 08:49:37 GMT",
            "Sun Nov  6 08:49:37 94",
            "Sun Nov  6 08:49:37 GMT 1994",
            "1994-11-06T08:49:37Z",
            "784111777 GMT",
        ] {
            assert_eq!(ten_before(value), None, "{value:?}");
        }
    }

    #[test]
    fn leap_second_is_the_next_second() {
        // The last leap second so far; 2017-01-01 00:00:00 GMT is 1,483,228,800.
        let midnight = 1_483_228_800 * SECOND;
        for value in [
            "Sat, 31 Dec 2016 23:59:60 GMT",
            "Saturday, 31-Dec-16 23:59:60 GMT",
            "Sat Dec 31 23:59:60 2016",
            "Sun, 01 Jan 2017 00:00:00 GMT",
        ] {
            assert_eq!(parse_retry_after(value, midnight - 5 * SECOND), Some(5 * SECOND), "{value}");
        }
        assert_eq!(parse_retry_after("Fri, 31 Dec 9999 23:59:60 GMT", 0), Some(DAY));
    }

    #[test]
    fn two_digit_years_reach_fifty_years_ahead() {
        // 2026-01-01 00:00:00: exactly 50 years ahead is still the future, a second more is 1976.
        for (value, wait) in [
            ("Thursday, 01-Jan-26 00:00:05 GMT", Some(5 * SECOND)),
            ("Wednesday, 01-Jan-76 00:00:00 GMT", Some(DAY)),
            ("Wednesday, 01-Jan-76 00:00:01 GMT", Some(0)),
            ("Friday, 01-Jan-77 00:00:00 GMT", Some(0)),
            ("Friday, 31-Dec-99 23:59:59 GMT", Some(0)),
        ] {
            assert_eq!(parse_retry_after(value, YEAR_2026), wait, "{value}");
        }
        // 1999-12-31 23:59:55: "00" is tomorrow, not a century ago, and a leap year.
        let before_2000 = (946_684_800 - 5) * SECOND;
        assert_eq!(parse_retry_after("Saturday, 01-Jan-00 00:00:00 GMT", before_2000), Some(5 * SECOND));
        assert_eq!(parse_retry_after("Tuesday, 29-Feb-00 00:00:00 GMT", before_2000), Some(DAY));
        assert_eq!(parse_retry_after("Tuesday, 29-Feb-01 00:00:00 GMT", before_2000), None);
    }

    #[test]
    fn dates_far_away_saturate() {
        for value in ["Sun, 06 Nov 0000 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"] {
            assert_eq!(parse_retry_after(value, i64::MAX), Some(0), "{value}");
        }
        assert_eq!(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", i64::MIN), Some(DAY));
    }

    proptest! {
        /// `httpdate` writes, and reads, the same instants.
        #[test]
        fn dates_agree_with_httpdate(at in 0..253_402_300_800_i64, before in 0..=DAY) {
            let seconds = u64::try_from(at).unwrap();
            let written = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
            let now = at * SECOND - before;
            prop_assert_eq!(parse_retry_after(&written, now), Some(before));
            prop_assert_eq!(parse_retry_after(&written.to_lowercase(), now), Some(before));
            let fields: Vec<&str> = written.split([' ', ',']).collect();
            let [name, _, day, month, year, clock, _] = fields[..] else { panic!("{written}") };
            let asctime = format!("{name} {month} {:>2} {clock} {year}", day.trim_start_matches('0'));
            prop_assert_eq!(parse_retry_after(&asctime, now), Some(before));
            let rfc850 = format!("{name}, {day}-{month}-{} {clock} GMT", &year[2..]);
            prop_assert_eq!(parse_retry_after(&rfc850, now), Some(before));
        }
    }
}
