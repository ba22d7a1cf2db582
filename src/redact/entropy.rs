//! The layer for what nothing announces: long runs that read like noise.

use super::Pace;
use super::base64;
use super::context;
use super::natural;
use super::spans::Spans;
use super::value;
use super::view::View;

/// Shorter runs are left alone.
const SHORTEST: usize = 20;
/// Shorter hex runs are identifiers more often than anything else.
const SHORTEST_HEX: usize = 32;
/// A base64 text inside a base64 text inside a base64 text is not opened.
const DEEPEST: usize = 2;

pub(super) fn scan(view: &View, public: &[(usize, usize)], depth: usize, pace: &Pace<'_>, spans: &mut Spans) {
    // What is taken or public already, as one sorted list of barriers.
    let mut taken: Vec<(usize, usize)> = spans.list().iter().map(|s| (s.start, s.end)).collect();
    taken.extend_from_slice(public);
    taken.sort_unstable();
    let mut taken = taken.into_iter().peekable();
    let mut i = 0;
    while i < view.len() {
        while taken.next_if(|t| t.1 <= i).is_some() {}
        let wall = taken.peek().map_or((view.len(), view.len()), |t| *t);
        if i >= wall.0 {
            i = wall.1.max(i + 1);
            continue;
        }
        let end = (i..wall.0).find(|&k| !part(view.get(k))).unwrap_or(wall.0);
        if end - i >= SHORTEST {
            let padded = (end..wall.0.min(end + 2)).take_while(|&k| view.get(k) == b'=').count();
            Search { view, depth, pace }.run(i, end, end + padded, spans);
        }
        pace.step(end - i + 1);
        i = end.max(i + 1);
    }
}

fn part(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'_' | b'-' | b'.' | b'~')
}

struct Search<'a> {
    view: &'a View,
    depth: usize,
    pace: &'a Pace<'a>,
}

impl Search<'_> {
    /// Cuts GUIDs out of `[start, end)` and looks at what is between. `padded`: the end with the `=` of
    /// base64.
    fn run(&self, start: usize, end: usize, padded: usize, spans: &mut Spans) {
        let mut from = start;
        let mut i = start;
        while i < end {
            let edge = i == start || !self.view.before(i).is_ascii_alphanumeric();
            match natural::guid_at(self.view.slice(i, end)).filter(|_| edge) {
                Some(length) => {
                    self.whole(from, i, i, spans);
                    i += length;
                    from = i;
                }
                None => i += 1,
            }
        }
        self.whole(from, end, padded, spans);
    }

    /// Noise as a whole, or else by the pieces of a path, or else by the pieces of a name.
    fn whole(&self, start: usize, end: usize, padded: usize, spans: &mut Spans) {
        let Some((start, end, padded)) = self.trim(start, end, padded) else { return };
        let run = self.view.slice(start, end);
        let length = run.len();
        if context::identifier(run) || symbol(run) {
            return;
        }
        if mixed(run) && natural::odd(run) {
            let start = self.skip_words(start, end);
            self.take(start, end, padded, spans);
            return;
        }
        self.split(
            start,
            end,
            padded,
            b"/",
            &|start, end, padded, spans| {
                let run = self.view.slice(start, end);
                // A path of one piece was looked at as a whole.
                let whole = run.len() == length;
                if !whole && (context::identifier(run) || symbol(run)) {
                } else if !whole && mixed(run) && natural::odd(run) {
                    self.take(start, end, padded, spans);
                } else {
                    self.split(
                        start,
                        end,
                        padded,
                        b"._-~+",
                        &|start, end, padded, spans| {
                            if natural::odd(self.view.slice(start, end)) || hex(self.view.slice(start, end)) {
                                self.take(start, end, padded, spans);
                            }
                        },
                        spans,
                    );
                }
            },
            spans,
        );
    }

    fn split(
        &self,
        start: usize,
        end: usize,
        padded: usize,
        at: &[u8],
        look: &dyn Fn(usize, usize, usize, &mut Spans),
        spans: &mut Spans,
    ) {
        let mut from = start;
        for i in start..=end {
            if i < end && !at.contains(&self.view.get(i)) {
                continue;
            }
            let padded = if i == end { padded } else { i };
            if let Some((start, end, padded)) = self.trim(from, i, padded) {
                look(start, end, padded, spans);
            }
            from = i + 1;
        }
    }

    /// Without punctuation at the ends; None when too short.
    fn trim(&self, mut start: usize, mut end: usize, padded: usize) -> Option<(usize, usize, usize)> {
        let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'+';
        while start < end && !inner(self.view.get(start)) {
            start += 1;
        }
        let old = end;
        // Only a full stop is not part of a base64 text.
        while start < end && matches!(self.view.get(end - 1), b'.' | b'~') {
            end -= 1;
        }
        (end - start >= SHORTEST).then_some((start, end, if old == end { padded } else { end }))
    }

    /// Leading pieces of a path that are words belong to the path.
    fn skip_words(&self, start: usize, end: usize) -> usize {
        let mut from = start;
        while let Some(slash) = (from..end).find(|&i| self.view.get(i) == b'/') {
            let piece = self.view.slice(from, slash);
            let word = piece.iter().all(|b| b.is_ascii_lowercase() || matches!(b, b'-' | b'.' | b'_'))
                || version(piece);
            if !word || end - slash <= SHORTEST || !natural::odd(self.view.slice(slash + 1, end)) {
                break;
            }
            from = slash + 1;
        }
        from
    }

    fn take(&self, start: usize, end: usize, padded: usize, spans: &mut Spans) {
        let run = self.view.slice(start, end);
        let called = context::called(self.view, start);
        if called.id && run.len() <= 128
            || called.hash && (hash(run) || self.hash_from_before(start, end))
            || named_hash(run)
            || run.starts_with(b"nonce-")
            || fingerprint(run) && self.view.lower(start.saturating_sub(4), start).starts_with(b"key")
            || run.iter().all(|b| b.is_ascii_hexdigit() || *b == b'-')
                && run.len() <= 64
                && (called.thing || context::in_named_path(self.view, start))
        {
            return;
        }
        // `[-SHabcdef]`: options.
        if self.view.before(start) == b'-' && run.iter().all(u8::is_ascii_alphabetic) {
            return;
        }
        if self.listed_hash(start, end) || self.in_longer_hash(start, end) || prefixed(run) && called.thing {
            return;
        }
        if run.iter().all(u8::is_ascii_hexdigit) && !hex(run) {
            return;
        }
        if self.harmless_text(run) {
            return;
        }
        spans.add(self.view, start, padded, "random");
    }

    /// `<hex>  name`, as sha256sum writes it.
    fn listed_hash(&self, start: usize, end: usize) -> bool {
        let view = self.view;
        let first = start == 0 || value::line_end(view.before(start));
        first
            && hash(view.slice(start, end))
            && view.get(end) == b' '
            && matches!(view.get(end + 1), b' ' | b'*')
    }

    /// The end of a base64 hash whose beginning reads like a path: `h1:n/6XZ4…`.
    fn in_longer_hash(&self, start: usize, end: usize) -> bool {
        let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'_' | b'-');
        let from = (start.saturating_sub(90)..start).rev().take_while(|&i| base64(self.view.get(i))).last();
        from.is_some_and(|from| context::called(self.view, from).hash && hash(self.view.slice(from, end)))
    }

    /// A base64 hash may begin with what was trimmed.
    fn hash_from_before(&self, start: usize, end: usize) -> bool {
        start > 0
            && matches!(self.view.get(start - 1), b'/' | b'_' | b'-')
            && hash(self.view.slice(start - 1, end))
    }

    /// Base64 of a text in which nothing is found.
    fn harmless_text(&self, run: &[u8]) -> bool {
        text(run, self.depth).is_some_and(|plain| inside(&plain, true, self.depth, self.pace).is_empty())
    }
}

