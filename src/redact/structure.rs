//! The layer that reads names: whatever is written as a name and its value, at any depth of nesting.

use super::Pace;
use super::base64;
use super::command;
use super::headers;
use super::names::{self, Promise};
use super::natural;
use super::pairs;
use super::plausible::{self, Form};
use super::separator::{self, Place};
use super::spans::Spans;
use super::value::{self, Value, blank, end_of_line, line_end, name_byte, quote, skip_blanks};
use super::view::View;

/// Nothing readable is this long without a blank. Such a value is taken unseen, so that none is looked at
/// again and again.
const LONGEST_WORD: usize = 256;

/// A block of indented lines is not followed further.
const LONGEST_BLOCK: usize = 1 << 14;

pub(super) fn scan(view: &View, pace: &Pace<'_>, spans: &mut Spans) {
    let mut line = command::Line::default();
    let mut previous = (0, 0);
    let mut i = 0;
    while i < view.len() {
        let b = view.get(i);
        if !(b.is_ascii_alphanumeric() || b == b'_') {
            if line_end(b) {
                line = command::Line::default();
            }
            pace.step(1);
            i += 1;
            continue;
        }
        let end = name_end(view, i);
        line.see(view.lower(i, end));
        let next = pair(view, (i, end), previous, &line, spans).unwrap_or(end).max(end);
        previous = (i, end);
        pace.step(next - i);
        i = next;
    }
}

fn name_end(view: &View, start: usize) -> usize {
    let mut end = (start..view.len()).find(|&i| !name_byte(view.get(i))).unwrap_or(view.len());
    while end > start + 1 && !view.get(end - 1).is_ascii_alphanumeric() && view.get(end - 1) != b'_' {
        end -= 1;
    }
    end
}

/// Looks at one name. Gives where to read on when a value was taken.
fn pair(
    view: &View,
    name: (usize, usize),
    previous: (usize, usize),
    line: &command::Line,
    spans: &mut Spans,
) -> Option<usize> {
    let (start, end) = name;
    if let Some(next) = headers::scheme(view, start, end, spans) {
        return Some(next);
    }
    if let Some(next) = command::option(view, start, end, line, spans) {
        return Some(next);
    }
    if view.get(end) == b'('
        && let Some(next) = command::constructor(view, start, end, spans)
    {
        return Some(next);
    }
    let before = if previous.1 + 1 == start && matches!(view.get(previous.1), b' ' | b'-' | b'_') {
        view.lower(previous.0, previous.1)
    } else {
        b""
    };
    let Some(promise) = names::promise(view.slice(start, end), view.lower(start, end), before) else {
        return command::identified(view, start, end, spans);
    };
    if promise == Promise::Cookie && view.before(start) == b'<' && view.get(end) == b' ' {
        return headers::jar(view, end + 1, spans);
    }
    if before == b"unexpected" || in_arn(view, start) {
        return None;
    }
    let mut place = separator::after(view, start, end)?;
    if view.get(place.at) == b'{'
        && let Some(at) = pairs::inside(view, place.at)
    {
        place = Place { at, form: Form::Quoted, ..place };
    }
    if place.loose && (command::netrc(view, start) || command::directive(view, start, end)) {
        place = Place { loose: false, form: Form::Assigned, ..place };
    }
    // The end of a random run may look like a name.
    let direct = matches!(place.form, Form::Assigned | Form::Colon);
    if !direct && end - start >= 20 && natural::odd(view.slice(start, end)) {
        return None;
    }
    match promise {
        Promise::Authorization if place.loose => None,
        Promise::Authorization => headers::authorization(view, &place, spans),
        Promise::Cookie if place.loose => None,
        Promise::Cookie => headers::cookie(view, start, &place, spans),
        Promise::Secret(label) => secret(view, name, &place, label, spans, true),
        Promise::Perhaps(label) => secret(view, name, &place, label, spans, false),
    }
}

