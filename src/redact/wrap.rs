//! Secrets that go on in the next line: base64 in lines, folded headers, terminals that wrap.

use super::natural;
use super::plausible;
use super::spans::Spans;
use super::value::{blank, line_end};
use super::view::View;

/// Follows what ends with its line into the next lines.
pub(super) fn follow(view: &View, spans: &mut Spans) {
    let mut more = Vec::new();
    let mut reached = 0;
    for span in spans.list() {
        let mut end = span.end.max(reached);
        let mut length = span.end - span.start;
        while length >= 8
            && let Some((from, to)) = next(view, end, length)
        {
            more.push((from, to, span.label));
            length = to - from;
            end = to;
        }
        reached = end;
    }
    if !more.is_empty() {
        for (start, end, label) in more {
            spans.add(view, start, end, label);
        }
        spans.merge();
    }
}

/// The piece of the next line that continues what ends at `end` and had `length` characters on its own line.
fn next(view: &View, end: usize, length: usize) -> Option<(usize, usize)> {
    // `"…" +` and a backslash at the end of a line are how sources break strings.
    let line = (end..view.len().min(end + 6))
        .find(|&i| !(blank(view.get(i)) || matches!(view.get(i), b'\\' | b'"' | b'\'' | b'+')))?;
    if !line_end(view.get(line)) {
        return None;
    }
    let text = if view.get(line) == b'\r' && view.get(line + 1) == b'\n' { line + 2 } else { line + 1 };
    let from = (text..view.len().min(text + 80))
        .find(|&i| !(blank(view.get(i)) || matches!(view.get(i), b'"' | b'\'')))?;
    let part =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~');
    let to = (from..view.len()).find(|&i| !part(view.get(i))).unwrap_or(view.len());
    let run = view.slice(from, to);
    let after = view.get(to);
    // `name:` and `name=value` begin something else.
    let padding = run.iter().rev().take_while(|&&b| b == b'=').count();
    let text_of_run = &run[..run.len() - padding];
    let named = text_of_run.iter().position(|&b| b == b'=').is_some_and(|at| !plausible::random(&run[..at]));
    if run.is_empty() || after == b':' || named || natural::has_guid(run) {
        return None;
    }
    let closes = after == 0
        || after.is_ascii_whitespace()
        || matches!(after, b'"' | b'\'' | b',' | b';' | b'<' | b'\\' | b')' | b'}' | b']');
    let alone =
        after == 0 || line_end(after) || matches!(after, b'"' | b'\'' | b'\\' | b'<' | b'}' | b']' | b';');
    let indented = from > text;
    // A full line was broken because it was full.
    let full = (end.saturating_sub(60)..end).all(|i| !line_end(view.get(i))) && end >= 60;
    let length = if full { length.max(40) } else { length };
    let random = run.len() >= 16 && plausible::random(run);
    let word = run.iter().all(|b| b.is_ascii_digit()) && (run.len() < 12 || length < 40)
        || natural::pieces(run).all(|p| {
            !p.is_empty()
                && p.iter().all(u8::is_ascii_alphabetic)
                && p[1..].iter().all(u8::is_ascii_lowercase)
        })
        || run.len() < 16 && run.starts_with(b"HTTP/");
    let continues = closes && random && (length >= 20 || indented)
        || alone && !word && (length >= 40 || length >= 20 && indented);
    continues.then_some((from, to))
}