/// Base64 of a text in which structure or shape shows a secret.
pub(super) fn hides_something(run: &[u8], depth: usize, pace: &Pace<'_>) -> bool {
    text(run, depth).is_some_and(|plain| !inside(&plain, false, depth, pace).is_empty())
}

fn inside(plain: &str, with_entropy: bool, depth: usize, pace: &Pace<'_>) -> Spans {
    super::find(&View::new(plain, pace), with_entropy, depth + 1, pace)
}

/// The text that `run` is the base64 of.
fn text(run: &[u8], depth: usize) -> Option<String> {
    if depth >= DEEPEST {
        return None;
    }
    let plain = base64::decode(run)?;
    let text = plain.iter().all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace());
    // A text has words; `user:password` has not.
    let words = plain.iter().any(|b| matches!(b, b' ' | b'\n' | b'"' | b'/' | b','));
    if text && words && natural::pieces(&plain).nth(1).is_some() {
        String::from_utf8(plain).ok()
    } else {
        None
    }
}

fn mixed(run: &[u8]) -> bool {
    run.iter().any(u8::is_ascii_digit)
        && run.iter().any(u8::is_ascii_uppercase)
        && run.iter().any(u8::is_ascii_lowercase)
        || run.contains(&b'+') && run.iter().any(u8::is_ascii_uppercase)
}

/// Hex that is long enough for a key and is not one number.
fn hex(run: &[u8]) -> bool {
    run.len() >= SHORTEST_HEX
        && run.iter().all(u8::is_ascii_hexdigit)
        && run.iter().any(|b| b.is_ascii_alphabetic())
        && natural::entropy(run) >= 2.8
}

/// Has the length of a hash, in hex or in base64.
fn hash(run: &[u8]) -> bool {
    if run.iter().all(u8::is_ascii_hexdigit) {
        return matches!(run.len(), 20..=128);
    }
    base64::decode(run).is_some_and(|bytes| matches!(bytes.len(), 16 | 20 | 28 | 32 | 48 | 64))
}

/// 40 capital hex digits, as gpg and Windows write a fingerprint.
fn fingerprint(run: &[u8]) -> bool {
    run.len() == 40 && run.iter().all(|b| b.is_ascii_digit() || matches!(b, b'A'..=b'F'))
}

/// `evt_…`: the name of a kind, and letters and digits.
fn prefixed(run: &[u8]) -> bool {
    let at = run.iter().position(|&b| b == b'_').unwrap_or(0);
    (2..=5).contains(&at) && run[..at].iter().all(u8::is_ascii_lowercase) && run.len() <= 40
}

/// `sha512-…`, as npm and browsers write it.
fn named_hash(run: &[u8]) -> bool {
    let at = run.iter().position(|&b| b == b'-').unwrap_or(0);
    matches!(&run[..at], b"sha1" | b"sha256" | b"sha384" | b"sha512") && hash(&run[at + 1..])
}

/// A mangled name of C++ or Rust.
fn symbol(run: &[u8]) -> bool {
    run.starts_with(b"_ZN") || run.starts_with(b"ZN") && run.get(2).is_some_and(u8::is_ascii_digit)
}

/// `v1.0`, `2010-04-01`.
fn version(piece: &[u8]) -> bool {
    matches!(piece, [b'v', rest @ ..] if rest.iter().all(|b| b.is_ascii_digit() || *b == b'.'))
        || piece.len() == 10 && piece.iter().all(|b| b.is_ascii_digit() || *b == b'-')
}
