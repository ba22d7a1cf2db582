//! Whether to retry a request, when, and which error code a failure has.
//!
//! All times are microseconds: durations as such, instants since the Unix epoch. Nothing here reads a
//! clock or draws a random number; both are arguments, so every answer can be tested.

mod http_date;

use crate::error::Error;

/// The longest wait that [`parse_retry_after`] reports: 24 hours. A longer wait counts as a day, so that
/// one broken header cannot stop a tenant for years.
pub const MAX_RETRY_AFTER_MICROS: i64 = 24 * 60 * 60 * MICROS_PER_SECOND;

/// A number above it is an instant (September 2001), not a delay of more than 31 years.
pub const FIRST_EPOCH_SECONDS: i64 = 1_000_000_000;

const MICROS_PER_SECOND: i64 = 1_000_000;

/// The closed list of error codes of runs, in the order of the documentation.
pub const ERROR_CODES: &[&str] = &[
    "auth_failed",
    "forbidden",
    "not_found",
    "throttled",
    "service_unavailable",
    "timeout",
    "network",
    "parse_error",
    "upstream_error",
    "item_rejected",
    "short_of_expected",
    "shrink_guard",
    "nothing_observed",
    "lease_expired",
    "unexpected",
];

/// Whether the same request may succeed later.
///
/// True for 408, 425, 429, 500, 502, 503 and 504 of the IANA registry, and for the unregistered ones that
/// proxies and clouds send for the same conditions: 520 to 524 (Cloudflare cannot reach the origin), 529
/// (overloaded), 598 and 599 (a proxy's read and connect timeouts). False for everything else, 501 and 505
/// too: what a server does not implement, it will not implement in a minute.
pub fn is_retryable(http_status: i32) -> bool {
    matches!(http_status, 408 | 425 | 429 | 500 | 502..=504 | 520..=524 | 529 | 598 | 599)
}

/// The error code, one of [`ERROR_CODES`], for the status of an HTTP response; `None` is an unknown status.
///
/// A status that is not a failure (below 400) or not an HTTP status (600 and above) is `unexpected`: the
/// caller recorded it as an error, and the status does not say why.
pub fn error_code_for(http_status: Option<i32>) -> &'static str {
    match http_status {
        Some(401) => "auth_failed",
        Some(403) => "forbidden",
        Some(404 | 410) => "not_found",
        Some(408 | 504) => "timeout",
        Some(429) => "throttled",
        Some(503) => "service_unavailable",
        Some(400..=599) => "upstream_error",
        _ => "unexpected",
    }
}

/// The wait that a `Retry-After` field value (RFC 9110, section 10.2.3) asks for, in microseconds from
/// `now_micros` on: 0 to [`MAX_RETRY_AFTER_MICROS`]. `None` when the value has none of the forms, which
/// callers treat like an absent header.
///
/// * Seconds, however many digits; above [`FIRST_EPOCH_SECONDS`] the Unix time of an instant, which some servers send. A fraction (`1.5`) is not in the grammar, but some servers send one and
///   mean it; it is rounded up to the microsecond. Signs, exponents and units are refused.
/// * A date as IMF-fixdate, RFC 850 or asctime (section 5.6.7). A date in the past asks for no wait.
///
/// Dates are read by their meaning: names in any case, extra blanks, a day of one digit, `UTC` for `GMT`,
/// RFC 850 with a year of four digits, and the name of another day of the week. The second 60 (leap second)
/// is the first second of the next minute.
pub fn parse_retry_after(value: &str, now_micros: i64) -> Option<i64> {
    let value = value.trim_ascii();
    let wait = match parse_seconds(value) {
        Some(instant) if instant > FIRST_EPOCH_SECONDS * MICROS_PER_SECOND => {
            instant.saturating_sub(now_micros)
        }
        Some(wait) => wait,
        None => http_date::parse(value, now_micros)?.saturating_sub(now_micros),
    };
    Some(wait.clamp(0, MAX_RETRY_AFTER_MICROS))
}

/// How the wait grows while the server does not say: from `base`, doubling, up to `cap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    base_micros: i64,
    cap_micros: i64,
}

