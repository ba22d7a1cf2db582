//! Canonical JSON: one text for every spelling of the same value, so that its hash can stand for it.
//!
//! RFC 8785 (JCS) for strings, numbers and the order of keys (UTF-16 code units). In addition every
//! array, at every depth, is sorted by the UTF-8 bytes of its elements' canonical texts; duplicates
//! stay. Numbers that would not come back as themselves are refused, see [`number`].
//!
//! The text is read once, without recursion, so depth costs no stack. Time is O(n log n) in the
//! length of the text, whatever its shape: see [`FLAT_HEIGHT`].

mod keys;
mod number;
#[cfg(test)]
mod properties;
mod sort;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use jiter::Peek;
use sha2::{Digest as _, Sha256};

use crate::Tick;
use crate::error::{Error, Kind};
use crate::json::reader::{NotJson, Reader};
use crate::json::stored;
use inventory_core_redact::redact_known;
use keys::Keys;
use sort::{Member, NO_TREE, Store, Ticker, Tree};

/// How many arrays and objects may be nested in one another: `[[1]]` counts 2.
pub const MAX_DEPTH: usize = 1000;

/// Containers of up to this height are kept as finished text, taller ones as trees that are written
/// once at the end. So no byte is copied more than this many times, and no shape is quadratic.
const FLAT_HEIGHT: usize = 16;

/// A number is quoted in an error up to this many characters, a path likewise (its end).
const QUOTED_NUMBER: usize = 60;
const QUOTED_PATH: usize = 200;

/// What is written: the canonical form, or the form in which `meta` is stored ([`crate::json::stored`]),
/// where arrays keep their order and numbers their digits; with or without secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Canonical,
    Stored,
    Redacted,
}

/// Why a text has no such form.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Not JSON from this byte on.
    NotJson(usize),
    /// A number; the text is a sentence about it.
    Number(String),
    /// A NUL, which `jsonb` cannot hold.
    Nul,
    TooDeep,
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
            Refusal::Number(detail) => {
                Self::invalid("number cannot be kept exactly", detail, "Pass it as a string.")
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
        }
    }
}

/// The canonical form of a JSON text. Of equal keys the last one counts, as in `jsonb`.
///
/// # Errors
/// `Invalid` for what is not JSON (a lone surrogate included) and for a number that would not come
/// back as itself; `TooDeep` beyond [`MAX_DEPTH`]. No error quotes a string value of the input.
pub fn canonical_json(text: &str, tick: Tick<'_>) -> Result<String, Error> {
    if u32::try_from(text.len()).is_err() {
        return Err(Error::invalid(
            "JSON text is too long",
            format!("The text has {} bytes.", text.len()),
            "Pass less than 4 GiB.",
        ));
    }
    Ok(write(text, Form::Canonical, tick)?.text)
}

/// A text in one of the forms, how many of its string values are not as they were given, and what its numbers hide.
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) redacted: usize,
    /// How many bytes longer the text is where `jsonb` shows it.
    pub(crate) hidden: usize,
}

/// Reads a JSON text of less than 4 GiB once and writes it in the given form.
pub(crate) fn write(text: &str, form: Form, tick: Tick<'_>) -> Result<Written, Refusal> {
    let ticker = Ticker::new(tick);
    let mut builder = Builder::new(form, text.len(), &ticker);
    let mut json = Reader::new(text);
    let mut next = Some(json.peek()?);
    loop {
        ticker.count();
        next = match next {
            Some(value) => builder.read(value, &mut json)?,
            None if builder.is_complete() => {
                let (redacted, hidden) = (builder.redacted, builder.hidden);
                return Ok(Written { text: builder.finish(), redacted, hidden });
            }
            None => {
                builder.close();
                builder.next(&mut json)?
            }
        };
    }
}

/// SHA-256 of the bytes of a canonical text: 64 lower-case hex digits.
pub fn selection_hash(canonical: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(canonical.as_bytes()) {
        hex.push(char::from(DIGITS[usize::from(byte >> 4)]));
        hex.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    hex
}

/// Appends a JSON string in the form of RFC 8785, section 3.2.2.2: quoted, with the short escapes
/// where JSON has one, `\u00xx` for the other control characters, and everything else as it is.
pub fn write_string(out: &mut String, s: &str) {
    out.push('"');
    let mut written = 0;
    for (at, byte) in s.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(&s[written..at]);
        written = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x08 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            0x0c => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            _ => {
                let _ = write!(out, "\\u{byte:04x}"); // writing to a String cannot fail
            }
        }
    }
    out.push_str(&s[written..]);
    out.push('"');
}

