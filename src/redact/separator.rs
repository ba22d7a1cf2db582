//! What may stand between a name and its value, in all the notations that end up in messages.

use super::pairs;
use super::plausible::{self, Form};
use super::value::{blank, end_of_line, line_end, name_byte, quote, skip_blanks, skip_fold};
use super::view::{NON_ASCII, View};
use super::words::WORDS;

/// Where a value begins, and how it was announced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) at: usize,
    pub(super) percent: u8,
    pub(super) form: Form,
    /// Only blanks stand between: the value must speak for itself.
    pub(super) loose: bool,
    /// The value is the text of an XML element whose tag was closed by a bracket this wide.
    pub(super) element: Option<u32>,
}

impl Place {
    fn new(view: &View, at: usize, separator: usize, form: Form) -> Place {
        Place { at, percent: view.percent(separator), form, loose: false, element: None }
    }
}

/// The value that belongs to the name `[start, end)`.
pub(super) fn after(view: &View, start: usize, end: usize) -> Option<Place> {
    let mut close = end;
    let (mut in_quotes, mut closed) = (false, false);
    // An option in a list: `'--password', 'abc'`.
    let dashes = (1..3).take_while(|n| *n <= start && view.get(start - n) == b'-').count();
    let opened = quote(view.before(start - dashes));
    while close < end + 4 && (quote(view.get(close)) || matches!(view.get(close), b']' | b')')) {
        in_quotes |= quote(view.get(close)) && opened;
        closed |= !quote(view.get(close));
        close += 1;
    }
    let at = skip_blanks(view, close);
    match view.get(at) {
        b'=' => {
            let value =
                (at..at + 4).find(|&i| !matches!(view.get(i), b'=' | b'>' | b'~' | b':')).unwrap_or(at + 1);
            let value = skip_arrow(view, at, value);
            if in_quotes_until_here(view, start, in_quotes, value) {
                return None;
            }
            Some(Place::new(view, skip_blanks(view, value), at, Form::Assigned))
        }
        b':' => colon(view, at).or_else(|| entry(view, start, close, in_quotes)),
        b'-' if view.get(at + 1) == b'>' => {
            Some(Place::new(view, skip_blanks(view, at + 2), at, Form::Assigned))
        }
        b'>' if in_quotes && view.starts(at, b">>,<<") && quote(view.get(at + 5)) => {
            Some(Place::new(view, at + 5, at, Form::Quoted))
        }
        b'>' if in_quotes && !opens_element(view, start) => {
            child(view, at).or_else(|| entry(view, start, close, true))
        }
        b';' if in_quotes => serialized(view, at).or_else(|| entry(view, start, close, true)),
        b'>' | b' ' | b'/' if view.get(at) == b'>' && opens_element(view, start) => element(view, at),
        b'<' if view.get(at + 1) == b'/' && view.before(start) == b'>' => tag_pair(view, at),
        b',' if in_quotes => {
            let value = skip_fold(view, at + 1);
            let string = quote(view.get(value)) || view.get(value) == b'b' && quote(view.get(value + 1));
            // The value of a key has its own value beside it, not behind it.
            let of_a_key = pairs::key_of(view, start).is_some();
            entry(view, start, close, true).or_else(|| {
                (string && !of_a_key && !closed).then(|| Place::new(view, value, at, Form::Listed))
            })
        }
        b',' if at == close && view.before(start) == b'{' && quote(view.get(at + 1)) => {
            Some(Place::new(view, at + 1, at, Form::Quoted))
        }
        b',' if at == close
            && view.before(start) == b'['
            && blank(view.get(at + 1))
            && closes_list(view, at + 2) =>
        {
            Some(Place::new(view, at + 2, at, Form::Listed))
        }
        _ if opens_element(view, start) && at > close => attributes(view, at),
        b'|' if at > close && begins_row(view, start) => {
            Some(Place::new(view, skip_blanks(view, at + 1), at, Form::Listed))
        }
        b if at > close && view.before(start) == b'-' && b != b'-' && !line_end(b) && b != 0 => {
            // The text of a help is set apart.
            if at > close + 1 {
                return None;
            }
            let word = (at..at + 16).find(|&i| !view.get(i).is_ascii_alphabetic()).unwrap_or(at);
            if blank(view.get(word)) && plausible::prose_word(view.lower(at, word)) {
                return None;
            }
            Some(Place::new(view, at, at, Form::Assigned))
        }
        b if line_end(b) => follow(view, close)
            .or_else(|| form_part(view, start, close, at))
            .or_else(|| item(view, start, at)),
        _ if in_quotes => entry(view, start, close, true),
        _ if at > close => {
            let at = skip_options(view, at);
            Some(Place { loose: true, ..Place::new(view, at, at, Form::Quoted) })
        }
        _ => None,
    }
}

