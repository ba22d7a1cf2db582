//! Writes a JSON text again, value by value: without blanks, keys sorted and each once, escapes only if needed. A [`Form`]
//! defines how keys, strings and numbers are written, and whether arrays are sorted.
//!
//! An array or object is written as it is read, and then sorted in place. [`MAX_DEPTH`] bounds the recursion and how often
//! a byte is moved. In addition to the text, each element or member of an open container takes eight bytes.

use std::ops::Range;

use jiter::Peek;

use super::reader::{NotJson, Reader};
use super::string::{compare_written_keys, plain_word};
use crate::Tick;
use crate::error::{Error, Kind};
use crate::ticker::Ticker;

/// How many arrays and objects may be nested in one another: `[[1]]` counts 2.
pub const MAX_DEPTH: usize = 128;

/// A number is quoted in an error up to this many characters, a path likewise (its end).
const QUOTED_NUMBER: usize = 60;
const QUOTED_PATH: usize = 200;

/// Texts shorter than this are written without counting their commas first.
const SHORT: usize = 4096;

/// What a value is written as.
pub(crate) trait Form {
    /// Whether arrays are sorted, by the UTF-8 bytes of the texts of their elements.
    const SORTS_ARRAYS: bool;

    /// Appends a key, quoted as [`super::string::write_string`] does it.
    fn key(&mut self, out: &mut String, key: &str) -> Result<(), Refusal>;

    /// Appends a string value.
    fn string(&mut self, out: &mut String, string: &str) -> Result<(), Refusal>;

    /// Appends a number, given as it is written; the error says what is wrong with it.
    fn number(&mut self, out: &mut String, number: &str) -> Result<(), String>;
}

/// Why a text has no such form.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Not JSON from this byte on.
    NotJson(usize),
    /// A number that the form does not have.
    Number(BadNumber),
    /// A NUL, which `jsonb` cannot hold.
    Nul,
    /// More than [`MAX_DEPTH`] levels.
    TooDeep,
    /// More than 4 GiB.
    TooLong,
}

/// A number and where it is, in words that may be shown.
#[derive(Debug)]
pub(crate) struct BadNumber {
    number: String,
    /// In the manner of a JSON pointer (RFC 6901): `/filter/ids/3`. A key that is not a plain word is shown as `*`.
    path: String,
    reason: String,
}

impl BadNumber {
    fn new(number: &str, reason: String) -> Self {
        let number = match number.get(..QUOTED_NUMBER) {
            Some(beginning) if number.len() > QUOTED_NUMBER => {
                format!("{beginning}... ({} characters)", number.len())
            }
            _ => number.to_owned(),
        };
        Self { number, path: String::new(), reason }
    }

    /// A sentence about it.
    pub(crate) fn sentence(&self) -> String {
        let Self { number, path, reason } = self;
        match path.len() {
            0 => format!("The number {number} {reason}."),
            // Pure ASCII, so any byte is a boundary.
            len if len > QUOTED_PATH => {
                format!("The number {number} at ...{} {reason}.", &path[len - QUOTED_PATH..])
            }
            _ => format!("The number {number} at {path} {reason}."),
        }
    }
}

impl Refusal {
    /// The same from inside an array or object.
    fn inside(mut self, step: impl std::fmt::Display) -> Self {
        if let Self::Number(bad) = &mut self {
            bad.path = format!("/{step}{}", bad.path);
        }
        self
    }
}

impl From<NotJson> for Refusal {
    fn from(NotJson(offset): NotJson) -> Self {
        Self::NotJson(offset)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotJson(offset) => Self::invalid(
                "text is not valid JSON",
                format!("The first mistake is at byte {offset} (counted from 0)."),
                "Pass JSON as RFC 8259 defines it, without lone surrogates.",
            ),
            Refusal::Number(bad) => {
                Self::invalid("number cannot be kept exactly", bad.sentence(), "Pass it as a string.")
            }
            Refusal::Nul => Self::invalid(
                "text contains a NUL",
                "PostgreSQL cannot store the character U+0000.",
                "Leave it out.",
            ),
            Refusal::TooDeep => Self::new(
                Kind::TooDeep,
                "JSON is nested too deeply",
                format!("Arrays and objects are nested more than {MAX_DEPTH} levels deep."),
                format!("Use at most {MAX_DEPTH} levels."),
            ),
            Refusal::TooLong => {
                Self::new(Kind::TooLong, "JSON text is too long", "It has 4 GiB or more.", "Pass less.")
            }
        }
    }
}

/// Appends a JSON text in the given form; `depth` is the number of arrays and objects around it. What is appended before an
/// error has no meaning.
pub(crate) fn write(
    out: &mut String,
    text: &str,
    form: &mut impl Form,
    depth: usize,
    tick: Tick<'_>,
) -> Result<(), Refusal> {
    let mut members = Vec::new();
    if text.len() >= SHORT {
        // Each element but the first of its container comes after a comma, so that the list never grows while it is filled.
        out.reserve(text.len());
        members.reserve_exact(text.bytes().filter(|byte| *byte == b',').count() + MAX_DEPTH);
    }
    let ticker = Ticker::new(tick);
    let mut writer =
        Writer { json: Reader::new(text), form, out, members, scratch: String::new(), ticker: &ticker };
    let value = writer.json.peek()?;
    writer.value(value, depth)?;
    Ok(writer.json.finish()?)
}

