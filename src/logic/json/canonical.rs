//! Canonical JSON: one text for every spelling of the same value, so that its hash can stand for it.
//!
//! RFC 8785 (JCS) for strings, numbers and the order of keys (UTF-16 code units). In addition every
//! array, at every depth, is sorted by the UTF-8 bytes of its elements' canonical texts; duplicates
//! stay. Numbers that would not come back as themselves are refused, see [`super::number`].

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use super::number;
use super::string::write_string;
use super::writer::{self, Form, Refusal};
use crate::Tick;
use crate::error::{Error, Kind};

/// The longest text that has a canonical form, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

struct Canonical;

impl Form for Canonical {
    const SORTS_ARRAYS: bool = true;

    fn key(&mut self, out: &mut String, key: &str) -> Result<(), Refusal> {
        self.string(out, key)
    }

    fn string(&mut self, out: &mut String, string: &str) -> Result<(), Refusal> {
        write_string(out, string);
        Ok(())
    }

    fn number(&mut self, out: &mut String, number: &str) -> Result<(), String> {
        number::write(out, number)
    }
}

/// The canonical form of a JSON text. Of equal keys the last one counts, as in `jsonb`.
///
/// # Errors
/// `TooLong` beyond [`MAX_BYTES`], whatever the text; `TooDeep` beyond [`writer::MAX_DEPTH`]; `Invalid` for what is not JSON (a
/// lone surrogate included) and for a number that would not come back as itself. No error quotes a string value.
pub fn canonical_json(text: &str, tick: Tick<'_>) -> Result<String, Error> {
    if text.len() > MAX_BYTES {
        return Err(Error::new(
            Kind::TooLong,
            "JSON text is too long",
            format!("The text has {} bytes; the limit is {MAX_BYTES}.", text.len()),
            "A selection says what to list. Keep what is listed out of it.",
        ));
    }
    let mut out = String::new();
    writer::write(&mut out, text, &mut Canonical, 0, tick)?;
    Ok(out)
}

/// SHA-256 of the bytes of a canonical text: 64 lower-case hex digits.
pub fn selection_hash(canonical: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(canonical.as_bytes()) {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
    }
    hex
}

#[cfg(test)]
#[path = "canonical_tests.rs"]
mod tests;