/// `ConvertTo-SecureString -AsPlainText -String 'abc'`.
fn skip_options(view: &View, at: usize) -> usize {
    let options = [b"-asplaintext ".as_slice(), b"-force ", b"-string "];
    let after =
        |at: usize| options.iter().find(|o| view.starts(at, o)).map(|o| skip_blanks(view, at + o.len()));
    let mut at = at;
    while let Some(next) = after(at) {
        at = next;
    }
    at
}

/// The value of an entry whose name is `[start, close)`: right behind it, or elsewhere in its object.
fn entry(view: &View, start: usize, close: usize, in_quotes: bool) -> Option<Place> {
    follow(view, close)
        .or_else(|| {
            let at = pairs::value_of(view, start, close).filter(|_| in_quotes)?;
            Some(Place::new(view, at, at, Form::Assigned))
        })
        .or_else(|| element_named(view, start, close))
}

/// `<entry key="password">abc</entry>`, `<setting name="password" a="b"><value>abc…`.
fn element_named(view: &View, start: usize, close: usize) -> Option<Place> {
    let (from, to) = pairs::key_of(view, start)?;
    let end = (close..view.len().min(close + 160)).find(|&i| matches!(view.get(i), b'<' | b'>'))?;
    if !WORDS.named(view.lower(from, to)) || view.get(end) == b'<' || view.before(end) == b'/' {
        return None;
    }
    let text = (end + 1..view.len()).find(|&i| !view.get(i).is_ascii_whitespace())?;
    if view.get(text) == b'<' { child(view, end) } else { element(view, end) }
}

/// `[password, abc]`, as .NET shows a pair: one more word, then the end.
fn closes_list(view: &View, from: usize) -> bool {
    let over = (from..from + 128)
        .find(|&i| view.get(i) == b']' || view.get(i).is_ascii_whitespace() || view.get(i) == 0);
    over.is_some_and(|end| end > from && view.get(end) == b']')
}

/// PHP: `s:8:"password";s:11:"…"`.
fn serialized(view: &View, at: usize) -> Option<Place> {
    if !view.starts(at, b";s:") {
        return None;
    }
    let colon = (at + 3..at + 12).find(|&i| !view.get(i).is_ascii_digit())?;
    (view.get(colon) == b':' && quote(view.get(colon + 1)))
        .then(|| Place::new(view, colon + 1, at, Form::Quoted))
}

/// `<property name="password"><value>…`: the text of the child that is called so.
fn child(view: &View, close: usize) -> Option<Place> {
    let tag = (close + 1..view.len().min(close + 64)).find(|&i| !view.get(i).is_ascii_whitespace())?;
    if !view.starts(tag, b"<value>") {
        return None;
    }
    element(view, tag + 6)
}

/// `| DB_PASSWORD | abc |`: the first cell of a row.
fn begins_row(view: &View, start: usize) -> bool {
    let edge = (start.saturating_sub(16)..start).rev().find(|&i| !blank(view.get(i)));
    let Some(edge) = edge.filter(|&i| matches!(view.get(i), b'|' | NON_ASCII)) else { return false };
    edge == 0 || line_end(view.before(edge)) || blank(view.before(edge)) || quote(view.before(edge))
}

/// PHP's var_dump puts the value of `=>` on the next line.
fn skip_arrow(view: &View, at: usize, value: usize) -> usize {
    if view.get(at + 1) == b'>' { skip_fold(view, value) } else { value }
}

/// `'password='`: the quote after the separator closes the one before the name.
fn in_quotes_until_here(view: &View, start: usize, closed: bool, value: usize) -> bool {
    !closed
        && start > 0
        && quote(view.before(start))
        && view.get(value) == view.before(start)
        && !quote(view.get(value + 1))
        && !view.get(value + 1).is_ascii_alphanumeric()
}

fn colon(view: &View, at: usize) -> Option<Place> {
    let next = view.get(at + 1);
    // `scheme://` and `Type::name` are no separators, LDIF's `name:: base64` is.
    if next == b'/' && view.get(at + 2) == b'/' || next == b':' && !blank(view.get(at + 2)) {
        return None;
    }
    let value = (at + 1..at + 3).find(|&i| !matches!(view.get(i), b'=' | b':')).unwrap_or(at + 1);
    Some(Place::new(view, skip_fold(view, value), at, Form::Colon))
}

