//! The forms of `meta`: the text that is stored, and the text that its digest is made of. Unlike in a selection, arrays
//! keep their order.

use std::borrow::Cow;
use std::fmt::Write as _;

use inventory_core_redact::{has_inert_strings, redact_known};

use super::string::write_string;
use super::writer::{self, Form, Refusal};
use crate::Tick;
use crate::digest;
use crate::error::{Error, Kind};

/// The digits that `numeric`, and so `jsonb`, holds before and after the decimal point.
const MAX_INTEGER_DIGITS: i64 = 131_072;
const MAX_FRACTION_DIGITS: i64 = 16_383;

/// Integers of up to this many digits are their own normal form.
const PLAIN_DIGITS: usize = 20;

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// As given: 1.10 and 1.1 are equal, but `jsonb` shows them differently.
    AsGiven,
    /// The same text for numbers that are equal as `jsonb`, for a digest.
    Normal,
}

/// What PostgreSQL cannot store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Not JSON or, if the syntax was checked before, a string with an unpaired surrogate.
    LoneSurrogate,
    /// A string with a NUL.
    Nul,
    /// A number beyond the range of `numeric`.
    NumberOutOfRange,
    /// Nested deeper than [`writer::MAX_DEPTH`], the object that a meta is included.
    TooDeep,
    /// Of 4 GiB or more.
    TooLong,
}

impl Problem {
    /// In words that follow the name of a field.
    pub fn words(self) -> &'static str {
        match self {
            Self::LoneSurrogate => "contains a lone surrogate",
            Self::Nul => "contains a NUL",
            Self::NumberOutOfRange => "contains a number out of the range of jsonb",
            Self::TooDeep => "is nested too deeply",
            Self::TooLong => "is too long",
        }
    }

    /// What decides the SQLSTATE.
    pub fn kind(self) -> Kind {
        match self {
            Self::LoneSurrogate | Self::Nul | Self::NumberOutOfRange => Kind::Invalid,
            Self::TooDeep => Kind::TooDeep,
            Self::TooLong => Kind::TooLong,
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotJson(_) => Self::LoneSurrogate,
            Refusal::Number(_) => Self::NumberOutOfRange,
            Refusal::Nul => Self::Nul,
            Refusal::TooDeep => Self::TooDeep,
            Refusal::TooLong => Self::TooLong,
        }
    }
}

/// Appends one value of a meta, passed as valid JSON text without blanks around it; returns by how many bytes it is longer
/// as `jsonb` shows it.
pub fn write_value(out: &mut String, raw: &str, numbers: Numbers, tick: Tick<'_>) -> Result<isize, Problem> {
    let mut form = Meta::new(numbers);
    match raw.as_bytes().first() {
        Some(b'{' | b'[') => writer::write(out, raw, &mut form, 1, tick)?,
        // what holds no escape needs none
        Some(b'"') if !raw.contains('\\') => out.push_str(raw),
        Some(b'"') => write_string(out, &string(raw)?),
        Some(b't' | b'f' | b'n') => out.push_str(raw),
        _ => form.number(out, raw).map_err(|_| Problem::NumberOutOfRange)?,
    }
    Ok(form.longer)
}

/// The same meta with the secrets in its string values replaced ([`redact_known`]), and how many values held one.
///
/// # Errors
/// What [`Problem`] lists, of a text that is not in the form in which meta is stored.
pub fn redacted<'a>(meta: &'a str, tick: Tick<'_>) -> Result<(Cow<'a, str>, usize), Error> {
    if has_inert_strings(meta) {
        return Ok((Cow::Borrowed(meta), 0));
    }
    let mut form = Meta { redacts: Some(tick), ..Meta::new(Numbers::AsGiven) };
    let mut out = String::new();
    writer::write(&mut out, meta, &mut form, 0, tick)?;
    Ok((Cow::Owned(out), form.redacted))
}

/// The digest of a meta, passed as any JSON text. Values that are equal as `jsonb` after their secrets are replaced have
/// the same digest, so that it reveals nothing that the stored row does not.
///
/// # Errors
/// What [`Problem`] lists.
pub fn digest(meta: &str, tick: Tick<'_>) -> Result<i64, Error> {
    let mut normal = String::new();
    writer::write(&mut normal, meta, &mut Meta::new(Numbers::Normal), 0, tick)?;
    digest_of_normal(&normal, tick)
}