fn secret(
    view: &View,
    name: (usize, usize),
    place: &Place,
    label: &'static str,
    spans: &mut Spans,
    sure: bool,
) -> Option<usize> {
    if let Some((start, end)) = block(view, name.0, place.at)
        && (sure || plausible::random(view.slice(start, end)))
    {
        spans.add(view, start, end, label);
        return Some(end);
    }
    if let Some(width) = place.element {
        let end = separator::end_of_text(view, place.at, width);
        let value = Value { start: place.at, end, next: end, form: Form::Quoted };
        return take(view, name, &value, label, sure, spans);
    }
    if let Some(next) = list(view, name, place, label, sure, spans) {
        return Some(next);
    }
    let scalar =
        (place.form == Form::Colon && quote(view.get(name.1))).then(|| json_scalar(view, place.at)).flatten();
    let mut value = match scalar {
        Some(value) => value,
        None => value::read(view, place.at, place.percent, place.form)?,
    };
    if value.form == Form::Colon {
        value = in_outer_quotes(view, name, value);
    }
    if value.form == Form::Quoted && place.form == Form::Listed {
        value.form = Form::Listed;
    }
    // The name of the next member is no value.
    if value.form == Form::Listed && view.get(skip_blanks(view, value.next)) == b':' {
        return None;
    }
    if place.loose {
        return loose(view, name, &value, label, sure, spans);
    }
    if value.form == Form::Assigned {
        value = in_connection_string(view, name.0, value);
    }
    if view.slice(name.0.saturating_sub(3), name.0) == b"://"
        && let Some(at) = (value.start..value.end).rev().find(|&i| view.get(i) == b'@')
    {
        // `https://ci-token:abc@host`: the name is a user, and the host stays.
        value = Value { end: at, next: at, ..value };
    }
    take(view, name, &value, label, sure, spans)
}

fn take(
    view: &View,
    name: (usize, usize),
    value: &Value,
    label: &'static str,
    sure: bool,
    spans: &mut Spans,
) -> Option<usize> {
    if value.form != Form::Quoted && value.end - value.start > LONGEST_WORD {
        spans.add(view, value.start, value.end, label);
        return Some(value.next);
    }
    let (text, lower) = (view.slice(value.start, value.end), view.lower(value.start, value.end));
    let follows = view.slice(value.end, view.len().min(value.end + 2));
    let sure = sure || in_query(view, name.0, text, label);
    let end_of_name = name.1;
    let name = view.slice(name.0, name.1);
    let plausible = plausible::secret(text, lower, name, label == "password", value.form, follows);
    let looks_like_it = || match label {
        "credentials" => user_and_password(text),
        // Vault's `secret_id`.
        "secret" => natural::guid(text),
        _ => false,
    };
    if plausible && (sure || plausible::random(text) || looks_like_it()) {
        // A number in JSON becomes a string.
        if value.form == Form::Colon && quote(view.get(end_of_name)) && json_number(text) {
            spans.add_number(view, value.start, value.end, label, end_of_name);
            return Some(value.next);
        }
        spans.add(view, value.start, value.end, label);
        return Some(changed_to(view, value, label, spans));
    }
    None
}

/// A number or a word of JSON ends before what JSON has behind it.
fn json_scalar(view: &View, at: usize) -> Option<Value> {
    let part = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
    let end = (at..view.len().min(at + 40)).find(|&i| !part(view.get(i))).unwrap_or(view.len().min(at + 40));
    let text = view.slice(at, end);
    let scalar = matches!(text, b"null" | b"true" | b"false") || json_number(text);
    let over = matches!(view.get(end), b',' | b'}' | b']') || view.get(end).is_ascii_whitespace();
    (scalar && over).then_some(Value { start: at, end, next: end, form: Form::Colon })
}

fn json_number(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    digits.first().is_some_and(u8::is_ascii_digit)
        && digits.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
}

/// `"old" -> "new"`, as plans of changes show it.
fn changed_to(view: &View, value: &Value, label: &'static str, spans: &mut Spans) -> usize {
    let arrow = skip_blanks(view, value.next);
    let open = skip_blanks(view, arrow + 2);
    if value.form != Form::Quoted || !view.starts(arrow, b"->") || !quote(view.get(open)) {
        return value.next;
    }
    let new = value::quoted(view, open);
    spans.add(view, new.start, new.end, label);
    new.next
}

