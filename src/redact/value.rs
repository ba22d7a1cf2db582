//! Where a value begins and ends.

use super::natural;
use super::plausible::Form;
use super::view::View;

/// A quoted value longer than this is taken for one whose closing quote was cut off.
const LONGEST_QUOTED: usize = 1 << 16;

/// A value: its text without quotes, and where reading goes on after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) next: usize,
    pub(super) form: Form,
}

pub(super) fn quote(b: u8) -> bool {
    matches!(b, b'"' | b'\'' | b'`')
}

pub(super) fn blank(b: u8) -> bool {
    matches!(b, b' ' | b'\t')
}

pub(super) fn line_end(b: u8) -> bool {
    matches!(b, b'\n' | b'\r')
}

pub(super) fn name_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')
}

pub(super) fn skip_blanks(view: &View, from: usize) -> usize {
    (from..view.len()).find(|&i| !blank(view.get(i))).unwrap_or(view.len())
}

/// Over blanks, and over one line end when the next line is indented: a folded header, a value below its
/// name.
pub(super) fn skip_fold(view: &View, from: usize) -> usize {
    let at = skip_blanks(view, from);
    if !line_end(view.get(at)) {
        return at;
    }
    let next = if view.get(at) == b'\r' && view.get(at + 1) == b'\n' { at + 2 } else { at + 1 };
    let text = skip_blanks(view, next);
    if text > next && !line_end(view.get(text)) { text } else { at }
}

/// The end of the line that `from` is in.
pub(super) fn end_of_line(view: &View, from: usize) -> usize {
    (from..view.len()).find(|&i| line_end(view.get(i))).unwrap_or(view.len())
}

/// The value whose opening quote is at `open`. A quote that was escaped more often than the opening one is
/// part of it.
pub(super) fn quoted(view: &View, open: usize) -> Value {
    let (mark, width) = (view.get(open), view.width(open));
    let closes = |i: usize| view.get(i) == mark && view.width(i) <= width;
    let limit = view.len().min(open + LONGEST_QUOTED);
    let mut i = open + 1;
    while i < limit {
        if closes(i) {
            // SQL and CSV write a quote inside quotes twice: the same one, and not `\""` at the end of a JSON string.
            if i > open + 1 && mark != b'`' && closes(i + 1) && view.width(i + 1) == view.width(i) {
                i += 2;
                continue;
            }
            return Value { start: open + 1, end: i, next: i + 1, form: Form::Quoted };
        }
        i += 1;
    }
    let end = end_of_line(view, open + 1);
    Value { start: open + 1, end, next: end, form: Form::Quoted }
}

/// The value that begins at `start` without quotes. `percent`: how many `%` layers the separator before it
/// came out of; what was encoded more often is part of the value.
pub(super) fn bare(view: &View, start: usize, percent: u8, form: Form) -> Value {
    let mut i = start;
    // A bracket that the value opened is closed by it: `${NAME}`, `get("x")`.
    let mut open = [0_usize; 4];
    while i < view.len() {
        let b = view.get(i);
        if view.percent(i) <= percent && (b.is_ascii_whitespace() || b == 0) {
            break;
        }
        let pair = |brackets: &[u8]| brackets.iter().position(|&bracket| bracket == b);
        if let Some(which) = pair(b"([{<") {
            open[which] += 1;
        }
        if let Some(which) = pair(b")]}>").filter(|&which| open[which] > 0) {
            open[which] -= 1;
        } else if view.percent(i) <= percent && ends(view, i, b) {
            break;
        }
        i += 1;
    }
    Value { start, end: i, next: i, form }
}

