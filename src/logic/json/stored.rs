//! The text in which a value of `meta` is stored and compared: no blanks, keys sorted, escapes only
//! where needed. Unlike a selection, arrays keep their order and numbers their digits.

use std::borrow::Cow;

use crate::Tick;
use crate::json::canonical::{self, Form, Refusal, write_string};
use inventory_core_redact::has_inert_strings;

/// `numeric`, and so `jsonb`, holds so many digits before the decimal point and behind it.
const MAX_INTEGER_DIGITS: i64 = 131_072;
const MAX_FRACTION_DIGITS: i64 = 16_383;

/// What PostgreSQL cannot store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// A string with an unpaired surrogate.
    LoneSurrogate,
    /// A string with a NUL.
    Nul,
    /// A number beyond the range of `numeric`.
    NumberOutOfRange,
    /// Nested deeper than [`crate::json::canonical::MAX_DEPTH`].
    TooDeep,
}

impl Problem {
    /// In words that follow the name of a field.
    pub fn words(self) -> &'static str {
        match self {
            Self::LoneSurrogate => "contains a lone surrogate",
            Self::Nul => "contains a NUL",
            Self::NumberOutOfRange => "contains a number out of the range of jsonb",
            Self::TooDeep => "is nested too deeply",
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            // The syntax was right before: what is left is a surrogate without its other half.
            Refusal::NotJson(_) => Self::LoneSurrogate,
            Refusal::Number(_) => Self::NumberOutOfRange,
            Refusal::Nul => Self::Nul,
            Refusal::TooDeep => Self::TooDeep,
        }
    }
}

/// Appends one value, given as valid JSON text without blanks around it; gives by how many bytes it is longer where
/// `jsonb` shows it.
pub fn write_value(out: &mut String, raw: &str, tick: Tick<'_>) -> Result<usize, Problem> {
    match raw.as_bytes().first() {
        Some(b'{' | b'[') => {
            let written = canonical::write(raw, Form::Stored, tick)?;
            out.push_str(&written.text);
            return Ok(written.hidden);
        }
        // what holds no escape needs none
        Some(b'"') if !raw.contains('\\') => out.push_str(raw),
        Some(b'"') => write_string(out, &string(raw)?),
        Some(b't' | b'f' | b'n') => out.push_str(raw),
        _ => return write_number(out, raw),
    }
    Ok(0)
}

/// The same text with the secrets in its string values replaced ([`inventory_core_redact::redact_known`]), and how many
/// values held one.
///
/// Digests are of the text as given, so that an unchanged item need not be searched for secrets.
pub fn redacted(stored: String, tick: Tick<'_>) -> Result<(String, usize), Problem> {
    if has_inert_strings(&stored) {
        return Ok((stored, 0));
    }
    let written = canonical::write(&stored, Form::Redacted, tick)?;
    Ok((written.text, written.redacted))
}

/// The text of a JSON string, given with its quotes.
pub fn string(raw: &str) -> Result<Cow<'_, str>, Problem> {
    let inner = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(raw);
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    // The syntax is right, so what fails is a surrogate without its other half.
    let text: String = serde_json::from_str(raw).map_err(|_| Problem::LoneSurrogate)?;
    if text.contains('\0') { Err(Problem::Nul) } else { Ok(Cow::Owned(text)) }
}

