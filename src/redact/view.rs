//! The message as the matchers see it: every layer of escaping taken off, each byte tied to its place in the
//! source.
//!
//! `%xx`, `\"`, `\n`, `\xHH`, `\uXXXX` and XML entities are decoded at any depth and in any mixture in one
//! pass: a byte is appended, and as long as the tail spells an escape, the tail is replaced by what it
//! spells. A reduction shortens the view, so the whole is linear.

use super::Pace;
use super::marker;
use super::words::WORDS;

/// A replacement made earlier. No UTF-8 text contains this byte.
pub(super) const REDACTED: u8 = 0xFF;
/// Any character outside ASCII.
pub(super) const NON_ASCII: u8 = 0xFE;

pub(super) struct View {
    bytes: Vec<u8>,
    lower: Vec<u8>,
    /// Where in the source each byte begins, and the source's length at the end: the view leaves no gaps.
    at: Vec<u32>,
    /// How many layers of `%xx` a byte came out of.
    percent: Vec<u8>,
    /// How many bytes there were behind the last one with which an escape may begin.
    escape: usize,
}

/// The longest escape: a colour code.
const LONGEST_ESCAPE: usize = 18;

impl View {
    /// `text` is shorter than 4 GiB.
    pub(super) fn new(text: &str, pace: &Pace<'_>) -> View {
        let mut view = View {
            bytes: Vec::with_capacity(text.len()),
            lower: Vec::new(),
            at: Vec::with_capacity(text.len() + 1),
            percent: Vec::with_capacity(text.len()),
            escape: 0,
        };
        let mut skip_to = 0;
        for (place, character) in text.char_indices() {
            if place < skip_to {
                continue;
            }
            pace.step(1);
            if character == '['
                && let Some(length) = marker::length_at(&text[place..])
            {
                view.push(REDACTED, place as u32, 0);
                pace.step(length);
                skip_to = place + length;
                continue;
            }
            match character {
                // Invisible: a word is still that word with one of these inside it.
                '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}' if place > 0 => {}
                '\u{a0}' | '\u{202f}' | '\u{2028}' | '\u{2029}' | '\u{3000}' => {
                    view.append(b' ', place as u32, 0)
                }
                '\u{ff1a}' => view.append(b':', place as u32, 0),
                '\u{ff1d}' => view.append(b'=', place as u32, 0),
                'ñ' => view.append(b'n', place as u32, 0),
                'Ñ' => view.append(b'N', place as u32, 0),
                'ł' => view.append(b'l', place as u32, 0),
                'Ł' => view.append(b'L', place as u32, 0),
                'ş' => view.append(b's', place as u32, 0),
                'Ş' => view.append(b'S', place as u32, 0),
                'ö' | 'ó' => view.append(b'o', place as u32, 0),
                'Ö' | 'Ó' => view.append(b'O', place as u32, 0),
                // “ ” „ 」 』
                '\u{201c}'..='\u{201e}' | '\u{300d}' | '\u{300f}' => view.append(b'"', place as u32, 0),
                // 「 『: no blank stands before them.
                '\u{300c}' | '\u{300e}' => {
                    view.append(b' ', place as u32, 0);
                    view.append(b'"', place as u32, 0);
                }
                // In French a blank stands inside them.
                '«' => {
                    view.append(b'"', place as u32, 0);
                    skip_to = place + '«'.len_utf8();
                    skip_to += text[skip_to..]
                        .chars()
                        .next()
                        .filter(|c| matches!(c, ' ' | '\u{a0}' | '\u{202f}'))
                        .map_or(0, char::len_utf8);
                }
                '»' => {
                    let blank = view.bytes.last() == Some(&b' ');
                    let (start, _) = if blank { view.pop(1) } else { (place as u32, 0) };
                    view.append(b'"', start, 0);
                }
                '\u{2018}' | '\u{2019}' => view.append(b'\'', place as u32, 0),
                _ if character.is_ascii() => view.append(character as u8, place as u32, 0),
                _ => match WORDS.written(&text[place..]) {
                    // A name in another script is read as its English word.
                    Some((length, word)) => {
                        word.iter().for_each(|b| view.push(*b, place as u32, 0));
                        skip_to = place + length;
                    }
                    None => view.push(NON_ASCII, place as u32, 0),
                },
            }
        }
        view.at.push(text.len() as u32);
        view.lower = view.bytes.to_ascii_lowercase();
        view
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The byte at `i`, NUL past the end.
    pub(super) fn get(&self, i: usize) -> u8 {
        self.bytes.get(i).copied().unwrap_or(0)
    }

    /// The byte before `i`, NUL at the beginning.
    pub(super) fn before(&self, i: usize) -> u8 {
        if i == 0 { 0 } else { self.get(i - 1) }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn slice(&self, start: usize, end: usize) -> &[u8] {
        &self.bytes[start.min(end)..end]
    }

    pub(super) fn lower(&self, start: usize, end: usize) -> &[u8] {
        &self.lower[start.min(end)..end]
    }

    pub(super) fn starts(&self, i: usize, lower: &[u8]) -> bool {
        self.lower.get(i..).is_some_and(|rest| rest.starts_with(lower))
    }

    /// Where byte `i` begins in the source; `len()` gives the source's length.
    pub(super) fn source(&self, i: usize) -> usize {
        self.at[i] as usize
    }

    /// How many source bytes byte `i` was spelled with.
    pub(super) fn width(&self, i: usize) -> u32 {
        if i < self.len() { self.at[i + 1] - self.at[i] } else { 0 }
    }

    pub(super) fn percent(&self, i: usize) -> u8 {
        self.percent.get(i).copied().unwrap_or(0)
    }

    fn push(&mut self, byte: u8, at: u32, percent: u8) {
        self.bytes.push(byte);
        self.at.push(at);
        self.percent.push(percent);
    }

    /// Takes the last `count` bytes away; gives where they began and their greatest number of `%` layers.
    fn pop(&mut self, count: usize) -> (u32, u8) {
        let keep = self.bytes.len() - count;
        let at = self.at[keep];
        let percent = self.percent[keep..].iter().copied().max().unwrap_or(0);
        self.bytes.truncate(keep);
        self.at.truncate(keep);
        self.percent.truncate(keep);
        (at, percent)
    }

    fn append(&mut self, byte: u8, at: u32, percent: u8) {
        let (mut byte, mut at, mut percent) = (byte, at, percent);
        loop {
            // Any number of backslashes is one: `\\\"` is a quote just as `\"` is.
            if byte == b'\\' && self.bytes.last() == Some(&b'\\') {
                return;
            }
            self.push(byte, at, percent);
            if matches!(byte, b'\\' | b'%' | b'&' | 0x1b) {
                self.escape = self.bytes.len();
            } else if self.bytes.len() > self.escape + LONGEST_ESCAPE {
                return;
            }
            if let Some(count) = colour(&self.bytes) {
                self.pop(count);
                return;
            }
            let Some((decoded, count, layers)) = tail(&self.bytes) else { return };
            let (start, deepest) = self.pop(count);
            (byte, at, percent) = (decoded, start, deepest.saturating_add(layers));
        }
    }
}

/// How long the colour code is that the view ends with: `ESC [ 1 ; 31 m`.
fn colour(bytes: &[u8]) -> Option<usize> {
    if bytes.last() != Some(&b'm') {
        return None;
    }
    let from = bytes.len().saturating_sub(16);
    let digits =
        bytes[from..bytes.len() - 1].iter().rev().take_while(|b| b.is_ascii_digit() || **b == b';').count();
    let open = bytes.len().checked_sub(digits + 3)?;
    matches!(bytes[open..], [0x1b, b'[', ..]).then_some(digits + 3)
}

/// What the tail of the view spells: the byte, how many bytes it takes, and how many `%` layers that adds.
fn tail(bytes: &[u8]) -> Option<(u8, usize, u8)> {
    let n = bytes.len();
    let last = *bytes.last()?;
    let back = |count: usize| n.checked_sub(count).map_or(0, |i| bytes[i]);
    if last.is_ascii_hexdigit() {
        if back(3) == b'%' {
            return Some((low(hex(&bytes[n - 2..])?), 3, 1));
        }
        if back(4) == b'\\' && back(3) == b'x' {
            return Some((low(hex(&bytes[n - 2..])?), 4, 0));
        }
        if back(4) == b'\\' && bytes[n - 3..] == *b"033" {
            return Some((0x1b, 4, 0));
        }
        if back(6) == b'\\' && back(5) == b'u' {
            return Some((low(hex(&bytes[n - 4..])?), 6, 0));
        }
    }
    if back(2) == b'\\' {
        return match last {
            b'n' => Some((b'\n', 2, 0)),
            b'r' => Some((b'\r', 2, 0)),
            b't' => Some((b'\t', 2, 0)),
            _ if last.is_ascii_punctuation() && last != b'\\' => Some((last, 2, 0)),
            _ => None,
        };
    }
    if last == b';' {
        let from = (n.saturating_sub(8)..n - 1).rev().find(|&i| bytes[i] == b'&')?;
        return entity(&bytes[from + 1..n - 1]).map(|decoded| (decoded, n - from, 0));
    }
    None
}

fn hex(digits: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn low(code: u32) -> u8 {
    if code < 0x80 { code as u8 } else { NON_ASCII }
}

fn entity(name: &[u8]) -> Option<u8> {
    match name {
        b"amp" => Some(b'&'),
        b"lt" => Some(b'<'),
        b"gt" => Some(b'>'),
        b"quot" => Some(b'"'),
        b"apos" => Some(b'\''),
        [b'#', b'x' | b'X', digits @ ..] if !digits.is_empty() => hex(digits).map(low),
        [b'#', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            std::str::from_utf8(digits).ok()?.parse().ok().map(low)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> String {
        let view = View::new(text, &Pace::new(&|| ()));
        assert_eq!(view.source(view.len()), text.len());
        String::from_utf8_lossy(view.bytes()).into_owned()
    }

    #[test]
    fn redact_view_takes_off_every_layer() {
        for (text, expected) in [
            (r#"{\"a\":\"b\"}"#, r#"{"a":"b"}"#),
            (r#"{\\\"a\\\":1}"#, r#"{"a":1}"#),
            ("a%3Db%2526c", "a=b&c"),
            (r"\u0022x\u0022", "\"x\""),
            (r"\\u0022x\x22", "\"x\""),
            (r"\u005c\u0022x", "\"x"),
            (r"%5Cu0022", "\""),
            ("&amp;quot;x&#39;y&#x3d;", "\"x'y="),
            (r"line\r\nnext", "line\r\nnext"),
            ("50% of %zz", "50% of %zz"),
            (r"C:\Users", r"C:\Users"),
        ] {
            assert_eq!(seen(text), expected, "{text}");
        }
    }

    #[test]
    fn redact_view_hides_what_is_not_ascii() {
        assert_eq!(View::new("é%C3%A9", &Pace::new(&|| ())).bytes(), [NON_ASCII, NON_ASCII, NON_ASCII]);
        assert_eq!(seen("pass\u{200b}word"), "password");
        assert_eq!(View::new("[redacted:token]x", &Pace::new(&|| ())).bytes(), [REDACTED, b'x']);
    }
}