impl Backoff {
    /// Both in microseconds and positive, else [`Error::invalid`]. A base above the cap is allowed: the cap
    /// then holds from the first attempt on.
    pub fn new(base_micros: i64, cap_micros: i64) -> Result<Self, Error> {
        for (name, micros) in [("base", base_micros), ("cap", cap_micros)] {
            if micros <= 0 {
                return Err(Error::invalid(
                    format!("retry {name} must be positive"),
                    format!("The {name} is {micros} microseconds."),
                    format!("Give a {name} longer than zero, for example '1s'."),
                ));
            }
        }
        Ok(Self { base_micros, cap_micros })
    }

    /// `min(cap, base * 2^attempt)`.
    fn ceiling(&self, attempt: u32) -> i64 {
        // 2^63 times any base is above any cap, and the product of two such numbers still fits.
        let grown = i128::from(self.base_micros) << attempt.min(63);
        i64::try_from(grown).map_or(self.cap_micros, |grown| grown.min(self.cap_micros))
    }
}

/// How long to wait before asking again, in microseconds; `None` means: do not retry.
///
/// `attempt` counts the retries made before, so it is 0 after the first failure. `random` is uniform in
/// `[0, 1)` and new for every call. The wait is "full jitter", uniform from 0 to `min(cap, base * 2^attempt)`.
/// If `retry_after` says how long ([`parse_retry_after`]), the jitter is added to it: no worker retries early,
/// and not all workers retry at the same instant. Such a wait may be longer than the cap.
pub fn retry_delay(
    attempt: i32,
    http_status: i32,
    retry_after: Option<&str>,
    backoff: &Backoff,
    now_micros: i64,
    random: f64,
) -> Result<Option<i64>, Error> {
    let Ok(attempt) = u32::try_from(attempt) else {
        return Err(Error::invalid(
            "attempt must not be negative",
            format!("The attempt is {attempt}."),
            "Count the retries made so far: 0 after the first failure.",
        ));
    };
    let asked = retry_after.and_then(|value| parse_retry_after(value, now_micros));
    // A 403 is final, unless the server says when to come back: GitHub's secondary limits do.
    let may_retry = is_retryable(http_status) || http_status == 403 && asked.is_some();
    if !may_retry {
        return Ok(None);
    }
    let asked = asked.unwrap_or(0);
    let ceiling = backoff.ceiling(attempt);
    // The cast saturates and makes 0 of NaN, and rounding may carry a huge ceiling over itself.
    let jitter = ((ceiling as f64 * random) as i64).clamp(0, ceiling);
    Ok(Some(asked.saturating_add(jitter)))
}