/// Appends a number digit by digit: 1.10 and 1.1 are equal, but `jsonb` shows them as given. Gives by how many bytes
/// the number is longer where `jsonb` shows it, which writes out every digit.
pub fn write_number(out: &mut String, number: &str) -> Result<usize, Problem> {
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        None => (number, 0),
        Some((mantissa, exponent)) => (
            mantissa,
            exponent.parse::<i64>().ok().filter(|e| e.abs() < 1_000_000).ok_or(Problem::NumberOutOfRange)?,
        ),
    };
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    let nonzero = |text: &str| digits(text.trim_start_matches(['-', '0']));
    // Where the first digit that counts stands, before the point or (negative) behind it.
    let before_point = match (nonzero(integer), nonzero(fraction)) {
        (0, 0) => 0,
        (0, left) => left - digits(fraction) + exponent,
        (left, _) => left + exponent,
    };
    let behind_point = digits(fraction) - exponent;
    if before_point > MAX_INTEGER_DIGITS || behind_point > MAX_FRACTION_DIGITS {
        return Err(Problem::NumberOutOfRange);
    }
    out.push_str(number);
    let shown = before_point.max(1) + if behind_point > 0 { behind_point + 1 } else { 0 };
    Ok(usize::try_from(shown).unwrap_or_default().saturating_sub(number.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{Problem, write_value};

    fn stored(raw: &str) -> Result<String, Problem> {
        let mut out = String::new();
        write_value(&mut out, raw, &|| ()).map(|_| out)
    }

    #[test]
    fn one_text_for_spellings_that_jsonb_shows_alike() {
        for (raw, text) in [
            (r#""\u0041\/é""#, r#""A/é""#),
            (r#"{"b": [3, 1, 2], "a" : {"d":1,"c":null,"c":true}}"#, r#"{"a":{"c":true,"d":1},"b":[3,1,2]}"#),
            ("1.10", "1.10"),
            ("[1.10, 2e3, 12345678901234567890123]", "[1.10,2e3,12345678901234567890123]"),
            ("true", "true"),
            ("null", "null"),
        ] {
            assert_eq!(stored(raw).as_deref(), Ok(text), "{raw}");
        }
    }

    #[test]
    fn digits_that_jsonb_writes_out_are_counted() {
        let ten_digits = "1000000000".len() - "1e9".len();
        for (raw, hidden) in [
            ("1000", 0),
            ("12.50e1", 0),
            ("0e9", 0),
            ("1e9", ten_digits),
            ("[1e9,{\"a\":1e9}]", 2 * ten_digits),
            ("0.1e10", "1000000000".len() - "0.1e10".len()),
            ("1e-9", "0.000000001".len() - "1e-9".len()),
            ("1e131071", 131_072 - "1e131071".len()),
        ] {
            assert_eq!(write_value(&mut String::new(), raw, &|| ()), Ok(hidden), "{raw}");
        }
    }

    #[test]
    fn secrets_in_string_values_are_replaced_at_any_depth() {
        let given = r#"{"etag":"W/\"8f14e45fceea167a5a36dedd4bea2543\"","url":["https://u:hunter2secret@h/"],"v":"1.2.3"}"#;
        let expected = given.replace("hunter2secret", "[redacted:password]");
        assert_eq!(super::redacted(given.to_owned(), &|| ()), Ok((expected.clone(), 1)));
        assert_eq!(super::redacted(expected.clone(), &|| ()), Ok((expected.clone(), 0)));
        let two_in_one = r#"["token=Zk83jLq0PwXm27Ty&sig=Zk83jLq0PwXm27Ty","password=hunter2secret","x"]"#;
        assert_eq!(super::redacted(two_in_one.to_owned(), &|| ()).map(|(_, count)| count), Ok(2));
    }

    /// As docs/security.md says.
    #[test]
    fn keys_announce_nothing_and_strings_do() {
        let by_key = r#"{"auth":{"password":"hunter2"}}"#;
        assert_eq!(super::redacted(by_key.to_owned(), &|| ()), Ok((by_key.to_owned(), 0)));
        let by_string = r#"{"auth":"password=hunter2","said":"Authorization: required"}"#;
        let expected = by_string.replace("hunter2", "[redacted:password]");
        assert_eq!(super::redacted(by_string.to_owned(), &|| ()), Ok((expected, 1)));
    }

    #[test]
    fn what_jsonb_cannot_hold_is_named() {
        for (raw, problem) in [
            (r#""a\u0000b""#, Problem::Nul),
            (r#"["a\u0000b"]"#, Problem::Nul),
            (r#"{"a\u0000b":1}"#, Problem::Nul),
            (r#""\ud800""#, Problem::LoneSurrogate),
            (r#"[{"a":"\udc00"}]"#, Problem::LoneSurrogate),
            ("1e131072", Problem::NumberOutOfRange),
            ("-12.5e131071", Problem::NumberOutOfRange),
            ("0.01e131074", Problem::NumberOutOfRange),
            ("0e-16384", Problem::NumberOutOfRange),
            ("[1e-16384]", Problem::NumberOutOfRange),
            ("1e99999999999999999999", Problem::NumberOutOfRange),
            (&format!("{}{}", "[".repeat(1001), "]".repeat(1001)), Problem::TooDeep),
        ] {
            assert_eq!(stored(raw), Err(problem), "{raw:.40}");
        }
        for fits in
            ["1e131071", "1e-16383", "-1e131071", "-38.327e+131070", "0.1e131072", "0.01e131073", "0e131072"]
        {
            assert!(stored(fits).is_ok(), "{fits}");
        }
        let (most, more) = ("7".repeat(131_072), "7".repeat(131_073));
        assert_eq!(stored(&format!("[{most},1]")), Ok(format!("[{most},1]")));
        assert_eq!(stored(&format!("[{more},1]")), Err(Problem::NumberOutOfRange));
    }
}