/// `<name` or `<ns:name` stands there.
fn opens_element(view: &View, start: usize) -> bool {
    match view.before(start) {
        b'<' => true,
        b':' => {
            let from = start - 1;
            let tag = (from.saturating_sub(32)..from).rev().find(|&i| !name_byte(view.get(i)));
            tag.is_some_and(|i| view.get(i) == b'<')
        }
        _ => false,
    }
}

fn element(view: &View, close: usize) -> Option<Place> {
    let at = (close + 1..view.len()).find(|&i| !view.get(i).is_ascii_whitespace())?;
    Some(text(view, at, close))
}

fn text(view: &View, at: usize, close: usize) -> Place {
    let at = if view.starts(at, b"<![cdata[") { at + 9 } else { at };
    Place { element: Some(view.width(close)), ..Place::new(view, at, close, Form::Quoted) }
}

/// The end of an element's text that begins at `at`: the next bracket that is not escaped more often than the
/// first.
pub(super) fn end_of_text(view: &View, at: usize, width: u32) -> usize {
    let end = (at..view.len()).find(|&i| view.get(i) == b'<' && view.width(i) <= width);
    end.unwrap_or_else(|| end_of_line(view, at))
}

/// `<Password Type="…">`: the text comes after the attributes.
fn attributes(view: &View, from: usize) -> Option<Place> {
    let close = (from..view.len().min(from + 256)).find(|&i| matches!(view.get(i), b'<' | b'>'))?;
    if view.get(close) == b'<' || view.before(close) == b'/' { None } else { element(view, close) }
}

/// `<key>password</key><string>…`: the text of the next element.
fn tag_pair(view: &View, at: usize) -> Option<Place> {
    let mut at = at;
    for tag in 0..4 {
        let close = (at..view.len().min(at + 64)).find(|&i| view.get(i) == b'>')?;
        at = (close + 1..view.len()).find(|&i| !view.get(i).is_ascii_whitespace())?;
        if view.get(at) != b'<' {
            return (tag > 0).then(|| text(view, at, close));
        }
    }
    None
}

/// `"name": "password", "value": "…"`, `key="Password" value="…"`, a list item of YAML: the name is itself a
/// value, and the value has the name `value`.
fn follow(view: &View, from: usize) -> Option<Place> {
    let between =
        |b: u8| b.is_ascii_whitespace() || quote(b) || matches!(b, b',' | b';' | b'-' | b':' | b'=');
    let word = (from..from + 32).find(|&i| !between(view.get(i)))?;
    if word == from {
        return None;
    }
    let name = [b"stringvalue".as_slice(), b"defaultvalue", b"value", b"val"]
        .into_iter()
        .find(|n| view.starts(word, n))?;
    let mut end = word + name.len();
    if quote(view.get(end)) {
        end += 1;
    }
    let at = skip_blanks(view, end);
    matches!(view.get(at), b'=' | b':')
        .then(|| Place::new(view, skip_blanks(view, at + 1), at, Form::Assigned))
}

/// A part of a multipart form: the value comes after an empty line.
fn form_part(view: &View, start: usize, close: usize, at: usize) -> Option<Place> {
    if close == start || !view.slice(start.saturating_sub(6), start).ends_with(b"name=\"") {
        return None;
    }
    let breaks = (at..at + 4).take_while(|&i| line_end(view.get(i))).count();
    (breaks >= 2).then(|| Place::new(view, at + breaks, at, Form::Assigned))
}

/// An item of a list in YAML whose name is `key: password`: the value is in one of the lines below, before the next
/// item.
fn item(view: &View, start: usize, end: usize) -> Option<Place> {
    let floor = start.saturating_sub(64);
    let colon = (floor..start).rev().find(|&i| !blank(view.get(i))).filter(|&i| view.get(i) == b':')?;
    let first = (floor..colon).rev().find(|&i| !name_byte(view.get(i))).map_or(floor, |i| i + 1);
    if !WORDS.named(view.lower(first, colon)) {
        return None;
    }
    let mut line = end;
    for _ in 0..6 {
        let next = (line..line + 2).find(|&i| !line_end(view.get(i)))?;
        let word = skip_blanks(view, next);
        let close = (word..word + 48).find(|&i| !name_byte(view.get(i)))?;
        if next == word || view.get(word) == b'-' || view.get(close) != b':' {
            return None;
        }
        if WORDS.value(view.lower(word, close)) {
            return Some(Place::new(view, skip_blanks(view, close + 1), close, Form::Assigned));
        }
        line = (close..view.len().min(close + 200)).find(|&i| line_end(view.get(i)))?;
    }
    None
}