/// Likewise, of a text whose numbers are [`Numbers::Normal`].
pub(crate) fn digest_of_normal(normal: &str, tick: Tick<'_>) -> Result<i64, Error> {
    Ok(digest::of_text(Some(&redacted(normal, tick)?.0)))
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

struct Meta<'t> {
    numbers: Numbers,
    /// Where secrets are replaced: what to call meanwhile.
    redacts: Option<Tick<'t>>,
    /// How many string values held a secret.
    redacted: usize,
    /// By how many bytes the numbers are longer as `jsonb` shows them.
    longer: isize,
}

impl Meta<'_> {
    fn new(numbers: Numbers) -> Self {
        Self { numbers, redacts: None, redacted: 0, longer: 0 }
    }
}

impl Form for Meta<'_> {
    const SORTS_ARRAYS: bool = false;

    fn key(&mut self, out: &mut String, key: &str) -> Result<(), Refusal> {
        if key.contains('\0') {
            return Err(Refusal::Nul);
        }
        write_string(out, key);
        Ok(())
    }

    fn string(&mut self, out: &mut String, string: &str) -> Result<(), Refusal> {
        let Some(tick) = self.redacts else { return self.key(out, string) };
        let (redacted, found) = redact_known(string, tick);
        self.redacted += usize::from(found > 0);
        self.key(out, &redacted)
    }

    fn number(&mut self, out: &mut String, number: &str) -> Result<(), String> {
        let start = out.len();
        let decimal = Decimal::parse(number).ok_or_else(|| "is out of the range of jsonb".to_owned())?;
        match self.numbers {
            Numbers::AsGiven => out.push_str(number),
            Numbers::Normal => decimal.write_normal(out),
        }
        let shown = decimal.shown_bytes().max(number.len());
        self.longer = self.longer.saturating_add_unsigned(shown).saturating_sub_unsigned(out.len() - start);
        Ok(())
    }
}

/// A number of the JSON grammar, taken apart; `numeric` can hold it.
struct Decimal<'a> {
    negative: bool,
    integer: &'a str,
    fraction: &'a str,
    exponent: i64,
    /// Where the first digit that counts stands, before the point or (negative) behind it.
    before_point: i64,
    /// How many digits stand behind the point.
    behind_point: i64,
}

impl<'a> Decimal<'a> {
    fn parse(number: &'a str) -> Option<Self> {
        let (mantissa, exponent) = match number.split_once(['e', 'E']) {
            None => (number, 0),
            Some((mantissa, exponent)) => {
                (mantissa, exponent.parse().ok().filter(|e: &i64| e.abs() < 1_000_000)?)
            }
        };
        let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
        let nonzero = |text: &str| digits(text.trim_start_matches('0'));
        let before_point = match (nonzero(integer), nonzero(fraction)) {
            (0, 0) => 0,
            (0, left) => left - digits(fraction) + exponent,
            (left, _) => left + exponent,
        };
        let behind_point = digits(fraction) - exponent;
        let fits = before_point <= MAX_INTEGER_DIGITS && behind_point <= MAX_FRACTION_DIGITS;
        fits.then_some(Self { negative, integer, fraction, exponent, before_point, behind_point })
    }

    fn is_zero(&self) -> bool {
        self.integer.bytes().chain(self.fraction.bytes()).all(|digit| digit == b'0')
    }

    /// How many bytes `jsonb` shows, which writes out every digit.
    fn shown_bytes(&self) -> usize {
        let behind = if self.behind_point > 0 { self.behind_point + 1 } else { 0 };
        usize::try_from(self.before_point.max(1) + behind).unwrap_or_default()
    }

    /// One text for all numbers of one value: an integer of few digits as such, another number as digits without a zero
    /// at either end and a power of ten.
    fn write_normal(&self, out: &mut String) {
        if self.is_zero() {
            out.push('0');
            return;
        }
        if self.negative {
            out.push('-');
        }
        if self.fraction.is_empty() && self.exponent == 0 && self.integer.len() <= PLAIN_DIGITS {
            out.push_str(self.integer);
            return;
        }
        let all = [self.integer, self.fraction].concat();
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0');
        let zeros = i64::try_from(significant.len() - digits.len()).unwrap_or(i64::MAX);
        let exponent = zeros - self.behind_point;
        out.push_str(digits);
        match usize::try_from(exponent) {
            Ok(zeros) if digits.len() + zeros <= PLAIN_DIGITS => out.extend(std::iter::repeat_n('0', zeros)),
            Ok(0) => {}
            _ => {
                let _ = write!(out, "e{exponent}"); // writing to a String cannot fail
            }
        }
    }
}

#[cfg(test)]
#[path = "meta_tests.rs"]
mod tests;