/// An array or object that is being read.
struct Frame {
    object: bool,
    /// Where its text, its members and its keys begin in the builder's stacks.
    text: usize,
    member: usize,
    key: usize,
    /// Where the text of the member being read begins, its key included.
    current: usize,
    /// 1 + the greatest height of the members so far.
    height: usize,
}

/// Builds the form value by value.
struct Builder<'t> {
    form: Form,
    ticker: &'t Ticker<'t>,
    store: Store,
    /// The containers being read; the first one is an array around the whole text.
    frames: Vec<Frame>,
    /// The finished members of all of them.
    members: Vec<Member>,
    /// The keys of all of them, the key being read included.
    keys: Keys,
    /// A container is put together here, then copied back.
    scratch: String,
    /// How many string values lost a secret.
    redacted: usize,
    /// How many digits `jsonb` will write out beyond those in the text.
    hidden: usize,
}

impl<'t> Builder<'t> {
    fn new(form: Form, length: usize, ticker: &'t Ticker<'t>) -> Self {
        let whole = Frame { object: false, text: 0, member: 0, key: 0, current: 0, height: 1 };
        Self {
            form,
            ticker,
            store: Store { text: String::with_capacity(length), ..Store::default() },
            frames: vec![whole],
            members: Vec::with_capacity(32),
            keys: Keys::default(),
            scratch: String::new(),
            redacted: 0,
            hidden: 0,
        }
    }

    /// Reads the value that comes next, of an array or object the beginning. Gives what comes after that.
    fn read(&mut self, value: Peek, json: &mut Reader<'_>) -> Result<Option<Peek>, Refusal> {
        match value {
            Peek::Array => {
                self.open(false)?;
                return Ok(json.first_element()?);
            }
            Peek::Object => {
                self.open(true)?;
                return self.member(true, json);
            }
            Peek::String => self.string(json.string()?)?,
            Peek::True | Peek::False | Peek::Null => {
                let word = json.word(value)?;
                self.scalar(|out| out.push_str(word));
            }
            _ => self.number(json.number(value)?)?,
        }
        self.next(json)
    }

    /// The next value of the container being read; `None` at its end.
    fn next(&mut self, json: &mut Reader<'_>) -> Result<Option<Peek>, Refusal> {
        if self.is_complete() {
            json.finish()?;
            return Ok(None);
        }
        match self.frames.last() {
            Some(frame) if frame.object => self.member(false, json),
            _ => Ok(json.next_element()?),
        }
    }

    /// Reads a key, and gives the value that it has.
    fn member(&mut self, first: bool, json: &mut Reader<'_>) -> Result<Option<Peek>, Refusal> {
        let Some(key) = json.key(first)? else { return Ok(None) };
        self.key(key)?;
        Ok(Some(json.peek()?))
    }

    /// Whether nothing is left to be closed: only the array around the whole text is open.
    fn is_complete(&self) -> bool {
        self.frames.len() == 1
    }

    fn key(&mut self, key: &str) -> Result<(), Refusal> {
        self.check_string(key)?;
        let start = self.store.text.len();
        write_string(&mut self.store.text, key);
        self.store.text.push(':');
        self.keys.push(key);
        if let Some(frame) = self.frames.last_mut() {
            frame.current = start;
        }
        Ok(())
    }

    fn string(&mut self, string: &str) -> Result<(), Refusal> {
        self.check_string(string)?;
        if self.form == Form::Redacted {
            let (redacted, found) = redact_known(string, self.ticker.tick());
            self.redacted += usize::from(found > 0);
            self.scalar(|out| write_string(out, &redacted));
        } else {
            self.scalar(|out| write_string(out, string));
        }
        Ok(())
    }

    fn check_string(&self, string: &str) -> Result<(), Refusal> {
        if self.form != Form::Canonical && string.contains('\0') { Err(Refusal::Nul) } else { Ok(()) }
    }

    fn scalar(&mut self, write: impl FnOnce(&mut String)) {
        let start = self.store.text.len();
        write(&mut self.store.text);
        self.value(start, NO_TREE, 0);
    }