/// `delay-seconds`, with an optional fraction, in microseconds; what is beyond all clocks counts as the year 33658.
fn parse_seconds(value: &str) -> Option<i64> {
    let (whole, fraction) = match value.split_once('.') {
        Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
        Some(_) => return None,
        None => (value, ""),
    };
    if !is_digits(whole) {
        return None;
    }
    let append = |number: i64, digit: u8| number * 10 + i64::from(digit - b'0');
    let seconds =
        whole.bytes().fold(0, |number, digit| append(number, digit).min(FIRST_EPOCH_SECONDS * 1_000));
    let micros = fraction.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, append);
    let round_up = fraction.bytes().skip(6).any(|digit| digit != b'0');
    Some(seconds * MICROS_PER_SECOND + micros + i64::from(round_up))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use proptest::prelude::*;

    const SECOND: i64 = MICROS_PER_SECOND;
    const DAY: i64 = MAX_RETRY_AFTER_MICROS;
    /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110, section 5.6.7.
    const RFC: i64 = 784_111_777 * SECOND;
    const YEAR_2026: i64 = 1_767_225_600 * SECOND;

    fn backoff() -> Backoff {
        Backoff::new(SECOND, 300 * SECOND).unwrap()
    }

    #[test]
    fn retryable_statuses() {
        let retryable: Vec<i32> = (-1..1000).filter(|status| is_retryable(*status)).collect();
        assert_eq!(retryable, [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 598, 599]);
        assert!(!is_retryable(i32::MIN) && !is_retryable(i32::MAX));
    }

    #[test]
    fn error_codes() {
        for (status, code) in [
            (401, "auth_failed"),
            (403, "forbidden"),
            (404, "not_found"),
            (410, "not_found"),
            (429, "throttled"),
            (503, "service_unavailable"),
            (408, "timeout"),
            (504, "timeout"),
            (400, "upstream_error"),
            (500, "upstream_error"),
            (599, "upstream_error"),
            (200, "unexpected"),
            (399, "unexpected"),
            (600, "unexpected"),
            (0, "unexpected"),
            (i32::MIN, "unexpected"),
        ] {
            assert_eq!(error_code_for(Some(status)), code, "{status}");
        }
        assert_eq!(error_code_for(None), "unexpected");
    }

    #[test]
    fn seconds() {
        for (value, wait) in [
            ("0", Some(0)),
            ("120", Some(120 * SECOND)),
            ("000120", Some(120 * SECOND)),
            (" \t120\r\n ", Some(120 * SECOND)),
            ("86400", Some(DAY)),
            ("86401", Some(DAY)),
            ("99999999999999999999999999999999", Some(DAY)),
            ("1.5", Some(1_500_000)),
            ("0.0000001", Some(1)),
            ("0.1000000", Some(100_000)),
            ("0.0000000", Some(0)),
            ("86400.000001", Some(DAY)),
            ("-5", None),
            ("+5", None),
            ("1e3", None),
            ("0x10", None),
            ("1.", None),
            (".5", None),
            ("1.5.1", None),
            ("1 2", None),
            ("120, 120", None),
            ("120s", None),
            ("1,5", None),
            ("\"120\"", None),
            ("\u{a0}120", None),
            ("\u{661}\u{662}", None),
            ("", None),
            ("  ", None),
            ("soon", None),
            ("NaN", None),
            ("infinity", None),
        ] {
            assert_eq!(parse_retry_after(value, YEAR_2026), wait, "{value:?}");
        }
        assert_eq!(parse_retry_after(&"9".repeat(100_000), 0), Some(DAY));
        assert_eq!(parse_retry_after(&"0".repeat(100_000), 0), Some(0));
    }

    #[test]
    fn delay_examples() {
        let delay = |attempt, retry_after, random| {
            retry_delay(attempt, 429, retry_after, &backoff(), RFC - 10 * SECOND, random).unwrap().unwrap()
        };
        assert_eq!(delay(0, None, 0.0), 0);
        assert_eq!(delay(0, None, 0.5), SECOND / 2);
        assert_eq!(delay(3, None, 0.5), 4 * SECOND);
        assert_eq!(delay(9, None, 0.5), 150 * SECOND);
        assert_eq!(delay(i32::MAX, None, 0.5), 150 * SECOND);
        assert_eq!(delay(0, Some("7"), 0.5), 7 * SECOND + SECOND / 2);
        assert_eq!(delay(0, Some("Sun, 06 Nov 1994 08:49:37 GMT"), 0.0), 10 * SECOND);
        assert_eq!(delay(0, Some("3600"), 0.0), 3600 * SECOND, "above the cap");
        assert_eq!(delay(0, Some("soon"), 0.5), SECOND / 2, "nonsense is as if absent");
        assert_eq!(delay(0, Some("Sun, 06 Nov 1994 08:00:00 GMT"), 0.5), SECOND / 2, "past");
    }

    #[test]
    fn largest_backoff_does_not_overflow() {
        let largest = Backoff::new(i64::MAX, i64::MAX).unwrap();
        for attempt in [0, 1, 62, 63, 64, i32::MAX] {
            for random in [1.0 - f64::EPSILON / 2.0, 2.0, f64::INFINITY] {
                let delay = retry_delay(attempt, 503, Some("86400"), &largest, 0, random).unwrap().unwrap();
                assert!(delay >= DAY, "{attempt} {random}");
            }
            for random in [-1.0, f64::NAN] {
                assert_eq!(retry_delay(attempt, 503, Some("5"), &largest, 0, random), Ok(Some(5 * SECOND)));
            }
        }
        assert_eq!(Backoff::new(1, i64::MAX).unwrap().ceiling(62), 1 << 62);
        assert_eq!(Backoff::new(1, i64::MAX).unwrap().ceiling(63), i64::MAX);
    }

    #[test]
    fn a_403_is_retried_only_when_the_server_says_when() {
        let now = YEAR_2026;
        assert_eq!(retry_delay(0, 403, Some("60"), &backoff(), now, 0.0), Ok(Some(60 * SECOND)));
        for none in [None, Some("soon")] {
            assert_eq!(retry_delay(0, 403, none, &backoff(), now, 0.0), Ok(None));
        }
        assert_eq!(retry_delay(0, 401, Some("60"), &backoff(), now, 0.0), Ok(None));
    }

    #[test]
    fn a_number_of_the_size_of_an_epoch_is_an_instant() {
        for (value, wait) in [
            ("1767225690", 90 * SECOND),
            ("1767225690.5", 90 * SECOND + SECOND / 2),
            ("1767225600", 0),
            ("1000000001", 0),
            ("1000000000", DAY),
            ("1999999999", DAY),
        ] {
            assert_eq!(parse_retry_after(value, YEAR_2026), Some(wait), "{value}");
        }
    }

    #[test]
    fn refusals() {
        assert_eq!(retry_delay(0, 404, Some("5"), &backoff(), 0, 0.5), Ok(None));
        assert_eq!(retry_delay(0, 200, None, &backoff(), 0, 0.5), Ok(None));
        for status in [429, 404] {
            let error = retry_delay(-1, status, None, &backoff(), 0, 0.5).unwrap_err();
            assert_eq!(error.message, "attempt must not be negative");
            assert_eq!(error.detail, "The attempt is -1.");
            assert!(!error.hint.is_empty());
        }
        assert_eq!(Backoff::new(0, 1).unwrap_err().message, "retry base must be positive");
        assert_eq!(Backoff::new(1, -1).unwrap_err().message, "retry cap must be positive");
        assert!(Backoff::new(2, 1).is_ok());
    }

    /// Text that is nearly a `Retry-After` value, so that the parser's later steps are reached.
    fn nearly() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[ \t]*[0-9+-]{0,30}([.,][0-9]{0,10})?[ \t]*",
            "(Sun|sunday|Mon|x),? [0-9é-]{1,3}[ -](Nov|feb|DEC|é)[ -][0-9]{1,5} [0-9]{2}:[0-9]{2}:[0-6][0-9] (GMT|UTC)?",
            "(Sun|fri|é) (Nov|feb|DEC) [ 0-9]{1,3} [0-9]{2}:[0-9]{2}:[0-6][0-9] [0-9]{3,5}",
        ]
    }

    proptest! {
        #[test]
        fn any_status_has_a_listed_code(status in any::<Option<i32>>()) {
            prop_assert!(ERROR_CODES.contains(&error_code_for(status)));
        }

        #[test]
        fn any_text_stays_in_bounds(value in nearly(), now in any::<i64>()) {
            if let Some(wait) = parse_retry_after(&value, now) {
                prop_assert!((0..=DAY).contains(&wait));
            }
        }

        #[test]
        fn fractions_are_exact_or_rounded_up(micros in 0..DAY, beyond in "[0-9]{0,5}") {
            let value = format!("{}.{:06}{beyond}", micros / SECOND, micros % SECOND);
            let more = i64::from(beyond.bytes().any(|digit| digit != b'0'));
            prop_assert_eq!(parse_retry_after(&value, 0), Some(micros + more));
        }

        #[test]
        fn delay_stays_in_bounds(
            attempt in 0..=i32::MAX, short in 0..70, retry_after in proptest::option::of(nearly()),
            base in 1..=i64::MAX, cap in 1..=i64::MAX, now in any::<i64>(), random in 0.0..1.0_f64,
        ) {
            let backoff = Backoff::new(base, cap).unwrap();
            let asked = retry_after.as_deref().and_then(|value| parse_retry_after(value, now)).unwrap_or(0);
            for attempt in [attempt, short] {
                let delay = retry_delay(attempt, 429, retry_after.as_deref(), &backoff, now, random)
                    .unwrap().unwrap();
                prop_assert!(delay >= asked);
                prop_assert!(delay <= asked.saturating_add(cap));
                if attempt < 20 && base < 1 << 40 {
                    prop_assert!(delay <= asked.saturating_add(base << attempt));
                }
            }
        }

        #[test]
        fn delay_never_falls_with_attempt_base_or_cap(
            attempt in 0..80, base in 1..1_i64 << 40, cap in 1..1_i64 << 50, more in 0..1_i64 << 50,
            random in 0.0..1.0_f64,
        ) {
            let delay = |attempt, base, cap| {
                retry_delay(attempt, 503, None, &Backoff::new(base, cap).unwrap(), 0, random).unwrap().unwrap()
            };
            let least = delay(attempt, base, cap);
            prop_assert!(least <= delay(attempt + 1, base, cap));
            prop_assert!(least <= delay(attempt, base + more, cap));
            prop_assert!(least <= delay(attempt, base, cap + more));
        }

        #[test]
        fn negative_attempts_are_refused(attempt in i32::MIN..0, status in any::<i32>()) {
            prop_assert!(retry_delay(attempt, status, None, &backoff(), 0, 0.5).is_err());
        }
    }
}