/// `arn:aws:secretsmanager:region:account:secret:name` names a secret.
fn in_arn(view: &View, start: usize) -> bool {
    let written = (start.saturating_sub(96)..start).rev().take_while(|&i| !view.get(i).is_ascii_whitespace());
    view.before(start) == b':'
        && written.last().is_some_and(|from| view.lower(from, start).windows(4).any(|w| w == b"arn:"))
}

/// In the query of an address less is needed: `&sig=…`, `?code=4/0AY0e…`.
fn in_query(view: &View, name: usize, text: &[u8], label: &str) -> bool {
    let mixed = text.len() >= 16
        && text.iter().any(u8::is_ascii_digit)
        && text.iter().any(u8::is_ascii_uppercase)
        && text.iter().any(u8::is_ascii_lowercase);
    matches!(view.before(name), b'?' | b'&') && (label == "signature" || mixed && !plausible::path(text))
}

/// `user:password`, as it is or in base64.
fn user_and_password(text: &[u8]) -> bool {
    let pair = |text: &[u8]| {
        let colon = text.iter().position(|&b| b == b':');
        colon.is_some_and(|at| at > 0 && text.len() > at + 4) && !text.iter().any(u8::is_ascii_whitespace)
    };
    pair(text) && !text.windows(3).any(|w| w == b"://")
        || base64::decode(text).is_some_and(|plain| pair(&plain))
}

/// `PASSWORD 'abc'` in SQL, `token Zk83…` in a sentence.
fn loose(
    view: &View,
    name: (usize, usize),
    value: &Value,
    label: &'static str,
    sure: bool,
    spans: &mut Spans,
) -> Option<usize> {
    let text = view.slice(value.start, value.end);
    let string = value.start > 0 && quote(view.before(value.start)) && value.end < view.len();
    let word = text.len() >= 4 && !text.iter().any(u8::is_ascii_whitespace);
    // `secret "db-creds" not found` names one.
    let groups = !text.iter().any(u8::is_ascii_lowercase);
    let strange =
        text.iter().any(u8::is_ascii_digit) && (!text.contains(&b'-') || natural::guid(text) || groups);
    // `:secret "…"` of Lisp and Clojure.
    let keyword = view.before(name.0) == b':'
        && name.0 > 1
        && matches!(view.get(name.0 - 2), b' ' | b'{' | b'(' | b'[' | b',' | b'\n');
    // What gpg calls a key is the end of its fingerprint.
    let capitals = text.iter().all(|b| b.is_ascii_digit() || matches!(b, b'A'..=b'F'));
    let id = text.strip_suffix(b":").unwrap_or(text);
    if label == "key"
        && (id.len() == 16 && id.iter().all(u8::is_ascii_hexdigit) || text.len() == 40 && capitals)
    {
        return None;
    }
    let statement =
        string && label == "password" && view.before(value.start) == b'\'' && in_statement(view, name);
    if statement
        || sure && string && word && (label == "password" || strange || keyword)
        || !string && plausible::random(text)
    {
        return take(view, name, value, label, sure, spans);
    }
    None
}

/// `PASSWORD '…'` of SQL: in capitals, or behind a word of the statement.
fn in_statement(view: &View, name: (usize, usize)) -> bool {
    let end = name.0.saturating_sub(1);
    let before = view.lower(end.saturating_sub(9), end);
    view.slice(name.0, name.1) == b"PASSWORD"
        || [b" with".as_slice(), b"encrypted"].iter().any(|w| before.ends_with(w))
}

/// Each string of a list: `'X-Api-Key': [ 'abc' ]`, or the second of `auth=('user', 'abc')`.
fn list(
    view: &View,
    name: (usize, usize),
    place: &Place,
    label: &'static str,
    sure: bool,
    spans: &mut Spans,
) -> Option<usize> {
    let open = view.get(place.at);
    let pair = open == b'(' && label == "credentials";
    if open != b'[' && !pair {
        return None;
    }
    strings(view, place.at + 1, |nth, value| {
        if !pair {
            take(view, name, value, label, sure, spans)
        } else if nth == 1 {
            spans.add(view, value.start, value.end, "password");
            Some(value.next)
        } else {
            None
        }
    })
}