    fn number(&mut self, number: &str) -> Result<(), Refusal> {
        let start = self.store.text.len();
        let written = match self.form {
            Form::Canonical => number::write(&mut self.store.text, number),
            Form::Stored | Form::Redacted => stored::write_number(&mut self.store.text, number)
                .map(|hidden| self.hidden += hidden)
                .map_err(|_| "is out of the range of jsonb".to_owned()),
        };
        if let Err(reason) = written {
            return Err(self.bad_number(number, &reason));
        }
        self.value(start, NO_TREE, 0);
        Ok(())
    }

    /// A value is complete. If it is flat, its text is what the store holds from `start` on.
    fn value(&mut self, start: usize, tree: u32, height: usize) {
        if let Some(frame) = self.frames.last_mut() {
            let end = if tree == NO_TREE { self.store.text.len() } else { start };
            let start = if frame.object { frame.current } else { start };
            let key = self.keys.len().saturating_sub(1) as u32;
            self.members.push(Member { start, end, tree, key });
            frame.height = frame.height.max(height + 1);
        }
    }

    fn open(&mut self, object: bool) -> Result<(), Refusal> {
        // What is redacted is a whole meta; when it was stored its values were counted without the object around them.
        let most = MAX_DEPTH + usize::from(self.form == Form::Redacted);
        if self.frames.len() > most {
            return Err(Refusal::TooDeep);
        }
        let text = self.store.text.len();
        let (member, key) = (self.members.len(), self.keys.len());
        self.frames.push(Frame { object, text, member, key, current: text, height: 1 });
        Ok(())
    }

    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else { return };
        if frame.object {
            sort::sort_keys(&mut self.members, frame.member, &self.keys, self.ticker);
        } else if self.form == Form::Canonical {
            sort::sort_elements(&mut self.members[frame.member..], &self.store, self.ticker);
        }
        self.keys.truncate(frame.key);
        let tree = if frame.height <= FLAT_HEIGHT {
            self.flatten(&frame);
            NO_TREE
        } else {
            let first = self.store.members.len();
            self.store.members.extend(self.members.drain(frame.member..));
            self.store.trees.push(Tree { object: frame.object, members: first..self.store.members.len() });
            (self.store.trees.len() - 1) as u32
        };
        self.value(frame.text, tree, frame.height);
    }

    /// Replaces the texts of the members, which end the store's text, by the text of their container.
    fn flatten(&mut self, frame: &Frame) {
        self.scratch.clear();
        self.scratch.push(if frame.object { '{' } else { '[' });
        for (i, member) in self.members.drain(frame.member..).enumerate() {
            if i > 0 {
                self.scratch.push(',');
            }
            self.scratch.push_str(&self.store.text[member.start..member.end]);
        }
        self.scratch.push(if frame.object { '}' } else { ']' });
        self.store.text.truncate(frame.text);
        self.store.text.push_str(&self.scratch);
    }

    fn finish(self) -> String {
        match self.members.first() {
            Some(root) if root.tree != NO_TREE => {
                let mut out = String::with_capacity(self.store.text.len() + 2 * self.store.members.len());
                for piece in self.store.pieces(root) {
                    self.ticker.count();
                    out.push_str(piece);
                }
                out
            }
            _ => self.store.text,
        }
    }

    fn bad_number(&self, number: &str, reason: &str) -> Refusal {
        let cut = if number.len() > QUOTED_NUMBER {
            format!("{}... ({} characters)", &number[..QUOTED_NUMBER], number.len())
        } else {
            number.to_owned()
        };
        Refusal::Number(format!("The number {cut}{} {reason}.", self.path()))
    }

    /// Where the value being read is, in the manner of a JSON pointer (RFC 6901): ` at /filter/ids/3`.
    /// A key that is not a plain word is shown as `*`.
    fn path(&self) -> String {
        let mut path = String::new();
        for (i, frame) in self.frames.iter().enumerate().skip(1) {
            let inner = self.frames.get(i + 1);
            if frame.object {
                let end = inner.map_or(self.keys.len(), |frame| frame.key);
                let key = end.checked_sub(1).map_or("*", |last| plain_word(self.keys.get(last)));
                let _ = write!(path, "/{key}"); // writing to a String cannot fail
            } else {
                let end = inner.map_or(self.members.len(), |frame| frame.member);
                let _ = write!(path, "/{}", end - frame.member);
            }
        }
        match path.len() {
            0 => path,
            // Pure ASCII, so any byte is a boundary.
            len if len > QUOTED_PATH => format!(" at ...{}", &path[len - QUOTED_PATH..]),
            _ => format!(" at {path}"),
        }
    }
}

fn plain_word(key: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=40).contains(&key.len()) && key.bytes().all(plain) { key } else { "*" }
}