struct Writer<'r, 'a, F> {
    json: Reader<'a>,
    form: &'r mut F,
    out: &'r mut String,
    /// Where in `out` the finished elements and members of the open containers are, those of the innermost last.
    members: Vec<(u32, u32)>,
    /// Where an unsorted container is rewritten.
    scratch: String,
    ticker: &'r Ticker<'r>,
}

impl<F: Form> Writer<'_, '_, F> {
    fn value(&mut self, value: Peek, depth: usize) -> Result<(), Refusal> {
        self.ticker.count();
        match value {
            Peek::Array | Peek::Object if depth == MAX_DEPTH => return Err(Refusal::TooDeep),
            Peek::Array => return self.array(depth + 1),
            Peek::Object => return self.object(depth + 1),
            Peek::String => self.form.string(self.out, self.json.string()?)?,
            Peek::True | Peek::False | Peek::Null => self.out.push_str(self.json.word(value)?),
            _ => {
                let number = self.json.number(value)?;
                self.form
                    .number(self.out, number)
                    .map_err(|reason| Refusal::Number(BadNumber::new(number, reason)))?;
            }
        }
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), Refusal> {
        let (start, first) = (self.out.len(), self.members.len());
        self.out.push('[');
        let mut next = self.json.first_element()?;
        let mut count = 0;
        while let Some(value) = next {
            if count > 0 {
                self.out.push(',');
            }
            let element = self.out.len();
            self.value(value, depth).map_err(|refusal| refusal.inside(count))?;
            if F::SORTS_ARRAYS {
                self.remember(element)?;
            }
            count += 1;
            next = self.json.next_element()?;
        }
        self.out.push(']');
        if F::SORTS_ARRAYS {
            let ticker = self.ticker;
            let text = |(start, end): (u32, u32)| &self.out.as_bytes()[start as usize..end as usize];
            let elements = &mut self.members[first..];
            let compare = |a: &(u32, u32), b: &(u32, u32)| {
                ticker.count();
                text(*a).cmp(text(*b))
            };
            if !elements.is_sorted_by(|a, b| compare(a, b).is_le()) {
                // Equal elements have equal texts, so their order does not show and the sort may be unstable.
                elements.sort_unstable_by(compare);
                self.rewrite(start, first, ['[', ']']);
            }
        }
        self.members.truncate(first);
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Refusal> {
        let (start, first) = (self.out.len(), self.members.len());
        self.out.push('{');
        let mut is_first = true;
        while let Some(key) = self.json.key(is_first)? {
            if !is_first {
                self.out.push(',');
            }
            is_first = false;
            let member = self.out.len();
            self.form.key(self.out, key)?;
            self.out.push(':');
            let value = self.json.peek()?;
            let written = self.value(value, depth);
            written.map_err(|refusal| refusal.inside(plain_word(&self.out[member..])))?;
            self.remember(member)?;
        }
        self.out.push('}');
        let ticker = self.ticker;
        let out = &*self.out;
        let compare = |a: &(u32, u32), b: &(u32, u32)| {
            ticker.count();
            compare_written_keys(&out[a.0 as usize..], &out[b.0 as usize..])
        };
        let members = &mut self.members[first..];
        if !members.is_sorted_by(|a, b| compare(a, b).is_lt()) {
            members.sort_unstable_by(|a, b| compare(a, b).then(a.0.cmp(&b.0)));
            // Of equal keys the last one counts, as in jsonb.
            let mut kept = first;
            for at in first..self.members.len() {
                if at > first && compare(&self.members[at], &self.members[kept - 1]).is_ne() || at == first {
                    kept += 1;
                }
                self.members[kept - 1] = self.members[at];
            }
            self.members.truncate(kept);
            self.rewrite(start, first, ['{', '}']);
        }
        self.members.truncate(first);
        Ok(())
    }

    /// The element or member that begins there in `out` is complete.
    fn remember(&mut self, start: usize) -> Result<(), Refusal> {
        let place =
            |Range { start, end }: Range<usize>| Some((u32::try_from(start).ok()?, u32::try_from(end).ok()?));
        self.members.push(place(start..self.out.len()).ok_or(Refusal::TooLong)?);
        Ok(())
    }

    /// Rewrites the container that begins there in `out`, from its members in their order.
    fn rewrite(&mut self, start: usize, first: usize, [open, close]: [char; 2]) {
        self.scratch.clear();
        self.scratch.reserve_exact(self.out.len() - start);
        self.scratch.push(open);
        for (at, (start, end)) in self.members[first..].iter().enumerate() {
            if at > 0 {
                self.scratch.push(',');
            }
            self.scratch.push_str(&self.out[*start as usize..*end as usize]);
        }
        self.scratch.push(close);
        self.out.truncate(start);
        self.out.push_str(&self.scratch);
    }
}