/// Punctuation ends a value only where what follows says so: passwords are full of it.
fn ends(view: &View, i: usize, b: u8) -> bool {
    let next = view.get(i + 1);
    let over = next == 0 || next.is_ascii_whitespace();
    match b {
        b'"' | b'\'' | b'`' => view.width(i) > 1 || over || quote(next) || b",;:.)]}>\\/|".contains(&next),
        b',' | b';' => {
            let after = view.get(i + 2);
            let closed = matches!(next, b'}' | b']' | b')')
                && (after == 0 || after.is_ascii_whitespace() || quote(after));
            over || quote(next) || closed || assigns(view, i + 1, true)
        }
        b'&' => over || quote(next) || assigns(view, i + 1, false),
        b')' | b']' | b'}' | b'>' => {
            let past = (i..i + 8).find(|&k| !matches!(view.get(k), b')' | b']' | b'}' | b'>')).unwrap_or(i);
            let last = |k: usize| {
                let b = view.get(k);
                b == 0 || b.is_ascii_whitespace() || quote(b)
            };
            last(past)
                || matches!(view.get(past), b',' | b';' | b'.' | b':') && last(past + 1)
                || matches!(view.get(past), b',' | b';') && assigns(view, past + 1, true)
                || view.get(past) == b',' && matches!(view.get(past + 1), b'{' | b'[')
                || view.get(past) == b'<' && tag(view, past)
        }
        b'<' => tag(view, i),
        _ => false,
    }
}

/// `<name`, `</name`, `<!`: markup begins at `at`.
fn tag(view: &View, at: usize) -> bool {
    if matches!(view.get(at + 1), b'/' | b'!') {
        return true;
    }
    let end = (at + 1..at + 16).find(|&i| !view.get(i).is_ascii_alphanumeric()).unwrap_or(at + 1);
    view.get(at + 1).is_ascii_alphabetic()
        && (matches!(view.get(end), b'>' | b' ' | b':') || view.get(end) == b'/' && view.get(end + 1) == b'>')
}

/// A name and `=` (or `:`) stand at `from`.
pub(super) fn assigns(view: &View, from: usize, colon: bool) -> bool {
    let end = (from..from + 48).find(|&i| !name_byte(view.get(i)) && view.get(i) != b'$').unwrap_or(from);
    end > from && (view.get(end) == b'=' || colon && view.get(end) == b':')
}

/// The value at `at`, after its separator. None where an object or a list begins.
pub(super) fn read(view: &View, at: usize, percent: u8, form: Form) -> Option<Value> {
    let at = wrapped(view, at, percent);
    match view.get(at) {
        b if quote(b) => Some(quoted(view, at)),
        b'{' => braces(view, at, percent, form),
        b'[' => bracketed(view, at, percent, form),
        b'(' if quote(view.get(at + 1)) || call(view, at + 1) => None,
        0 => None,
        _ => Some(bare(view, at, percent, form)),
    }
}

/// `[abc]`, as Go shows the values of a header. A list of strings is not a value.
fn bracketed(view: &View, at: usize, percent: u8, form: Form) -> Option<Value> {
    if b"{[".contains(&view.get(at + 1)) {
        return None;
    }
    let over = |b: u8| b == 0 || b.is_ascii_whitespace() || quote(b);
    let closes = |i: usize| {
        let (next, after) = (view.get(i + 1), view.get(i + 2));
        view.get(i) == b']'
            && (over(next)
                || matches!(next, b']' | b'}' | b')' | b',' | b';' | b'<') && (over(after) || after == next))
    };
    let end = (at + 1..view.len().min(at + 512)).find(|&i| view.get(i).is_ascii_whitespace() || closes(i));
    match end {
        Some(end) if view.get(end) == b']' && end > at + 1 && !quote(view.get(at + 1)) => {
            Some(Value { start: at + 1, end, next: end + 1, form })
        }
        _ if quote(view.get(at + 1)) || blank(view.get(at + 1)) || view.get(at + 1) == b']' => None,
        _ => Some(bare(view, at, percent, form)),
    }
}

/// `(ConvertTo-SecureString 'abc')`: what is in it has its own name.
fn call(view: &View, at: usize) -> bool {
    let end = (at..at + 48).find(|&i| !name_byte(view.get(i))).unwrap_or(at);
    end > at && blank(view.get(end))
}