/// Calls `each` with the strings of a list that begins at `at`; gives what the last one taken gave.
pub(super) fn strings(
    view: &View,
    at: usize,
    mut each: impl FnMut(usize, &Value) -> Option<usize>,
) -> Option<usize> {
    let mut at = at;
    let mut taken = None;
    for nth in 0.. {
        let start =
            (at..view.len()).find(|&i| !(view.get(i).is_ascii_whitespace() || view.get(i) == b','))?;
        let start = if view.get(start) == b'b' && quote(view.get(start + 1)) { start + 1 } else { start };
        if !quote(view.get(start)) {
            break;
        }
        let value = value::quoted(view, start);
        taken = each(nth, &value).or(taken);
        at = value.next;
    }
    taken
}

/// A block of YAML: `password: |` and indented lines below.
fn block(view: &View, name: usize, at: usize) -> Option<(usize, usize)> {
    if !matches!(view.get(at), b'|' | b'>') {
        return None;
    }
    let line = (at + 1..at + 4).find(|&i| line_end(view.get(i)))?;
    let begin = (name.saturating_sub(160)..name).rev().find(|&i| line_end(view.get(i))).map_or(0, |i| i + 1);
    let indent = skip_blanks(view, begin) - begin;
    let start = (line..view.len()).find(|&i| !view.get(i).is_ascii_whitespace())?;
    let mut end = line;
    let mut next = line;
    while next < view.len().min(at + LONGEST_BLOCK) {
        let first = (next..view.len()).find(|&i| !line_end(view.get(i)))?;
        let text = skip_blanks(view, first);
        if text - first <= indent || text >= view.len() {
            break;
        }
        end = end_of_line(view, text);
        next = end;
    }
    (end > start).then_some((start, end))
}

/// `-H 'X-Api-Key: abc'`: the quote before the name says where the value ends.
fn in_outer_quotes(view: &View, name: (usize, usize), value: Value) -> Value {
    // These quotes are of the name alone: `"password":null`.
    if quote(view.get(name.1)) {
        return value;
    }
    let name = name.0;
    let open = name.wrapping_sub(1);
    if name > 0 && !quote(view.get(open)) || name == 0 {
        return if begins_line(view, name) { rest_of_line(view, value) } else { value };
    }
    let stop = view.len().min(value.start + LONGEST_WORD);
    let over = |i: usize| {
        view.get(i).is_ascii_whitespace()
            || view.get(i) == view.get(open) && view.width(i) <= view.width(open)
    };
    match (value.start..stop).find(|&i| over(i)) {
        Some(end) if quote(view.get(end)) => Value { end, next: end, ..value },
        _ => value,
    }
}

/// Only blanks and what curl and diff put there stand before the name.
fn begins_line(view: &View, name: usize) -> bool {
    let before = (name.saturating_sub(16)..name)
        .rev()
        .find(|&i| !matches!(view.get(i), b' ' | b'\t' | b'>' | b'<' | b'+' | b'*'));
    before.map_or(name <= 16, |i| line_end(view.get(i)))
}

/// A header: the value is what is left of the line, where that is one word.
fn rest_of_line(view: &View, value: Value) -> Value {
    let stop = view.len().min(value.start + LONGEST_WORD);
    let end = (value.start..stop).find(|&i| view.get(i).is_ascii_whitespace()).unwrap_or(stop);
    let ends = end == view.len() || line_end(view.get(end));
    if ends && end > value.end { Value { end, next: end, ..value } } else { value }
}

/// Between semicolons a value may hold blanks: `Pwd=a b c;Database=x`.
fn in_connection_string(view: &View, name: usize, value: Value) -> Value {
    let ahead = (name.saturating_sub(4)..name).rev().find(|&i| !blank(view.get(i)));
    if !blank(view.get(value.end)) {
        return value;
    }
    let between = ahead.is_some_and(|i| view.get(i) == b';');
    let end = (value.end..view.len().min(value.end + 64))
        .find(|&i| quote(view.get(i)) || line_end(view.get(i)) || matches!(view.get(i), b';' | b'='));
    match end {
        Some(end) if view.get(end) == b';' && (between || value::assigns(view, end + 1, false)) => {
            Value { end, next: end, ..value }
        }
        _ => value,
    }
}
