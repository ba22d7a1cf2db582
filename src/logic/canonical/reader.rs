//! Reads JSON value by value, without recursion.

use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};
use serde_json::value::RawValue;

use super::Refusal;

/// A layer over the parser that says in the whole text where a mistake is and reads numbers of any length.
pub(super) struct Reader<'a> {
    /// What the parser was given: the end of the whole text, from this byte on.
    text: &'a str,
    start: usize,
    parser: Jiter<'a>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, start: 0, parser: Jiter::new(text.as_bytes()) }
    }

    /// What kind of value comes next.
    pub(super) fn peek(&mut self) -> Result<Peek, Refusal> {
        self.parser.peek().map_err(not_json(self.start))
    }

    /// The first element of an array that comes next; `None`: it is empty, and read.
    pub(super) fn first_element(&mut self) -> Result<Option<Peek>, Refusal> {
        self.parser.known_array().map_err(not_json(self.start))
    }

    /// The next element of the array; `None`: its end is read.
    pub(super) fn next_element(&mut self) -> Result<Option<Peek>, Refusal> {
        self.parser.array_step().map_err(not_json(self.start))
    }

    /// The first key of an object that comes next; `None`: it is empty, and read.
    pub(super) fn first_key(&mut self) -> Result<Option<&str>, Refusal> {
        self.parser.known_object().map_err(not_json(self.start))
    }

    /// The next key of the object; `None`: its end is read.
    pub(super) fn next_key(&mut self) -> Result<Option<&str>, Refusal> {
        self.parser.next_key().map_err(not_json(self.start))
    }

    /// The string that comes next.
    pub(super) fn string(&mut self) -> Result<&str, Refusal> {
        self.parser.known_str().map_err(not_json(self.start))
    }

    /// The boolean or null that comes next, as it is written.
    pub(super) fn word(&mut self, value: Peek) -> Result<&'static str, Refusal> {
        match value {
            Peek::Null => self.parser.known_null().map(|()| "null"),
            _ => self.parser.known_bool(value).map(|value| if value { "true" } else { "false" }),
        }
        .map_err(not_json(self.start))
    }

    /// The number that comes next, as it is written.
    pub(super) fn number(&mut self, value: Peek) -> Result<&'a str, Refusal> {
        let start = self.parser.current_index();
        match self.parser.known_number_bytes(value) {
            Ok(_) => Ok(&self.text[start..self.parser.current_index()]),
            Err(error) if error.error_type == TOO_MANY_DIGITS => self.long_number(start),
            Err(error) => Err(not_json(self.start)(error)),
        }
    }

    /// A number with more digits than the parser takes; it begins anew behind it.
    fn long_number(&mut self, start: usize) -> Result<&'a str, Refusal> {
        let rest = &self.text[start..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(rest.len());
        let number: &RawValue = serde_json::from_str(&rest[..end])
            .map_err(|error| Refusal::NotJson(self.start + start + error.column().saturating_sub(1)))?;
        *self = Self { start: self.start + start + end, ..Self::new(&rest[end..]) };
        Ok(number.get())
    }

    /// Nothing but blanks may come any more.
    pub(super) fn finish(&mut self) -> Result<(), Refusal> {
        self.parser.finish().map_err(not_json(self.start))
    }
}

const TOO_MANY_DIGITS: JiterErrorType = JiterErrorType::JsonError(JsonErrorType::NumberOutOfRange);

fn not_json(start: usize) -> impl Fn(JiterError) -> Refusal {
    move |error| Refusal::NotJson(start + error.index)
}
