//! A name and its value that are two entries of one object: `{"name": "PASSWORD", "value": "…"}`, in any order, with
//! others between them, and values inside an object of their own: `{"password": {"value": "…"}}`.

use super::value::{self, name_byte, quote, skip_blanks};
use super::view::View;
use super::words::WORDS;

/// An object that is longer is not looked through.
const FAR: usize = 400;

/// Where the value stands whose name is the quoted text `[start, close)`, `close` being behind its quote.
pub(super) fn value_of(view: &View, start: usize, close: usize) -> Option<usize> {
    let key = key_of(view, start)?;
    if !WORDS.named(view.lower(key.0, key.1)) {
        return None;
    }
    let end = view.len().min(close + FAR);
    if let Some(at) = member(view, close, end, false) {
        return Some(at);
    }
    // The value may come first.
    let mut depth = 0;
    for i in (key.0.saturating_sub(FAR)..key.0).rev() {
        match view.get(i) {
            b'}' | b']' => depth += 1,
            b'{' | b'[' if depth > 0 => depth -= 1,
            b'{' => return member(view, i + 1, key.0, false),
            b'[' => return None,
            _ => {}
        }
    }
    None
}

/// Whether the quoted text that begins at `start` is itself the value of a key: where that key stands.
pub(super) fn key_of(view: &View, start: usize) -> Option<(usize, usize)> {
    if start < 4 || !quote(view.before(start)) {
        return None;
    }
    let floor = start.saturating_sub(64);
    let back = |from: usize, over: &dyn Fn(u8) -> bool| (floor..from).rev().find(|&i| !over(view.get(i)));
    let separator = back(start - 1, &|b| b.is_ascii_whitespace() || b == b'>')?;
    if !matches!(view.get(separator), b':' | b'=') {
        return None;
    }
    let last = back(separator, &|b| b.is_ascii_whitespace() || quote(b))?;
    let first = back(last + 1, &name_byte).map_or(floor, |i| i + 1);
    (first <= last).then_some((first, last + 1))
}

/// The value inside the object that opens at `at`: of its member `value`, or of its only kind of value in DynamoDB.
pub(super) fn inside(view: &View, at: usize) -> Option<usize> {
    member(view, at + 1, view.len().min(at + FAR), true)
}

/// Where the value of the member begins that is called `value` or the like, between `from` and `end`, in this object.
fn member(view: &View, from: usize, end: usize, typed: bool) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = from;
    while at < end {
        let b = view.get(at);
        match b {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.checked_sub(1)?,
            _ if quote(b) => {
                let text = value::quoted(view, at);
                if text.end > end {
                    return None;
                }
                if depth == 0
                    && let Some(found) =
                        named_value(view, text.start, text.end, text.next, typed && at < from + 8)
                {
                    return Some(found);
                }
                at = text.next;
                continue;
            }
            _ if b.is_ascii_alphabetic() => {
                let word = (at..end).find(|&i| !name_byte(view.get(i))).unwrap_or(end);
                if depth == 0
                    && let Some(found) = named_value(view, at, word, word, false)
                {
                    return Some(found);
                }
                at = word;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

fn named_value(view: &View, start: usize, end: usize, next: usize, typed: bool) -> Option<usize> {
    let word = view.lower(start, end);
    let separator = skip_blanks(view, next);
    let is = WORDS.value(word) || typed && matches!(word, b"s" | b"n" | b"b");
    if !is || !matches!(view.get(separator), b':' | b'=') {
        return None;
    }
    let at = skip_blanks(view, separator + 1);
    let at = if view.get(at) == b'{' { inside(view, at)? } else { at };
    quote(view.get(at)).then_some(at)
}
