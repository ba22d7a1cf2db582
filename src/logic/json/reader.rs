//! Reads JSON value by value, without recursion.

use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};
use serde_json::value::RawValue;

/// The text is not JSON from this byte on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotJson(pub(crate) usize);

/// A layer over the parser that knows its position in the whole text, can continue anywhere, and reads numbers of any
/// length.
pub(crate) struct Reader<'a> {
    text: &'a str,
    /// Where in the text the parser began.
    start: usize,
    parser: Jiter<'a>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, start: 0, parser: Jiter::new(text.as_bytes()) }
    }

    /// How many bytes are read.
    pub(crate) fn offset(&self) -> usize {
        self.start + self.parser.current_index()
    }

    /// Goes on from there.
    pub(crate) fn go_to(&mut self, offset: usize) {
        let rest = self.text.get(offset..).unwrap_or_default();
        (self.start, self.parser) = (offset, Jiter::new(rest.as_bytes()));
    }

    /// What kind of value comes next.
    pub(crate) fn peek(&mut self) -> Result<Peek, NotJson> {
        self.parser.peek().map_err(at(self.start))
    }

    /// The first element of an array that comes next; `None`: it is empty, and read.
    pub(crate) fn first_element(&mut self) -> Result<Option<Peek>, NotJson> {
        self.parser.known_array().map_err(at(self.start))
    }

    /// The next element of the array; `None`: its end is read.
    pub(crate) fn next_element(&mut self) -> Result<Option<Peek>, NotJson> {
        self.parser.array_step().map_err(at(self.start))
    }

    /// The first key of an object that comes next, or the next one; `None`: the end of the object is read.
    pub(crate) fn key(&mut self, first: bool) -> Result<Option<&str>, NotJson> {
        if first { self.parser.known_object() } else { self.parser.next_key() }.map_err(at(self.start))
    }

    /// Likewise, as it is written.
    pub(crate) fn raw_key(&mut self, first: bool) -> Result<Option<&'a str>, NotJson> {
        let key = if first { self.parser.next_object_bytes() } else { self.parser.next_key_bytes() };
        let Some(key) = key.map_err(at(self.start))? else { return Ok(None) };
        let start = key.as_ptr().addr() - self.text.as_ptr().addr();
        Ok(Some(&self.text[start..start + key.len()]))
    }

    /// The string that comes next.
    pub(crate) fn string(&mut self) -> Result<&str, NotJson> {
        self.parser.known_str().map_err(at(self.start))
    }

    /// The boolean or null that comes next, as it is written.
    pub(crate) fn word(&mut self, value: Peek) -> Result<&'static str, NotJson> {
        match value {
            Peek::Null => self.parser.known_null().map(|()| "null"),
            _ => self.parser.known_bool(value).map(|value| if value { "true" } else { "false" }),
        }
        .map_err(at(self.start))
    }

    /// The number that comes next, as it is written.
    pub(crate) fn number(&mut self, value: Peek) -> Result<&'a str, NotJson> {
        let start = self.offset();
        match self.parser.known_number_bytes(value) {
            Ok(_) => Ok(&self.text[start..self.offset()]),
            Err(error) if error.error_type == TOO_MANY_DIGITS => self.long_number(start),
            Err(error) => Err(at(self.start)(error)),
        }
    }

    /// A number with more digits than the parser takes.
    fn long_number(&mut self, start: usize) -> Result<&'a str, NotJson> {
        let rest = &self.text[start..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(rest.len());
        let number: &RawValue = serde_json::from_str(&rest[..end])
            .map_err(|error| NotJson(start + error.column().saturating_sub(1)))?;
        self.go_to(start + end);
        Ok(number.get())
    }

    /// The value that comes next, as it is written. Containers may be refused that are nested deeply.
    pub(crate) fn raw(&mut self, value: Peek) -> Result<&'a str, NotJson> {
        let start = self.offset();
        match value {
            Peek::String => self.parser.known_bytes().map(|_| ()),
            Peek::Array | Peek::Object => self.parser.known_skip(value),
            Peek::Null | Peek::True | Peek::False => return self.word(value),
            _ => return self.number(value),
        }
        .map_err(at(self.start))?;
        Ok(&self.text[start..self.offset()])
    }

    /// Nothing but blanks may come any more.
    pub(crate) fn finish(&mut self) -> Result<(), NotJson> {
        self.parser.finish().map_err(at(self.start))
    }
}

const TOO_MANY_DIGITS: JiterErrorType = JiterErrorType::JsonError(JsonErrorType::NumberOutOfRange);

fn at(start: usize) -> impl Fn(JiterError) -> NotJson {
    move |error| NotJson(start + error.index)
}