/// `{abc;d}` in a connection string is a value, `${NAME}` and `{name}` are left to the caller's judgement,
/// objects are not values.
fn braces(view: &View, at: usize, percent: u8, form: Form) -> Option<Value> {
    // A brace inside is written twice.
    let closes = |i: usize| {
        view.get(i) == b'}'
            && view.get(i + 1) != b'}'
            && (i <= at + 1 || view.before(i) != b'}' || view.get(i - 2) == b'}')
    };
    let end = (at + 1..view.len().min(at + 200)).find(|&i| closes(i) || line_end(view.get(i)))?;
    let inner = view.slice(at + 1, end);
    let object = inner.iter().any(|&b| quote(b) || matches!(b, b':' | b'='));
    if object || inner.is_empty() || form != Form::Assigned || view.get(end) != b'}' {
        return None;
    }
    // `{password}` and `{DB_PASSWORD}` are filled in later, `PWD={aBcDe};` is filled in.
    let humps = inner.windows(2).filter(|w| w[0].is_ascii_lowercase() && w[1].is_ascii_uppercase()).count();
    let filled = humps > 0 && view.get(end + 1) == b';' || humps > 1 && natural::odd(inner);
    if !filled && inner.iter().all(|&b| b.is_ascii_alphabetic() || b == b'_') {
        return Some(bare(view, at, percent, form));
    }
    Some(Value { start: at + 1, end, next: end + 1, form })
}

/// Over what languages put around a string: `b'…'`, `Some("…")`, `string(7) "…"`.
fn wrapped(view: &View, at: usize, percent: u8) -> usize {
    // Erlang's `<<"…">>`.
    if view.starts(at, b"<<") && quote(view.get(at + 2)) {
        return at + 2;
    }
    let word = (at..at + 24).find(|&i| !name_byte(view.get(i))).unwrap_or(at);
    let b = view.get(word);
    if quote(b)
        && matches!(view.lower(at, word), b"b" | b"u" | b"r" | b"f" | b"n" | b"e" | b"l" | b"rb" | b"br")
    {
        let string = quoted(view, word);
        let closed = string.next > string.end && !view.get(string.next).is_ascii_alphanumeric();
        return if closed && view.percent(word) <= percent { word } else { at };
    }
    // Haskell's `Just "…"`.
    if b == b' ' && quote(view.get(word + 1)) && matches!(view.slice(at, word), b"Just" | b"Right" | b"Some")
    {
        return word + 1;
    }
    if b == b'(' && word > at {
        let inside = (word + 1..word + 64).find(|&i| !view.get(i).is_ascii_whitespace()).unwrap_or(word + 1);
        // `Some("…")` holds it, `getenv("…")` does not.
        let constructor = view.get(at).is_ascii_uppercase() && !view.slice(at, word).contains(&b'.');
        if quote(view.get(inside))
            && (constructor || matches!(view.lower(at, word), b"string" | b"bytes" | b"str"))
        {
            return inside;
        }
        let digits = (inside..inside + 10).find(|&i| !view.get(i).is_ascii_digit()).unwrap_or(inside);
        if digits > inside
            && view.get(digits) == b')'
            && view.get(digits + 1) == b' '
            && quote(view.get(digits + 2))
        {
            return digits + 2;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::Pace;
    use super::*;

    fn bare_of(text: &str) -> String {
        let view = View::new(text, &Pace::new(&|| ()));
        let value = bare(&view, 0, 0, Form::Assigned);
        String::from_utf8_lossy(view.slice(value.start, value.end)).into_owned()
    }

    #[test]
    fn redact_value_ends_where_what_follows_says_so() {
        for (text, expected) in [
            ("aB,9$x;k&z, user=y", "aB,9$x;k&z"),
            ("abc&user=x", "abc"),
            ("abc%26def&user=x", "abc&def"),
            ("abc,user=y}", "abc"),
            ("a}b)c]d} rest", "a}b)c]d"),
            ("abc\\\" rest", "abc"),
            ("abc</password>", "abc"),
            ("abc\\nHost: x", "abc"),
        ] {
            assert_eq!(bare_of(text), expected, "{text}");
        }
    }

    #[test]
    fn redact_value_in_quotes_keeps_deeper_quotes() {
        for (text, expected) in [
            (r#""ab\"cd" x"#, "ab\"cd"),
            (r#"\"ab\\\"cd\" x"#, "ab\"cd"),
            ("'ab''cd' x", "ab''cd"),
            ("'open\nnext", "open"),
            ("%22ab%5C%22cd%22", "ab\"cd"),
        ] {
            let view = View::new(text, &Pace::new(&|| ()));
            let value = quoted(&view, 0);
            assert_eq!(String::from_utf8_lossy(view.slice(value.start, value.end)), expected, "{text}");
        }
    }
}
